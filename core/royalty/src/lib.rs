//! Counted plays, revenue and terms in; entries and statement lines out.

//! Committed facts, catalogue and credentials on SQLite

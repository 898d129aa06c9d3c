//! Builds with a fault in them: each feature of this crate whose name begins with `canary-`
//! puts one into the product, and the simulation must find it.

/// The fault that this build has, if it has one.
#[must_use]
pub fn built_in() -> Option<&'static str> {
    ALL.iter().find(|(_, on)| *on).map(|(name, _)| *name)
}

/// Every canary, and whether this build has it.
pub const ALL: &[(&str, bool)] = &[];

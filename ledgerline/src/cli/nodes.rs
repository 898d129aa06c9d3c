//! The words for several nodes that share one log and one state.

use clap::Subcommand;

/// What `config` does.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigAction {
    /// Read the file, and look whether everything that it names is there and sound.
    Check,
    /// Have all nodes be like this configuration and program in what they must have alike and what can be
    /// changed: the topics of dead letters and of counted plays, and the versions of rules and records. No
    /// node may be there.
    Adopt,
}

/// What `topics` does.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum TopicsAction {
    /// Make those that are missing.
    Create,
    /// Say how they are, and what of their configuration could lose a report.
    Describe,
}

/// What `schema` does.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum SchemaAction {
    /// Make the tables, or bring them to the form of this program. Stop nodes of older versions first
    /// where the release notes say so.
    Upgrade,
}

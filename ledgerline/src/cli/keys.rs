//! The words of `keys`.

use clap::Subcommand;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// Make a key. It is printed once, alone on the last line.
    Create {
        /// What it may do: reports:write, counts:read, adjudication:write, fraud:write,
        /// appeals:write, royalty:read, royalty:write, ledger:read, privacy:write, access:write.
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<String>,
        /// The source that its reports are stamped with; the key's own id where it isn't said.
        #[arg(long)]
        source: Option<String>,
        /// Only users that begin with this may be reported.
        #[arg(long)]
        user_prefix: Option<String>,
        /// The most reports a second.
        #[arg(long)]
        rate: Option<u32>,
        /// Put a random listener in the place of each user, and hashes in that of sessions and
        /// devices, before anything is stored: for good, and for every key of the source.
        #[arg(long)]
        pseudonymise: bool,
    },
    /// List the keys, without their secrets.
    List,
    /// Revoke a key.
    Revoke {
        /// Its id, `key_…`.
        id: String,
    },
    /// List the keys that sign addresses of audio and grants, without their secrets.
    ListSigning,
    /// Make a key that signs addresses and grants. It takes the place of the one that does five minutes later; what
    /// that one signed stays good.
    RotateSigning,
    /// Print what a node at the edge checks addresses by, one key a line: id and 64 hex digits. Grants can't be made
    /// with it.
    ExportSigning,
}

//! The words of `invite`.

use clap::{Args, Subcommand};

/// Whom to invite, or what to do with invitations.
#[derive(Debug, Args)]
pub struct InviteArgs {
    /// What to do with invitations that were made.
    #[command(subcommand)]
    pub action: Option<InviteAction>,
    /// What the guest is to be: listener; creator, `rights_holder` or label, who see what is of their
    /// parties; finance, who closes months and decides what waits; admin, who also invites.
    #[arg(long, required = true, value_parser = super::accounts::ROLES)]
    pub role: Option<String>,
    /// A party whose things the guest sees; several times for several.
    #[arg(long)]
    pub party: Vec<String>,
    /// The plan of the account that it makes; that of new accounts where it isn't said.
    #[arg(long, value_parser = super::accounts::PLANS)]
    pub plan: Option<String>,
    /// The day from which on that is `free` again, as 2027-03-01; a student's needs one.
    #[arg(long, requires = "plan")]
    pub until: Option<String>,
    /// After how many days the link opens nothing any more, at most 30.
    #[arg(long, default_value_t = 7)]
    pub days: u32,
    /// What to remember of it.
    #[arg(long, default_value = "")]
    pub note: String,
    /// Where the guest finds this server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
}

/// What to do with invitations.
#[derive(Debug, Subcommand)]
pub enum InviteAction {
    /// List them, the newest first, without their secrets.
    List,
    /// Revoke one, used or not, and end its session.
    Revoke {
        /// Its id, `inv_…`.
        id: String,
    },
}

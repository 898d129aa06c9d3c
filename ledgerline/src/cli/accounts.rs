//! The words of `accounts`.

use clap::{Args, Subcommand};

/// What a role can be.
pub const ROLES: [&str; 6] = ["listener", "creator", "rights_holder", "label", "finance", "admin"];
/// What a plan can be.
pub const PLANS: [&str; 4] = ["free", "premium", "family", "student"];

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountsAction {
    /// List them, by their names.
    List {
        /// Only those whose name contains this.
        #[arg(long)]
        containing: Option<String>,
    },
    /// Make one. Where no password is read, one is made up and printed alone on the last line.
    Add(AddArgs),
    /// Keep one out: its sessions and app passwords open nothing, its plays stay.
    Disable {
        /// The name, or the id.
        name: String,
    },
    /// Let one in again.
    Enable {
        /// The name, or the id.
        name: String,
    },
    /// Say what somebody is.
    Role {
        /// The name, or the id.
        name: String,
        /// As what.
        #[arg(value_parser = ROLES)]
        role: String,
        /// A party whose things it sees; several times for several.
        #[arg(long)]
        party: Vec<String>,
    },
    /// Say what somebody may hear.
    Plan {
        /// The name, or the id.
        name: String,
        /// Which plan.
        #[arg(value_parser = PLANS)]
        plan: String,
        /// The day from which on it is `free` again, as 2027-03-01; a student's needs one.
        #[arg(long)]
        until: Option<String>,
        /// The owner of the family that it becomes a member of, by name or id.
        #[arg(long)]
        family_of: Option<String>,
    },
    /// Give an account another password, and end its sessions. Where none is read, one is made up and
    /// printed alone on the last line.
    ResetPassword {
        /// The name, or the id.
        name: String,
        /// Read the password from standard input, its first line.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Delete one, which erases the person: nothing says any more whose its plays were.
    Delete {
        /// The name, or the id.
        name: String,
    },
}

/// Who is to have an account.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The name: 2 to 32 letters and digits, with dots, hyphens and underscores between them.
    pub name: String,
    /// As what.
    #[arg(long, default_value = "listener", value_parser = ROLES)]
    pub role: String,
    /// A party whose things it sees; several times for several.
    #[arg(long)]
    pub party: Vec<String>,
    /// With which plan; that of new accounts where it isn't said.
    #[arg(long, value_parser = PLANS)]
    pub plan: Option<String>,
    /// The day from which on it is `free` again, as 2027-03-01; a student's needs one.
    #[arg(long, requires = "plan")]
    pub until: Option<String>,
    /// The country, as ISO 3166-1 alpha-2 has it, such as SE.
    #[arg(long)]
    pub territory: Option<String>,
    /// Where mail reaches the person.
    #[arg(long)]
    pub email: Option<String>,
    /// Read the password from standard input, its first line.
    #[arg(long)]
    pub password_stdin: bool,
}

//! The words of `backup` and `restore`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What `backup` does.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BackupArgs {
    /// Something about the backups that there are.
    #[command(subcommand)]
    pub action: Option<BackupAction>,
    /// The folder to put it into; one that has backups gets only what is new.
    #[arg(required = true)]
    pub to: Option<PathBuf>,
    /// The keys that sign the ledger, too. Without them whoever finds the backup can't sign in
    /// this deployment's name; keep them apart.
    #[arg(long)]
    pub with_keys: bool,
    /// Keep so many backups in the folder, the newest, and remove older ones.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub keep: Option<u32>,
}

/// What can be done with backups that there are.
#[derive(Debug, Subcommand)]
pub enum BackupAction {
    /// Read backups whole, and compare every byte with what was taken.
    #[command(after_help = "Examples:\n  ledgerline backup verify /mnt/backup")]
    Verify {
        /// The folder with the backups.
        from: PathBuf,
        /// One of them by its number; all where it isn't said.
        #[arg(long)]
        number: Option<u32>,
    },
    /// List backups, oldest first.
    #[command(after_help = "Examples:\n  ledgerline backup list /mnt/backup --json")]
    List {
        /// The folder with the backups.
        from: PathBuf,
    },
}

/// What is to be restored; where to says `--data`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The folder with the backups.
    pub from: PathBuf,
    /// One of them by its number; the newest where it isn't said.
    #[arg(long)]
    pub number: Option<u32>,
    /// A list of erasures that was kept apart, besides the one that stands with the backups:
    /// whom it concerns and who wasn't erased yet when the backup was taken is erased.
    #[arg(long)]
    pub erasures: Option<PathBuf>,
}

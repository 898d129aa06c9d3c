//! The words of the command line. They are a contract: scripts rely on them.

pub mod accounts;
pub mod appeals;
pub mod archive;
pub mod backup;
pub mod closing;
pub mod deliveries;
pub mod dlq;
pub mod ingest;
pub mod invite;
pub mod keys;
pub mod ledger;
pub mod nodes;
pub mod papers;
pub mod privacy;
pub mod rights;
pub mod royalty;
pub mod serve;
pub mod size;
pub mod terms;

use backup::{BackupArgs, RestoreArgs};
use clap::{Args, Parser, Subcommand, ValueEnum};
use deliveries::DeliveriesAction;
use keys::KeysAction;
use ledger::LedgerArgs;
use ledgerline_app::counts::By;
use ledgerline_ids::DayNo;
use serve::ServeArgs;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Counts every play exactly once, and proves it.
#[derive(Debug, Parser)]
#[command(
    name = "ledgerline",
    version,
    after_help = "Exit codes: 0 good, 1 it differs or failed, 2 wrong words, 3 something is missing.\n\n\
                  Examples:\n  \
                  ledgerline demo\n  \
                  ledgerline serve --listen 127.0.0.1:8080\n  \
                  ledgerline counts --by track --format csv"
)]
pub struct Cli {
    /// The data folder.
    #[arg(long, global = true, env = "LEDGERLINE_DATA", default_value = "./ledgerline-data")]
    pub data: PathBuf,
    /// The configuration of one of several nodes; it names the data folder too.
    #[arg(long, global = true, env = "LEDGERLINE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON object for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole way of a day's plays, from reports to an audited count.
    #[command(after_help = "Examples:\n  ledgerline demo\n  \
                            ledgerline demo generate --reports 1000000 --out reports.ndjson")]
    Demo(DemoArgs),
    /// Accept playback reports by HTTP and count them. As long as there is no account, it prints the link
    /// that sets the deployment up; each start prints a new one, and the one before it opens nothing any more.
    #[command(after_help = "Examples:\n  ledgerline serve --listen 127.0.0.1:8080\n  \
                            ledgerline serve --listen 127.0.0.1:0 --data /srv/ledgerline\n  \
                            ledgerline serve --config cluster.toml")]
    Serve(ServeArgs),
    /// Make, list and revoke API keys.
    #[command(after_help = "Examples:\n  \
                            ledgerline keys create --scope reports:write,counts:read\n  \
                            ledgerline keys create --scope reports:write --source web-player\n  \
                            ledgerline keys list")]
    Keys {
        /// What to do with them.
        #[command(subcommand)]
        action: KeysAction,
    },
    /// Hold what was sent of audio against what counts.
    #[command(after_help = "Examples:\n  ledgerline deliveries read access.log\n  \
                            zcat access.log.2.gz | ledgerline deliveries read - --name access.log.2\n  \
                            ledgerline deliveries check --from 2026-11-01\n  \
                            ledgerline deliveries warm --json")]
    Deliveries {
        /// What to do.
        #[command(subcommand)]
        action: DeliveriesAction,
    },
    /// Let people in: make a link by which its guest makes an account or signs in, once. It is printed
    /// alone on the last line.
    #[command(
        args_conflicts_with_subcommands = true,
        subcommand_negates_reqs = true,
        after_help = "Examples:\n  \
                      ledgerline invite --role label --party northern-lights --note 'for their office'\n  \
                      ledgerline invite --role listener --plan premium\n  \
                      ledgerline invite --role finance --days 2 --url https://music.example\n  \
                      ledgerline invite list\n  \
                      ledgerline invite revoke inv_0123456789abcdef"
    )]
    Invite(invite::InviteArgs),
    /// List, make, change and delete accounts.
    #[command(after_help = "Examples:\n  \
                            ledgerline accounts add anna --role admin\n  \
                            ledgerline accounts add bo --plan premium --territory SE --password-stdin < password.txt\n  \
                            ledgerline accounts plan bo student --until 2027-09-01\n  \
                            ledgerline accounts role cleo label --party northern-lights\n  \
                            ledgerline accounts reset-password bo\n  \
                            ledgerline accounts list --json")]
    Accounts {
        /// What to do with them.
        #[command(subcommand)]
        action: accounts::AccountsAction,
    },
    /// Bring listening histories from elsewhere.
    #[command(after_help = "Examples:\n  \
                            ledgerline import spotify my_spotify_data.zip --user anna\n  \
                            ledgerline import spotify StreamingHistory0.json --user anna --payable\n  \
                            ledgerline import listenbrainz listens.jsonl --user anna")]
    Import {
        /// From where.
        #[command(subcommand)]
        from: ImportFrom,
    },
    /// Send playback reports from files through the same path as HTTP.
    #[command(after_help = "Examples:\n  ledgerline replay reports.ndjson.zst --clock event\n  \
                            ledgerline demo generate | ledgerline replay - --clock event")]
    Replay {
        /// NDJSON files, plain, gzip or zstd; `-` is standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Receive the reports now, or at their own times: as a backfill without horizons.
        #[arg(long, value_enum, default_value_t = ReplayClock::Receive)]
        clock: ReplayClock,
        /// The source that the reports are stamped with; the same name makes them duplicates.
        #[arg(long, default_value = "files")]
        source: String,
    },
    /// Bring the catalogue in: tracks and lists of bot devices.
    #[command(after_help = "Examples:\n  ledgerline catalog import tracks.csv\n  \
                            ledgerline catalog devices add bots.txt")]
    Catalog {
        /// What to bring.
        #[command(subcommand)]
        action: CatalogAction,
    },
    /// Files of music become what players play: measured, compared, encoded at every bitrate.
    #[command(after_help = "Examples:\n  ledgerline ingest add --track trk_1 song.flac\n  \
                            ledgerline ingest run\n  ledgerline ingest verify --repair")]
    Ingest {
        /// What to do with them.
        #[command(subcommand)]
        action: ingest::IngestAction,
    },
    /// Say which track ten seconds of sound are of. Exit code 1 where none is recognised.
    #[command(after_help = "Examples:\n  ledgerline identify heard-in-a-bar.m4a")]
    Identify {
        /// A recording of it; noise does little harm.
        file: PathBuf,
    },
    /// Count plays.
    #[command(after_help = "Examples:\n  ledgerline counts --by track\n  \
                            ledgerline counts --by day --from 2026-03-01 --to 2026-04-01 --format csv")]
    Counts {
        /// By what: track, artist, label, release, user, territory, tier or day.
        #[arg(long, value_parser = parse_by)]
        by: By,
        /// From the beginning of this UTC day, by the play's start.
        #[arg(long, value_parser = DayNo::parse)]
        from: Option<DayNo>,
        /// Until the beginning of this UTC day.
        #[arg(long, value_parser = DayNo::parse)]
        to: Option<DayNo>,
        /// How to print them.
        #[arg(long, value_enum)]
        format: Option<CountsFormat>,
    },
    /// Recount everything from the raw log with other code, and compare.
    #[command(after_help = "Examples:\n  ledgerline audit\n  ledgerline audit --json\n  \
                            ledgerline audit --archive /mnt/archive")]
    Audit {
        /// Recount from the archive in this folder, and from the log only what it lacks; and
        /// compare it with the logs. On a node it is the archive of its configuration where none is said.
        #[arg(long)]
        archive: Option<PathBuf>,
    },
    /// Write what is counted into files that are kept for ever: Parquet, for any analytic engine.
    #[command(after_help = "Examples:\n  ledgerline archive run --to /mnt/archive\n  \
                            ledgerline archive status --to /mnt/archive")]
    Archive {
        /// What to do with it.
        #[command(subcommand)]
        action: archive::ArchiveAction,
    },
    /// Explain how something came about.
    #[command(after_help = "Examples:\n  \
                            ledgerline explain play anna 0198f3a2-7c1e-7b3a-9d52-0c8e6f1a2b3c")]
    Explain {
        /// What to explain.
        #[command(subcommand)]
        what: ExplainWhat,
    },
    /// List and decide plays that came too late or too early.
    #[command(after_help = "Examples:\n  ledgerline adjudicate list\n  \
                            ledgerline adjudicate accept anna PLAY_ID --note 'was at sea'")]
    Adjudicate {
        /// What to do with them.
        #[command(subcommand)]
        action: AdjudicateAction,
    },
    /// Appeal against plays that are held or excluded, and decide appeals.
    #[command(after_help = "Examples:\n  \
                            ledgerline appeals open --user anna --play PLAY_ID --appellant 'A Label' --grounds 'a school class'\n  \
                            ledgerline appeals open --period 2026-10 --track trk_1 --payee pty_1 --appellant 'An Artist' --grounds 'our fans'\n  \
                            ledgerline appeals list --waiting\n  \
                            ledgerline appeals decide 7 reinstate --reason 'a school class'")]
    Appeals {
        /// What to do with them.
        #[command(subcommand)]
        action: appeals::AppealsAction,
    },
    /// Plays become money: what is paid to whom, and the papers of it.
    #[command(after_help = "Examples:\n  ledgerline royalty dsr check DSR_*.tsv.gz")]
    Royalty {
        /// What to do.
        #[command(subcommand)]
        action: royalty::RoyaltyAction,
    },
    /// Copy the whole data folder, also while a server runs on it.
    #[command(after_help = "Examples:\n  ledgerline backup /mnt/backup\n  \
                            ledgerline backup /mnt/backup --keep 14\n  \
                            ledgerline backup verify /mnt/backup")]
    Backup(BackupArgs),
    /// Make a data folder of a backup again; --data names the new one.
    #[command(after_help = "Examples:\n  \
                            ledgerline restore /mnt/backup --data ./restored\n  \
                            ledgerline restore /mnt/backup --number 3 --data ./restored")]
    Restore(RestoreArgs),
    /// The ledger: entries, balances, and the proof that they are as they were booked.
    #[command(after_help = "Examples:\n  ledgerline ledger balances --party label-a\n  \
                            ledgerline ledger post advance.json\n  \
                            ledgerline ledger verify")]
    Ledger(LedgerArgs),
    /// What is held on a person, and erasing a person.
    #[command(after_help = "Examples:\n  ledgerline privacy export anna\n  \
                            ledgerline privacy erase anna")]
    Privacy {
        /// What to do.
        #[command(subcommand)]
        action: privacy::PrivacyAction,
    },
    /// What a deployment of some size needs and costs, with the arithmetic.
    #[command(after_help = "Examples:\n  ledgerline size --dau 50000\n  \
                            ledgerline size --dau 100000000 --plays 30 --reports 4 --nodes 3 --json")]
    Size(size::SizeArgs),
    /// Which nodes there are, and who owns what.
    #[command(after_help = "Examples:\n  ledgerline nodes --config cluster.toml")]
    Nodes,
    /// Take the deployment of one machine over to several nodes, or back to one. All of it goes over: reports, counts,
    /// contracts, ledger, keys. Stop the server, or all nodes, before.
    #[command(
        after_help = "Examples:\n  ledgerline move --from ./ledgerline-data --to cluster.toml\n  \
                            ledgerline move --from cluster.toml --to ./ledgerline-data"
    )]
    Move {
        /// The data folder, or the configuration of a node, that is left.
        #[arg(long)]
        from: PathBuf,
        /// The configuration of a node whose topics and tables are empty, or a folder that is new.
        #[arg(long)]
        to: PathBuf,
    },
    /// The configuration of a node.
    #[command(after_help = "Examples:\n  ledgerline config check --config cluster.toml\n  \
                            ledgerline config adopt --config cluster.toml")]
    Config {
        /// What to do with it.
        #[command(subcommand)]
        action: nodes::ConfigAction,
    },
    /// The topics that nodes share.
    #[command(after_help = "Examples:\n  ledgerline topics create --config cluster.toml\n  \
                            ledgerline topics describe --config cluster.toml --json")]
    Topics {
        /// What to do with them.
        #[command(subcommand)]
        action: nodes::TopicsAction,
    },
    /// Records on the topic of the reports that nobody could read.
    #[command(after_help = "Examples:\n  ledgerline dlq list --config cluster.toml\n  \
                            ledgerline dlq show p003/17 --config cluster.toml\n  \
                            ledgerline dlq redrive --all --config cluster.toml")]
    Dlq {
        /// What to do with them.
        #[command(subcommand)]
        action: dlq::DlqAction,
    },
    /// The tables that nodes share.
    #[command(after_help = "Examples:\n  ledgerline schema upgrade --config cluster.toml")]
    Schema {
        /// What to do with them.
        #[command(subcommand)]
        action: nodes::SchemaAction,
    },
    /// Look whether everything is in order, and say what to do where it isn't.
    #[command(after_help = "Examples:\n  ledgerline doctor\n  ledgerline doctor --rebuild")]
    Doctor {
        /// Remove what is derived from the report log (plays, index), to have it built again.
        /// The counts themselves are kept, and compared on the way.
        #[arg(long)]
        rebuild: bool,
    },
}

/// What `demo` does.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Afterwards serve what was shown, for a browser, until Ctrl-C.
    #[arg(long)]
    pub serve: bool,
    /// Where to serve it; only this machine can reach it unless another address is named.
    #[arg(long, requires = "serve", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Something other than the demonstration itself.
    #[command(subcommand)]
    pub action: Option<DemoAction>,
}

/// What `demo` does besides the demonstration.
#[derive(Debug, Subcommand)]
pub enum DemoAction {
    /// Make synthetic playback reports up, and the true answer to them.
    #[command(after_help = "Examples:\n  \
                            ledgerline demo generate --reports 1000000 --out r.ndjson --truth t.json\n  \
                            ledgerline demo generate --reports 50000 | ledgerline replay - --clock event")]
    Generate(GenerateArgs),
}

/// What to make up.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Everything follows from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many reports.
    #[arg(long, default_value_t = 100_000)]
    pub reports: u64,
    /// How many ordinary listeners; enough for the reports where it isn't said.
    #[arg(long)]
    pub listeners: Option<u64>,
    /// How many tracks.
    #[arg(long, default_value_t = 20_000)]
    pub tracks: u64,
    /// The exponent of Zipf's law by which tracks are popular: the n-th is played as often as n to
    /// the power of minus this. From 0, all alike, to 1.2.
    #[arg(long, value_name = "EXPONENT", value_parser = hundredths, default_value = "1.07")]
    pub zipf: u32,
    /// The same for how much listeners listen, which nobody does all day; all alike where it isn't
    /// said. With `--profile throughput` only.
    #[arg(long, value_name = "EXPONENT", value_parser = hundredths)]
    pub listener_zipf: Option<u32>,
    /// The first day.
    #[arg(long, value_parser = DayNo::parse, default_value = "2026-03-01")]
    pub start: DayNo,
    /// How many days plays start on.
    #[arg(long, default_value_t = 14)]
    pub days: u32,
    /// Shuffle the reports with this seed instead of sending them in order of arrival.
    #[arg(long)]
    pub shuffle: Option<u64>,
    /// Add plays whose reports have neither a key nor a start.
    #[arg(long)]
    pub windows: bool,
    /// `service`: retries, late phones, bots, every special case; `throughput`: plain reports
    /// of about 227 bytes with 30 % duplicates.
    #[arg(long, value_enum, default_value_t = GenerateProfile::Service)]
    pub profile: GenerateProfile,
    /// The file to write the reports to; standard output where it isn't said.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// The file to write the true answer to; beside `--out` where that is said.
    #[arg(long)]
    pub truth: Option<PathBuf>,
}

/// A number with two digits behind the point at most, in hundredths.
fn hundredths(text: &str) -> Result<u32, String> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = format!("{whole}{rest:0<2}");
    let fits = (1..=2).contains(&whole.len()) && rest.len() <= 2 && digits(&number);
    fits.then(|| number.parse().ok())
        .flatten()
        .ok_or_else(|| "a number with two digits behind the point at most, such as 1.07".to_owned())
}

/// What the reports are like.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum GenerateProfile {
    /// Retries, late phones, bots, every special case.
    Service,
    /// Plain reports of about 227 bytes.
    Throughput,
}

/// Where a history comes from.
#[derive(Debug, Subcommand)]
pub enum ImportFrom {
    /// Spotify's account data or extended streaming history.
    Spotify(ImportArgs),
    /// ListenBrainz' export: JSON lines, or the zip with them.
    Listenbrainz(ImportArgs),
}

/// What to import.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Files, folders or zips.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The listener.
    #[arg(long)]
    pub user: String,
    /// Let the plays count; otherwise they are kept and never paid.
    #[arg(long)]
    pub payable: bool,
    /// Put a random listener in the place of the user, so that the user can be erased. What was
    /// imported before without it stays, and the same plays would count beside it.
    #[arg(long)]
    pub pseudonymise: bool,
}

/// Whose time the reports of a file are received at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayClock {
    /// Now.
    Receive,
    /// Their own: a backfill without horizons.
    Event,
}

/// What to bring into the catalogue.
#[derive(Debug, Subcommand)]
pub enum CatalogAction {
    /// Import tracks from CSV: track_id, duration_ms, title, artists (separated by ;), isrc.
    Import {
        /// The file; `-` is standard input.
        file: PathBuf,
    },
    /// Read a music folder into the library: what is new, changed, moved, gone, and can't be used.
    /// Exit code 1 where the folder can't be read.
    Scan {
        /// The folder.
        folder: PathBuf,
        /// Go on, and read what changes, until it is interrupted.
        #[arg(long)]
        watch: bool,
    },
    /// List tracks of the library whose plays nobody would be paid for.
    Unlicensed,
    /// Parties, works, recordings, releases, and who holds which right.
    Rights {
        /// What to do with them.
        #[command(subcommand)]
        action: rights::RightsAction,
    },
    /// The list of bot devices.
    Devices {
        /// What to do with it.
        #[command(subcommand)]
        action: DevicesAction,
    },
}

/// What to do with the list of bot devices.
#[derive(Debug, Subcommand)]
pub enum DevicesAction {
    /// Put devices on the list; their plays are excluded.
    Add {
        /// A file with one device id a line; lines that begin with # are comments.
        file: PathBuf,
    },
    /// Take devices off the list; their plays count again.
    Remove {
        /// A file with one device id a line; lines that begin with # are comments.
        file: PathBuf,
    },
}

/// How to print counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CountsFormat {
    /// For a person.
    Table,
    /// With a header line.
    Csv,
    /// One object.
    Json,
}

/// What to explain.
#[derive(Debug, Subcommand)]
pub enum ExplainWhat {
    /// A play: its status, every transition, and what became of each of its reports.
    Play {
        /// The listener.
        user: String,
        /// The player's key of the play.
        play_id: String,
        /// Whose, where several sources have such a play.
        #[arg(long)]
        source: Option<String>,
    },
    /// Which contract's term decides about a recording, why others don't, and who is paid. Exit
    /// code 1 where none does.
    #[command(
        after_help = "Examples:\n  ledgerline explain terms --track track-1 --territory SE \\\n    \
                            --tier premium --date 2026-10-01 --right master"
    )]
    Terms(terms::ExplainTermsArgs),
}

/// What to do with plays that wait for a decision.
#[derive(Debug, Subcommand)]
pub enum AdjudicateAction {
    /// List them.
    List,
    /// Treat one as if it had come in time.
    Accept(DecideArgs),
    /// Decide that one is not to be paid.
    Refuse(DecideArgs),
}

/// Which play, and why.
#[derive(Debug, Args)]
pub struct DecideArgs {
    /// The listener.
    pub user: String,
    /// The player's key of the play.
    pub play_id: String,
    /// Whose, where several sources have such a play.
    #[arg(long)]
    pub source: Option<String>,
    /// Why.
    #[arg(long, default_value = "")]
    pub note: String,
}

fn parse_by(name: &str) -> Result<By, String> {
    By::from_name(name).ok_or_else(|| format!("one of {}", By::ALL.map(By::as_str).join(", ")))
}

#[cfg(test)]
mod tests {
    use super::hundredths;

    #[test]
    fn hundredths_are_exact() {
        for (text, number) in [("1", 100), ("1.0", 100), ("1.07", 107), ("0.5", 50), ("0", 0)] {
            assert_eq!(hundredths(text), Ok(number), "{text}");
        }
        for text in ["", "-1", "1.075", "1,07", ".5", "one", "1e0", "100", "1.+7"] {
            assert!(hundredths(text).is_err(), "{text}");
        }
    }
}

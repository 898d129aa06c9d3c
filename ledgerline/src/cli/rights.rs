//! The words of `catalog rights`.

use clap::Subcommand;
use ledgerline_ids::DayNo;
use std::path::PathBuf;

/// What to do with the catalogue of rights.
#[derive(Debug, Subcommand)]
pub enum RightsAction {
    /// Import parties, works, recordings, releases and shares: all of the files, or nothing.
    ///
    /// Each file is CSV with a line of headers, by which it is known what it holds, or JSON with a
    /// list for each sheet. An entry replaces the one of its id; the shares of a right replace all
    /// shares of that right, and add up to 100 % on every day and in every territory. Lists in a
    /// cell are separated by semicolons; a role or a weight stands in brackets behind an id.
    #[command(after_help = "Columns:\n  \
        parties: party_id,name,kinds,country,ipi,isni,dpid,tax_country,tax_treaty,payout_currency,minimum_payout\n  \
        works: work_id,iswc,title,writers\n  \
        recordings: track_id,isrc,title,duration_ms,kind,label,artists,works\n  \
        releases: release_id,upc,title,label,released_on,tracks\n  \
        shares: right,track_id,work_id,holder,share,from,until,territories\n\n\
        Examples:\n  \
        ledgerline catalog rights import parties.csv works.csv recordings.csv releases.csv shares.csv\n  \
        ledgerline catalog rights import shares.csv --dry-run")]
    Import {
        /// The files; `-` is standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Only say what it would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what is known of a recording, party, work or release, and who holds its rights.
    #[command(after_help = "Examples:\n  ledgerline catalog rights show track-1\n  \
                            ledgerline catalog rights show track-1 --on 2026-10-31 --territory US")]
    Show {
        /// Its id.
        id: String,
        /// Who holds rights on this UTC day; today where it isn't said.
        #[arg(long, value_parser = DayNo::parse)]
        on: Option<DayNo>,
        /// Who holds rights in this country.
        #[arg(long)]
        territory: Option<String>,
        /// As known at this revision; the newest where it isn't said.
        #[arg(long)]
        revision: Option<u64>,
    },
    /// Say what wants a look: played recordings without holders, shares that end soon, an ISRC
    /// that stands twice. Exit code 1 where anything does.
    #[command(after_help = "Examples:\n  ledgerline catalog rights check\n  \
                            ledgerline catalog rights check --on 2026-12-31 --soon-days 90")]
    Check {
        /// As of this UTC day; today where it isn't said.
        #[arg(long, value_parser = DayNo::parse)]
        on: Option<DayNo>,
        /// How many days are soon.
        #[arg(long)]
        soon_days: Option<u32>,
    },
    /// Write all of it as the sheets that it can be imported from.
    #[command(after_help = "Examples:\n  ledgerline catalog rights export --out rights\n  \
                            ledgerline catalog rights export --revision 3 --json > rights.json")]
    Export {
        /// The folder to write five CSV files to; one JSON object on standard output where it
        /// isn't said.
        #[arg(long)]
        out: Option<PathBuf>,
        /// As known at this revision; the newest where it isn't said.
        #[arg(long)]
        revision: Option<u64>,
    },
    /// List the imports that changed something, with the files that they came from.
    #[command(after_help = "Examples:\n  ledgerline catalog rights revisions")]
    Revisions,
}

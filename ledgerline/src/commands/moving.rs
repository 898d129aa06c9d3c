//! `move`: from one machine to several nodes, and back.

use std::path::Path;

use crate::cluster::{self, config::Config};
use crate::failure::Failure;
use crate::output::{print, print_json, thousands};

pub(super) async fn run(from: &Path, to: &Path, as_json: bool) -> Result<u8, Failure> {
    let moved = match (from.is_file(), to.is_file()) {
        (false, true) => cluster::take_over(from, &Config::read(to)?).await?,
        (true, false) => cluster::hand_back(&Config::read(from)?, to).await?,
        _ => {
            return Err(Failure::usage(
                "one of --from and --to names a data folder, the other the configuration of a node: \
                 ledgerline move --from ./ledgerline-data --to cluster.toml",
            ));
        }
    };
    if as_json {
        print_json(&moved)?;
        return Ok(0);
    }
    let number = |name: &str| thousands(moved[name].as_i64().unwrap_or_default());
    print(&format!(
        "moved and compared: {} records; moved: {} rows of {} tables.",
        number("records"),
        number("rows"),
        number("tables")
    ))?;
    print(&if to.is_file() {
        format!(
            "Next: ledgerline serve --config {}; then ledgerline audit. {} is as it was, and stays a backup: \
             nothing is started on it any more.",
            to.display(),
            from.display()
        )
    } else {
        format!(
            "Next: ledgerline serve --data {}; then ledgerline audit. Don't start the nodes again: topic and database \
             are as they were.",
            to.display()
        )
    })?;
    Ok(0)
}

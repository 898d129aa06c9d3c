//! A month's close as an operator makes it: from files and the database to lines, statements and
//! entries, all of it durable; and lines of it explained.

use super::service;
use crate::bench::figures::{grouped, real, short};
use crate::bench::place::{Place, remove};
use crate::bench::running::{self, Ran};
use crate::json::Json;
use crate::server::Server;
use std::fs;
use std::path::Path;

/// A month that was closed.
#[derive(Clone, Debug)]
pub struct Closed {
    pub rows: u64,
    pub seconds: f64,
    pub peak_bytes: u64,
    pub import_seconds: f64,
    pub lines: u64,
    pub payees: u64,
    pub entries: u64,
}

/// All months, and what came before and after.
#[derive(Clone, Debug, Default)]
pub struct Closes {
    pub months: Vec<Closed>,
    /// Importing rights, and how much memory that took.
    pub rights: Option<(f64, u64)>,
    /// The longest that explaining a line of the greatest month took.
    pub explain_seconds: Option<f64>,
}

/// So many lines of the greatest month are explained.
const EXPLAINED: u64 = 20;

/// Brings a service into an empty folder, then month after month, each closed.
///
/// # Errors
/// What failed.
pub fn measure(place: &Place, rows: &[u64]) -> Result<Closes, String> {
    let (data, files) = (place.fresh("data")?, place.fresh("files")?);
    let royalty = |words: &[&str]| {
        let mut command = place.product();
        command.arg("--data").arg(&data).arg("royalty").args(words).arg("--json");
        command
    };
    let mut import = place.product();
    import.arg("--data").arg(&data).args(["catalog", "rights", "import", "--json"]);
    println!("  {} recordings and their shares are imported", grouped(service::RECORDINGS.into()));
    let ran = running::run(import.args(service::rights(&files)?))?;
    let mut closes = Closes { rights: Some(figures(&ran)), ..Closes::default() };
    running::run(royalty(&["terms", "import"]).arg(service::contracts(&files)?))?;
    let mut last = None;
    for (number, rows) in (1..).zip(rows) {
        let period = format!("2025-{number:02}");
        println!("  a month of {} rows is closed", short(*rows));
        let revenue = service::revenue(&files, &period)?;
        running::run(royalty(&["revenue", "import"]).arg(&revenue))?;
        let mut import_seconds = 0.0;
        for (number, sheet) in service::usage(&files, &period, *rows)?.into_iter().enumerate() {
            let source = format!("player{number}");
            let ran = running::run(royalty(&["usage", "import", "--source", &source]).arg(&sheet))?;
            import_seconds += ran.took.as_secs_f64();
            fs::remove_file(&sheet).map_err(|error| format!("{}: {error}", sheet.display()))?;
        }
        let ran = running::run(&mut royalty(&["close", "--period", &period]))?;
        let (seconds, peak_bytes) = figures(&ran);
        let said = Json::parse(&ran.output)?;
        let summary = said.at("summary").ok_or("the close says nothing of what it came to")?;
        closes.months.push(Closed {
            rows: *rows,
            seconds,
            peak_bytes,
            import_seconds,
            lines: summary.count("lines")?,
            payees: summary.count("payees")?,
            entries: summary.count("entries")?,
        });
        last = Some(period);
    }
    if let Some(period) = last {
        closes.explain_seconds = Some(explain(place, &data, &period)?);
    }
    remove(&data)?;
    remove(&files)?;
    Ok(closes)
}

fn figures(ran: &Ran) -> (f64, u64) {
    (ran.took.as_secs_f64(), ran.peak.anonymous + ran.peak.file)
}

/// The longest of several, each asked of a running server by the command.
fn explain(place: &Place, data: &Path, period: &str) -> Result<f64, String> {
    let server = Server::start(place.product(), data, &place.path("server.log"))?;
    let mut longest: f64 = 0.0;
    for at in 0..EXPLAINED {
        // Labels have the most lines, artists few.
        let payee = format!("party{:07}", at * u64::from(service::PARTIES / 10) / EXPLAINED);
        let mut command = place.product();
        command.arg("--data").arg(data).args(["royalty", "explain", "line", &payee, "1"]);
        let ran = running::run(command.args(["--period", period, "--json"]))?;
        longest = longest.max(ran.took.as_secs_f64());
    }
    server.stop()?;
    Ok(longest)
}

/// What the table says of a month.
pub fn row(month: &Closed) -> Vec<String> {
    let mib = real(month.peak_bytes) / f64::from(1 << 20);
    vec![
        grouped(real(month.rows)),
        format!("{:.1}", month.import_seconds),
        format!("{:.1}", month.seconds),
        format!("{:.2}", month.seconds * 1e6 / real(month.rows)),
        grouped(mib),
        grouped(real(month.lines)),
        grouped(real(month.payees)),
        grouped(real(month.entries)),
    ]
}

/// The heads of that table.
pub const HEADS: [&str; 8] =
    ["rows", "import s", "close s", "µs a row", "peak MiB", "lines", "payees", "entries"];

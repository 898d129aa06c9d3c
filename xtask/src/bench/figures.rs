//! What was measured of one way, and how it is shown.

use super::proc::{Memory, Usage};
use crate::json::Json;

/// One way that reports took, and what it took.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// Its name in the table.
    pub name: String,
    /// How many reports went through it.
    pub reports: u64,
    /// How many bytes they had as they came.
    pub received_bytes: u64,
    /// From the first report until all were counted, in seconds.
    pub seconds: f64,
    /// What the counting process used in that time.
    pub usage: Usage,
    /// Processor seconds of the process that sent, where there is one on the same cores.
    pub sender_cpu_s: Option<f64>,
    /// The most memory that the counting process was seen with.
    pub peak: Memory,
    /// How often it had the disk made sure, in a run of its own.
    pub syncs: Option<Syncs>,
    /// How long requests took.
    pub latency: Option<Latency>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

/// Syncs, and of how many reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Syncs {
    /// Calls of fsync and fdatasync.
    pub calls: u64,
    /// Reports that were made durable with them.
    pub reports: u64,
}

/// Percentiles of the time of requests, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    /// Half of the requests took no longer.
    pub p50: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// 999 of 1 000 took no longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Way {
    /// Reports a second.
    pub fn rate(&self) -> f64 {
        ratio(real(self.reports), self.seconds)
    }

    /// Bytes written for each byte received.
    pub fn written_to_received(&self) -> f64 {
        ratio(real(self.usage.disk_bytes), real(self.received_bytes))
    }

    /// Bytes written for each report.
    pub fn written_each(&self) -> f64 {
        ratio(real(self.usage.disk_bytes), real(self.reports))
    }

    /// One row for [`table`]; `reference` is what the rate is compared with.
    pub fn row(&self, reference: Option<f64>) -> Vec<String> {
        let cpu = match self.sender_cpu_s {
            Some(sender) => format!("{:.1} + {sender:.1}", self.usage.cpu_s),
            None => format!("{:.1}", self.usage.cpu_s),
        };
        vec![
            self.name.clone(),
            grouped(self.rate()),
            reference.map_or("–".to_owned(), |reference| {
                format!("{:.2}", ratio(self.rate(), reference))
            }),
            format!("{:.1}", self.seconds),
            cpu,
            mib(self.peak.anonymous),
            mib(self.peak.file),
            grouped(self.written_each()),
            format!("{:.2}", self.written_to_received()),
            self.syncs.map_or("–".to_owned(), |syncs| syncs.text()),
        ]
    }

    /// For another program.
    pub fn as_json(&self) -> Json {
        let mut fields = vec![
            ("name", Json::Text(self.name.clone())),
            ("reports", Json::Number(real(self.reports))),
            ("received_bytes", Json::Number(real(self.received_bytes))),
            ("seconds", Json::Number(self.seconds)),
            ("reports_per_second", Json::Number(self.rate().round())),
            ("cpu_seconds", Json::Number(self.usage.cpu_s)),
            ("sender_cpu_seconds", self.sender_cpu_s.map_or(Json::Null, Json::Number)),
            ("anonymous_bytes_peak", Json::Number(real(self.peak.anonymous))),
            ("file_mapped_bytes_peak", Json::Number(real(self.peak.file))),
            ("disk_bytes_written", Json::Number(real(self.usage.disk_bytes))),
            ("call_bytes_written", Json::Number(real(self.usage.call_bytes))),
        ];
        if let Some(syncs) = self.syncs {
            fields.push(("syncs", Json::Number(real(syncs.calls))));
            fields.push(("syncs_of_reports", Json::Number(real(syncs.reports))));
        }
        if let Some(latency) = self.latency {
            fields.push(("latency_p50_ms", Json::Number(latency.p50)));
            fields.push(("latency_p99_ms", Json::Number(latency.p99)));
            fields.push(("latency_p999_ms", Json::Number(latency.p999)));
            fields.push(("latency_max_ms", Json::Number(latency.max)));
        }
        let notes = self.notes.iter().cloned().map(Json::Text).collect();
        fields.push(("notes", Json::List(notes)));
        object(fields)
    }
}

impl Syncs {
    fn text(self) -> String {
        if self.calls == 0 {
            return "none".to_owned();
        }
        let each = ratio(real(self.reports), real(self.calls));
        if each < 10.0 { format!("1 in {each:.1}") } else { format!("1 in {}", grouped(each)) }
    }
}

/// The heads of [`Way::row`].
pub fn heads(reference: Option<&str>) -> Vec<String> {
    let of = reference.map_or("ratio".to_owned(), |name| format!("× {name}"));
    let heads = [
        "way",
        "reports/s",
        &of,
        "s",
        "CPU s",
        "anon MiB",
        "file MiB",
        "B written",
        "× received",
        "syncs",
    ];
    heads.iter().map(|head| (*head).to_owned()).collect()
}

/// Columns side by side, the first one to the left and the others to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            line += &if column == 0 { format!("{cell}{pad}") } else { format!("  {pad}{cell}") };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// An object out of pairs.
pub fn object(fields: Vec<(&str, Json)>) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A whole number with its thousands apart: `1 234 567`.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// `1M`, `50M`, `700k`, or the number.
pub fn short(number: u64) -> String {
    match number {
        n if n >= 1_000_000 && n % 1_000_000 == 0 => format!("{}M", n / 1_000_000),
        n if n >= 1_000 && n % 1_000 == 0 => format!("{}k", n / 1_000),
        n => n.to_string(),
    }
}

/// Bytes as whole MiB.
pub fn mib(bytes: u64) -> String {
    grouped(real(bytes) / f64::from(1 << 20))
}

/// A count as a real number: exact up to 2⁵³.
pub fn real(number: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "figures to look at")]
    let real = number as f64;
    real
}

/// One by the other; 0 where there is nothing to divide by.
pub fn ratio(one: f64, other: f64) -> f64 {
    if other > 0.0 { one / other } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (number, expected) in
            [(0.4, "0"), (999.0, "999"), (1000.0, "1 000"), (1_234_567.4, "1 234 567")]
        {
            assert_eq!(grouped(number), expected);
        }
        for (number, expected) in
            [(5_000_000, "5M"), (300_000, "300k"), (1_500_000, "1500k"), (7, "7")]
        {
            assert_eq!(short(number), expected);
        }
        assert_eq!(mib(3 << 20), "3");
    }

    #[test]
    fn a_way_has_a_cell_for_each_head() {
        let way = Way {
            name: "replay".to_owned(),
            reports: 1000,
            received_bytes: 2000,
            seconds: 0.5,
            usage: Usage { cpu_s: 1.0, disk_bytes: 3000, call_bytes: 0 },
            sender_cpu_s: Some(0.25),
            syncs: Some(Syncs { calls: 10, reports: 50_000 }),
            ..Way::default()
        };
        let row = way.row(Some(1000.0));
        assert_eq!(row.len(), heads(Some("Flink")).len());
        let expected =
            ["replay", "2 000", "2.00", "0.5", "1.0 + 0.2", "0", "0", "3", "1.50", "1 in 5 000"];
        assert_eq!(row, expected);
        let shown = table(&[heads(None), row]);
        assert!(
            shown
                .lines()
                .all(|line| line.chars().count() == shown.lines().next().unwrap().chars().count())
        );
        assert!(Json::parse(&way.as_json().to_string()).is_ok());
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        assert_eq!(Way::default().row(None)[1], "0");
        assert_eq!(ratio(1.0, 0.0), 0.0);
    }
}

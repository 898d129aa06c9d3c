//! Reports out.
//!
//! - `record`: one row, by the names of its cells
//! - `basic_audio`, `financial`: a report as rows of a profile

mod basic_audio;
mod financial;
mod record;

use flate2::{Compression, GzBuilder};
use ledgerline_app::money::sales_report::{
    CommercialModel, SalesFile, SalesProfile, SalesRefused, SalesReport, SalesReports,
    SalesSummary, WrongSale,
};
use ledgerline_ids::Dpid;
use ledgerline_money::Fraction;
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::Use;
use std::io::Write as _;

use crate::cell::{Kind, is_token};
use crate::file_name::{FileName, compact, seconds};
use crate::records::HEAD;
use record::Record;

/// Writes the two profiles.
#[derive(Debug, Clone)]
pub struct DsrWriter {
    message_version: String,
}

impl Default for DsrWriter {
    fn default() -> Self {
        Self::new(Self::MESSAGE_VERSION)
    }
}

impl DsrWriter {
    /// Which versions of parts 1, 2 and 8 of the standard the files are written by, where the
    /// recipient wants no other.
    pub const MESSAGE_VERSION: &'static str = "dsrf/1.3/1.4.1/1.2";

    /// The most summaries and sales of one report.
    pub const ROWS_MAX: usize = 20_000_000;

    /// Writes files that name these versions of the standard's parts, such as
    /// [`Self::MESSAGE_VERSION`].
    #[must_use]
    pub fn new(message_version: &str) -> Self {
        Self { message_version: message_version.to_owned() }
    }
}

impl SalesReports for DsrWriter {
    fn write(&self, report: &SalesReport, compressed: bool) -> Result<SalesFile, SalesRefused> {
        let mut wrong = Wrong::default();
        let parties = [("sender", &report.sender), ("recipient", &report.recipient)];
        let [sender, recipient] = parties.map(|(place, party)| {
            let dpid = Dpid::parse(&party.dpid);
            dpid.map(|dpid| dpid.to_string()).unwrap_or_else(|error| {
                wrong.add(place, format!("DPID {:?}: {error}", party.dpid));
                String::new()
            })
        });
        if !is_token(&report.service) {
            wrong.add(
                "service",
                format!("{:?}: must have no spaces and underscores", report.service),
            );
        }
        if let Some(why) = Kind::Territory.fault(&report.territory) {
            wrong.add("territory", why);
        }
        wrong.check_sums(report);
        let mut rows = vec![self.head(report, &sender, &recipient)];
        match report.profile {
            SalesProfile::BasicAudio => {
                basic_audio::body(report, &recipient, &mut rows, &mut wrong)
            }
            SalesProfile::Financial => financial::body(report, &mut rows, &mut wrong),
        }
        for (place, row) in &rows {
            row.faults().into_iter().for_each(|why| wrong.add(place, why));
        }
        if !wrong.found.is_empty() {
            return Err(SalesRefused { wrong: wrong.found });
        }
        let period = report.period.to_string();
        let created = compact(report.created_at);
        let name = FileName {
            recipient: &recipient,
            sender: &sender,
            service: &report.service,
            period: &period,
            territory: &report.territory,
            number: 1,
            files: 1,
            created: &created,
            compressed,
        };
        let text: String = rows.iter().map(|(_, row)| row.line()).collect();
        let bytes = if compressed { gzip(text.as_bytes()) } else { text.into_bytes() };
        Ok(SalesFile { name: name.text(), bytes })
    }
}

/// Rows with where they come from, for messages.
type Rows = Vec<(String, Record)>;

impl DsrWriter {
    fn head(&self, report: &SalesReport, sender: &str, recipient: &str) -> (String, Record) {
        let (profile, version) = match report.profile {
            SalesProfile::BasicAudio => ("BasicAudioProfile", "1.2"),
            SalesProfile::Financial => ("FinancialReportingToRecordCompaniesProfileSRB", "1.0"),
        };
        let head = Record::new(&HEAD)
            .text("MessageVersion", &self.message_version)
            .text("Profile", profile)
            .text("ProfileVersion", version)
            .text("MessageId", &report.message_id)
            .text("MessageCreatedDateTime", &seconds(report.created_at))
            .number("FileNumber", 1)
            .number("NumberOfFiles", 1)
            .text("UsageStartDate", &report.period.first_day().to_string())
            .text("UsageEndDate", &report.period.last_day().to_string())
            .text("SenderPartyId", sender)
            .text("SenderName", &report.sender.name)
            .text("ServiceDescription", &report.service)
            .text("RecipientPartyId", recipient)
            .text("RecipientName", &report.recipient.name);
        ("head".to_owned(), head)
    }
}

/// All that can't be sent.
#[derive(Default)]
struct Wrong {
    found: Vec<WrongSale>,
}

impl Wrong {
    fn add(&mut self, place: &str, why: impl Into<String>) {
        self.found.push(WrongSale { place: place.to_owned(), why: why.into() });
    }

    /// The sales of each summary add up to it.
    fn check_sums(&mut self, report: &SalesReport) {
        let rows = report.summaries.len() + report.sales.len();
        if rows > DsrWriter::ROWS_MAX {
            self.add("report", format!("has {rows} rows, may have {}", DsrWriter::ROWS_MAX));
        }
        if report.summaries.is_empty() {
            self.add(
                "report",
                "has no summary: there is nothing to send for this month and territory",
            );
        }
        let mut sums = vec![(0_i128, 0_i128); report.summaries.len()];
        for sale in &report.sales {
            match sums.get_mut(sale.summary) {
                Some((plays, amount)) => {
                    *plays += i128::from(sale.plays);
                    *amount += i128::from(sale.amount.get());
                }
                None => self.add(&place(sale.row), "belongs to no summary"),
            }
        }
        for (at, (summary, (plays, amount))) in report.summaries.iter().zip(sums).enumerate() {
            let here = format!("summary {}", at + 1);
            if plays != i128::from(summary.plays) {
                self.add(&here, format!("has {} plays, its sales have {plays}", summary.plays));
            }
            if amount != i128::from(summary.amount.get()) {
                let by = i128::from(summary.amount.get()) - amount;
                self.add(&here, format!("differs from the sum of its sales by {by} millionths"));
            }
        }
    }
}

fn place(row: usize) -> String {
    format!("row {row}")
}

fn model_word(summary: &SalesSummary) -> &'static str {
    match summary.model {
        CommercialModel::Subscription => "SubscriptionModel",
        CommercialModel::AdvertisementSupported => "AdvertisementSupportedModel",
        CommercialModel::AsPerContract => "AsPerContract",
    }
}

fn use_word(summary: &SalesSummary) -> &'static str {
    match summary.usage_use {
        Use::OnDemand => "OnDemandStream",
        Use::Radio => "NonInteractiveStream",
    }
}

fn right_word(right: Right) -> &'static str {
    match right {
        Right::Master => "MakeAvailableRight",
        Right::Mechanical => "MechanicalRight",
        Right::Performance => "PerformingRight",
    }
}

/// `PT3M20.5S`.
fn duration(millis: u64) -> String {
    let (minutes, seconds, millis) = (millis / 60_000, millis / 1000 % 60, millis % 1000);
    let part = format!(".{millis:03}");
    let part = part.trim_end_matches('0').trim_end_matches('.');
    format!("PT{minutes}M{seconds}{part}S")
}

/// A fraction as a decimal of at most twelve digits, cut towards 0. Only what is for people and
/// adds up to nothing is written with it.
fn decimal(fraction: Fraction) -> String {
    const SCALE: i128 = 1_000_000_000_000;
    let (numerator, denominator) = (fraction.numerator(), fraction.denominator());
    let sign = if numerator < 0 { "-" } else { "" };
    let (whole, rest) = (numerator.abs() / denominator, numerator.abs() % denominator);
    let part = rest.checked_mul(SCALE).map_or(0, |scaled| scaled / denominator);
    let part = format!(".{part:012}");
    format!("{sign}{whole}{}", part.trim_end_matches('0').trim_end_matches('.'))
}

/// The same bytes for the same text: no name and no time in the header.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes what is written");
    encoder.finish().expect("memory takes what is written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_decimals() {
        for (millis, text) in [(0, "PT0M0S"), (200_500, "PT3M20.5S"), (3_600_001, "PT60M0.001S")] {
            assert_eq!(duration(millis), text);
            assert_eq!(Kind::Duration.fault(text), None);
        }
        for (numerator, denominator, text) in
            [(1, 3, "0.333333333333"), (-1, 4, "-0.25"), (100, 1, "100"), (0, 1, "0")]
        {
            let fraction = Fraction::new(numerator, denominator).expect("a fraction");
            assert_eq!(decimal(fraction), text);
        }
    }
}

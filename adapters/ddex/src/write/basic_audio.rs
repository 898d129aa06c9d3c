//! The Basic Audio Profile 1.2, in blocks: one for each recording.
//!
//! A block is its release, its resource (with its works, where they are known), and its usages.
//! Usages carry no money in this profile: that stands in the summaries.

use ledgerline_app::money::sales_report::{Sale, SalesReport, SoldRecording};
use ledgerline_ids::{Isrc, Iswc, Upc};
use std::collections::BTreeMap;

use super::record::Record;
use super::{Rows, Wrong, duration, model_word, place, right_word, use_word};
use crate::records::{AS0101, AS0202, FOOT, MW0101, RE01, SU02, SY0202};

/// Summaries, blocks and footer.
pub(super) fn body(report: &SalesReport, recipient: &str, rows: &mut Rows, wrong: &mut Wrong) {
    for (at, summary) in report.summaries.iter().enumerate() {
        let service = summary.tier.as_deref().unwrap_or(&report.service);
        let record = Record::new(&SY0202)
            .text("SummaryRecordId", &(at + 1).to_string())
            .text("CommercialModel", model_word(summary))
            .text("UseType", use_word(summary))
            .text("Territory", &report.territory)
            .text("ServiceDescription", service)
            .number("Usages", summary.service_plays)
            .maybe("Users", summary.subscribers.map(|users| users.to_string()).as_deref())
            .text("CurrencyOfReporting", summary.currency.code())
            .amount("NetRevenue", summary.net_revenue)
            .text("RightsController", &report.recipient.name)
            .text("RightsControllerPartyId", &format!("DPID::{recipient}"))
            .number("AllocatedUsages", summary.plays)
            .amount("AllocatedRevenue", summary.amount)
            .text("RightsType", right_word(summary.right))
            .text("ContentCategory", "Music");
        rows.push((format!("summary {}", at + 1), record));
    }
    let mut blocks: BTreeMap<&str, Vec<&Sale>> = BTreeMap::new();
    for sale in &report.sales {
        blocks.entry(&sale.recording.track_id).or_default().push(sale);
    }
    let mut transaction = 0_u64;
    for (block, sales) in (1_u64..).zip(blocks.values()) {
        let first = sales[0];
        describe(block, first, rows, wrong);
        for sale in sales {
            transaction += 1;
            let record = Record::new(&SU02)
                .number("BlockId", block)
                .text("SummaryRecordId", &(sale.summary + 1).to_string())
                .text("SalesTransactionId", &transaction.to_string())
                .text("TransactedResource", "A1")
                .text("IsRoyaltyBearing", "true")
                .number("NumberOfStreams", sale.plays);
            rows.push((place(sale.row), record));
        }
    }
    let blocks = i128::try_from(blocks.len()).expect("memory holds fewer");
    let lines = i128::try_from(rows.len() + 1).expect("memory holds fewer");
    let summaries = i128::try_from(report.summaries.len()).expect("memory holds fewer");
    let foot = Record::new(&FOOT)
        .number("NumberOfLinesInFile", lines)
        .number("NumberOfLinesInReport", lines)
        .number("NumberOfSummaryRecords", summaries)
        .number("NumberOfBlocksInFile", blocks)
        .number("NumberOfBlocksInReport", blocks);
    rows.push(("foot".to_owned(), foot));
}

/// Release, resource and works of a block.
fn describe(block: u64, sale: &Sale, rows: &mut Rows, wrong: &mut Wrong) {
    let here = place(sale.row);
    let SoldRecording { track_id, title, artist, release, works, .. } = &sale.recording;
    if let Some(release) = release {
        let upc = canonical(&here, wrong, "UPC", release.upc.as_deref(), |upc| {
            Upc::parse(upc).map(|upc| upc.to_string())
        });
        let record = Record::new(&RE01)
            .number("BlockId", block)
            .text("ReleaseReference", "R1")
            .text("DspReleaseId", &release.release_id)
            .maybe("ICPN", upc.map(|upc| format!("{upc:0>12}")).as_deref())
            .text("DisplayArtistName", &release.artist)
            .text("Title", &release.title)
            .maybe("Label", release.label.as_deref());
        rows.push((here.clone(), record));
    }
    let isrc = canonical(&here, wrong, "ISRC", sale.recording.isrc.as_deref(), |isrc| {
        Isrc::parse(isrc).map(|isrc| isrc.to_string())
    });
    let resource = Record::new(if works.is_empty() { &AS0202 } else { &AS0101 })
        .number("BlockId", block)
        .text("ResourceReference", "A1")
        .text("DspResourceId", track_id)
        .maybe("ISRC", isrc.as_deref())
        .text("Title", title)
        .text("DisplayArtistName", artist)
        .maybe("Duration", sale.recording.duration_ms.map(duration).as_deref())
        .text("ResourceType", "SoundRecording");
    rows.push((here.clone(), resource));
    for work in works {
        let iswc = canonical(&here, wrong, "ISWC", work.iswc.as_deref(), |iswc| {
            Iswc::parse(iswc).map(|iswc| iswc.to_string())
        });
        let record = Record::new(&MW0101)
            .number("BlockId", block)
            .text("DspWorkId", &work.work_id)
            .maybe("ISWC", iswc.as_deref())
            .text("Title", &work.title)
            .texts("ComposerAuthor", work.writers.iter().map(String::as_str))
            .texts("MusicPublisher", work.publishers.iter().map(String::as_str));
        rows.push((here.clone(), record));
    }
}

/// An identifier in its canonical form, or a refusal.
pub(super) fn canonical<E: ToString>(
    place: &str,
    wrong: &mut Wrong,
    name: &str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<String, E>,
) -> Option<String> {
    let text = text.filter(|text| !text.is_empty())?;
    match parse(text) {
        Ok(canonical) => Some(canonical),
        Err(error) => {
            wrong.add(place, format!("{name} {text:?}: {}", error.to_string()));
            None
        }
    }
}

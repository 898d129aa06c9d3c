//! The Financial Reporting to Record Companies Profile 1.0: a row for each recording and summary.
//!
//! All amounts are in the currency of the licence; where listeners paid in another, the exchange
//! happened before the pool and stands in the close, so the two currencies of a row are the same.

use ledgerline_app::money::sales_report::{Sale, SalesReport, SalesSummary, SoldRelease};
use ledgerline_ids::{Grid, Isrc, Upc};
use ledgerline_money::Fraction;

use super::basic_audio::canonical;
use super::record::Record;
use super::{Rows, Wrong, decimal, model_word, place, use_word};
use crate::file_name::seconds;
use crate::records::{SR08, SRFO, SY10};

/// Summaries, sales and footer.
pub(super) fn body(report: &SalesReport, rows: &mut Rows, wrong: &mut Wrong) {
    for (at, summary) in report.summaries.iter().enumerate() {
        rows.push((format!("summary {}", at + 1), summed_up(at, summary, report)));
    }
    for (transaction, sale) in (1_u64..).zip(&report.sales) {
        let record = sold(transaction, sale, report, wrong);
        rows.push((place(sale.row), record));
    }
    let lines = i128::try_from(rows.len() + 1).expect("memory holds fewer");
    let summaries = i128::try_from(report.summaries.len()).expect("memory holds fewer");
    let foot = Record::new(&SRFO)
        .number("NumberOfLinesInReport", lines)
        .number("NumberOfSummaryRecords", summaries);
    rows.push(("foot".to_owned(), foot));
}

fn summed_up(at: usize, summary: &SalesSummary, report: &SalesReport) -> Record {
    let returned = returned(report.sales.iter().filter(|sale| sale.summary == at));
    let mut record = Record::new(&SY10)
        .text("SummaryRecordId", &(at + 1).to_string())
        .text("CommercialModel", model_word(summary))
        .text("UseType", use_word(summary))
        .text("ReportingPeriodStartDate", &report.period.first_day().to_string())
        .text("ReportingPeriodEndDate", &report.period.last_day().to_string())
        .maybe("SubscriberType", summary.tier.as_deref())
        .maybe("Subscribers", summary.subscribers.map(|number| number.to_string()).as_deref())
        .text("Territory", &report.territory)
        .text("ServiceDescription", &report.service)
        .number("Usages", summary.service_plays)
        .number("AllocatedUsages", summary.plays)
        .number("Returns", returned)
        .text("MusicUsageRatio", "100")
        .text("CurrencyOfTransaction", summary.currency.code())
        .text("CurrencyOfAccounting", summary.currency.code())
        .text("ExchangeRate", "1")
        .text("DateOfCurrencyExchange", &seconds(report.period.end()));
    for (cell, amount) in [
        ("NetRevenue", summary.net_revenue),
        ("AllocatedRevenue", summary.amount),
        ("AllocatedNetRevenue", summary.amount),
        ("FinalTotalAmount", summary.amount),
    ] {
        record = record
            .amount(&format!("{cell}InCurrencyOfTransaction"), amount)
            .amount(&format!("{cell}InCurrencyOfAccounting"), amount);
    }
    // Deductions and fees are part of the licence's formula, not taken off the recipient's amount.
    record
        .text("DeductionsInCurrencyOfTransaction", "0")
        .text("DeductionsInCurrencyOfAccounting", "0")
        .text("SubscriptionFeeInCurrencyOfAccounting", "0")
}

/// How many plays adjustments took back.
fn returned<'a>(sales: impl Iterator<Item = &'a Sale>) -> i128 {
    sales.map(|sale| i128::from(sale.plays.min(0)).abs()).sum()
}

fn sold(transaction: u64, sale: &Sale, report: &SalesReport, wrong: &mut Wrong) -> Record {
    let here = place(sale.row);
    let recording = &sale.recording;
    let isrc = canonical(&here, wrong, "ISRC", recording.isrc.as_deref(), |isrc| {
        Isrc::parse(isrc).map(|isrc| isrc.to_string())
    });
    let back = i128::from(sale.plays.min(0)).abs();
    let unit = match sale.plays {
        0 => Fraction::ZERO,
        plays => Fraction::new(i128::from(sale.amount.get()), i128::from(plays) * 1_000_000)
            .expect("the number of plays isn't 0"),
    };
    let share = sale.share.times(Fraction::whole(100)).unwrap_or(sale.share);
    let record = Record::new(&SR08).number("SalesTransactionId", transaction);
    let mut record =
        released(record, &here, recording.release.as_ref(), &recording.track_id, wrong)
            .maybe("ResourceISRC", isrc.as_deref())
            .text("DspResourceId", &recording.track_id)
            .text("ResourceType", "SoundRecording")
            .text("ResourceTitle", &recording.title)
            .text("ResourceDisplayArtistName", &recording.artist)
            .text("SummaryRecordId", &(sale.summary + 1).to_string())
            .text("SalesTransactionDate", &sale.period.to_string())
            .number("TotalUsages", sale.plays.max(0))
            .number("Returns", back)
            .number("NetUsage", sale.plays)
            .text("RightSharePercentage", &decimal(share))
            .text(
                "CopyrightObligationWithDSP",
                if report.works_by_service { "true" } else { "false" },
            );
    for currency in ["Transaction", "Accounting"] {
        record = record
            .text(&format!("CalculatedUnitPriceInCurrencyOf{currency}"), &decimal(unit))
            .amount(&format!("AllocatedRevenueInCurrencyOf{currency}"), sale.amount)
            .amount(&format!("AllocatedNetRevenueInCurrencyOf{currency}"), sale.amount);
    }
    record
}

/// The release; a recording that is on none is sold as one of its own.
fn released(
    record: Record,
    here: &str,
    release: Option<&SoldRelease>,
    track_id: &str,
    wrong: &mut Wrong,
) -> Record {
    let Some(release) = release else {
        return record.text("DspReleaseId", track_id).text("ReleaseType", "SingleResourceRelease");
    };
    let upc = canonical(here, wrong, "UPC", release.upc.as_deref(), |upc| {
        Upc::parse(upc).map(|upc| upc.to_string())
    });
    let grid = canonical(here, wrong, "GRid", release.grid.as_deref(), |grid| {
        Grid::parse(grid).map(|grid| grid.to_string())
    });
    record
        .maybe("ReleaseGRid", grid.as_deref())
        .maybe("ReleaseICPN", upc.map(|upc| format!("{upc:0>12}")).as_deref())
        .text("DspReleaseId", &release.release_id)
        .text("ReleaseTitle", &release.title)
        .text("ReleaseDisplayArtistName", &release.artist)
}

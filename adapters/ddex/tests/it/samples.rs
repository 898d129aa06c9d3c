//! A month of a small licensor, made up.

use ledgerline_app::money::sales_report::{
    CommercialModel, Sale, SalesParty, SalesProfile, SalesReport, SalesSummary, SoldRecording,
    SoldRelease, SoldWork,
};
use ledgerline_ids::{Period, UnixMs};
use ledgerline_money::{Currency, Fraction, Micros};
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::Use;

/// Party ids that DDEX's own documents use as examples.
pub const SENDER: &str = "PADPIDA2013020802I";
/// Likewise.
pub const RECIPIENT: &str = "PADPIDA20070627029";

fn recording(number: u64) -> SoldRecording {
    let works = (number != 2).then(|| SoldWork {
        work_id: format!("W{number}"),
        iswc: (number == 1).then(|| "T-034.524.680-1".to_owned()),
        title: format!("Work {number}"),
        writers: vec!["First Writer".to_owned(), "Second | Writer".to_owned()],
        publishers: vec!["A Publisher".to_owned()],
    });
    SoldRecording {
        track_id: format!("trk_{number}"),
        isrc: Some(format!("SE-ABC-26-0000{number}")),
        title: format!("Song\\{number} | with a bar and a\ttab"),
        artist: "An Artist".to_owned(),
        duration_ms: Some(200_000 + number),
        release: (number == 1).then(|| SoldRelease {
            release_id: "rel_1".to_owned(),
            upc: Some("036000291452".to_owned()),
            grid: Some("A12425GABC1234002M".to_owned()),
            title: "An Album".to_owned(),
            artist: "An Artist".to_owned(),
            label: Some("A Label".to_owned()),
        }),
        works: works.into_iter().collect(),
    }
}

fn sale(row: usize, summary: usize, number: u64, plays: i64, micros: i64) -> Sale {
    Sale {
        row,
        summary,
        recording: recording(number),
        period: Period::parse("2026-10").expect("a month"),
        plays,
        amount: Micros::new(micros),
        share: Fraction::new(1, 3).expect("a third"),
    }
}

fn summary(right: Right, tier: &str, plays: i64, micros: i64) -> SalesSummary {
    SalesSummary {
        right,
        model: CommercialModel::Subscription,
        usage_use: Use::OnDemand,
        tier: Some(tier.to_owned()),
        subscribers: Some(1_000),
        currency: Currency::parse("EUR").expect("a currency"),
        service_plays: 10_000,
        plays,
        net_revenue: Micros::new(5_000_000_000),
        amount: Micros::new(micros),
    }
}

/// Three recordings in two summaries, with an adjustment that takes back more than a month sold.
pub fn report(profile: SalesProfile) -> SalesReport {
    let right = match profile {
        SalesProfile::BasicAudio => Right::Mechanical,
        SalesProfile::Financial => Right::Master,
    };
    let mut taken_back = sale(4, 1, 3, -2, -1_000_001);
    taken_back.period = Period::parse("2026-09").expect("a month");
    SalesReport {
        profile,
        sender: SalesParty { dpid: SENDER.to_owned(), name: "A Service".to_owned() },
        recipient: SalesParty { dpid: RECIPIENT.to_owned(), name: "A Licensor".to_owned() },
        service: "Ledgerline".to_owned(),
        period: Period::parse("2026-10").expect("a month"),
        territory: "DE".to_owned(),
        created_at: UnixMs::parse_rfc3339("2026-11-01T09:30:00Z").expect("an instant"),
        message_id: "2026-10.DE.1".to_owned(),
        works_by_service: true,
        summaries: vec![
            summary(right, "premium", 300, 33_333_334),
            summary(right, "student", 98, 14_999_999),
        ],
        sales: vec![
            sale(1, 0, 1, 200, 22_222_223),
            sale(2, 0, 2, 100, 11_111_111),
            sale(3, 1, 1, 100, 16_000_000),
            taken_back,
        ],
    }
}

//! Sales reports for licensors, as far as it can be told of them before they are downloaded.

use ledgerline_app::money::papers::sales as app;
use serde::Serialize;
use utoipa::ToSchema;

/// A page of those to whom sales of a month can be reported, by payee.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SalesRecipientPage {
    /// Payees that have lines and a DDEX party id.
    pub items: Vec<SalesRecipient>,
    /// The payee to ask for the next page with, as `after`; null on the last. A page may have few
    /// items or none, and another behind it.
    #[schema(required)]
    pub next: Option<String>,
}

/// Somebody to whom sales can be reported.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SalesRecipient {
    /// The payee.
    pub payee: String,
    /// Its name.
    pub name: String,
    /// Its DDEX party id.
    pub dpid: String,
    /// How many lines its statement has.
    pub lines: u64,
}

/// A payee's sales reports of a month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SalesFileList {
    /// By territory and profile.
    pub items: Vec<SalesReportFile>,
}

/// A sales report that can be downloaded.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SalesReportFile {
    /// What to ask for it by, and with `.gz` behind it for a packed one.
    pub file: String,
    /// The name that the standard asks for; it is sent by this one.
    pub name: String,
    /// Where was sold.
    pub territory: String,
    /// `financial` is of the master right, `basic-audio` of mechanical and performance rights.
    #[schema(pattern = "^(financial|basic-audio)$")]
    pub profile: &'static str,
    /// How many sales it has.
    pub sales: u64,
    /// How long it is.
    pub bytes: u64,
}

/// A sales report: DDEX's flat file format, tab-separated.
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct SalesFile(pub Vec<u8>);

impl From<app::SalesRecipient> for SalesRecipient {
    fn from(known: app::SalesRecipient) -> Self {
        let app::SalesRecipient { payee, party, lines } = known;
        Self { payee, name: party.name, dpid: party.dpid, lines }
    }
}

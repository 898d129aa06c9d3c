//! Payouts: what is to be paid, what was, and what a bank is handed.

use ledgerline_app::money::papers::payout_history as history;
use ledgerline_app::money::papers::payouts as app;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Instant;

/// A page of payouts, the newest month first, payees by their ids.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayoutPage {
    /// One for each statement.
    pub items: Vec<Payout>,
    /// What to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// What a statement pays.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Payout {
    /// The month of the statement.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Whom.
    pub payee: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How much, in whole minor units.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub amount: String,
    /// `payable` until the bank has paid, then `paid`; `carried` where nothing is paid.
    #[schema(pattern = "^(payable|paid|carried)$")]
    pub state: &'static str,
    /// Why nothing is paid; null where something is.
    #[schema(required)]
    pub reason: Option<String>,
    /// What is carried to the next month, by currency.
    pub carried: Vec<PayoutCarried>,
    /// The day of the payment; null until it is paid, as all that follows.
    #[schema(required, format = Date)]
    pub paid_on: Option<String>,
    /// When that was booked.
    #[schema(required)]
    pub booked_at: Option<Instant>,
    /// The ledger's entry that says so.
    #[schema(required)]
    pub entry: Option<u64>,
}

/// What is carried to the next month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayoutCarried {
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How much.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub amount: String,
}

/// What is to be paid for a closed month: sums, and a page of payees.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonthPayouts {
    /// The month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Of all payees, by currency.
    pub totals: Vec<PayoutTotal>,
    /// Who is paid something, by payee.
    pub items: Vec<PaidPayout>,
    /// The payee to ask for the next page with, as `after`; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

/// The sums of a month's payouts in one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayoutTotal {
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How many payouts.
    pub payouts: u64,
    /// How many of them aren't paid yet.
    pub payouts_open: u64,
    /// How much.
    #[schema(pattern = r"^[0-9]+\.[0-9]{6}$")]
    pub amount: String,
    /// How much of it isn't paid yet.
    #[schema(pattern = r"^[0-9]+\.[0-9]{6}$")]
    pub open: String,
    /// What the ledger owes all payees now: open payouts of all months, and what is carried.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub payable: String,
}

/// What a payee is paid for a month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaidPayout {
    /// Whom.
    pub payee: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How much, in whole minor units.
    #[schema(pattern = r"^[0-9]+\.[0-9]{6}$")]
    pub amount: String,
    /// `payable` until the bank has paid, then `paid`.
    #[schema(pattern = "^(payable|paid)$")]
    pub state: &'static str,
    /// The day of the payment; null until it is paid.
    #[schema(required, format = Date)]
    pub paid_on: Option<String>,
    /// The ledger's entry that says so.
    #[schema(required)]
    pub entry: Option<u64>,
}

/// In which form a bank is told to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentFile {
    /// A sheet.
    Csv,
    /// ISO 20022 pain.001.001.09, a credit transfer.
    Pain001,
}

/// How to write what is still to be paid. Names and accounts are read and not kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentFileRequest {
    /// In which form.
    pub form: PaymentFile,
    /// A CSV with the columns `payee`, `name`, `iban`, and `bic` where the bank asks for it; a
    /// credit transfer needs one.
    #[serde(default)]
    #[schema(max_length = 8_388_608, nullable = false)]
    pub accounts: Option<String>,
    /// Who pays; a credit transfer needs it.
    #[serde(default)]
    #[schema(nullable = false)]
    pub debtor: Option<PaymentAccount>,
    /// The day on which the bank is to pay; tomorrow if absent.
    #[serde(default)]
    #[schema(nullable = false, format = Date)]
    pub on: Option<String>,
}

/// Who pays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentAccount {
    /// The name.
    #[schema(max_length = 140)]
    pub name: String,
    /// The account that is debited.
    #[schema(max_length = 64)]
    pub iban: String,
    /// Its bank.
    #[schema(max_length = 32)]
    pub bic: String,
}

/// Payouts that the bank carried out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkPaidRequest {
    /// The day of the payment; today if absent.
    #[serde(default)]
    #[schema(nullable = false, format = Date)]
    pub on: Option<String>,
    /// Which.
    #[schema(min_items = 1, max_items = 10000)]
    pub paid: Vec<MarkPaidRow>,
}

/// A payout that the bank carried out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkPaidRow {
    /// Of which month.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// Whom.
    #[schema(min_length = 1, max_length = 128)]
    pub payee: String,
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How much: all that was to be paid.
    #[schema(pattern = r"^[0-9]+(\.[0-9]{1,6})?$")]
    pub amount: String,
}

/// What became of payouts that were told as paid.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkedPaid {
    /// Booked now.
    pub booked: u64,
    /// Booked before.
    pub already: u64,
}

impl From<history::StatedPayout> for Payout {
    fn from(stated: history::StatedPayout) -> Self {
        let carried = stated.carried.iter().map(|(currency, amount)| PayoutCarried {
            currency: currency.to_string(),
            amount: amount.to_string(),
        });
        Self {
            period: stated.period.to_string(),
            currency: stated.currency.to_string(),
            amount: stated.amount.to_string(),
            state: match (&stated.paid, &stated.reason) {
                (Some(_), _) => "paid",
                (None, Some(_)) => "carried",
                (None, None) => "payable",
            },
            carried: carried.collect(),
            paid_on: stated.paid.map(|paid| paid.on.to_string()),
            booked_at: stated.paid.map(|paid| Instant(paid.booked_at)),
            entry: stated.paid.map(|paid| paid.entry),
            payee: stated.payee,
            reason: stated.reason,
        }
    }
}

impl MonthPayouts {
    /// The payouts behind the payee `after`, at most `limit`.
    #[must_use]
    pub fn page(found: &app::MonthPayouts, after: &str, limit: usize) -> Self {
        let mut behind = found.rows.iter().filter(|row| row.payee.as_str() > after);
        let items: Vec<PaidPayout> = behind.by_ref().take(limit).map(PaidPayout::of).collect();
        let next = behind.next().and(items.last()).map(|last| last.payee.clone());
        let total = |total: &app::PayoutTotal| {
            let rows = || found.rows.iter().filter(|row| row.currency == total.currency);
            PayoutTotal {
                currency: total.currency.to_string(),
                payouts: rows().count() as u64,
                payouts_open: rows().filter(|row| row.paid_by.is_none()).count() as u64,
                amount: total.amount.to_string(),
                open: total.open.to_string(),
                payable: total.payable.to_string(),
            }
        };
        let totals = found.totals.iter().map(total).collect();
        Self { period: found.period.to_string(), totals, items, next }
    }
}

impl PaidPayout {
    fn of(row: &app::PayoutRow) -> Self {
        Self {
            payee: row.payee.clone(),
            currency: row.currency.to_string(),
            amount: row.amount.to_string(),
            state: if row.paid_by.is_some() { "paid" } else { "payable" },
            paid_on: row.paid_on.map(|day| day.to_string()),
            entry: row.paid_by,
        }
    }
}

impl From<app::MarkedPaid> for MarkedPaid {
    fn from(marked: app::MarkedPaid) -> Self {
        Self { booked: marked.new as u64, already: marked.already as u64 }
    }
}

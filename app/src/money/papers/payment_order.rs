//! What a bank is handed: payouts, who pays them, and where to. Writing the file is an adapter's
//! business, behind [`PaymentFiles`].

use ledgerline_ids::{DayNo, Period, UnixMs};

use super::payouts::PayoutRow;

/// How payouts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentForm {
    /// A sheet.
    Csv,
    /// ISO 20022 pain.001.001.09, a credit transfer.
    Pain001,
}

/// Payouts to be carried out. Names and accounts are as somebody gave them with this order; they are
/// stored nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentOrder {
    /// The month of the payouts.
    pub period: Period,
    /// What is to be paid.
    pub payouts: Vec<PayoutRow>,
    /// How to write it.
    pub form: PaymentForm,
    /// Where to: a sheet with the columns payee, name, iban and bic. A credit transfer needs one.
    pub accounts: Option<Vec<u8>>,
    /// Who pays; a credit transfer needs it.
    pub debtor: DebtorWords,
    /// When the file is written.
    pub created_at: UnixMs,
    /// The day on which the bank is to pay.
    pub on: DayNo,
}

/// Who pays, as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DebtorWords {
    /// The name.
    pub name: String,
    /// The account that is debited.
    pub iban: String,
    /// Its bank.
    pub bic: String,
}

/// Which part of an order can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderPart {
    /// The sheet of accounts.
    Accounts,
    /// The account that is debited.
    DebtorIban,
    /// Its bank.
    DebtorBic,
    /// What is to be paid, with all the rest.
    Payouts,
}

/// Why no file was made. Nothing of it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct OrderRefused {
    /// Which part.
    pub part: OrderPart,
    /// What is wrong with it.
    pub why: String,
}

/// Writes orders for banks.
pub trait PaymentFiles: Send + Sync + 'static {
    /// Writes one. The same payouts give the same payment ids, whenever it is written.
    ///
    /// # Errors
    /// [`OrderRefused`].
    fn write(&self, order: &PaymentOrder) -> Result<String, OrderRefused>;
}

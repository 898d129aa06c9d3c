//! Payments as files: ISO 20022 credit transfers (pain.001.001.09) and CSV, for a bank to carry out.
//!
//! What it is for: payouts and a sheet of accounts become one file whose sums stand in it. The
//! same payouts give the same message id, so a bank that is handed a file twice pays once.
//! What it refuses: a payout without an account, an account whose check digits are wrong, an amount
//! that isn't whole minor units; and keeping accounts, which come with each export and go with it.
//!
//! In reading order:
//! - `payout`: what is to be paid, and by which ids
//! - `accounts`: where to
//! - `pain001`: the credit transfer; `sheet`: the same as CSV, and what was paid read back
//! - `order`: both, as the app orders them

mod accounts;
mod order;
mod pain001;
mod payout;
mod sheet;

pub use accounts::{Account, AccountError, AccountsError, Bic, Iban, read_accounts};
pub use order::BankFiles;
pub use pain001::{Debtor, PaymentError, credit_transfer};
pub use payout::{Payout, Total, end_to_end_id, message_id, totals};
pub use sheet::{PaidError, PaidRow, payout_sheet, read_paid};

//! What is handed on of a closed month: statements as sheets, payouts, sales reports.
//!
//! - [`statement_sheet`]: a statement's lines as CSV
//! - [`printed`]: a statement as a paper
//! - [`payouts`]: what is to be paid, and what was; [`payout_history`]: the same as a payee reads it
//! - [`payment_order`]: what a bank is handed
//! - [`sales`]: a licensor's sales, out of its statement and the catalogue of the close

pub mod payment_order;
pub mod payout_history;
pub mod payouts;
pub mod printed;
pub mod sales;
pub mod statement_sheet;

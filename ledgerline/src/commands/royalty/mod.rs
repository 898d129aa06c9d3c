//! `royalty`: plays become money. One file for each of its words.

mod close;
mod compare;
mod dsr;
mod export;
mod payouts;
mod sheets;
mod statements;
mod terms;
mod trial;

use std::path::Path;

use crate::cli::royalty::RoyaltyAction;
use crate::failure::Failure;

pub(super) async fn run(data: &Path, action: RoyaltyAction, as_json: bool) -> Result<u8, Failure> {
    match action {
        RoyaltyAction::Revenue { action } => sheets::revenue(data, action, as_json).await,
        RoyaltyAction::Fx { action } => sheets::fx(data, action, as_json).await,
        RoyaltyAction::Advances { action } => sheets::advances(data, action, as_json).await,
        RoyaltyAction::Usage { action } => sheets::usage(data, action, as_json).await,
        RoyaltyAction::Terms { action } => terms::run(data, action, as_json).await,
        RoyaltyAction::Close(args) => close::close(data, &args, as_json).await,
        RoyaltyAction::Closes { action } => close::closes(data, &action, as_json).await,
        RoyaltyAction::Estimate(args) => close::estimate(data, &args, as_json).await,
        RoyaltyAction::Compare(args) => compare::run(data, &args, as_json).await,
        RoyaltyAction::Statements { action } => {
            statements::statements(data, &action, as_json).await
        }
        RoyaltyAction::Payees => statements::payees(data, as_json).await,
        RoyaltyAction::Explain { what } => statements::explain(data, &what, as_json).await,
        RoyaltyAction::Try(args) => trial::run(&args, as_json),
        RoyaltyAction::Payouts { action } => payouts::run(data, action, as_json).await,
        RoyaltyAction::Dsr { action } => dsr::run(data, action, as_json).await,
    }
}

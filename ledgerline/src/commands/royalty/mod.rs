//! `royalty`: plays become money. One file for each of its words.

mod dsr;
mod sheets;
mod trial;
mod terms;

use std::path::Path;

use crate::cli::royalty::RoyaltyAction;
use crate::failure::Failure;

pub(super) async fn run(data: &Path, action: RoyaltyAction, as_json: bool) -> Result<u8, Failure> {
    match action {
        RoyaltyAction::Revenue { action } => sheets::revenue(data, action, as_json).await,
        RoyaltyAction::Fx { action } => sheets::fx(data, action, as_json).await,
        RoyaltyAction::Usage { action } => sheets::usage(data, action, as_json).await,
        RoyaltyAction::Terms { action } => terms::run(data, action, as_json).await,
        RoyaltyAction::Dsr { action } => dsr::run(action, as_json),
        RoyaltyAction::Try(args) => trial::run(&args, as_json),
    }
}

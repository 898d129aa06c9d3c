//! `royalty`: plays become money. One file for each of its words.

mod dsr;
mod trial;

use crate::cli::royalty::RoyaltyAction;
use crate::failure::Failure;

pub(super) fn run(action: RoyaltyAction, as_json: bool) -> Result<u8, Failure> {
    match action {
        RoyaltyAction::Dsr { action } => dsr::run(action, as_json),
        RoyaltyAction::Try(args) => trial::run(&args, as_json),
    }
}

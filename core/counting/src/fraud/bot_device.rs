//! `bot_device`: the play's device is on the deployment's list.

use ledgerline_records::verdict::{FraudRule, FraudRules};

use super::Candidate;

pub(super) fn mark(candidates: &[Candidate], marks: &mut [FraudRules]) {
    for (play, mark) in candidates.iter().zip(marks) {
        if play.listed_device {
            *mark = mark.with(FraudRule::BotDevice);
        }
    }
}

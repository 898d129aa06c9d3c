//! Plays whose reports carry a start, but no key.
//!
//! Such a play is named by listener, track, session (else device) and the start as
//! reported. However the start is written it is the same, and beside a session the device
//! says nothing; but another start, session or lone device makes another play.

use crate::cases::{Oddity, plain, usual};
use crate::names::Device;
use crate::plan::{Draft, KeyForm, Plan, mark};
use crate::seed::Random;

/// Adds one play without a key, or two that differ in what `oddity` says.
pub(crate) fn add(
    plan: &mut Plan<'_>,
    mut draft: Draft,
    (oddity, case): (Oddity, &'static str),
    random: &mut Random,
) {
    draft.play.key_form = KeyForm::None;
    let has_session = random.chance(7_000);
    if !has_session {
        draft.play.session = 0;
    }
    let mut reports = usual(&draft, random);
    if has_session && random.chance(3_000) {
        let last = reports.last_mut().expect("every play has a report");
        last.marks |= mark::OWN_PHONE;
    }
    plan.add(case, &draft, draft.plain_status(), &reports);
    match oddity {
        Oddity::KeylessTwoStarts => draft.play.start += 1 + random.below(5_000),
        Oddity::KeylessTwoPlaces => {
            draft.play.device = Device::Own(3);
            if has_session {
                draft.play.session = plan.next_session();
            }
        }
        _ => return,
    }
    plain(plan, &draft, case, random);
}

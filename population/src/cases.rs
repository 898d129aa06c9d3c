//! What can be odd about one ordinary listener's play, and how often it is.

use crate::digits::InstantForm;
use crate::keyless;
use crate::names::{Device, Kind, TERRITORY_COUNT, TIER_COUNT, User, track_name};
use crate::plan::{Draft, Event, KeyForm, Plan, Report, mark};
use crate::seed::Random;
use crate::starts;
use crate::truth::{Status, THRESHOLD_MS};

/// Every oddity of one play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oddity {
    Keyless,
    KeylessTwoStarts,
    KeylessTwoPlaces,
    ForeignKey,
    SharedKey,
    UserMissingOnce,
    Anonymous,
    TrackConflict,
    PreviewConflict,
    ImportedConflict,
    Preview,
    Imported,
    StartLater,
    StartEarlier,
    StartAcrossMidnight,
    StartDropped,
    StartDroppedEarlier,
    StartDroppedLater,
    StartNever,
    KeyOf1970,
    ExactThreshold,
    JustBelow,
    OnlyStart,
    TiedReports,
    LeastReport,
    SentAgain,
    HandOff,
}

/// An oddity, its name in the truth, and its share of ordinary plays in 10 000.
const SHARES: [(Oddity, &str, u32); 27] = [
    (Oddity::Keyless, "keyless", 500),
    (Oddity::KeylessTwoStarts, "keyless_two_starts", 20),
    (Oddity::KeylessTwoPlaces, "keyless_two_places", 20),
    (Oddity::ForeignKey, "foreign_play_id", 100),
    (Oddity::SharedKey, "shared_play_id", 20),
    (Oddity::UserMissingOnce, "user_missing_once", 15),
    (Oddity::Anonymous, "anonymous", 200),
    (Oddity::TrackConflict, "track_conflict", 40),
    (Oddity::PreviewConflict, "preview_conflict", 15),
    (Oddity::ImportedConflict, "imported_conflict", 15),
    (Oddity::Preview, "preview", 100),
    (Oddity::Imported, "imported", 50),
    (Oddity::StartLater, "start_later", 50),
    (Oddity::StartEarlier, "start_earlier", 50),
    (Oddity::StartAcrossMidnight, "start_across_midnight", 10),
    (Oddity::StartDropped, "start_dropped", 50),
    (Oddity::StartDroppedEarlier, "start_dropped_earlier", 30),
    (Oddity::StartDroppedLater, "start_dropped_later", 30),
    (Oddity::StartNever, "start_never", 100),
    (Oddity::KeyOf1970, "key_of_1970", 30),
    (Oddity::ExactThreshold, "exact_threshold", 60),
    (Oddity::JustBelow, "just_below", 60),
    (Oddity::OnlyStart, "only_start", 60),
    (Oddity::TiedReports, "tied_reports", 30),
    (Oddity::LeastReport, "least_report", 30),
    (Oddity::SentAgain, "sent_again", 40),
    (Oddity::HandOff, "hand_off", 30),
];

/// The names of plays without an oddity.
pub(crate) const PLAIN: &str = "plain";
/// Such a play from a phone that was offline for days.
pub(crate) const LATE_PHONE: &str = "late_phone";
/// Such a play by a listener whose name JSON may write in two ways.
pub(crate) const ESCAPED_USER: &str = "escaped_user";

/// However small a population is, it has so many plays of each oddity.
const EACH_AT_LEAST: u64 = 8;
/// Every so manyth play is odd until each oddity was there often enough.
const FORCED_EVERY: u64 = 4;

/// Deals oddities.
#[derive(Debug, Default)]
pub(crate) struct Deck {
    dealt: u64,
}

impl Deck {
    /// What is odd about the next play.
    pub(crate) fn deal(&mut self, random: &mut Random) -> Option<(Oddity, &'static str)> {
        let turn = self.dealt;
        self.dealt += 1;
        let kinds = SHARES.len() as u64;
        if turn.is_multiple_of(FORCED_EVERY) && turn / FORCED_EVERY < kinds * EACH_AT_LEAST {
            let (oddity, name, _) = SHARES[(turn / FORCED_EVERY % kinds) as usize];
            return Some((oddity, name));
        }
        let mut at = random.below_u32(10_000);
        for (oddity, name, share) in SHARES {
            if at < share {
                return Some((oddity, name));
            }
            at -= share;
        }
        None
    }
}

/// The reports that a player sends of a play where nothing goes wrong.
pub(crate) fn usual(draft: &Draft, random: &mut Random) -> Vec<Report> {
    let listened = draft.listened;
    let mut reports = Vec::with_capacity(4);
    let habit = random.below_u32(100);
    if habit < 75 {
        reports.push(draft.report(0, Event::Start, random));
    }
    let mut next = 30_000;
    let progress = match habit {
        55..70 => 1,
        70..75 => 20,
        _ => 0,
    };
    for _ in 0..progress {
        if next < listened {
            reports.push(draft.report(next, Event::Progress, random));
        }
        next += 30_000;
    }
    reports.push(draft.last_report(random));
    reports
}

// At least two reports: one when the play began and one at its end.
fn at_least_two(draft: &Draft, random: &mut Random) -> Vec<Report> {
    let mut reports = usual(draft, random);
    if reports.len() == 1 {
        reports.insert(0, draft.report(0, Event::Start, random));
    }
    reports
}

/// Adds a play that is odd in the way that `oddity` says; `case` is its name.
pub(crate) fn add(
    plan: &mut Plan<'_>,
    mut draft: Draft,
    (oddity, case): (Oddity, &'static str),
    random: &mut Random,
) {
    match oddity {
        Oddity::Keyless | Oddity::KeylessTwoStarts | Oddity::KeylessTwoPlaces => {
            keyless::add(plan, draft, (oddity, case), random);
        }
        Oddity::ForeignKey => {
            draft.play.key_form = match random.below_u32(5) {
                0 => KeyForm::V7Upper,
                1 => KeyForm::V4,
                2 => KeyForm::Hex,
                3 => KeyForm::Short,
                _ => KeyForm::Long,
            };
            plain(plan, &draft, case, random);
        }
        Oddity::SharedKey => shared_key(plan, &draft, case, random),
        Oddity::UserMissingOnce => user_missing_once(plan, &draft, case, random),
        Oddity::Anonymous => {
            draft.play.anonymous = true;
            plain(plan, &draft, case, random);
        }
        Oddity::TrackConflict => track_conflict(plan, draft, case, random),
        Oddity::PreviewConflict => flag_once(plan, &draft, case, mark::PREVIEW, random),
        Oddity::ImportedConflict => flag_once(plan, &draft, case, mark::IMPORTED, random),
        Oddity::Preview => flag_always(plan, &draft, case, mark::PREVIEW, random),
        Oddity::Imported => flag_always(plan, &draft, case, mark::IMPORTED, random),
        Oddity::ExactThreshold => threshold(plan, draft, case, THRESHOLD_MS, random),
        Oddity::JustBelow => threshold(plan, draft, case, THRESHOLD_MS - 1, random),
        Oddity::OnlyStart => {
            draft.listened = 0;
            let report = draft.report(0, Event::Start, random);
            plan.add(case, &draft, Status::Pending, &[report]);
        }
        Oddity::TiedReports => tied_reports(plan, draft, case, random),
        Oddity::LeastReport => least_report(plan, draft, case, random),
        Oddity::SentAgain => sent_again(plan, &draft, case, random),
        Oddity::HandOff => hand_off(plan, draft, case, random),
        Oddity::StartLater
        | Oddity::StartEarlier
        | Oddity::StartAcrossMidnight
        | Oddity::StartDropped
        | Oddity::StartDroppedEarlier
        | Oddity::StartDroppedLater
        | Oddity::StartNever
        | Oddity::KeyOf1970 => starts::add(plan, draft, (oddity, case), random),
    }
}

/// Adds a play where nothing is odd.
pub(crate) fn plain(plan: &mut Plan<'_>, draft: &Draft, case: &'static str, random: &mut Random) {
    let reports = usual(draft, random);
    plan.add(case, draft, draft.plain_status(), &reports);
}

// One player, two listeners: the key tells a listener's plays apart, not everybody's.
fn shared_key(plan: &mut Plan<'_>, draft: &Draft, case: &'static str, random: &mut Random) {
    plain(plan, draft, case, random);
    let mut other = *draft;
    other.play.listener = User::new(Kind::Family, draft.play.key % User::LIMIT);
    other.play.track = plan.next_track(draft.play.track);
    other.listened = random.between(1_000, 200_000);
    plain(plan, &other, case, random);
}

// The report without a user is no report of the listener's play, but an anonymous play.
fn user_missing_once(plan: &mut Plan<'_>, draft: &Draft, case: &'static str, random: &mut Random) {
    plain(plan, draft, case, random);
    let mut other = *draft;
    other.play.anonymous = true;
    let report = other.last_report(random);
    plan.add(case, &other, Status::NotPayable, &[report]);
}

fn track_conflict(plan: &mut Plan<'_>, mut draft: Draft, case: &'static str, random: &mut Random) {
    // A play in conflict shows the least of its tracks: let that be the one it began with.
    while track_name(plan.next_track(draft.play.track)) < track_name(draft.play.track) {
        draft.play.track = plan.any_track(random);
    }
    flag_once(plan, &draft, case, mark::OTHER_TRACK, random);
}

fn flag_once(
    plan: &mut Plan<'_>,
    draft: &Draft,
    case: &'static str,
    bit: u16,
    random: &mut Random,
) {
    let mut reports = at_least_two(draft, random);
    let one = random.index(reports.len());
    reports[one].marks |= bit;
    plan.add(case, draft, Status::Conflict, &reports);
}

fn flag_always(
    plan: &mut Plan<'_>,
    draft: &Draft,
    case: &'static str,
    bit: u16,
    random: &mut Random,
) {
    let mut reports = usual(draft, random);
    for report in &mut reports {
        report.marks |= bit;
    }
    plan.add(case, draft, Status::NotPayable, &reports);
}

fn threshold(
    plan: &mut Plan<'_>,
    mut draft: Draft,
    case: &'static str,
    listened: u32,
    random: &mut Random,
) {
    draft.listened = listened;
    let mut reports = usual(&draft, random);
    if random.chance(3_000) {
        reports.insert(0, draft.report(listened - 1, Event::Progress, random));
    }
    plan.add(case, &draft, draft.plain_status(), &reports);
}

// Two reports of the same listened time, which differ in plan or country: the lesser
// plan wins, then the lesser country; absent is less than any.
fn tied_reports(plan: &mut Plan<'_>, mut draft: Draft, case: &'static str, random: &mut Random) {
    let (tier, territory, other_tier, other_territory);
    if random.chance(6_000) {
        tier = random.below_u8(TIER_COUNT - 1);
        other_tier = tier + 1 + random.below_u8(TIER_COUNT - 1 - tier);
        territory = random.below_u8(TERRITORY_COUNT);
        other_territory = random.below_u8(TERRITORY_COUNT);
    } else {
        tier = random.below_u8(TIER_COUNT);
        other_tier = tier;
        territory = random.below_u8(TERRITORY_COUNT - 1);
        other_territory = territory + 1 + random.below_u8(TERRITORY_COUNT - 1 - territory);
    }
    (draft.tier, draft.territory) = (tier, territory);
    let least = draft.last_report(random);
    let mut other = draft.last_report(random);
    (other.tier, other.territory) = (other_tier, other_territory);
    let reports = if random.chance(5_000) { [least, other] } else { [other, least] };
    plan.add(case, &draft, draft.plain_status(), &reports);
}

// The plan or the country changes while a play goes on, or is told too late: the report
// of the least listened time decides.
fn least_report(plan: &mut Plan<'_>, mut draft: Draft, case: &'static str, random: &mut Random) {
    if random.chance(5_000) {
        (draft.tier, draft.territory) = (0, 0);
    }
    let mut reports = at_least_two(&draft, random);
    for report in &mut reports[1..] {
        report.tier = random.below_u8(TIER_COUNT);
        report.territory = random.below_u8(TERRITORY_COUNT);
    }
    plan.add(case, &draft, draft.plain_status(), &reports);
}

// A retry that is no exact copy, for it says when it was sent, and in another form.
fn sent_again(plan: &mut Plan<'_>, draft: &Draft, case: &'static str, random: &mut Random) {
    let mut reports = usual(draft, random);
    let last = *reports.last().expect("every play has a report");
    for form in [InstantForm::Millis, InstantForm::Utc] {
        let marks = last.marks | mark::SENT_AT;
        reports.push(Report { marks, form, ..last });
    }
    plan.add(case, draft, draft.plain_status(), &reports);
}

// A second device is a second session, a second key and a second play.
fn hand_off(plan: &mut Plan<'_>, mut draft: Draft, case: &'static str, random: &mut Random) {
    plain(plan, &draft, case, random);
    draft.play.start += u64::from(draft.listened) + 300;
    draft.play.key_time = draft.play.start;
    draft.play.key = plan.next_key();
    draft.play.session = plan.next_session();
    draft.play.device = Device::Own(3);
    draft.listened = random.between(5_000, 120_000);
    plain(plan, &draft, case, random);
}

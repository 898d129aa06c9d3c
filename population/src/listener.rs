//! Ordinary listeners: their days, sessions, favourites and habits.
//!
//! None of them comes near a fraud rule, by construction: at most 150 plays a day of at
//! most 250 s each, one after the other, no track in more than half of a day's plays and
//! hardly ever more than twelve times in a row. Real listeners reach twelve.

use crate::cases::{self, Deck};
use crate::digits::DAY_MS;
use crate::names::{Device, Kind, TERRITORY_COUNT, TIER_COUNT, User};
use crate::plan::{Draft, KeyForm, Plan, Play};
use crate::seed::{Random, part};

/// The most plays that a listener has in a day.
const DAY_PLAYS_MAX: u32 = 150;
/// The most plays that a listener has on average over all days.
const MEAN_PLAYS_MAX: u64 = 100;
/// The longest that a play sounds, in milliseconds.
const LISTENED_MS_MAX: u32 = 250_000;
/// The longest pause between two plays of a session, in milliseconds.
const GAP_MS_MAX: u32 = 6_000;
/// A track is played at most so often in a row.
const ROW_MAX: u32 = 12;
/// Every so manyth listener's day is spent offline.
const OFFLINE_EVERY: u64 = 50;
/// Every so manyth listener has a name with letters beyond ASCII.
const ZOE_EVERY: u32 = 37;

/// Shares of ordinary plays in 10 000.
const SKIPS: u32 = 1_200;
const FAVOURITES: u32 = 4_000;
const ROWS: u32 = 60;
const NEW_SESSIONS: u32 = 800;

/// Reports of an ordinary play, in hundredths, as long as none were made up.
const REPORTS_EACH_HUNDREDTHS: u64 = 210;

/// Adds ordinary plays until the plan has `wanted` distinct reports.
pub(crate) fn listen(plan: &mut Plan<'_>, listeners: u32, wanted: u64) {
    let seed = plan.population.seed;
    let mut weights_left: u64 = (0..listeners).map(|number| weight(seed, number)).sum();
    let from = plan.distinct_reports();
    let mut plays_made = 0u64;
    let mut deck = Deck::default();
    let mut tracks_today = Vec::new();
    for number in 0..listeners {
        let left = wanted.saturating_sub(plan.distinct_reports());
        let made = plan.distinct_reports() - from;
        let hundredths =
            if plays_made < 1_000 { REPORTS_EACH_HUNDREDTHS } else { made * 100 / plays_made };
        let mut listener = Listener::new(plan, number);
        let weight = weight(seed, number);
        // Rounded by chance, so that in a big and idle population somebody listens too.
        let thousandths =
            u128::from(left) * 100_000 * u128::from(weight) / u128::from(hundredths * weights_left);
        weights_left -= weight;
        let days = u64::from(plan.population.days);
        let plays = thousandths / 1_000
            + u128::from(listener.random.below(1_000) < (thousandths % 1_000) as u64);
        let plays = u64::try_from(plays)
            .map_or(MEAN_PLAYS_MAX * days, |plays| plays.min(MEAN_PLAYS_MAX * days));
        for (day, count) in listener.days(days, plays) {
            listener.day(plan, &mut deck, &mut tracks_today, (day, count), wanted);
        }
        plays_made += plays;
    }
}

// A few listen a lot: forty times as much as the least active.
fn weight(seed: u64, number: u32) -> u64 {
    let mut random = Random::of(seed, part::ACTIVITY, u64::from(number));
    1_000 / (1 + random.below(40))
}

struct Listener {
    user: User,
    number: u32,
    random: Random,
    tier: u8,
    territory: u8,
    favourites: [u32; 16],
    last_track: u32,
    row_left: u32,
}

impl Listener {
    fn new(plan: &Plan<'_>, number: u32) -> Self {
        let mut random = Random::of(plan.population.seed, part::LISTENERS, u64::from(number));
        let kind = if number % ZOE_EVERY == 1 { Kind::Zoe } else { Kind::Listener };
        let (tier, territory) = any_account(&mut random);
        let mut favourites = [0; 16];
        for track in &mut favourites {
            *track = plan.any_track(&mut random);
        }
        Self {
            user: User::new(kind, number),
            number,
            random,
            tier,
            territory,
            favourites,
            last_track: 0,
            row_left: 0,
        }
    }

    // Spreads the plays over the days, none too full.
    fn days(&mut self, days: u64, plays: u64) -> Vec<(u64, u32)> {
        let mut counts: Vec<(u64, u32)> = Vec::new();
        for _ in 0..plays {
            counts.push((self.random.below(days), 1));
        }
        counts.sort_unstable();
        counts.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        let mut surplus = 0;
        for (_, count) in &mut counts {
            let room = DAY_PLAYS_MAX.saturating_sub(*count);
            let moved = room.min(surplus);
            surplus = surplus - moved + count.saturating_sub(DAY_PLAYS_MAX);
            *count = (*count + moved).min(DAY_PLAYS_MAX);
        }
        counts
    }

    fn day(
        &mut self,
        plan: &mut Plan<'_>,
        deck: &mut Deck,
        tracks_today: &mut Vec<u32>,
        (day, count): (u64, u32),
        wanted: u64,
    ) {
        let day_start = plan.population.start + day * DAY_MS;
        let offline = (u64::from(self.number) + day).is_multiple_of(OFFLINE_EVERY);
        let flushed_at = offline.then(|| day_start + DAY_MS + self.random.below(20 * DAY_MS));
        let needed = u64::from(count) * u64::from(LISTENED_MS_MAX + GAP_MS_MAX);
        let mut slack = DAY_MS - needed;
        let mut at = day_start;
        let (mut session, mut device) = (0, Device::None);
        tracks_today.clear();
        for turn in 0..count {
            if plan.distinct_reports() >= wanted {
                return;
            }
            if turn == 0 || self.random.chance(NEW_SESSIONS) {
                session = plan.next_session();
                device = Device::Own(self.random.below_u8(3));
                let pause = self.random.below(slack / if turn == 0 { 1 } else { 3 });
                at += pause;
                slack -= pause;
            }
            let listened = self.listened();
            let draft = Draft {
                play: Play {
                    start: at,
                    key_time: at - self.random.below(2_000),
                    key: plan.next_key(),
                    listener: self.user,
                    track: self.track(plan, tracks_today, count),
                    session,
                    device,
                    key_form: KeyForm::V7,
                    anonymous: false,
                    offline,
                },
                listened,
                tier: self.tier,
                territory: self.territory,
                flushed_at,
            };
            at += u64::from(listened + 500 + self.random.below_u32(GAP_MS_MAX - 500));
            match deck.deal(&mut self.random) {
                Some(odd) => cases::add(plan, draft, odd, &mut self.random),
                None => cases::plain(plan, &draft, self.plain_case(offline), &mut self.random),
            }
        }
    }

    fn plain_case(&self, offline: bool) -> &'static str {
        if offline {
            cases::LATE_PHONE
        } else if self.number % ZOE_EVERY == 1 {
            cases::ESCAPED_USER
        } else {
            cases::PLAIN
        }
    }

    fn listened(&mut self) -> u32 {
        if self.random.chance(SKIPS) {
            self.random.between(500, 29_999)
        } else {
            self.random.between(30_000, LISTENED_MS_MAX)
        }
    }

    fn track(&mut self, plan: &Plan<'_>, today: &mut Vec<u32>, count: u32) -> u32 {
        let mut track = if self.row_left > 0 {
            self.row_left -= 1;
            self.last_track
        } else if self.random.chance(FAVOURITES) {
            self.favourites[self.random.index(16)]
        } else {
            plan.any_track(&mut self.random)
        };
        if self.row_left == 0 && self.random.chance(ROWS) {
            self.row_left = self.random.between(1, ROW_MAX - 1);
        }
        let most = (count as usize / 2).max(20);
        while today.iter().filter(|other| **other == track).count() >= most {
            self.row_left = 0;
            track = plan.next_track(track);
        }
        today.push(track);
        self.last_track = track;
        track
    }
}

/// The plan and the country of a listener; a few have neither.
pub(crate) fn any_account(random: &mut Random) -> (u8, u8) {
    if random.chance(300) {
        return (0, 0);
    }
    let others = TERRITORY_COUNT - 1;
    let territory = 1 + random.below_u8(others).min(random.below_u8(others));
    (1 + random.below_u8(TIER_COUNT - 1), territory)
}

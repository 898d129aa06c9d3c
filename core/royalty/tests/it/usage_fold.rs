//! A fold that goes on from what it had, and one of everything, against obvious code.

use ledgerline_ids::{Period, UnixMs};
use ledgerline_royalty::month_plays::{MonthPlays, Standing};
use ledgerline_royalty::usage::Use;
use ledgerline_royalty::usage_fold::{Folded, PlayPart, UsageFold, UsageNeeds};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// What happens, in the order of the log.
#[derive(Debug, Clone)]
enum Happening {
    /// A play becomes this.
    Play(usize, State),
    /// The next month is closed.
    Close,
}

/// What a play is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    started_at: UnixMs,
    track: u8,
    territory: Option<u8>,
    listened_ms: u64,
    standing: Standing,
}

const NAMES: [&str; 4] = ["d", "a", "c", "b"];
const FIRST: &str = "2026-09";

impl State {
    fn part(&self, play: usize) -> PlayPart<'static> {
        PlayPart {
            started_at: self.started_at,
            track: NAMES[usize::from(self.track)],
            territory: self.territory.map(|it| NAMES[usize::from(it)]),
            tier: Some("premium"),
            usage_use: Use::OnDemand,
            listened_ms: self.listened_ms,
            listener: Some(NAMES[play % 3]),
            standing: self.standing,
            why: u8::from(self.standing == Standing::Held),
        }
    }
}

fn states() -> impl Strategy<Value = State> {
    let standing = prop_oneof![
        4 => Just(Standing::Counted),
        1 => Just(Standing::Short),
        1 => Just(Standing::Held),
        1 => Just(Standing::Excluded),
    ];
    let month = Period::parse(FIRST).expect("a month").start().get();
    // From a month before the first close on, over five of them.
    let started = (0_u64..150).prop_map(move |day| month - 30 * 86_400_000 + day * 86_400_000);
    (started, 0_u8..4, proptest::option::of(0_u8..3), 0_u64..90_000, standing).prop_map(
        |(started, track, territory, listened_ms, standing)| State {
            started_at: UnixMs::new(started).expect("in range"),
            track,
            territory,
            listened_ms,
            standing,
        },
    )
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        12 => (0_usize..12, states()).prop_map(|(play, state)| Happening::Play(play, state)),
        1 => Just(Happening::Close),
    ];
    proptest::collection::vec(one, 0..120)
}

fn needs() -> UsageNeeds {
    UsageNeeds { bands_ms: vec![10_000, 60_000], listeners: true, ..UsageNeeds::default() }
}

/// Folds all of it, beginning anew at each place of `stops` from what the fold before came to.
fn folded(happenings: &[Happening], stops: &[usize]) -> Folded {
    let mut sum = Folded::default();
    let mut closed = Vec::new();
    let mut states: BTreeMap<usize, State> = BTreeMap::new();
    let mut at_cut: BTreeMap<usize, Option<UnixMs>> = BTreeMap::new();
    let mut fold = UsageFold::new(needs());
    let mut next = Period::parse(FIRST).expect("a month");
    for (place, happening) in happenings.iter().enumerate() {
        if stops.contains(&place) {
            sum.add(fold.finish().expect("few names"));
            fold = UsageFold::new(needs());
            fold.keep(&sum.kept);
            closed.iter().for_each(|period| fold.cut(*period));
        }
        match happening {
            Happening::Close => {
                fold.cut(next);
                closed.push(next);
                next = next.next();
                let counts = |(play, state): (&usize, &State)| {
                    (*play, (state.standing == Standing::Counted).then_some(state.started_at))
                };
                at_cut = states.iter().map(counts).collect();
            }
            Happening::Play(play, state) => {
                let before = states.insert(*play, *state).map(|before| before.part(*play));
                let asked = || Ok(at_cut.get(play).copied().flatten());
                let hash = u128::try_from(*play).expect("few");
                let change: Result<_, Infallible> =
                    fold.change(hash, before.as_ref(), &state.part(*play), asked);
                let Ok(_) = change;
            }
        }
    }
    sum.add(fold.finish().expect("few names"));
    sum.checked().expect("nothing is taken away that wasn't there")
}

/// The month of each counted play by the rule itself: that of the first close which had it, or
/// else of its start.
fn by_the_rule(happenings: &[Happening]) -> BTreeMap<(Period, &'static str), i64> {
    let first = Period::parse(FIRST).expect("a month");
    let mut next = first;
    let mut kept: BTreeMap<usize, Period> = BTreeMap::new();
    let mut states: BTreeMap<usize, State> = BTreeMap::new();
    for happening in happenings {
        match happening {
            Happening::Play(play, state) => {
                states.insert(*play, *state);
            }
            Happening::Close => {
                for (play, state) in &states {
                    let month = Period::of(state.started_at);
                    let closed = (first..=next).contains(&month);
                    if state.standing == Standing::Counted && closed {
                        kept.entry(*play).or_insert(month);
                    }
                }
                next = next.next();
            }
        }
    }
    let mut sums = BTreeMap::new();
    for (play, state) in states.iter().filter(|(_, it)| it.standing == Standing::Counted) {
        let month = kept.get(play).copied().unwrap_or(Period::of(state.started_at));
        *sums.entry((month, NAMES[usize::from(state.track)])).or_default() += 1;
    }
    sums
}

fn counted(folded: &Folded) -> BTreeMap<(Period, &str), i64> {
    let mut sums = BTreeMap::new();
    for (month, plays) in &folded.months {
        for row in plays.rows.iter().filter(|row| row.key.standing == Standing::Counted) {
            *sums.entry((*month, plays.tracks.name(row.key.track))).or_default() += row.plays;
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn going_on_is_the_same_as_folding_everything(
        happenings in happenings(),
        stops in proptest::collection::vec(0_usize..120, 0..6),
    ) {
        let whole = folded(&happenings, &[]);
        let pieces = folded(&happenings, &stops);
        prop_assert_eq!(&whole.months, &pieces.months);
        prop_assert_eq!(counted(&whole), by_the_rule(&happenings));
    }
}

/// Plays as a small table: listener, minutes after the beginning of the month, track.
fn month_of(plays: &[(&str, u64, &str)]) -> MonthPlays {
    let needs = UsageNeeds { listeners: true, straight: true, ..UsageNeeds::default() };
    let mut fold = UsageFold::new(needs);
    let start = Period::parse(FIRST).expect("a month").start();
    for (number, (listener, minute, track)) in plays.iter().enumerate() {
        let part = PlayPart {
            started_at: start.plus(minute * 60_000),
            track,
            territory: None,
            tier: None,
            usage_use: Use::OnDemand,
            listened_ms: 40_000,
            listener: Some(listener),
            standing: Standing::Counted,
            why: 0,
        };
        let hash = u128::try_from(number).expect("few");
        let change: Result<_, Infallible> = fold.change(hash, None, &part, || Ok(None));
        let Ok(_) = change;
    }
    let folded = fold.finish().expect("few names");
    folded.months.into_values().next().expect("there are plays")
}

#[test]
fn the_fifty_first_straight_play_is_told_apart() {
    // (straight plays, one of another track after so many, beyond)
    for (straight, other_after, beyond) in
        [(50, None, 0), (51, None, 1), (120, None, 70), (101, Some(51), 1), (100, Some(50), 0)]
    {
        let mut plays: Vec<(&str, u64, &str)> = Vec::new();
        for minute in 0..straight {
            plays.push(("l", 2 * minute, "t"));
            plays.push(("m", 2 * minute, "u"));
            if other_after == Some(minute + 1) {
                plays.push(("l", 2 * minute + 1, "other"));
            }
        }
        let month = month_of(&plays);
        let needs = UsageNeeds { listeners: true, straight: true, ..UsageNeeds::default() };
        let (usage, _) = month.usage(&needs);
        let found = usage.listener_rows.iter().find(|row| {
            usage.listeners.name(row.listener) == "l" && usage.tracks.name(row.key.track) == "t"
        });
        let found = found.expect("the listener's plays");
        assert_eq!(u64::from(found.plays), straight);
        assert_eq!(u64::from(found.plays_beyond_50_straight), beyond, "{straight} {other_after:?}");
    }
}

#[test]
fn the_months_before_are_added_by_name() {
    let earlier = month_of(&[("l", 0, "t"), ("l", 1, "t"), ("l", 2, "x"), ("n", 3, "t")]);
    let month = month_of(&[("l", 0, "t"), ("m", 0, "t"), ("l", 5, "y")]);
    let needs = UsageNeeds { listeners: true, ..UsageNeeds::default() };
    let (mut usage, _) = month.usage(&needs);
    earlier.add_before(&mut usage);
    month.add_trailing(&mut usage);
    earlier.add_trailing(&mut usage);
    let before: Vec<_> = usage.listener_rows.iter().map(|row| row.plays_before).collect();
    assert_eq!(before, [2, 0, 0], "l t, l y, m t");
    assert_eq!(usage.trailing_plays, [2 + 3, 1], "t, y");
}

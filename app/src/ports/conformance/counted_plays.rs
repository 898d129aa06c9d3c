//! The suite of [`CountedPlays`]. Every case wants a place where nothing was published.

use ledgerline_ids::{PartitionId, UnixMs};
use std::sync::Arc;

use crate::ports::counted_plays::{CountedChange, CountedPlays};

/// A place to publish to, and what somebody has who read all of it from the beginning and put each
/// change in the place of the one with its id: in the order of the ids.
pub struct Published {
    /// Where it is published.
    pub sink: Arc<dyn CountedPlays>,
    /// What its reader has.
    pub read: Box<dyn Fn() -> Vec<CountedChange>>,
}

/// Runs every case, each in a place of its own.
pub fn every_case(fresh: impl Fn() -> Published) {
    tells_every_field(&fresh());
    tells_nothing_twice(&fresh());
    the_newest_amendment_holds(&fresh());
    takes_many_from_several_at_once(&fresh());
}

/// Whatever stands in them; and nothing is nothing.
pub fn tells_every_field(published: &Published) {
    publish(published, &[]);
    assert_eq!((published.read)(), []);
    let plain = change(1);
    let strange = CountedChange {
        track_id: "a \"track\" \\ ☺ \u{2028}".to_owned(),
        tier: Some("it's / premium".to_owned()),
        territory: None,
        listened_ms: u64::MAX >> 12,
        enters: false,
        ..change(2)
    };
    publish(published, &[plain.clone(), strange.clone()]);
    assert_eq!((published.read)(), [plain, strange]);
}

/// What comes again is in the place of what came before.
pub fn tells_nothing_twice(published: &Published) {
    let changes: Vec<CountedChange> = (0..7).map(change).collect();
    publish(published, &changes[..4]);
    publish(published, &changes[2..]);
    publish(published, &changes);
    assert_eq!((published.read)(), changes);
}

/// One that comes late changes nothing.
pub fn the_newest_amendment_holds(published: &Published) {
    let first = change(1);
    let amended = CountedChange { amendment: 1, territory: Some("FR".to_owned()), ..change(1) };
    let last = CountedChange { amendment: 2, listened_ms: 99_000, ..amended.clone() };
    let all = [first, amended, last.clone()];
    publish(published, &all);
    publish(published, &all[..2]);
    assert_eq!((published.read)(), [last]);
}

/// More than fits into anything, from two partitions side by side.
pub fn takes_many_from_several_at_once(published: &Published) {
    let changes: Vec<CountedChange> = (0..6_000).map(change).collect();
    std::thread::scope(|scope| {
        for (partition, half) in (0..).zip(changes.chunks(3_000)) {
            let sink = published.sink.clone();
            scope.spawn(move || {
                sink.publish(PartitionId(partition), half).expect("it is published");
            });
        }
    });
    assert_eq!((published.read)(), changes);
}

fn publish(published: &Published, changes: &[CountedChange]) {
    published.sink.publish(PartitionId(0), changes).expect("it is published");
}

fn change(number: u64) -> CountedChange {
    CountedChange {
        id: format!("{number:032x}"),
        amendment: 0,
        enters: true,
        play: format!("{:032x}", number * 7),
        number: 1,
        rule_version: 3,
        source: "app".to_owned(),
        track_id: format!("track-{}", number % 50),
        started_at: UnixMs::new(1_772_368_400_000 + number).expect("an instant"),
        listened_ms: 31_000 + number,
        tier: Some("premium".to_owned()),
        territory: Some("DE".to_owned()),
        at: UnixMs::new(1_772_368_496_789 + number).expect("an instant"),
    }
}

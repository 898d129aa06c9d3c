//! Runs: what is put in is found, nothing else is, and damage is noticed.

use ledgerline_counting::fraud::{BookEntry, Flags};
use ledgerline_counting::index::{Bucket, IndexEntry, Sealed, Table};
use ledgerline_counting::run::{RunError, SECTION_ENTRIES_MAX};
use ledgerline_ids::{DayNo, HashKey, HourNo, IdentityHash, ListenerHash};
use ledgerline_records::play::PlayAddress;
use ledgerline_records::verdict::FraudRules;
use std::collections::BTreeMap;

use crate::sealed::{encode, entries as entries_of, find, merge, sections};

type Entries = Vec<(Bucket, Sealed)>;

fn hash(number: u64) -> IdentityHash {
    IdentityHash(HashKey::new([7; 16]).hasher(0).number(number).finish128())
}

fn entries(numbers: std::ops::Range<u64>, bucket: Bucket, address: u64) -> Entries {
    let mut table = Table::default();
    for number in numbers {
        let entry = IndexEntry::new(number + 1, PlayAddress(address + number), bucket);
        table.put(hash(number), entry);
    }
    table.sorted().collect()
}

fn found(run: &[u8], hash: IdentityHash) -> Option<IndexEntry> {
    let sections = sections::<Sealed>(run).expect("a run that was just written");
    sections.iter().find_map(|section| find::<Sealed>(run, section, hash.0)).map(|it| it.entry)
}

#[test]
fn what_is_sealed_is_found_and_nothing_else() {
    for count in [1, 2, 31, 32, 33, 63, 64, 65, 128, 1_000, 50_000] {
        let run = encode(entries(0..count, Bucket::Archive, 1_000));
        let sections = sections::<Sealed>(&run).expect("a run that was just written");
        let [section] = &sections[..] else { panic!("one bucket, one section") };
        let find = |number| find::<Sealed>(&run, section, hash(number).0);
        for number in 0..count {
            let found = find(number).expect("it was sealed").entry;
            assert_eq!(found.address(), PlayAddress(1_000 + number), "{number} of {count}");
        }
        for number in count..count + 10_000 {
            assert_eq!(find(number), None, "{number} of {count}");
        }
    }
}

#[test]
fn keys_with_one_upper_half_are_all_found() {
    // Blocks that all begin with the same upper half.
    let bucket = Bucket::Day(DayNo(20_000));
    let entry = |low: u64| IndexEntry::new(low, PlayAddress(low), bucket);
    let key = |low: u64| IdentityHash(5 << 64 | u128::from(low));
    let sealed = (0..1_000).map(|low| (bucket, Sealed { hash: key(low), entry: entry(low) }));
    let run = encode(sealed);
    for low in 0..1_000 {
        assert_eq!(found(&run, key(low)), Some(entry(low)), "{low}");
    }
    assert_eq!(found(&run, key(1_000)), None);
}

#[test]
fn buckets_have_sections_of_their_own() {
    let buckets = [Bucket::Archive, Bucket::Hour(HourNo(490_000)), Bucket::Day(DayNo(20_000))];
    let mut all = Entries::new();
    for (number, bucket) in (0u64..).step_by(100).zip(buckets) {
        all.extend(entries(number..number + 100, bucket, 0));
    }
    let run = encode(all);
    let sections = sections::<Sealed>(&run).expect("a run that was just written");
    assert_eq!(sections.iter().map(|section| section.bucket).collect::<Vec<_>>(), buckets);
    for (number, section) in (0u64..).step_by(100).zip(&sections) {
        assert!(find::<Sealed>(&run, section, hash(number + 50).0).is_some());
        assert!(find::<Sealed>(&run, section, hash((number + 150) % 300).0).is_none());
    }
}

#[test]
fn a_large_bucket_has_several_sections_and_a_listener_only_one() {
    let day = Bucket::Day(DayNo(20_000));
    let count = SECTION_ENTRIES_MAX as u64 + 5_000;
    // The last listener of the first section has entries beyond its limit.
    let listener = |number: u64| number / 3_000;
    let entry = |number: u64| BookEntry {
        listener: ListenerHash(listener(number)),
        address: PlayAddress(number),
        track: number,
        device: 7,
        listened_ms: 30_000,
        start_ms: 5,
        rules: FraudRules::NONE,
        flags: Flags::CANDIDATE,
    };
    let run = encode((0..count).map(|number| (day, entry(number))));
    let sections = sections::<BookEntry>(&run).expect("a run that was just written");
    assert_eq!(sections.len(), 2);
    for number in [0, 1, count / 2, SECTION_ENTRIES_MAX as u64, count - 1] {
        let key = u128::from(listener(number)) << 64 | u128::from(number);
        let found = sections.iter().filter_map(|section| find::<BookEntry>(&run, section, key));
        assert_eq!(found.collect::<Vec<_>>(), [entry(number)]);
    }
}

#[test]
fn of_merged_runs_the_newest_entry_stays() {
    let gone = Bucket::Day(DayNo(1));
    let runs = [
        encode(entries(500..600, gone, 0)),
        encode(entries(0..100, Bucket::Archive, 0)),
        encode(entries(50..150, Bucket::Archive, 10_000)),
    ];
    let merged = merge::<Sealed>(&runs, |bucket, _| bucket != gone);
    let sections = sections::<Sealed>(&merged).expect("a run that was just written");
    let all = entries_of::<Sealed>(&merged, &sections[0]).expect("as it was written");
    assert_eq!((sections.len(), all.len()), (1, 150));
    let found: BTreeMap<IdentityHash, u64> =
        all.iter().map(|sealed| (sealed.hash, sealed.entry.address().0)).collect();
    for number in 0..150 {
        let address = if number < 50 { number } else { 10_000 + number };
        assert_eq!(found[&hash(number)], address);
    }
    assert!(all.is_sorted_by_key(|sealed| sealed.hash));
}

#[test]
fn every_flipped_byte_is_noticed() {
    let mut run = encode(entries(0..100, Bucket::Hour(HourNo(490_000)), 0));
    let whole = |run: &[u8]| -> Result<usize, RunError> {
        let sections = sections::<Sealed>(run)?;
        let all = sections.iter().map(|section| entries_of::<Sealed>(run, section));
        Ok(all.collect::<Result<Vec<_>, _>>()?.concat().len())
    };
    assert_eq!(whole(&run), Ok(100));
    for at in 0..run.len() {
        run[at] ^= 0x20;
        assert!(whole(&run).is_err(), "byte {at}");
        run[at] ^= 0x20;
    }
    for length in 0..run.len() {
        assert!(whole(&run[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn an_entry_keeps_its_parts() {
    for bucket in [
        Bucket::Archive,
        Bucket::ArchiveDay(DayNo(0)),
        Bucket::ArchiveDay(DayNo(50_903)),
        Bucket::Hour(HourNo(0)),
        Bucket::Hour(HourNo(1_221_679)),
        Bucket::Day(DayNo(0)),
        Bucket::Day(DayNo(50_903)),
    ] {
        let address = PlayAddress((1 << 42) - 1);
        let sealed = Sealed { hash: hash(1), entry: IndexEntry::new(u64::MAX, address, bucket) };
        let run = encode([(bucket, sealed)]);
        let sections = sections::<Sealed>(&run).expect("a run that was just written");
        let all = entries_of::<Sealed>(&run, &sections[0]).expect("as it was written");
        assert_eq!((sections[0].bucket, &all[..]), (bucket, &[sealed][..]));
        assert_eq!((sealed.entry.bucket(), sealed.entry.address()), (bucket, address));
    }
}

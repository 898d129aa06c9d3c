//! Runs of the index: what is put in is found, nothing else is, and damage is noticed.

#![expect(clippy::cast_possible_truncation, reason = "a test's runs are short")]

use ledgerline_counting::index::{
    Bucket, ENTRY_BYTES, IndexEntry, RunError, Section, SectionHeader, Table, decode_entry,
    encode_run, merge_entries,
};
use ledgerline_ids::{DayNo, HashKey, HourNo, IdentityHash};
use ledgerline_records::play::PlayAddress;
use std::collections::BTreeMap;

type Entries = Vec<(Bucket, IdentityHash, IndexEntry)>;

fn hash(number: u64) -> IdentityHash {
    IdentityHash(HashKey::new([7; 16]).hasher(0).number(number).finish128())
}

fn entries(numbers: std::ops::Range<u64>, bucket: Bucket, address: u64) -> Entries {
    let mut table = Table::default();
    for number in numbers {
        let entry = IndexEntry::new(number + 1, PlayAddress(address + number), bucket);
        table.put(hash(number), entry);
    }
    table.sorted()
}

/// Every section of a run, with the bytes of its entries.
fn sections(run: &[u8]) -> Result<Vec<(Section, &[u8])>, RunError> {
    let mut sections = Vec::new();
    let mut at = 0;
    while at < run.len() {
        let header = SectionHeader::decode(&run[at..], at as u64)?;
        let resident_at = at + SectionHeader::BYTES;
        let entries_at = resident_at + header.resident_bytes() as usize;
        let end = at.saturating_add(header.section_bytes() as usize);
        let resident = run.get(resident_at..entries_at).ok_or(RunError::CutOff)?;
        let section = Section::decode(&header, resident, at as u64)?;
        let entries = run.get(entries_at..end).ok_or(RunError::CutOff)?;
        sections.push((section, entries));
        at = end;
    }
    Ok(sections)
}

fn find(section: &Section, entries: &[u8], hash: IdentityHash) -> Option<IndexEntry> {
    if !section.may_contain(hash) {
        return None;
    }
    let range = section.entries_to_look_at(hash);
    let bytes = range.start as usize * ENTRY_BYTES..range.end as usize * ENTRY_BYTES;
    Section::find(&entries[bytes], hash)
}

#[test]
fn what_is_sealed_is_found_and_nothing_else() {
    for count in [1, 2, 31, 32, 33, 63, 64, 65, 128, 1_000, 50_000] {
        let sealed = entries(0..count, Bucket::Archive, 1_000);
        let run = encode_run(&sealed);
        let sections = sections(&run).expect("a run that was just written");
        let (section, bytes) = &sections[0];
        for number in 0..count {
            let found = find(section, bytes, hash(number)).expect("it was sealed");
            assert_eq!(found.address(), PlayAddress(1_000 + number), "{number} of {count}");
        }
        for number in count..count + 10_000 {
            assert_eq!(find(section, bytes, hash(number)), None, "{number} of {count}");
        }
    }
}

#[test]
fn keys_with_one_upper_half_are_all_found() {
    // Blocks of the sparse index that all begin with the same upper half.
    let bucket = Bucket::Day(DayNo(20_000));
    let entry = |low: u64| IndexEntry::new(low, PlayAddress(low), bucket);
    let key = |low: u64| IdentityHash(5 << 64 | u128::from(low));
    let sealed: Entries = (0..1_000).map(|low| (bucket, key(low), entry(low))).collect();
    let run = encode_run(&sealed);
    let sections = sections(&run).expect("a run that was just written");
    let (section, bytes) = &sections[0];
    for low in 0..1_000 {
        assert_eq!(find(section, bytes, key(low)), Some(entry(low)), "{low}");
    }
    assert_eq!(find(section, bytes, key(1_000)), None);
}

#[test]
fn buckets_have_sections_of_their_own() {
    let mut all = entries(0..100, Bucket::Archive, 0);
    all.extend(entries(100..200, Bucket::Hour(HourNo(490_000)), 0));
    all.extend(entries(200..300, Bucket::Day(DayNo(20_000)), 0));
    let run = encode_run(&all);
    let sections = sections(&run).expect("a run that was just written");
    let buckets: Vec<Bucket> = sections.iter().map(|(section, _)| section.bucket).collect();
    let expected = [Bucket::Archive, Bucket::Hour(HourNo(490_000)), Bucket::Day(DayNo(20_000))];
    assert_eq!(buckets, expected);
    for (number, (section, bytes)) in (0u64..).step_by(100).zip(&sections) {
        assert!(find(section, bytes, hash(number + 50)).is_some());
        assert!(find(section, bytes, hash((number + 150) % 300)).is_none());
    }
}

#[test]
fn of_merged_runs_the_newest_entry_stays() {
    let old = entries(0..100, Bucket::Archive, 0);
    let new = entries(50..150, Bucket::Archive, 10_000);
    let gone = entries(500..600, Bucket::Day(DayNo(1)), 0);
    let merged = merge_entries(&[new, old, gone], |bucket| bucket != Bucket::Day(DayNo(1)));
    let found: BTreeMap<IdentityHash, u64> =
        merged.iter().map(|(_, hash, entry)| (*hash, entry.address().0)).collect();
    assert_eq!(merged.len(), 150);
    for number in 0..150 {
        let address = if number < 50 { number } else { 10_000 + number };
        assert_eq!(found[&hash(number)], address);
    }
    assert!(merged.is_sorted_by_key(|(bucket, hash, _)| (*bucket, *hash)));
}

#[test]
fn every_flipped_byte_is_noticed() {
    let sealed = entries(0..100, Bucket::Hour(HourNo(490_000)), 0);
    let mut run = encode_run(&sealed);
    let whole = |run: &[u8]| {
        let sections = sections(run)?;
        for (section, entries) in &sections {
            if crc32fast::hash(entries) != section.entries_checksum {
                return Err(RunError::Damaged { part: "entries", offset: 0 });
            }
        }
        Ok(sections.len())
    };
    assert_eq!(whole(&run), Ok(1));
    for at in 0..run.len() {
        run[at] ^= 0x20;
        assert!(whole(&run).is_err(), "byte {at}");
        run[at] ^= 0x20;
    }
}

#[test]
fn an_entry_keeps_its_parts() {
    for bucket in [
        Bucket::Archive,
        Bucket::Hour(HourNo(0)),
        Bucket::Hour(HourNo(1_221_679)),
        Bucket::Day(DayNo(0)),
        Bucket::Day(DayNo(50_903)),
    ] {
        let address = PlayAddress((1 << 42) - 1);
        let run = encode_run(&[(bucket, hash(1), IndexEntry::new(u64::MAX, address, bucket))]);
        let sections = sections(&run).expect("a run that was just written");
        let bytes = sections[0].1.first_chunk().expect("one entry");
        let (found, entry) = decode_entry(bytes);
        assert_eq!((found, entry.bucket(), entry.address()), (hash(1), bucket, address));
    }
}

//! What is sealed of a partition's index and books: a manifest, and the runs that it names.
//!
//! The manifest's layout is that of `app/src/judging/snapshot.rs`, a run's that of
//! `core/counting/src/run/mod.rs`.

use ledgerline_app::ports::LogError;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::read_sealed_index;
use ledgerline_counting::fraud::BookEntry;
use ledgerline_counting::index::{Bucket, IndexEntry, Sealed};
use ledgerline_counting::run::{RunEntry, RunWriter, TRAILER_BYTES};
use ledgerline_ids::{IdentityHash, PartitionId};
use ledgerline_records::play::PlayAddress;
use serde_json::{Value, json};

use crate::damage::{Damage, damaged};
use crate::memory::within;
use crate::script::Script;

const PARTITION: PartitionId = PartitionId(2);
const MANIFEST: &str = "index/p002/manifest";
/// Each kind of entry is written at most so many times.
const ENTRIES_MAX: usize = 300;
const MEMORY_MAX: usize = 4 << 20;

/// What was read: sealed entries, and those of books with their buckets.
#[derive(Debug, PartialEq)]
struct Found {
    sealed: Vec<(IdentityHash, IndexEntry)>,
    books: Vec<(Bucket, BookEntry)>,
    position: u64,
    runs: usize,
}

/// A manifest with runs, written and damaged, or forged with its checksums mended.
///
/// What was written is read entry for entry. A byte that changed in any file that is named
/// is noticed, and that file named. Whatever stands there, it is read twice alike.
pub fn sealed_index(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let disk = MemoryDisk::new();
    match script.byte() % 4 {
        0 | 1 => written(&disk, &mut script),
        2 => {
            // Any JSON, or none, where a manifest's is expected.
            disk.tamper(MANIFEST, sealed_manifest(script.rest()));
            let _ = read(&disk);
        }
        _ => forged(&disk, &mut script),
    }
}

fn written(disk: &MemoryDisk, script: &mut Script<'_>) {
    let position = script.number();
    let (sealed, books) = (sealed_entries(script), book_entries(script));
    write(disk, position, &run_of(&sealed), &run_of(&books));
    let expected = Found {
        sealed: sealed.iter().map(|(_, sealed)| (sealed.hash, sealed.entry)).collect(),
        books,
        position,
        runs: 1,
    };
    assert_eq!(read(disk), Ok(Some(expected)));

    let (rotten, damages) = damaged(disk, script);
    let found = read(&rotten);
    if let [Damage::Flipped { path, .. }] = damages.as_slice() {
        let Err(LogError::Damaged { file, .. }) = &found else {
            panic!("{damages:?} passed unseen: {found:?}")
        };
        assert_eq!(file, path);
    }
    match &found {
        Ok(Some(found)) => assert_eq!(found.position, position),
        Ok(None) => assert!(!damages.is_empty()),
        Err(LogError::Damaged { file, .. } | LogError::Io { file, .. }) => {
            assert!(!damages.is_empty() && file.starts_with("index/p002/"), "{found:?}");
        }
        Err(other) => panic!("{other}"),
    }
}

fn forged(disk: &MemoryDisk, script: &mut Script<'_>) {
    let (sealed, books) = (sealed_entries(script), book_entries(script));
    let (mut sealed, books) = (run_of(&sealed), run_of(&books));
    for _ in 0..=script.below(3) {
        let at = script.below(sealed.len());
        let value = script.number().to_le_bytes();
        let length = script.below(9).min(sealed.len() - at);
        sealed[at..at + length].copy_from_slice(&value[..length]);
    }
    mend_checksums(&mut sealed);
    write(disk, 0, &sealed, &books);
    let _ = read(disk);
}

// Those of the trailer and of the sections in the directory, as far as it can be walked.
fn mend_checksums(run: &mut [u8]) {
    const SECTION_HEADER_BYTES: usize = 64;
    let Some(trailer) = run.len().checked_sub(TRAILER_BYTES) else { return };
    let checksum = crc32fast::hash(&run[trailer..trailer + 20]);
    run[trailer + 20..trailer + 24].copy_from_slice(&checksum.to_le_bytes());
    let eight = |at: usize| u64::from_le_bytes(run[at..at + 8].try_into().expect("eight bytes"));
    let Ok(mut at) = usize::try_from(eight(trailer)) else { return };
    while at < trailer && trailer - at > SECTION_HEADER_BYTES {
        let four = |at: usize| u32::from_le_bytes(run[at..at + 4].try_into().expect("four bytes"));
        let (count, filter) = (four(at + 4) as usize, four(at + 32) as usize);
        let resident = filter + count.div_ceil(64) * 8;
        if trailer - at < SECTION_HEADER_BYTES + resident {
            return;
        }
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&run[at..at + 56]);
        hasher.update(&run[at + 60..at + SECTION_HEADER_BYTES + resident]);
        run[at + 56..at + 60].copy_from_slice(&hasher.finalize().to_le_bytes());
        at += SECTION_HEADER_BYTES + resident;
    }
}

fn read(disk: &MemoryDisk) -> Result<Option<Found>, LogError> {
    let once = || {
        let (mut sealed, mut books) = (Vec::new(), Vec::new());
        let index = within(MEMORY_MAX, || {
            read_sealed_index(
                disk,
                PARTITION,
                &mut |hash, entry| sealed.push((hash, entry)),
                &mut |bucket, entry| books.push((bucket, entry)),
            )
        })?;
        Ok(index.map(|index| Found { sealed, books, position: index.position.0, runs: index.runs }))
    };
    let (found, again) = (once(), once());
    assert_eq!(found, again);
    found
}

fn bucket(script: &mut Script<'_>) -> Bucket {
    Bucket::from_code(u32::try_from(script.number() & 0x3f_ffff).expect("22 bits"))
}

fn key(script: &mut Script<'_>) -> u128 {
    u128::from(script.number()) << 64 | u128::from(script.number())
}

/// How many entries, mostly few; enough for a filter and several blocks at times.
fn count(script: &mut Script<'_>) -> usize {
    let most = [3, 40, ENTRIES_MAX][script.below(3)];
    script.below(most)
}

fn sealed_entries(script: &mut Script<'_>) -> Vec<(Bucket, Sealed)> {
    let (start, at) = (key(script), bucket(script));
    let numbers = 0..count(script) as u64;
    let entries = numbers.map(|number| {
        let hash = IdentityHash(start.wrapping_add(u128::from(number).wrapping_mul(1 << 90 | 1)));
        let bucket = if number % 5 == 0 { bucket(script) } else { at };
        let entry = IndexEntry::new(number, PlayAddress(number * 100), bucket);
        (bucket, Sealed { hash, entry })
    });
    sorted(entries.collect())
}

fn book_entries(script: &mut Script<'_>) -> Vec<(Bucket, BookEntry)> {
    let (mut bytes, at) = ([0; BookEntry::BYTES], bucket(script));
    let random = script.take(BookEntry::BYTES);
    bytes[..random.len()].copy_from_slice(random);
    // Two bytes that no entry has.
    bytes[BookEntry::BYTES - 2..].fill(0);
    let numbers = 0..u8::try_from(count(script).min(255)).expect("limited");
    let entries = numbers.map(|number| {
        bytes[7] = number / 4;
        bytes[15] = number;
        (at, BookEntry::decode(&bytes))
    });
    sorted(entries.collect())
}

fn sorted<E: RunEntry>(mut entries: Vec<(Bucket, E)>) -> Vec<(Bucket, E)> {
    entries.sort_by_key(|(bucket, entry)| (*bucket, entry.key()));
    entries.dedup_by_key(|(bucket, entry)| (*bucket, entry.key()));
    entries
}

fn run_of<E: RunEntry>(entries: &[(Bucket, E)]) -> Vec<u8> {
    let mut writer = RunWriter::default();
    for (bucket, entry) in entries {
        writer.push(*bucket, entry);
    }
    let (at, bytes) = writer.finish();
    assert_eq!(at, 0, "nothing was taken before the end");
    bytes
}

fn write(disk: &MemoryDisk, position: u64, sealed: &[u8], books: &[u8]) {
    let manifest = manifest(position, sealed.len(), books.len());
    let body = serde_json::to_vec(&manifest).expect("numbers and texts");
    disk.tamper("index/p002/0000000000.run", sealed.to_vec());
    disk.tamper("index/p002/0000000000.book", books.to_vec());
    disk.tamper(MANIFEST, sealed_manifest(&body));
}

/// A manifest as it is written, with every field filled.
pub(crate) fn manifest(position: u64, sealed_bytes: usize, book_bytes: usize) -> Value {
    json!({
        "format": 2, "partition": PARTITION.0, "position": position, "plays_bytes": 700,
        "runs": [{ "name": "0000000000.run", "bytes": sealed_bytes }],
        "books": [{ "name": "0000000000.book", "bytes": book_bytes }],
        "sources": ["web"], "clock": 1_772_368_496_789_u64, "evaluated_at": 0,
        "windows": [{
            "hash": "000000000000000000000000000000ff", "opened_at": 1, "ordinal": 0,
            "last_at": 2, "listened_ms": 3, "backfill": false,
        }],
        "devices": ["d"], "devices_changed": [], "strays": [20_000],
        "dirty": [[7, 20_000]], "fresh": [[7, [20_000, 20_001]]],
    })
}

/// The line with length and checksum, then the body.
pub(crate) fn sealed_manifest(body: &[u8]) -> Vec<u8> {
    let line = format!("{:012} {:08x}\n", body.len(), crc32fast::hash(body));
    [line.as_bytes(), body].concat()
}

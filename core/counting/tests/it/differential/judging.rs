//! Judging a log: straight through, with seals in between, and with crashes.

use super::memory::*;
use super::*;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Straight,
    Sealed,
    Crashing,
}

/// What the partition made of a log.
pub struct Judged {
    pub verdicts: Vec<Option<Verdict>>,
    pub clock: UnixMs,
    /// The plays log; each record names the number of the one before it.
    pub plays: Vec<Vec<u8>>,
    pub delta: Delta,
}

pub struct Snapshot {
    pub at: usize,
    pub next: u64,
    pub runs: Vec<Vec<u8>>,
    pub state: PartitionState,
}

pub fn key() -> HashKey {
    HashKey::new(*b"a key for a fuzz")
}

pub fn judge(items: &[Item], how: How) -> Judged {
    let mut memory = InMemory::default();
    let mut partition = Partition::new(key());
    let mut snapshot =
        Snapshot { at: 0, next: 0, runs: Vec::new(), state: PartitionState::default() };
    let mut verdicts: Vec<Option<Verdict>> = Vec::new();
    let mut delta = Delta::default();
    // Up to where what the records added was taken already.
    let mut committed = 0;
    let mut crashed = BTreeSet::new();
    let mut index = 0;
    while index < items.len() {
        let item = &items[index];
        let record = LogRecord::decode(&item.bytes).unwrap();
        let position = Position(index as u64);
        let verdict = partition.apply(position, item.frame_at, &record, &mut memory).unwrap();
        index += 1;
        let added = partition.take_delta();
        if index > committed {
            add(&mut delta, added);
            committed = index;
            verdicts.push(verdict);
        } else {
            assert_eq!(verdicts[index - 1], verdict, "judged again after a crash: {position}");
        }
        match item.after {
            After::Nothing => {}
            _ if how == How::Straight => {}
            After::Frame(gap) => memory.next += gap,
            after @ (After::Seal | After::Merge) => {
                let state = partition.state();
                let sorted = partition.table().sorted();
                if !sorted.is_empty() {
                    memory.runs.push(encode_run(&sorted));
                }
                if after == After::Merge {
                    let newest_first: Vec<Entries> =
                        memory.runs.iter().rev().map(|run| entries_of(run)).collect();
                    let keep = |bucket: Bucket| !bucket.is_forgotten(state.clock);
                    let merged = merge_entries(&newest_first, keep);
                    memory.runs = vec![encode_run(&merged)];
                }
                partition.sealed();
                snapshot =
                    Snapshot { at: index, next: memory.next, runs: memory.runs.clone(), state };
            }
            After::Crash if how == How::Crashing && crashed.insert(index) => {
                // The plays log may be longer than the snapshot says; it is cut.
                memory.plays.split_off(&snapshot.next);
                memory.next = snapshot.next;
                memory.runs.clone_from(&snapshot.runs);
                partition = Partition::restore(key(), &snapshot.state);
                for (address, bytes) in &memory.plays {
                    partition.recall(PlayAddress(*address), &PlayRecord::decode(bytes).unwrap());
                }
                partition.recalled(&snapshot.state);
                index = snapshot.at;
            }
            After::Crash => {}
        }
    }
    Judged { verdicts, clock: partition.clock(), plays: numbered(&memory.plays), delta }
}

pub fn add(sum: &mut Delta, delta: Delta) {
    for (hour, reports) in delta.accepted {
        *sum.accepted.entry(hour).or_default() += reports;
    }
    for (key, reports) in delta.verdicts {
        *sum.verdicts.entry(key).or_default() += reports;
    }
    for (key, plays) in delta.statuses {
        *sum.statuses.entry(key).or_default() += plays;
    }
    for (day, plays) in delta.counted {
        *sum.counted.entry(day).or_default() += plays;
    }
}

pub fn numbered(plays: &BTreeMap<u64, Vec<u8>>) -> Vec<Vec<u8>> {
    let numbers: BTreeMap<u64, u64> = (0..).zip(plays.keys()).map(|(n, at)| (*at, n)).collect();
    let renamed = plays.values().map(|bytes| {
        let mut play = PlayRecord::decode(bytes).unwrap();
        play.previous = play.previous.map(|at| PlayAddress(numbers[&at.0]));
        let mut out = Vec::new();
        play.encode(&mut out);
        out
    });
    renamed.collect()
}

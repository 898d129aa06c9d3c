//! Judging a log: straight through, with seals in between, and with crashes.

use super::memory::*;
use super::*;
use crate::sealed::Runs;

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
    pub runs: Runs,
    pub state: PartitionState,
}

pub fn key() -> HashKey {
    HashKey::new(*b"a key for a fuzz")
}

pub fn judge(items: &[Item], how: How) -> Judged {
    let mut memory = InMemory::default();
    let mut partition = Partition::new(key());
    let mut snapshot =
        Snapshot { at: 0, next: 0, runs: Runs::default(), state: PartitionState::default() };
    let mut verdicts: Vec<Option<Verdict>> = Vec::new();
    let mut delta = Delta::default();
    // What is set apart and not sealed yet, and the snapshot that it will be of.
    let mut freezing: Option<(Unsealed, Snapshot)> = None;
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
        // What is taken as committed must be decided.
        if how == How::Crashing || index == items.len() {
            partition.finish_batch(&mut memory).unwrap();
        }
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
            After::Frame(gap) => {
                partition.finish_batch(&mut memory).unwrap();
                memory.next += gap;
            }
            After::Seal if freezing.is_none() => {
                partition.finish_batch(&mut memory).unwrap();
                let state = partition.state();
                let at = Snapshot { at: index, next: memory.next, runs: Runs::default(), state };
                freezing = Some((partition.freeze(), at));
            }
            after @ (After::Seal | After::Merge) => {
                if let Some((unsealed, at)) = freezing.take() {
                    memory.runs.seal(&unsealed);
                    partition.sealed();
                    snapshot = Snapshot { runs: memory.runs.clone(), ..at };
                }
                if after == After::Merge {
                    partition.finish_batch(&mut memory).unwrap();
                    let state = partition.state();
                    memory.runs.seal(&partition.freeze());
                    memory.runs.merge(&state);
                    partition.sealed();
                    let runs = memory.runs.clone();
                    snapshot = Snapshot { at: index, next: memory.next, runs, state };
                }
            }
            After::Crash if how == How::Crashing && crashed.insert(index) => {
                // The plays log may be longer than the snapshot says; it is cut.
                memory.plays.split_off(&snapshot.next);
                memory.next = snapshot.next;
                memory.runs.clone_from(&snapshot.runs);
                partition = Partition::restore(key(), &snapshot.state);
                freezing = None;
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

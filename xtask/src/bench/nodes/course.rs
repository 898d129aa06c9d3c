//! How several nodes went through a topic, from what each said of itself now and then.

use super::workers::Worker;
use std::collections::BTreeMap;

/// What a node said at one moment, by partition.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Up to where it has judged what it knows to be committed.
    pub committed: BTreeMap<String, u64>,
    /// 1 where it is the owner.
    pub owned: BTreeMap<String, u64>,
}

/// What follows from all of them.
#[derive(Clone, Debug)]
pub struct Course {
    partitions: BTreeMap<String, Partition>,
    nodes: Vec<Seen>,
}

/// Of a partition.
#[derive(Clone, Copy, Debug, Default)]
struct Partition {
    committed: u64,
    /// When that was last less.
    at_s: f64,
    /// Who committed last.
    by: usize,
}

/// Of a node.
#[derive(Clone, Debug, Default)]
struct Seen {
    committed: u64,
    /// The farthest it got in each partition. It begins at the beginning.
    judged: BTreeMap<String, u64>,
    owned: u64,
}

impl Course {
    /// Of so many nodes, all of which begin with nothing.
    pub fn new(nodes: usize) -> Course {
        Course { partitions: BTreeMap::new(), nodes: vec![Seen::default(); nodes] }
    }

    /// What all nodes say, in their order, at one moment.
    pub fn see(&mut self, at_s: f64, samples: &[Sample]) {
        for (node, sample) in samples.iter().enumerate() {
            self.nodes[node].owned = sample.owned.values().sum();
            for (partition, to) in &sample.committed {
                let farthest = self.nodes[node].judged.entry(partition.clone()).or_default();
                *farthest = (*farthest).max(*to);
                if sample.owned.get(partition) != Some(&1) {
                    continue;
                }
                // Whoever only follows is never ahead of the owner.
                let of = self.partitions.entry(partition.clone()).or_default();
                if *to > of.committed {
                    self.nodes[node].committed += to - of.committed;
                    *of = Partition { committed: *to, at_s, by: node };
                }
            }
        }
    }

    /// How many reports are committed in all.
    pub fn committed(&self) -> u64 {
        self.partitions.values().map(|of| of.committed).sum()
    }

    /// When each partition was committed as far as it is now, ascending.
    pub fn caught_up_s(&self) -> Vec<f64> {
        let mut times: Vec<f64> = self.partitions.values().map(|of| of.at_s).collect();
        times.sort_by(f64::total_cmp);
        times
    }

    /// What each node did, with the processor seconds that it took.
    pub fn workers(&self, cpu_s: &[f64]) -> Vec<Worker> {
        let worker = |(number, (seen, cpu_s)): (usize, (&Seen, &f64))| {
            let own = self.partitions.values().filter(|of| of.by == number);
            Worker {
                partitions: seen.owned,
                committed: seen.committed,
                judged: seen.judged.values().sum(),
                cpu_s: *cpu_s,
                caught_up_s: own.map(|of| of.at_s).fold(0.0, f64::max),
            }
        };
        self.nodes.iter().zip(cpu_s).enumerate().map(worker).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node's sample as text: `p0=10* p1=3`, the star being who owns it.
    fn sample(text: &str) -> Sample {
        let mut sample = Sample::default();
        for word in text.split_whitespace() {
            let (partition, to) = word.split_once('=').unwrap();
            let owned = to.ends_with('*');
            let to = to.trim_end_matches('*').parse().unwrap();
            sample.committed.insert(partition.to_owned(), to);
            sample.owned.insert(partition.to_owned(), u64::from(owned));
        }
        sample
    }

    #[test]
    fn a_partition_that_moves_is_committed_once_and_judged_twice_as_far_as_it_had_come() {
        let mut course = Course::new(2);
        for (at_s, one, two) in [
            (1.0, "p0=10* p1=10*", ""),
            // The other judges what was committed before it has it.
            (2.0, "p0=20* p1=15*", "p0=0 p1=12"),
            (3.0, "p0=30* p1=15", "p0=0 p1=25*"),
            (4.0, "p0=30* p1=15", "p0=0 p1=40*"),
        ] {
            course.see(at_s, &[sample(one), sample(two)]);
        }
        assert_eq!(course.committed(), 70);
        assert_eq!(course.caught_up_s(), [3.0, 4.0]);
        let worker = |committed, judged, cpu_s, caught_up_s| Worker {
            partitions: 1,
            committed,
            judged,
            cpu_s,
            caught_up_s,
        };
        let workers = course.workers(&[1.5, 2.5]);
        assert_eq!(workers, [worker(45, 45, 1.5, 3.0), worker(25, 40, 2.5, 4.0)]);
    }
}

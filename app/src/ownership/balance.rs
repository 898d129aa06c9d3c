//! Who should own what: from who is there and who owns what now, without asking anybody.
//!
//! Every node comes to the same shares from the same standing, so they needn't talk: each takes what it
//! lacks and gives up what it has too much of. Where they see different standings for a moment, the
//! store lets one of them have a partition, and the next standing evens it out.

use ledgerline_ids::PartitionId;
use std::collections::{BTreeMap, BTreeSet};

use crate::ports::leases::{NodeId, Standing};

/// The most partitions that a node begins to get, or to give up, at a time.
const AT_A_TIME_MAX: usize = 64;

/// What one node knows.
pub(crate) struct Situation<'s> {
    /// Which node.
    pub node: &'s NodeId,
    /// Who is there and who owns what.
    pub standing: &'s Standing,
    /// What it has and is about to give up.
    pub draining: &'s BTreeSet<PartitionId>,
    /// What it can't judge.
    pub unable: &'s BTreeSet<PartitionId>,
    /// What nobody has had for so long that whoever should have it can't.
    pub forsaken: &'s BTreeSet<PartitionId>,
}

/// What it should do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Get these, in this order.
    pub acquire: Vec<PartitionId>,
    /// Give these up.
    pub release: Vec<PartitionId>,
}

/// Decides for one node.
pub(crate) fn decide(of: &Situation<'_>) -> Decision {
    let mut owned: BTreeMap<&NodeId, Vec<PartitionId>> =
        of.standing.nodes.iter().map(|node| (node, Vec::new())).collect();
    let mut free = Vec::new();
    for lease in &of.standing.leases {
        match &lease.owner {
            Some(owner) => {
                if let Some(of_owner) = owned.get_mut(owner) {
                    of_owner.push(lease.commit.partition);
                }
            }
            None => free.push(lease.commit.partition),
        }
    }
    let Some(own) = owned.get(of.node) else { return Decision::default() };
    // What somebody has who isn't there is nobody's to share before their leases are over.
    let to_share = free.len() + owned.values().map(Vec::len).sum::<usize>();
    let shares = shares(&owned, to_share);
    let share = shares[of.node];
    let able = |partition: &PartitionId| !of.unable.contains(partition);

    let mut decision = Decision::default();
    let going_on = own.iter().filter(|partition| !of.draining.contains(partition));
    let (going_on, broken): (Vec<PartitionId>, Vec<PartitionId>) =
        going_on.copied().partition(|partition| able(partition));
    let excess = going_on.len().saturating_sub(share);
    // The newest of its own, as numbers go: whoever sees the same gives up the same.
    let excess = going_on.iter().rev().take(excess).copied();
    decision.release = broken.into_iter().chain(excess).take(AT_A_TIME_MAX).collect();

    let mut dealt = free.iter().copied();
    for (node, of_node) in &owned {
        let lacks = shares[*node].saturating_sub(of_node.len());
        let hand: Vec<PartitionId> = dealt.by_ref().take(lacks).collect();
        if *node == of.node {
            decision.acquire = hand.into_iter().filter(able).take(AT_A_TIME_MAX).collect();
        }
    }
    if decision.acquire.is_empty() {
        // One at a time, so that several who see it share the burden.
        let forsaken = free.iter().copied().find(|free| of.forsaken.contains(free) && able(free));
        decision.acquire.extend(forsaken);
    }
    decision
}

/// How many partitions each node should own: as many as any other or one more. Those who have most
/// already have the one more.
fn shares<'n>(
    owned: &BTreeMap<&'n NodeId, Vec<PartitionId>>,
    partitions: usize,
) -> BTreeMap<&'n NodeId, usize> {
    let (each, over) = (partitions / owned.len(), partitions % owned.len());
    let mut by_number: Vec<_> = owned.iter().map(|(node, of)| (of.len(), *node)).collect();
    by_number.sort_by(|(more, one), (less, other)| less.cmp(more).then(one.cmp(other)));
    let share = |(place, (_, node))| (node, each + usize::from(place < over));
    by_number.into_iter().enumerate().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::PartitionCommit;
    use crate::ports::leases::Lease;
    use ledgerline_ids::Position;

    /// A standing as text: the nodes that are there, then who owns each partition; `-` is nobody.
    fn standing(text: &str) -> Standing {
        let (nodes, owners) = text.split_once(':').expect("nodes: owners");
        let node = |name: &str| NodeId::new(name).expect("a name");
        let lease = |(number, owner): (u16, &str)| Lease {
            commit: PartitionCommit {
                partition: PartitionId(number),
                epoch: 1,
                position: Position(0),
                plays_bytes: 0,
            },
            owner: (owner != "-").then(|| node(owner)),
        };
        Standing {
            nodes: nodes.split_whitespace().map(node).collect(),
            leases: (0..).zip(owners.split_whitespace()).map(lease).collect(),
        }
    }

    fn set(text: &str) -> BTreeSet<PartitionId> {
        text.split_whitespace()
            .map(|number| PartitionId(number.parse().expect("a number")))
            .collect()
    }

    /// Standing; draining, unable, forsaken; what `b` gets and gives up.
    const TABLE: &[(&str, [&str; 3], &str, &str)] = &[
        ("b: - - -", ["", "", ""], "0 1 2", ""),
        // Each takes its own, and nobody another's.
        ("a b: - - - -", ["", "", ""], "2 3", ""),
        ("a b c: - - - - -", ["", "", ""], "2 3", ""),
        ("a b c: a - - - -", ["", "", ""], "2 3", ""),
        ("a b c: c - c - b", ["", "", ""], "3", ""),
        // What is balanced within one stays.
        ("a b: a b a", ["", "", ""], "", ""),
        ("a b: b b a", ["", "", ""], "", ""),
        ("a b c: b a b a c", ["", "", ""], "", ""),
        // Somebody came: the highest numbers go first.
        ("a b: b b b b", ["", "", ""], "", "2 3"),
        ("a b c: b b b b b", ["", "", ""], "", "2 3 4"),
        ("a b c d: b b b b b", ["", "", ""], "", "2 3 4"),
        ("a b: b b b b", ["3", "", ""], "", "2"),
        ("a b: b b b b", ["2 3", "", ""], "", ""),
        // Somebody went: what it had is dealt out.
        ("a b: a - b -", ["", "", ""], "3", ""),
        ("b c: b - - c", ["", "", ""], "1", ""),
        // An owner that wasn't heard of keeps what its lease says.
        ("a b: x x - -", ["", "", ""], "3", ""),
        // Who isn't there itself does nothing.
        ("a c: - b", ["", "", ""], "", ""),
        // More nodes than partitions.
        ("a b c: - -", ["", "", ""], "1", ""),
        ("a b c: a c", ["", "", ""], "", ""),
        ("a b c: b b", ["", "", ""], "", "1"),
        // What it can't judge it doesn't take, and gives up.
        ("a b: - - - -", ["", "3", ""], "2", ""),
        ("a b: a a b b", ["", "2", ""], "", "2"),
        // What nobody takes is taken by somebody who has enough.
        ("a b: a b b -", ["", "", ""], "", ""),
        ("a b: a b b -", ["", "", "3"], "3", ""),
        ("a b: a b b -", ["", "3", "3"], "", ""),
        ("a b: a b b b", ["", "", ""], "", "3"),
        ("b:", ["", "", ""], "", ""),
    ];

    #[test]
    fn each_takes_its_share() {
        let node = NodeId::new("b").expect("a name");
        for (text, [draining, unable, forsaken], acquire, release) in TABLE {
            let standing = standing(text);
            let (draining, unable, forsaken) = (set(draining), set(unable), set(forsaken));
            let of = Situation {
                node: &node,
                standing: &standing,
                draining: &draining,
                unable: &unable,
                forsaken: &forsaken,
            };
            let decision = decide(&of);
            let sorted: BTreeSet<_> = decision.release.iter().copied().collect();
            assert_eq!(decision.acquire, set(acquire).into_iter().collect::<Vec<_>>(), "{text}");
            assert_eq!(sorted, set(release), "{text}");
        }
    }

    /// Whatever the standing is, when everybody does what it decides it is balanced within one soon, and
    /// then nobody does anything.
    #[test]
    fn shares_come_to_rest_within_one() {
        let names: Vec<NodeId> =
            ["a", "b", "c", "d"].map(|name| NodeId::new(name).expect("a name")).to_vec();
        let nothing = BTreeSet::new();
        for seed in 0_u64..2_000 {
            let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7;
            let mut below = |limit: u64| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                usize::try_from((random >> 33) % limit).expect("small")
            };
            let there = 1 + below(4);
            let owners: Vec<String> = (0..1 + below(9))
                .map(|_| match below(there as u64 + 1) {
                    0 => "-".to_owned(),
                    owner => names[owner - 1].as_str().to_owned(),
                })
                .collect();
            let nodes: Vec<&str> = names[..there].iter().map(NodeId::as_str).collect();
            let mut now = standing(&format!("{}: {}", nodes.join(" "), owners.join(" ")));
            for round in 0.. {
                let before = now.clone();
                for node in &before.nodes {
                    let of = Situation {
                        node,
                        standing: &before,
                        draining: &nothing,
                        unable: &nothing,
                        forsaken: &nothing,
                    };
                    let decision = decide(&of);
                    for partition in decision.release {
                        now.leases[usize::from(partition.0)].owner = None;
                    }
                    for partition in decision.acquire {
                        let lease = &mut now.leases[usize::from(partition.0)];
                        assert_eq!(lease.owner, None, "nobody takes what another takes");
                        lease.owner = Some(node.clone());
                    }
                }
                if now == before {
                    break;
                }
                assert!(round < 4, "{owners:?} comes to rest");
            }
            let count =
                |node| now.leases.iter().filter(|lease| lease.owner.as_ref() == Some(node)).count();
            let counts: Vec<usize> = now.nodes.iter().map(count).collect();
            let (least, most) = (counts.iter().min(), counts.iter().max());
            assert!(most <= least.map(|least| least + 1).as_ref(), "{owners:?} to {counts:?}");
            assert_eq!(counts.iter().sum::<usize>(), owners.len(), "everything is owned");
        }
    }
}

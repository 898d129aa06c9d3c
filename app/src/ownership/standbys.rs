//! Who stands by for what: from who is there and who owns what, or is to own it.
//!
//! Each partition ranks the nodes by a hash of its number and their names, and the first ones besides its
//! owner stand by for it. So a node that comes or goes moves what ranks it first, and no more; one that was
//! started again has what it had. Whoever stands by for more than another then gives on what the other can
//! have, until nobody has two more than anybody else.

use ledgerline_ids::PartitionId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::ports::leases::NodeId;

/// The nodes that stand by for each partition, in the order of `owners`.
pub(super) fn of<'n>(
    nodes: &[&'n NodeId],
    owners: &[(PartitionId, Option<&'n NodeId>)],
    standbys: usize,
) -> Vec<BTreeSet<&'n NodeId>> {
    let standbys = standbys.min(nodes.len().saturating_sub(1));
    let ranked = |(partition, owner): &(PartitionId, Option<&'n NodeId>)| {
        let others = nodes.iter().copied().filter(|node| Some(*node) != *owner);
        let mut ranked: Vec<_> = others.map(|node| (rank(node, *partition), node)).collect();
        ranked.sort();
        ranked.into_iter().take(standbys).map(|(_, node)| node).collect()
    };
    let mut standing_by: Vec<BTreeSet<&NodeId>> = owners.iter().map(ranked).collect();
    let mut load: BTreeMap<&NodeId, usize> = nodes.iter().map(|node| (*node, 0)).collect();
    for node in standing_by.iter().flatten() {
        *load.get_mut(node).expect("it is one of them") += 1;
    }
    // Each round evens two of them out, so there are no more than there are places.
    for _ in 0..owners.len() * standbys {
        if !even_out(&mut standing_by, &mut load, owners) {
            break;
        }
    }
    standing_by
}

/// Moves one place from a node that has most, over others if need be, to one that has two fewer. Says whether
/// there was such a way.
fn even_out<'n>(
    standing_by: &mut [BTreeSet<&'n NodeId>],
    load: &mut BTreeMap<&'n NodeId, usize>,
    owners: &[(PartitionId, Option<&'n NodeId>)],
) -> bool {
    let least = load.values().copied().min().unwrap_or_default();
    let mut most: Vec<_> = load.iter().filter(|(_, of)| **of >= least + 2).collect();
    most.sort_by(|(one, more), (other, less)| less.cmp(more).then(one.cmp(other)));
    for (from, of) in most.into_iter().map(|(node, of)| (*node, *of)).collect::<Vec<_>>() {
        if let Some(way) = way(standing_by, load, owners, from, of - 2) {
            for (place, from, to) in &way {
                standing_by[*place].remove(from);
                standing_by[*place].insert(to);
            }
            let (_, _, to) = way.last().expect("a way has a step");
            *load.get_mut(from).expect("it is there") -= 1;
            *load.get_mut(to).expect("it is there") += 1;
            return true;
        }
    }
    false
}

/// The partition that moves, from whom and to whom.
type Move<'n> = (usize, &'n NodeId, &'n NodeId);

/// The shortest way by which a node has one fewer and one with `most` at most has one more.
fn way<'n>(
    standing_by: &[BTreeSet<&'n NodeId>],
    load: &BTreeMap<&'n NodeId, usize>,
    owners: &[(PartitionId, Option<&'n NodeId>)],
    from: &'n NodeId,
    most: usize,
) -> Option<Vec<Move<'n>>> {
    let mut came: BTreeMap<&NodeId, Move<'n>> = BTreeMap::new();
    let mut next = VecDeque::from([from]);
    while let Some(node) = next.pop_front() {
        for (place, of) in standing_by.iter().enumerate().filter(|(_, of)| of.contains(node)) {
            for (to, has) in load {
                if *to == from
                    || of.contains(to)
                    || owners[place].1 == Some(*to)
                    || came.contains_key(to)
                {
                    continue;
                }
                came.insert(*to, (place, node, *to));
                if *has <= most {
                    let mut way = Vec::new();
                    let mut at = *to;
                    while at != from {
                        way.push(came[at]);
                        at = came[at].1;
                    }
                    way.reverse();
                    return Some(way);
                }
                next.push_back(*to);
            }
        }
    }
    None
}

/// The lower it is, the sooner a node stands by for a partition. FNV-1a, and a mixer that spreads numbers
/// that stand side by side: it needn't be secret, and must be the same on every node.
fn rank(node: &NodeId, partition: PartitionId) -> u64 {
    let bytes = node.named().bytes().chain(partition.0.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(number: usize) -> Vec<NodeId> {
        (0..number).map(|it| NodeId::new(&format!("count-{it}/1")).expect("a name")).collect()
    }

    /// Partitions dealt to the nodes one after another.
    fn dealt(nodes: &[NodeId], partitions: u16) -> Vec<(PartitionId, Option<&NodeId>)> {
        (0..partitions)
            .map(|it| (PartitionId(it), Some(&nodes[usize::from(it) % nodes.len()])))
            .collect()
    }

    fn placed(all: &[NodeId], partitions: u16, standbys: usize) -> Vec<BTreeSet<&NodeId>> {
        let there: Vec<&NodeId> = all.iter().collect();
        of(&there, &dealt(all, partitions), standbys)
    }

    /// As many as are wanted or can be, never the owner, and within one of each other.
    #[test]
    fn standbys_are_even() {
        for number in 1..=7 {
            let all = nodes(number);
            for partitions in [1, 2, 5, 24, 60] {
                for standbys in 0..=number + 1 {
                    let placed = placed(&all, partitions, standbys);
                    let wanted = standbys.min(number - 1);
                    let mut load = vec![0_usize; number];
                    for ((_, owner), by) in dealt(&all, partitions).iter().zip(&placed) {
                        assert_eq!(by.len(), wanted);
                        assert!(!by.contains(&owner.expect("it has one")));
                        for (place, node) in all.iter().enumerate() {
                            load[place] += usize::from(by.contains(node));
                        }
                    }
                    let (least, most) = (load.iter().min(), load.iter().max());
                    let even = most <= least.map(|least| least + 1).as_ref();
                    assert!(even, "{number} nodes, {partitions} partitions, {standbys}: {load:?}");
                }
            }
        }
    }

    /// Whoever stands by hardly changes when a node comes: what the new one has, and a few to even it out.
    #[test]
    fn few_move() {
        let all = nodes(6);
        let owners = dealt(&all[..5], 120);
        let there: Vec<&NodeId> = all.iter().collect();
        let (before, after) = (of(&there[..5], &owners, 1), of(&there, &owners, 1));
        let moved = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        // A sixth is the new one's; twice that is the most that evening out may add.
        assert!((20..=40).contains(&moved), "{moved}");
    }

    /// A node that was started again stands by for what it stood by for.
    #[test]
    fn a_restart_moves_nothing() {
        let all = nodes(4);
        let mut again = all.clone();
        again[2] = NodeId::new("count-2/2").expect("a name");
        let names = |of: Vec<BTreeSet<&NodeId>>| -> Vec<BTreeSet<String>> {
            of.iter().map(|of| of.iter().map(|it| it.named().to_owned()).collect()).collect()
        };
        assert_eq!(names(placed(&all, 60, 2)), names(placed(&again, 60, 2)));
    }
}

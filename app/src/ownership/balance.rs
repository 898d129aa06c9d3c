//! Who should own what: from who is there, who owns what now and who keeps what warm, without asking
//! anybody.
//!
//! Every node comes to the same shares from the same standing, so they needn't talk: each takes what it
//! lacks and gives up what it has too much of. Where they see different standings for a moment, the
//! store lets one of them have a partition, and the next standing evens it out.
//!
//! What is free goes to whoever keeps it warm, even beyond its share, for it counts at once there. What
//! somebody has too much of is given up once whoever is to have it keeps it warm. Whoever has just come takes
//! nothing that has to be built first: of nodes that start together the first would have everything.

use ledgerline_ids::PartitionId;
use std::collections::{BTreeMap, BTreeSet};

use super::standbys;
use crate::ports::leases::{NodeId, Standing};

/// The most partitions that a node begins to get, or to give up, at a time.
const AT_A_TIME_MAX: usize = 64;

/// What one node knows.
pub(crate) struct Situation<'s> {
    /// Which node.
    pub node: &'s NodeId,
    /// Who is there and who owns what.
    pub standing: &'s Standing,
    /// How many nodes besides the owner are to keep each partition warm.
    pub standbys: usize,
    /// What it has and is about to give up.
    pub draining: &'s BTreeSet<PartitionId>,
    /// What it can't judge.
    pub unable: &'s BTreeSet<PartitionId>,
    /// What nobody has had for so long that whoever should have it can't.
    pub forsaken: &'s BTreeSet<PartitionId>,
    /// Whether it has been there for a beat, so that whoever started with it has been heard of.
    pub settled: bool,
}

/// What it should do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Get these, in this order.
    pub acquire: Vec<PartitionId>,
    /// Give these up.
    pub release: Vec<PartitionId>,
    /// Follow these, where it doesn't follow all: what it owns or is to own, what it stands by for, and what
    /// it keeps warm until others do.
    pub follow: BTreeSet<PartitionId>,
}

/// Decides for one node.
pub(crate) fn decide(of: &Situation<'_>) -> Decision {
    let Some(plan) = Plan::of(of.standing) else { return Decision::default() };
    let Some(own) = plan.owned.get(of.node) else { return Decision::default() };
    let able = |partition: &PartitionId| !of.unable.contains(partition);
    let mut decision = Decision::default();
    let going_on = own.iter().filter(|partition| !of.draining.contains(partition));
    let (going_on, broken): (Vec<PartitionId>, Vec<PartitionId>) =
        going_on.copied().partition(|partition| able(partition));
    let excess = going_on.len().saturating_sub(plan.shares[of.node]);
    // The newest of its own, as numbers go: whoever sees the same gives up the same.
    let moves = |partition: &&PartitionId| match plan.to.get(partition) {
        Some(to) => of.standing.is_warm(to, **partition),
        None => false,
    };
    let excess = going_on.iter().rev().filter(moves).take(excess).copied();
    decision.release = broken.into_iter().chain(excess).take(AT_A_TIME_MAX).collect();

    let mine = plan.free.iter().filter(|free| plan.to.get(free) == Some(&of.node));
    decision.acquire = mine.copied().filter(able).take(AT_A_TIME_MAX).collect();
    if decision.acquire.is_empty() {
        // One at a time, so that several who see it share the burden.
        let forsaken =
            plan.free.iter().copied().find(|free| of.forsaken.contains(free) && able(free));
        decision.acquire.extend(forsaken);
    }
    decision.follow = plan.followed(of);
    decision.follow.extend(&decision.acquire);
    if !of.settled {
        // What it would have to build first is dealt out once it knows among whom.
        let warm = |partition: &PartitionId| of.standing.is_warm(of.node, *partition);
        decision.acquire.retain(warm);
        decision.follow.retain(warm);
    }
    decision
}

/// What everybody makes of a standing.
struct Plan<'s> {
    /// What each node that is there owns.
    owned: BTreeMap<&'s NodeId, Vec<PartitionId>>,
    /// What nobody has.
    free: Vec<PartitionId>,
    /// How many each should own.
    shares: BTreeMap<&'s NodeId, usize>,
    /// Who is to have what is free, or what its owner has too much of.
    to: BTreeMap<PartitionId, &'s NodeId>,
}

impl<'s> Plan<'s> {
    /// `None` where nobody is there.
    fn of(standing: &'s Standing) -> Option<Self> {
        let mut owned: BTreeMap<&NodeId, Vec<PartitionId>> =
            standing.nodes.iter().map(|node| (node, Vec::new())).collect();
        let mut free = Vec::new();
        for lease in &standing.leases {
            match &lease.owner {
                Some(owner) => {
                    if let Some(of_owner) = owned.get_mut(owner) {
                        of_owner.push(lease.commit.partition);
                    }
                }
                None => free.push(lease.commit.partition),
            }
        }
        if owned.is_empty() {
            return None;
        }
        // What somebody has who isn't there is nobody's to share before their leases are over.
        let to_share = free.len() + owned.values().map(Vec::len).sum::<usize>();
        let shares = shares(&owned, to_share);
        let mut plan = Self { owned, free, shares, to: BTreeMap::new() };
        plan.deal(standing);
        Some(plan)
    }

    /// Says who is to have what is free, and then what others have too much of.
    fn deal(&mut self, standing: &Standing) {
        let mut has: BTreeMap<&NodeId, usize> =
            self.owned.iter().map(|(node, of)| (*node, of.len())).collect();
        let warm = |node: &NodeId, partition| standing.is_warm(node, partition);
        let number_warm = |free: &PartitionId| has.keys().filter(|node| warm(node, *free)).count();
        // What few keep warm first: whoever could have anything takes what is left.
        let mut free: Vec<(usize, PartitionId)> =
            self.free.iter().map(|free| (number_warm(free), *free)).collect();
        free.sort_by_key(|(number, free)| (if *number == 0 { usize::MAX } else { *number }, *free));
        for (number, free) in free {
            let fits = |node: &NodeId| number == 0 || warm(node, free);
            // Where nobody lacks one, who has fewest beyond its share.
            let of = |node: &NodeId| has[node].saturating_sub(self.shares[node]);
            let lacks = |node: &NodeId| has[node] < self.shares[node];
            let lacking = self.owned.keys().find(|node| lacks(node) && fits(node));
            let least = || self.owned.keys().filter(|node| fits(node)).min_by_key(|node| of(node));
            if let Some(to) = lacking.or_else(least).copied() {
                *has.get_mut(to).expect("it is there") += 1;
                self.to.insert(free, to);
            }
        }
        let mut excess: BTreeMap<&NodeId, usize> = BTreeMap::new();
        for (node, of) in &self.owned {
            excess.insert(node, of.len().saturating_sub(self.shares[*node]));
        }
        for node in self.owned.keys().copied().collect::<Vec<_>>() {
            for _ in has[node]..self.shares[node] {
                let Some((from, partition)) = self.spare(&excess, |it| warm(node, it)) else {
                    return;
                };
                *excess.get_mut(from).expect("it is there") -= 1;
                self.to.insert(partition, node);
            }
        }
    }

    /// A partition that its owner has too much of: one that is `warm`, or the newest, as numbers go.
    fn spare(
        &self,
        excess: &BTreeMap<&NodeId, usize>,
        warm: impl Fn(PartitionId) -> bool,
    ) -> Option<(&'s NodeId, PartitionId)> {
        let owners = self.owned.iter().filter(|(node, _)| excess[**node] > 0);
        let of = owners.flat_map(|(node, of)| of.iter().map(|it| (*node, *it)));
        let spare = of.filter(|(_, partition)| !self.to.contains_key(partition));
        spare.max_by_key(|(_, partition)| (warm(*partition), *partition))
    }

    /// What a node follows.
    fn followed(&self, of: &Situation<'_>) -> BTreeSet<PartitionId> {
        let nodes: Vec<&NodeId> = self.owned.keys().copied().collect();
        let owner_to_be = |partition: PartitionId, now: Option<&'s NodeId>| {
            self.to.get(&partition).copied().or(now)
        };
        let leases = of.standing.leases.iter();
        let owners: Vec<(PartitionId, Option<&NodeId>)> = leases
            .map(|lease| {
                let partition = lease.commit.partition;
                let now = lease.owner.as_ref();
                let there = now.and_then(|now| nodes.iter().copied().find(|node| **node == *now));
                (partition, owner_to_be(partition, there))
            })
            .collect();
        let standing_by = standbys::of(&nodes, &owners, of.standbys);
        let mut follow = BTreeSet::new();
        for ((partition, owner), standing_by) in owners.iter().zip(&standing_by) {
            let owns_now = self.owned[of.node].contains(partition);
            let is_meant = *owner == Some(of.node) || standing_by.contains(&of.node);
            let mut meant = owner.iter().copied().chain(standing_by.iter().copied());
            // Nobody lets go of what others aren't ready for.
            let is_needed = of.standing.is_warm(of.node, *partition)
                && meant.any(|node| !of.standing.is_warm(node, *partition));
            if owns_now || is_meant || is_needed {
                follow.insert(*partition);
            }
        }
        follow
    }
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

    /// A standing as text: the nodes that are there, then who owns each partition; `-` is nobody. Behind a
    /// bar, who keeps each warm, `-` being nobody again; without one, everybody does.
    fn standing(text: &str) -> Standing {
        let (nodes, owners) = text.split_once(':').expect("nodes: owners");
        let (owners, warm) = owners.split_once('|').unwrap_or((owners, ""));
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
        let nodes: Vec<NodeId> = nodes.split_whitespace().map(node).collect();
        let leases: Vec<Lease> = (0..).zip(owners.split_whitespace()).map(lease).collect();
        let mut kept = BTreeMap::<NodeId, BTreeSet<PartitionId>>::new();
        for (at, lease) in leases.iter().enumerate() {
            for node in &nodes {
                let by = warm.split_whitespace().nth(at);
                if by.is_none_or(|by| by.contains(node.as_str())) {
                    kept.entry(node.clone()).or_default().insert(lease.commit.partition);
                }
            }
        }
        Standing { nodes, leases, warm: kept }
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
        // What is free goes to whoever keeps it warm, even beyond its share …
        ("a b: a - b - | a b b a", ["", "", ""], "1", ""),
        ("a b: a a - - | a a b b", ["", "", ""], "2 3", ""),
        ("a b: a b - - | a b b b", ["", "", ""], "2 3", ""),
        ("a b: b b - - | b b a a", ["", "", ""], "", ""),
        // … and where nobody does, to whoever lacks.
        ("a b: a a - - | a a - -", ["", "", ""], "2 3", ""),
        ("a b: a - - - | a - - -", ["", "", ""], "2 3", ""),
        // What few keep warm is given to them first.
        ("a b: - - | ab b", ["", "", ""], "1", ""),
        // Nothing is given up before whoever is to have it keeps it warm.
        ("a b: b b b b | b b b b", ["", "", ""], "", ""),
        ("a b: b b b b | b b b ab", ["", "", ""], "", "3"),
        ("a b: b b b b | ab b b b", ["", "", ""], "", "0"),
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
                standbys: 1,
                draining: &draining,
                unable: &unable,
                forsaken: &forsaken,
                settled: true,
            };
            let decision = decide(&of);
            let sorted: BTreeSet<_> = decision.release.iter().copied().collect();
            assert_eq!(decision.acquire, set(acquire).into_iter().collect::<Vec<_>>(), "{text}");
            assert_eq!(sorted, set(release), "{text}");
        }
    }

    /// Who has just come takes what it keeps warm, and leaves what it would have to build.
    #[test]
    fn a_newcomer_waits_for_those_who_start_with_it() {
        let (node, nothing) = (NodeId::new("b").expect("a name"), BTreeSet::new());
        for (text, forsaken, acquire) in [
            ("b: - - - - | - - - -", "", ""),
            ("b: - - - - | - b - b", "", "1 3"),
            ("a b: - - - - | - - - -", "0 1", ""),
            ("a b: a a - - | a a b b", "", "2 3"),
            ("b: - - - -", "", "0 1 2 3"),
        ] {
            let standing = standing(text);
            let decision = decide(&Situation {
                node: &node,
                standing: &standing,
                standbys: 1,
                draining: &nothing,
                unable: &nothing,
                forsaken: &set(forsaken),
                settled: false,
            });
            let acquire = set(acquire);
            assert_eq!(decision.acquire, acquire.iter().copied().collect::<Vec<_>>(), "{text}");
            assert_eq!(decision.follow, acquire, "{text}");
            assert!(decision.release.is_empty(), "{text}");
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
                        standbys: 1,
                        draining: &nothing,
                        unable: &nothing,
                        forsaken: &nothing,
                        settled: true,
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

    /// Nodes that follow only what they should, and get warm what they follow: however it begins, and
    /// whoever goes, soon everything is owned evenly, each partition has its standbys, and nobody follows
    /// anything else. While anybody keeps a partition warm, somebody does.
    #[test]
    fn followers_come_to_rest() {
        for nodes in 1..=5_usize {
            for standbys in 0..=3 {
                for partitions in [1, 4, 12] {
                    let names = ["a", "b", "c", "d", "e"];
                    let owners = vec!["-"; partitions].join(" ");
                    let text = format!("{}: {owners} | {owners}", names[..nodes].join(" "));
                    let mut now = standing(&text);
                    come_to_rest(&mut now, standbys);
                    while now.nodes.len() > 1 {
                        let gone = now.nodes.remove(now.nodes.len() / 2);
                        now.warm.remove(&gone);
                        for lease in &mut now.leases {
                            lease.owner = lease.owner.take().filter(|owner| *owner != gone);
                            // Whoever stood by takes it over.
                            let warm = now.nodes.iter().any(|node| {
                                now.warm
                                    .get(node)
                                    .is_some_and(|it| it.contains(&lease.commit.partition))
                            });
                            assert!(warm || standbys == 0, "{text}");
                        }
                        come_to_rest(&mut now, standbys);
                    }
                }
            }
        }
    }

    fn come_to_rest(now: &mut Standing, standbys: usize) {
        let nothing = BTreeSet::new();
        for round in 0.. {
            let before = now.clone();
            for node in &before.nodes {
                let decision = decide(&Situation {
                    node,
                    standing: &before,
                    standbys,
                    draining: &nothing,
                    unable: &nothing,
                    forsaken: &nothing,
                    settled: true,
                });
                for partition in decision.release {
                    now.leases[usize::from(partition.0)].owner = None;
                }
                for partition in &decision.acquire {
                    let lease = &mut now.leases[usize::from(partition.0)];
                    assert_eq!(lease.owner, None, "nobody takes what another takes");
                    lease.owner = Some(node.clone());
                }
                // One more at a time gets warm.
                let warm = now.warm.entry(node.clone()).or_default();
                warm.retain(|partition| decision.follow.contains(partition));
                let next = decision.follow.iter().find(|it| !warm.contains(it)).copied();
                warm.extend(next);
            }
            if *now == before {
                break;
            }
            assert!(round < 100, "{now:?} comes to rest");
        }
        let wanted = standbys.min(now.nodes.len() - 1);
        let mut owned = vec![0; now.nodes.len()];
        for lease in &now.leases {
            let owner = lease.owner.as_ref().expect("it is owned");
            owned[now.nodes.iter().position(|node| node == owner).expect("it is there")] += 1;
            let warm = |node: &&NodeId| now.is_warm(node, lease.commit.partition);
            assert!(warm(&owner));
            assert_eq!(now.nodes.iter().filter(warm).count(), 1 + wanted, "{now:?}");
        }
        let (least, most) = (owned.iter().min(), owned.iter().max());
        assert!(most <= least.map(|least| least + 1).as_ref(), "{now:?}");
    }
}

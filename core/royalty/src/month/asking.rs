//! What contracts and catalogue say of a recording, asked once for each situation that they tell
//! apart. Most holders have no licence of their own and pass nothing on: for these there is one
//! answer.

use super::gather::{PartOfRight, number};
use super::{Inputs, Refusal};
use crate::precedence::{Candidates, Licences, TermNo};
use crate::scope::Subject;
use crate::splits::{Agreements, InScope, LeavesNo, whole};
use crate::terms::{Parties, Right};
use crate::usage::Use;
use hashbrown::HashTable;
use ledgerline_money::Fraction;
use std::collections::{BTreeMap, BTreeSet};

/// Territory, tier and use, by the usage's numbers.
pub(super) type Heard = (u16, u16, Use);

/// A holder's part of a right in a recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// In [`Asking::name`].
    pub(super) holder: u32,
    share: u32,
    candidates: Candidates,
    in_scope: InScope,
    /// Where the answer is the same wherever it is heard.
    part: Option<u32>,
}

/// A holder, as far as it makes a difference who it is.
#[derive(Debug)]
struct Holder {
    name: Box<str>,
    licenses: bool,
    passes_on: bool,
    /// The leaves of one who passes nothing on.
    leaves: Option<LeavesNo>,
}

/// Contracts that hold, with the answers that were given.
pub(super) struct Asking<'a> {
    inputs: Inputs<'a>,
    pub(super) licences: Licences<'a>,
    pub(super) agreements: Agreements<'a>,
    licensors: BTreeSet<&'a str>,
    grantors: BTreeSet<&'a str>,
    holders: Vec<Holder>,
    holder_numbers: HashTable<u32>,
    shares: BTreeMap<Fraction, u32>,
    share_list: Vec<Fraction>,
    passed_on: BTreeMap<(InScope, Right, u32, u32), Option<LeavesNo>>,
    part_numbers: BTreeMap<(u32, LeavesNo), u32>,
    pub(super) parts: Vec<PartOfRight>,
    /// What contradicts itself, by how, with the first recording that shows it.
    pub(super) contradictions: BTreeMap<Box<str>, u32>,
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): names are few and nobody's enemy.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl<'a> Asking<'a> {
    pub(super) fn new(inputs: &Inputs<'a>) -> Self {
        let day = inputs.period.last_day();
        let licences = Licences::new(inputs.contracts, day, inputs.usage);
        let agreements = Agreements::new(inputs.contracts, day, inputs.usage);
        let licensor = |parties: &'a Parties| match parties {
            Parties::Licence { licensor } => licensor.as_deref(),
            Parties::Agreement { .. } => None,
        };
        let grantor = |parties: &'a Parties| match parties {
            Parties::Agreement { grantor } => Some(&**grantor),
            Parties::Licence { .. } => None,
        };
        let licensors = licences.clauses().iter();
        let licensors = licensors.filter_map(|clause| licensor(&clause.contract.parties)).collect();
        let grantors = agreements.clauses().iter();
        let grantors = grantors.filter_map(|clause| grantor(&clause.contract.parties)).collect();
        Self {
            inputs: *inputs,
            licences,
            agreements,
            licensors,
            grantors,
            holders: Vec::new(),
            holder_numbers: HashTable::new(),
            shares: BTreeMap::new(),
            share_list: Vec::new(),
            passed_on: BTreeMap::new(),
            part_numbers: BTreeMap::new(),
            parts: Vec::new(),
            contradictions: BTreeMap::new(),
        }
    }

    /// A holder's name.
    pub(super) fn name(&self, holder: u32) -> &str {
        &self.holders[holder as usize].name
    }

    /// Who holds `right` in a recording, where it is heard in `heard`; put into `all`.
    pub(super) fn holders(
        &mut self,
        (track, subject): (u32, &Subject<'a>),
        right: Right,
        heard: Heard,
        all: &mut Vec<Held>,
    ) {
        let music = self.inputs.music;
        let found = match music.holders(track, right, heard.0) {
            Ok(holders) => whole(&holders).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let found = match found {
            Ok(found) => found,
            Err(why) => return self.contradicts(why, track),
        };
        let in_scope = self.agreements.in_scope(subject);
        let mut default = None;
        for (name, share) in found {
            let holder = self.holder(name);
            let ask = |licences: &mut Licences<'a>| licences.candidates(subject, right, name);
            let candidates = if self.holders[holder as usize].licenses {
                ask(&mut self.licences)
            } else {
                *default.get_or_insert_with(|| ask(&mut self.licences))
            };
            let share = self.share(share);
            let mut held = Held { holder, share, candidates, in_scope, part: None };
            if !self.holders[holder as usize].passes_on {
                held.part = self
                    .kept(holder, (right, heard, track), in_scope)
                    .map(|leaves| self.part(share, leaves));
            }
            all.push(held);
        }
    }

    /// The term that licenses a holder's part where it is heard so.
    pub(super) fn term(&mut self, held: &Held, heard: Heard) -> Option<TermNo> {
        self.licences.winner(held.candidates, heard.0, heard.1, heard.2)
    }

    /// The part with those who are paid out of it; none where agreements contradict each other.
    pub(super) fn paid(
        &mut self,
        held: &Held,
        (right, heard, track): (Right, Heard, u32),
        class: u32,
    ) -> Option<u32> {
        if held.part.is_some() {
            return held.part;
        }
        let key = (held.in_scope, right, held.holder, class);
        let leaves = match self.passed_on.get(&key) {
            Some(leaves) => *leaves,
            None => {
                let leaves = self.ask_leaves(held.holder, (right, heard, track), held.in_scope);
                self.passed_on.insert(key, leaves);
                leaves
            }
        };
        leaves.map(|leaves| self.part(held.share, leaves))
    }

    /// The leaves of a holder who passes nothing on: the holder.
    fn kept(
        &mut self,
        holder: u32,
        asked: (Right, Heard, u32),
        in_scope: InScope,
    ) -> Option<LeavesNo> {
        if self.holders[holder as usize].leaves.is_none() {
            self.holders[holder as usize].leaves = self.ask_leaves(holder, asked, in_scope);
        }
        self.holders[holder as usize].leaves
    }

    fn ask_leaves(
        &mut self,
        holder: u32,
        (right, heard, track): (Right, Heard, u32),
        in_scope: InScope,
    ) -> Option<LeavesNo> {
        let name = &self.holders[holder as usize].name;
        match self.agreements.leaves(in_scope, right, name, heard) {
            Ok(leaves) => Some(leaves),
            Err(error) => {
                self.contradicts(error.to_string(), track);
                None
            }
        }
    }

    fn contradicts(&mut self, why: String, track: u32) {
        self.contradictions.entry(why.into()).or_insert(track);
    }

    fn holder(&mut self, name: &str) -> u32 {
        let Self { holders, holder_numbers, licensors, grantors, .. } = self;
        let known = |number: &u32| &*holders[*number as usize].name;
        let same = |number: &u32| known(number) == name;
        let fresh = number(holders.len());
        let entry = holder_numbers.entry(hash(name), same, |number| hash(known(number)));
        let found = *entry.or_insert(fresh).get();
        if found == fresh {
            holders.push(Holder {
                name: name.into(),
                licenses: licensors.contains(name),
                passes_on: grantors.contains(name),
                leaves: None,
            });
        }
        found
    }

    fn share(&mut self, share: Fraction) -> u32 {
        *self.shares.entry(share).or_insert_with(|| {
            self.share_list.push(share);
            number(self.share_list.len() - 1)
        })
    }

    fn part(&mut self, share: u32, leaves: LeavesNo) -> u32 {
        let Self { part_numbers, parts, share_list, .. } = self;
        *part_numbers.entry((share, leaves)).or_insert_with(|| {
            let exactly = share_list[share as usize];
            parts.push(PartOfRight { share: exactly, share_number: share, leaves });
            number(parts.len() - 1)
        })
    }

    /// All shares that parts have, by number.
    pub(super) fn shares(&self) -> Vec<Fraction> {
        self.share_list.clone()
    }

    /// What contradicts itself, as refusals.
    pub(super) fn refusals(&self) -> Vec<Refusal> {
        let refusal = |(why, track): (_, &u32)| Refusal::Split {
            track: self.inputs.usage.tracks.name(*track).into(),
            why: Box::clone(why),
        };
        self.contradictions.iter().map(refusal).collect()
    }
}

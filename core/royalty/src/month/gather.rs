//! Plays to pools, and who is to be paid out of each.
//!
//! Rows come by recording, ten million of them, so nothing is asked or allocated for a row that was
//! asked for its recording before.

use super::asking::{Asking, Heard, Held};
use super::by_row::ByRow;
use super::groups::Groups;
use super::{Inputs, Progress, Refusal};
use crate::line::Way;
use crate::models::audience::Audience;
use crate::models::per_row::{Before, RowPrices};
use crate::precedence::{Licences, TermNo};
use crate::splits::{Agreements, Leaf, LeavesNo};
use crate::terms::{PoolRule, Right, Rule};
use crate::usage::{Names, Usage, UsageRow, Use};
use ledgerline_money::Fraction;
use std::collections::BTreeMap;

/// Counted plays of a recording in a pool, of which one holder's part goes one set of ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) track: u32,
    /// In [`Gathered::parts`].
    pub(crate) part: u32,
    pub(crate) plays: u64,
}

/// A holder's part of a right, and who is paid out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartOfRight {
    pub(crate) share: Fraction,
    /// In [`Gathered::shares`].
    pub(crate) share_number: u32,
    pub(crate) leaves: LeavesNo,
}

/// A pool's plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PoolPlays {
    pub(crate) right: Right,
    pub(crate) group: Option<u32>,
    pub(crate) term: TermNo,
    /// By recording.
    pub(crate) entries: Vec<Entry>,
    /// What each entry is worth by the model, where plays alone don't say it; else empty.
    pub(crate) worth: Vec<u128>,
    /// Counted plays that take part, each once.
    pub(crate) plays: u64,
    /// Plays by listener, where the model asks, in the order of listeners.
    pub(crate) by_listener: Vec<ListenerPlays>,
}

/// A listener's counted plays of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListenerPlays {
    pub(crate) listener: u32,
    pub(crate) entry: u32,
    pub(crate) plays: u32,
}

/// All pools' plays.
pub(crate) struct Gathered<'a> {
    pub(crate) licences: Licences<'a>,
    pub(crate) pools: Vec<PoolPlays>,
    pub(crate) parts: Vec<PartOfRight>,
    /// All holders' shares that parts have.
    pub(crate) shares: Vec<Fraction>,
    /// How many people hear whom, where some term asks.
    pub(crate) audience: Audience,
    /// What each set of leaves is in numbers of payees and ways.
    leaves: Vec<Box<[NumberedLeaf]>>,
    payees: Names,
    ways: Vec<Way>,
}

/// A leaf in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberedLeaf {
    pub(crate) payee: u32,
    pub(crate) way: u32,
    pub(crate) share: Fraction,
}

impl Gathered<'_> {
    /// The rule of a pool's term.
    pub(crate) fn rule(&self, pool: &PoolPlays) -> &PoolRule {
        pool_rule(&self.licences, pool.term)
    }

    /// Who gets what of an entry's part.
    pub(crate) fn leaves(&self, part: u32) -> &[NumberedLeaf] {
        &self.leaves[self.parts[part as usize].leaves.0 as usize]
    }

    /// Payees and ways by number.
    pub(crate) fn names(&mut self) -> (Names, Vec<Way>) {
        (std::mem::take(&mut self.payees), std::mem::take(&mut self.ways))
    }

    /// Numbers payees and ways in their order, so that numbers order as they do.
    fn number_leaves(&mut self, agreements: &Agreements<'_>) {
        let numbers = 0..number(agreements.count());
        let all = || numbers.clone().flat_map(|number| agreements.of(LeavesNo(number)));
        self.payees = Names::new(all().map(|leaf| leaf.payee.clone()).collect());
        self.ways = all().map(|leaf| leaf.way.clone()).collect();
        self.ways.sort_unstable();
        self.ways.dedup();
        let numbered = |leaf: &Leaf| NumberedLeaf {
            payee: self.payees.number(&leaf.payee).expect("all payees were collected"),
            way: number(self.ways.binary_search(&leaf.way).expect("all ways were collected")),
            share: leaf.share,
        };
        let set = |number| agreements.of(LeavesNo(number)).iter().map(numbered).collect();
        self.leaves = numbers.clone().map(set).collect();
    }
}

pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than lines, which have numbers")
}

fn pool_rule<'c>(licences: &Licences<'c>, term: TermNo) -> &'c PoolRule {
    match &licences.clause(term).term.rule {
        Rule::Pool(rule) => rule,
        Rule::PassOn(_) => unreachable!("licences hold pool rules only"),
    }
}

/// Sorts all plays into pools.
pub(crate) fn gather<'a>(
    inputs: &Inputs<'a>,
    groups: &Groups,
    refusals: &mut Vec<Refusal>,
    watch: &mut dyn FnMut(Progress),
) -> Gathered<'a> {
    let mut asking = Asking::new(inputs);
    let named = |right: &Right| {
        let mut clauses = asking.licences.clauses().iter();
        clauses.any(|clause| clause.term.rights.contains(right))
    };
    let mut gathering = Gathering {
        inputs: *inputs,
        rights: Right::ALL.into_iter().filter(named).collect(),
        heard: HeardAs::all(inputs.usage, groups, &mut asking),
        pool_numbers: vec![Vec::new(); Right::ALL.len() * asking.licences.clauses().len()],
        groups: groups.all.len(),
        prices: RowPrices::new(&asking.licences, inputs.usage),
        by_row: ByRow::new(&asking.licences, inputs.usage),
        asking,
        pools: Vec::new(),
        of_track: OfTrack::default(),
        unlicensed: BTreeMap::new(),
        without_revenue: BTreeMap::new(),
    };
    gathering.rows(watch);
    gathering.listeners();
    gathering.conclude(refusals)
}

/// What a territory, tier and use come to.
#[derive(Debug, Clone, Copy)]
struct HeardAs {
    agreement_class: u32,
    group: Option<u32>,
}

impl HeardAs {
    /// By territory, tier and use, the last of the first two for what is unknown.
    fn all(usage: &Usage, groups: &Groups, asking: &mut Asking<'_>) -> Vec<Self> {
        let last = |names: &Names| u16::try_from(names.len()).expect("a usage has few of them");
        let or_unknown =
            |number: u16, last: u16| if number == last { Usage::UNKNOWN } else { number };
        let (territories, tiers) = (last(&usage.territories), last(&usage.tiers));
        let mut all = Vec::new();
        for territory in (0..=territories).map(|number| or_unknown(number, territories)) {
            for tier in (0..=tiers).map(|number| or_unknown(number, tiers)) {
                for usage_use in Use::ALL {
                    let agreement_class = asking.agreements.class(territory, tier, usage_use);
                    all.push(Self { agreement_class, group: groups.of(territory, tier) });
                }
            }
        }
        all
    }
}

/// The recording at hand.
#[derive(Debug, Default)]
struct OfTrack {
    /// Holders by right, where they don't depend on the territory.
    held: Vec<Held>,
    held_from: Vec<usize>,
    /// The same for the row at hand, where they do.
    held_here: Vec<Held>,
    varies: Vec<bool>,
    /// Its entries, each with the entry before it in the same pool.
    entries: Vec<(u32, Entry, u32)>,
    worth: Vec<u128>,
    /// Where the plays of the row at hand went.
    places: Vec<u32>,
    /// By pool: the last entry, of this recording or an earlier one.
    last_in_pool: Vec<(u32, u32)>,
    placed: Vec<(u32, u32)>,
}

const NONE: u32 = u32::MAX;

impl OfTrack {
    /// The place of a pool's part among the recording's entries.
    fn place(&mut self, pool: u32, track: u32, part: u32) -> u32 {
        if self.last_in_pool.len() <= pool as usize {
            self.last_in_pool.resize(pool as usize + 1, (NONE, NONE));
        }
        let (of, last) = self.last_in_pool[pool as usize];
        let last = if of == track { last } else { NONE };
        let mut at = last;
        while at != NONE {
            let (_, entry, before) = self.entries[at as usize];
            if entry.part == part {
                return at;
            }
            at = before;
        }
        let place = number(self.entries.len());
        self.entries.push((pool, Entry { track, part, plays: 0 }, last));
        self.worth.push(0);
        self.last_in_pool[pool as usize] = (track, place);
        place
    }
}

/// Plays that no licence is about.
#[derive(Debug)]
struct Unlicensed {
    tracks: u64,
    plays: u64,
    /// The last of the recordings, and of its holders.
    last: (u32, u32),
}

struct Gathering<'a> {
    inputs: Inputs<'a>,
    /// Those that some licence is about.
    rights: Vec<Right>,
    heard: Vec<HeardAs>,
    /// By right and term: by revenue group, the last for none.
    pool_numbers: Vec<Vec<u32>>,
    groups: usize,
    prices: RowPrices,
    by_row: ByRow,
    asking: Asking<'a>,
    pools: Vec<PoolPlays>,
    of_track: OfTrack,
    /// By right, and how it was heard.
    unlicensed: BTreeMap<(Right, Heard), Unlicensed>,
    without_revenue: BTreeMap<(u16, u16), u64>,
}

/// How often progress is told.
const ROWS_BETWEEN: usize = 1 << 16;

impl<'a> Gathering<'a> {
    fn rows(&mut self, watch: &mut dyn FnMut(Progress)) {
        let usage = self.inputs.usage;
        let of = usage.rows.len() as u64;
        let (mut done, mut told) = (0, 0);
        for rows in usage.rows.chunk_by(|left, right| left.key.track == right.key.track) {
            self.track(rows);
            done += rows.len();
            if done - told >= ROWS_BETWEEN {
                told = done;
                watch(Progress { doing: "finding who is paid", done: done as u64, of });
            }
        }
    }

    fn track(&mut self, rows: &[UsageRow]) {
        let track = rows[0].key.track;
        let subject = self.inputs.music.subject(track);
        let mut of_track = std::mem::take(&mut self.of_track);
        let OfTrack { held, held_from, varies, .. } = &mut of_track;
        for right in &self.rights {
            held_from.push(held.len());
            varies.push(self.inputs.music.holders_vary(track, *right));
            let first = rows[0].key;
            if !varies[varies.len() - 1] {
                let heard = (first.territory, first.tier, first.usage_use);
                self.asking.holders((track, &subject), *right, heard, held);
            }
        }
        held_from.push(held.len());
        for row in rows {
            of_track.places.clear();
            if row.key.counted || self.prices.some_pay_short_plays() {
                for at in 0..self.rights.len() {
                    let key = row.key;
                    let heard = (key.territory, key.tier, key.usage_use);
                    let mut here = std::mem::take(&mut of_track.held_here);
                    here.clear();
                    if of_track.varies[at] {
                        self.asking.holders((track, &subject), self.rights[at], heard, &mut here);
                    } else {
                        let range = of_track.held_from[at]..of_track.held_from[at + 1];
                        here.extend_from_slice(&of_track.held[range]);
                    }
                    self.row(row, at, &here, &mut of_track);
                    of_track.held_here = here;
                }
            }
            self.by_row.push(&of_track.places);
        }
        self.flush(&mut of_track);
        self.of_track = of_track;
    }

    /// Adds a row's plays to the entries of one right.
    fn row(&mut self, row: &UsageRow, right: usize, held: &[Held], of_track: &mut OfTrack) {
        let (key, first_right, right) = (row.key, right == 0, self.rights[right]);
        let heard = (key.territory, key.tier, key.usage_use);
        let HeardAs { agreement_class, group } = self.heard_as(heard);
        let mut counted_in = NONE;
        for held in held {
            let Some(term) = self.asking.term(held, heard) else {
                self.note_unlicensed(right, held.holder, row);
                continue;
            };
            if !key.counted && !self.prices.pays_short_plays(term) {
                continue;
            }
            let rule = pool_rule(&self.asking.licences, term);
            if group.is_none() && rule.model.is_of_revenue() {
                if key.counted && first_right && counted_in == NONE {
                    counted_in = 0;
                    let place = (key.territory, key.tier);
                    *self.without_revenue.entry(place).or_default() += row.plays;
                }
                continue;
            }
            let asked = (right, heard, key.track);
            let Some(part) = self.asking.paid(held, asked, agreement_class) else { continue };
            let pool = self.pool(right, group, term);
            let place = of_track.place(pool, key.track, part);
            of_track.worth[place as usize] += self.prices.of(term, row);
            of_track.places.push(place);
            if key.counted {
                of_track.entries[place as usize].1.plays += row.plays;
                if pool != counted_in {
                    counted_in = pool;
                    self.pools[pool as usize].plays += row.plays;
                }
            }
        }
    }

    fn heard_as(&self, (territory, tier, usage_use): Heard) -> HeardAs {
        let usage = self.inputs.usage;
        let tiers = usage.tiers.len();
        let territory = usize::from(territory).min(usage.territories.len());
        let at = territory * (tiers + 1) + usize::from(tier).min(tiers);
        self.heard[at * Use::ALL.len() + usage_use as usize]
    }

    fn note_unlicensed(&mut self, right: Right, holder: u32, row: &UsageRow) {
        if !row.key.counted {
            return;
        }
        let heard = (row.key.territory, row.key.tier, row.key.usage_use);
        let none = Unlicensed { tracks: 0, plays: 0, last: (NONE, NONE) };
        let sum = self.unlicensed.entry((right, heard)).or_insert(none);
        if sum.last.0 != row.key.track {
            sum.tracks += 1;
            sum.plays += row.plays;
        }
        sum.last = (row.key.track, holder);
    }

    /// The pool of a right, revenue group and term.
    fn pool(&mut self, right: Right, group: Option<u32>, term: TermNo) -> u32 {
        let of_term = &mut self.pool_numbers[term.0 as usize * Right::ALL.len() + right as usize];
        if of_term.is_empty() {
            of_term.resize(self.groups + 1, NONE);
        }
        let pool = &mut of_term[group.map_or(self.groups, |group| group as usize)];
        if *pool == NONE {
            *pool = number(self.pools.len());
            let (entries, worth, by_listener) = (Vec::new(), Vec::new(), Vec::new());
            self.pools.push(PoolPlays {
                right,
                group,
                term,
                entries,
                worth,
                plays: 0,
                by_listener,
            });
        }
        *pool
    }

    /// Puts the recording's entries into their pools, and forgets it.
    fn flush(&mut self, of_track: &mut OfTrack) {
        of_track.placed.clear();
        for ((pool, entry, _), worth) in of_track.entries.iter().zip(&of_track.worth) {
            let plays = &mut self.pools[*pool as usize];
            of_track.placed.push((*pool, number(plays.entries.len())));
            plays.entries.push(*entry);
            if self.prices.prices(plays.term) {
                plays.worth.push(*worth);
            }
        }
        self.by_row.settle(&of_track.placed);
        of_track.entries.clear();
        of_track.worth.clear();
        of_track.held.clear();
        of_track.held_from.clear();
        of_track.varies.clear();
    }

    /// Adds what listeners' own rows say to the pools whose model asks.
    fn listeners(&mut self) {
        let (usage, by_row) = (self.inputs.usage, &self.by_row);
        if !by_row.is_wanted() {
            return;
        }
        let mut before = Before::default();
        for row in &usage.listener_rows {
            let had = before.plays(row);
            if !row.key.counted {
                continue;
            }
            for (pool, entry) in by_row.entries(usage, row.key) {
                let pool = &mut self.pools[*pool as usize];
                let rule = pool_rule(&self.asking.licences, pool.term);
                if rule.model.asks_for_listeners() {
                    let (listener, plays) = (row.listener, row.plays);
                    pool.by_listener.push(ListenerPlays { listener, entry: *entry, plays });
                }
                self.prices.add_listener(pool, *entry, row, had);
            }
        }
    }

    fn conclude(self, refusals: &mut Vec<Refusal>) -> Gathered<'a> {
        let usage = self.inputs.usage;
        let name = |names: &Names, at: u16| -> Option<Box<str>> {
            (at != Usage::UNKNOWN).then(|| names.name(at.into()).into())
        };
        let place =
            |territory, tier| (name(&usage.territories, territory), name(&usage.tiers, tier));
        for ((territory, tier), plays) in &self.without_revenue {
            let of = place(*territory, *tier);
            refusals.push(Refusal::NoRevenue { of, plays: *plays });
        }
        for ((right, (territory, tier, usage_use)), sum) in &self.unlicensed {
            refusals.push(Refusal::NoLicence {
                right: *right,
                holder: self.asking.name(sum.last.1).into(),
                of: place(*territory, *tier),
                usage_use: *usage_use,
                track: usage.tracks.name(sum.last.0).into(),
                tracks: sum.tracks,
                plays: sum.plays,
            });
        }
        refusals.extend(self.asking.refusals());
        let shares = self.asking.shares();
        let Asking { licences, agreements, parts, .. } = self.asking;
        let mut gathered = Gathered {
            audience: Audience::new(&self.inputs, &licences),
            licences,
            pools: self.pools,
            parts,
            shares,
            leaves: Vec::new(),
            payees: Names::default(),
            ways: Vec::new(),
        };
        gathered.number_leaves(&agreements);
        gathered
    }
}

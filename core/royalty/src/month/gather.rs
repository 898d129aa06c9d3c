//! Plays to pools, and who is to be paid out of each.
//!
//! Rows come by recording. What contracts say of a recording is asked once for each situation that
//! some term or revenue row tells apart, not for each row.

use super::groups::Groups;
use super::{Inputs, Progress, Refusal};
use crate::line::Way;
use crate::models::audience::Audience;
use crate::models::per_row::RowPrices;
use crate::precedence::{Clause, Licences, TermNo};
use crate::scope::Subject;
use crate::splits::{Agreements, InScope, Leaf, LeavesNo, whole};
use crate::terms::{PoolRule, Right, Rule};
use crate::usage::{Names, Usage, UsageKey, UsageRow, Use};
use ledgerline_money::Fraction;
use std::collections::BTreeMap;
use std::ops::Range;

/// Counted plays of a recording in a pool, of which one holder's part goes one set of ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) track: u32,
    /// In [`Gathered::parts`].
    pub(crate) part: u32,
    pub(crate) plays: u64,
}

/// A holder's part of a right, and who is paid out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartOfRight {
    pub(crate) share: Fraction,
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
#[derive(Debug)]
pub(crate) struct Gathered<'a> {
    pub(crate) licences: Licences<'a>,
    pub(crate) agreements: Agreements<'a>,
    pub(crate) pools: Vec<PoolPlays>,
    pub(crate) parts: Vec<PartOfRight>,
    /// What each set of leaves is in numbers of payees and ways.
    leaves: Vec<Box<[NumberedLeaf]>>,
    /// How many people hear whom, where some term asks.
    pub(crate) audience: Audience,
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
    pub(crate) fn names(&self) -> (Names, Vec<Way>) {
        (self.payees.clone(), self.ways.clone())
    }

    /// Numbers payees and ways in their order, so that numbers order as they do.
    fn number_leaves(&mut self) {
        let numbers = 0..u32::try_from(self.agreements.count()).expect("leaves have numbers");
        let all = |of: &Agreements<'_>| -> Vec<Leaf> {
            numbers.clone().flat_map(|number| of.of(LeavesNo(number)).to_vec()).collect()
        };
        let leaves = all(&self.agreements);
        self.payees = Names::new(leaves.iter().map(|leaf| leaf.payee.clone()).collect());
        self.ways = leaves.into_iter().map(|leaf| leaf.way).collect();
        self.ways.sort_unstable();
        self.ways.dedup();
        let numbered = |leaf: &Leaf| NumberedLeaf {
            payee: self.payees.number(&leaf.payee).expect("all payees were collected"),
            way: number(self.ways.binary_search(&leaf.way).expect("all ways were collected")),
            share: leaf.share,
        };
        let set = |number| self.agreements.of(LeavesNo(number)).iter().map(numbered).collect();
        self.leaves = numbers.clone().map(set).collect();
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than lines, which have numbers")
}

fn pool_rule<'c>(licences: &Licences<'c>, term: TermNo) -> &'c PoolRule {
    match &licences.clause(term).term.rule {
        Rule::Pool(rule) => rule,
        Rule::PassOn(_) => unreachable!("licences hold pool rules only"),
    }
}

/// Territory, tier and use, by the usage's numbers.
type Heard = (u16, u16, Use);

/// Plays that no licence is about.
#[derive(Debug)]
struct Unlicensed {
    tracks: u64,
    plays: u64,
    /// The last of the recordings.
    last: u32,
}

/// What terms and revenue can tell apart in how a recording was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reach {
    licence_class: u32,
    agreement_class: u32,
    /// The territory, where holders depend on it; else the same for all.
    territory: u16,
}

/// One row's answers are kept for the recording's other rows of the same situation.
#[derive(Debug, Default)]
struct OfTrack {
    /// By right and reach: the term, if any, and part of each holder.
    licensed: BTreeMap<(Right, Reach), Range<usize>>,
    answers: Vec<Answer>,
    /// Where the plays of the row at hand went, in `entries`.
    places: Vec<u32>,
    /// By pool and part.
    entry_of: BTreeMap<(u32, u32), u32>,
    entries: Vec<(u32, Entry)>,
    worth: Vec<u128>,
}

#[derive(Debug, Clone)]
enum Answer {
    Licensed(TermNo, u32),
    Unlicensed(Box<str>),
}

impl OfTrack {
    fn clear(&mut self) {
        let Self { licensed, answers, places, entry_of, entries, worth } = self;
        licensed.clear();
        answers.clear();
        places.clear();
        entry_of.clear();
        entries.clear();
        worth.clear();
    }
}

/// Sorts all plays into pools.
pub(crate) fn gather<'a>(
    inputs: &Inputs<'a>,
    groups: &Groups,
    refusals: &mut Vec<Refusal>,
    watch: &mut dyn FnMut(Progress),
) -> Gathered<'a> {
    let day = inputs.period.last_day();
    let licences = Licences::new(inputs.contracts, day, inputs.usage);
    let rights = Right::ALL
        .into_iter()
        .filter(|right| licences.clauses().iter().any(|clause| clause.term.rights.contains(right)));
    let mut gathering = Gathering {
        inputs: *inputs,
        groups,
        rights: rights.collect(),
        pool_numbers: BTreeMap::new(),
        part_numbers: BTreeMap::new(),
        prices: RowPrices::new(&licences, inputs.usage),
        by_row: ByRow::new(&licences, inputs.usage),
        gathered: Gathered {
            agreements: Agreements::new(inputs.contracts, day, inputs.usage),
            licences,
            pools: Vec::new(),
            parts: Vec::new(),
            leaves: Vec::new(),
            audience: Audience::default(),
            payees: Names::default(),
            ways: Vec::new(),
        },
        unlicensed: BTreeMap::new(),
        without_revenue: BTreeMap::new(),
        refusals,
    };
    gathering.rows(watch);
    gathering.listeners();
    gathering.conclude();
    gathering.gathered
}

struct Gathering<'a, 'g> {
    inputs: Inputs<'a>,
    groups: &'g Groups,
    /// Those that some licence is about.
    rights: Vec<Right>,
    pool_numbers: BTreeMap<(Right, Option<u32>, TermNo), u32>,
    part_numbers: BTreeMap<PartOfRight, u32>,
    prices: RowPrices,
    by_row: ByRow,
    gathered: Gathered<'a>,
    /// By right, holder, and how it was heard.
    unlicensed: BTreeMap<(Right, Box<str>, Heard), Unlicensed>,
    without_revenue: BTreeMap<(u16, u16), u64>,
    refusals: &'g mut Vec<Refusal>,
}

/// How often progress is told.
const ROWS_BETWEEN: usize = 1 << 16;

impl<'a> Gathering<'a, '_> {
    fn rows(&mut self, watch: &mut dyn FnMut(Progress)) {
        let usage = self.inputs.usage;
        let of = usage.rows.len() as u64;
        let (mut of_track, mut done, mut told) = (OfTrack::default(), 0, 0);
        for rows in usage.rows.chunk_by(|left, right| left.key.track == right.key.track) {
            of_track.clear();
            self.track(rows, &mut of_track);
            done += rows.len();
            if done - told >= ROWS_BETWEEN {
                told = done;
                watch(Progress { doing: "finding who is paid", done: done as u64, of });
            }
        }
    }

    fn track(&mut self, rows: &[UsageRow], of_track: &mut OfTrack) {
        let track = rows[0].key.track;
        let subject = self.inputs.music.subject(track);
        let in_scope = self.gathered.agreements.in_scope(&subject);
        for row in rows {
            of_track.places.clear();
            if row.key.counted || self.prices.some_pay_short_plays() {
                for at in 0..self.rights.len() {
                    self.row(row, self.rights[at], (&subject, in_scope), of_track);
                }
            }
            self.by_row.push(&of_track.places);
        }
        self.flush(of_track);
    }

    /// Adds a row's plays to the entries of one right.
    fn row(
        &mut self,
        row: &UsageRow,
        right: Right,
        (subject, in_scope): (&Subject<'a>, InScope),
        of_track: &mut OfTrack,
    ) {
        let key = row.key;
        let heard = (key.territory, key.tier, key.usage_use);
        let varies = self.inputs.music.holders_vary(key.track, right);
        let reach = Reach {
            licence_class: self.gathered.licences.class(heard.0, heard.1, heard.2),
            agreement_class: self.gathered.agreements.class(heard.0, heard.1, heard.2),
            territory: if varies { key.territory } else { Usage::UNKNOWN },
        };
        let answers = match of_track.licensed.get(&(right, reach)) {
            Some(answers) => answers.clone(),
            None => {
                let first = of_track.answers.len();
                self.ask(key.track, right, (subject, in_scope), heard, &mut of_track.answers);
                let answers = first..of_track.answers.len();
                of_track.licensed.insert((right, reach), answers.clone());
                answers
            }
        };
        let group = self.groups.of(key.territory, key.tier);
        let mut counted_in = u32::MAX;
        for at in answers {
            match of_track.answers[at].clone() {
                Answer::Licensed(term, _)
                    if !key.counted && !self.prices.pays_short_plays(term) => {}
                Answer::Licensed(term, part) => {
                    let Some(pool) = self.pool(right, group, term, row) else { continue };
                    let place = place(of_track, pool, Entry { track: key.track, part, plays: 0 });
                    let worth = self.prices.of(term, row);
                    of_track.worth[place as usize] += worth;
                    of_track.places.push(place);
                    if key.counted {
                        of_track.entries[place as usize].1.plays += row.plays;
                        if pool != counted_in {
                            counted_in = pool;
                            self.gathered.pools[pool as usize].plays += row.plays;
                        }
                    }
                }
                Answer::Unlicensed(holder) => self.note_unlicensed(right, holder, row),
            }
        }
    }

    fn note_unlicensed(&mut self, right: Right, holder: Box<str>, row: &UsageRow) {
        if !row.key.counted {
            return;
        }
        let heard = (row.key.territory, row.key.tier, row.key.usage_use);
        let none = Unlicensed { tracks: 0, plays: 0, last: u32::MAX };
        let sum = self.unlicensed.entry((right, holder, heard)).or_insert(none);
        sum.tracks += u64::from(sum.last != row.key.track);
        sum.plays += row.plays;
        sum.last = row.key.track;
    }

    /// Which term licenses each holder's part, and who is paid out of it.
    fn ask(
        &mut self,
        track: u32,
        right: Right,
        (subject, in_scope): (&Subject<'a>, InScope),
        heard: Heard,
        answers: &mut Vec<Answer>,
    ) {
        let holders = match self.inputs.music.holders(track, right, heard.0) {
            Ok(holders) => whole(&holders),
            Err(error) => {
                let (track, why) = (subject.track.into(), error.to_string().into());
                self.refusals.push(Refusal::Split { track, why });
                return;
            }
        };
        let found = holders.and_then(|holders| {
            holders.into_iter().try_for_each(|(holder, share)| {
                let licences = &mut self.gathered.licences;
                let candidates = licences.candidates(subject, right, holder);
                let term = licences.winner(candidates, heard.0, heard.1, heard.2);
                let leaves = self.gathered.agreements.leaves(in_scope, right, holder, heard)?;
                answers.push(match term {
                    Some(term) => Answer::Licensed(term, self.part(PartOfRight { share, leaves })),
                    None => Answer::Unlicensed(holder.into()),
                });
                Ok(())
            })
        });
        if let Err(error) = found {
            self.refusals.push(Refusal::split(subject.track, &error));
        }
    }

    fn part(&mut self, part: PartOfRight) -> u32 {
        let Self { part_numbers, gathered, .. } = self;
        *part_numbers.entry(part).or_insert_with(|| {
            gathered.parts.push(part);
            number(gathered.parts.len() - 1)
        })
    }

    /// The pool of a right, revenue group and term; none where it is of revenue that there isn't.
    fn pool(
        &mut self,
        right: Right,
        group: Option<u32>,
        term: TermNo,
        row: &UsageRow,
    ) -> Option<u32> {
        if group.is_none() && pool_rule(&self.gathered.licences, term).model.is_of_revenue() {
            if row.key.counted && right == self.rights[0] {
                let place = (row.key.territory, row.key.tier);
                *self.without_revenue.entry(place).or_default() += row.plays;
            }
            return None;
        }
        let pools = &mut self.gathered.pools;
        Some(*self.pool_numbers.entry((right, group, term)).or_insert_with(|| {
            let (entries, worth, by_listener) = (Vec::new(), Vec::new(), Vec::new());
            pools.push(PoolPlays { right, group, term, entries, worth, plays: 0, by_listener });
            number(pools.len() - 1)
        }))
    }

    /// Puts a recording's entries into their pools.
    fn flush(&mut self, of_track: &OfTrack) {
        self.by_row.placed.clear();
        for ((pool, entry), worth) in of_track.entries.iter().zip(&of_track.worth) {
            let plays = &mut self.gathered.pools[*pool as usize];
            self.by_row.placed.push((*pool, number(plays.entries.len())));
            plays.entries.push(*entry);
            if self.prices.prices(plays.term) {
                plays.worth.push(*worth);
            }
        }
        self.by_row.settle();
    }

    /// Adds what listeners' own rows say to the pools whose model asks.
    fn listeners(&mut self) {
        let (usage, by_row) = (self.inputs.usage, &self.by_row);
        if !by_row.wanted {
            return;
        }
        let mut before = crate::models::per_row::Before::default();
        for row in &usage.listener_rows {
            let had = before.plays(row);
            if !row.key.counted {
                continue;
            }
            for (pool, entry) in by_row.entries(usage, row.key) {
                let pool = &mut self.gathered.pools[*pool as usize];
                let rule = pool_rule(&self.gathered.licences, pool.term);
                if rule.model.asks_for_listeners() {
                    let (listener, plays) = (row.listener, row.plays);
                    pool.by_listener.push(ListenerPlays { listener, entry: *entry, plays });
                }
                self.prices.add_listener(pool, *entry, row, had);
            }
        }
    }

    fn conclude(&mut self) {
        let usage = self.inputs.usage;
        let name = |names: &Names, at: u16| -> Option<Box<str>> {
            (at != Usage::UNKNOWN).then(|| names.name(at.into()).into())
        };
        let place =
            |territory, tier| (name(&usage.territories, territory), name(&usage.tiers, tier));
        for ((territory, tier), plays) in &self.without_revenue {
            let of = place(*territory, *tier);
            self.refusals.push(Refusal::NoRevenue { of, plays: *plays });
        }
        for ((right, holder, (territory, tier, usage_use)), sum) in &self.unlicensed {
            self.refusals.push(Refusal::NoLicence {
                right: *right,
                holder: holder.clone(),
                of: place(*territory, *tier),
                usage_use: *usage_use,
                track: usage.tracks.name(sum.last).into(),
                tracks: sum.tracks,
                plays: sum.plays,
            });
        }
        self.gathered.audience = Audience::new(&self.inputs, &self.gathered.licences);
        self.gathered.number_leaves();
    }
}

/// The place of a pool's part among a recording's entries.
fn place(of_track: &mut OfTrack, pool: u32, entry: Entry) -> u32 {
    let OfTrack { entry_of, entries, worth, .. } = of_track;
    *entry_of.entry((pool, entry.part)).or_insert_with(|| {
        entries.push((pool, entry));
        worth.push(0);
        number(entries.len() - 1)
    })
}

/// Where each usage row's plays went, for the listeners' rows that are parts of it.
#[derive(Debug)]
struct ByRow {
    /// Whether any model asks.
    wanted: bool,
    /// By row: where its entries begin; one more at the end.
    from: Vec<u32>,
    /// Pool and entry; places among the recording's entries until it is flushed.
    to: Vec<(u32, u32)>,
    /// How many of `to` are settled.
    settled: usize,
    /// Of the recording that is being flushed: pool and entry by place.
    placed: Vec<(u32, u32)>,
    /// Where each recording's rows begin; one more at the end.
    tracks: Vec<u32>,
}

impl ByRow {
    fn new(licences: &Licences<'_>, usage: &Usage) -> Self {
        let asks = |clause: &Clause<'_>| match &clause.term.rule {
            Rule::Pool(rule) => {
                rule.model.asks_for_listeners() || rule.model.asks_for_listener_rows()
            }
            Rule::PassOn(_) => false,
        };
        let wanted = licences.clauses().iter().any(asks);
        let mut tracks = Vec::new();
        if wanted {
            for (at, row) in usage.rows.iter().enumerate() {
                tracks.resize(row.key.track as usize + 1, number(at));
            }
            tracks.resize(usage.tracks.len() + 1, number(usage.rows.len()));
        }
        let from = if wanted { vec![0] } else { Vec::new() };
        Self { wanted, from, to: Vec::new(), settled: 0, placed: Vec::new(), tracks }
    }

    fn push(&mut self, places: &[u32]) {
        if self.wanted {
            self.to.extend(places.iter().map(|place| (u32::MAX, *place)));
            self.from.push(number(self.to.len()));
        }
    }

    fn settle(&mut self) {
        for to in &mut self.to[self.settled..] {
            *to = self.placed[to.1 as usize];
        }
        self.settled = self.to.len();
    }

    /// Where the plays of a key went.
    fn entries(&self, usage: &Usage, key: UsageKey) -> &[(u32, u32)] {
        let rows = self.tracks[key.track as usize]..self.tracks[key.track as usize + 1];
        let rows = rows.start as usize..rows.end as usize;
        let at = usage.rows[rows.clone()].partition_point(|row| row.key < key);
        let at = rows.start + at;
        assert!(
            usage.rows.get(at).is_some_and(|row| row.key == key),
            "a listener's plays are part of all plays of the same key"
        );
        &self.to[self.from[at] as usize..self.from[at + 1] as usize]
    }
}

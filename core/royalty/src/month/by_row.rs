//! Where each usage row's plays went, for the listeners' rows that are parts of it.

use super::gather::number;
use crate::precedence::{Clause, Licences};
use crate::terms::Rule;
use crate::usage::{Usage, UsageKey};

/// By row of the usage: pools and their entries; nothing where no model asks for listeners.
#[derive(Debug)]
pub(super) struct ByRow {
    wanted: bool,
    /// By row: where its entries begin; one more at the end.
    from: Vec<u32>,
    /// Pool and entry; places among the recording's entries until it is flushed.
    to: Vec<(u32, u32)>,
    /// How many of `to` are settled.
    settled: usize,
    /// Where each recording's rows begin; one more at the end.
    tracks: Vec<u32>,
}

impl ByRow {
    pub(super) fn new(licences: &Licences<'_>, usage: &Usage) -> Self {
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
        Self { wanted, from, to: Vec::new(), settled: 0, tracks }
    }

    /// Whether any model asks.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// The next row's plays went to these places among its recording's entries.
    pub(super) fn push(&mut self, places: &[u32]) {
        if self.wanted {
            self.to.extend(places.iter().map(|place| (u32::MAX, *place)));
            self.from.push(number(self.to.len()));
        }
    }

    /// The recording's entries are these, by place: pool and entry.
    pub(super) fn settle(&mut self, entries: &[(u32, u32)]) {
        for to in &mut self.to[self.settled..] {
            *to = entries[to.1 as usize];
        }
        self.settled = self.to.len();
    }

    /// Where the plays of a key went.
    pub(super) fn entries(&self, usage: &Usage, key: UsageKey) -> &[(u32, u32)] {
        let rows = self.tracks[key.track as usize]..self.tracks[key.track as usize + 1];
        let rows = rows.start as usize..rows.end as usize;
        let at = rows.start + usage.rows[rows].partition_point(|row| row.key < key);
        assert!(
            usage.rows.get(at).is_some_and(|row| row.key == key),
            "a listener's plays are part of all plays of the same key"
        );
        &self.to[self.from[at] as usize..self.from[at + 1] as usize]
    }
}

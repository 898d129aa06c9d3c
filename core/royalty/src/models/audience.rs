//! How many people hear whom: what boosts and caps ask of the whole month.

use crate::month::Inputs;
use crate::precedence::Licences;
use crate::terms::{Model, Rule};
use std::collections::BTreeMap;

/// Counted plays and listeners of artists, and plays of listeners.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    /// Main artists of each recording, by number.
    artists: Vec<Box<[u32]>>,
    /// Counted plays and listeners of each artist.
    of_artist: Vec<(u64, u64)>,
    /// Counted plays of each listener.
    of_listener: Vec<u64>,
}

impl Audience {
    /// As far as the terms of `licences` ask.
    pub(crate) fn new(inputs: &Inputs<'_>, licences: &Licences<'_>) -> Self {
        let (mut boosts, mut caps) = (false, false);
        for clause in licences.clauses() {
            if let Rule::Pool(rule) = &clause.term.rule
                && let Model::ArtistCentric { artist_boost, listener_plays_max, .. } = &rule.model
            {
                boosts |= artist_boost.is_some();
                caps |= listener_plays_max.is_some();
            }
        }
        let mut audience = Self::default();
        if caps {
            audience.count_listeners(inputs);
        }
        if boosts {
            audience.count_artists(inputs);
        }
        audience
    }

    /// Whether a main artist of a recording has so many plays by so many listeners.
    pub(crate) fn reaches(&self, track: u32, plays_min: u64, listeners_min: u64) -> bool {
        self.artists[track as usize].iter().any(|artist| {
            let (plays, listeners) = self.of_artist[*artist as usize];
            plays >= plays_min && listeners >= listeners_min
        })
    }

    /// A listener's counted plays of the month.
    pub(crate) fn plays_of(&self, listener: u32) -> u64 {
        self.of_listener[listener as usize]
    }

    fn count_listeners(&mut self, inputs: &Inputs<'_>) {
        self.of_listener = vec![0; inputs.usage.listeners.len()];
        for row in inputs.usage.listener_rows.iter().filter(|row| row.key.counted) {
            self.of_listener[row.listener as usize] += u64::from(row.plays);
        }
    }

    fn count_artists(&mut self, inputs: &Inputs<'_>) {
        let usage = inputs.usage;
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        let tracks = 0..u32::try_from(usage.tracks.len()).expect("tracks have numbers");
        for track in tracks {
            let of_track = inputs.music.subject(track).artists.into_iter().map(|artist| {
                let next = u32::try_from(numbers.len()).expect("fewer artists than names");
                match numbers.get(artist) {
                    Some(number) => *number,
                    None => *numbers.entry(artist.to_owned()).or_insert(next),
                }
            });
            let mut of_track: Vec<u32> = of_track.collect();
            of_track.sort_unstable();
            of_track.dedup();
            self.artists.push(of_track.into());
        }
        self.of_artist = vec![(0, 0); numbers.len()];
        for row in usage.rows.iter().filter(|row| row.key.counted) {
            for artist in &self.artists[row.key.track as usize] {
                self.of_artist[*artist as usize].0 += row.plays;
            }
        }
        let counted = usage.listener_rows.iter().filter(|row| row.key.counted && row.plays > 0);
        let mut last_of = vec![u32::MAX; numbers.len()];
        for row in counted {
            for artist in &self.artists[row.key.track as usize] {
                let last = &mut last_of[*artist as usize];
                if *last != row.listener {
                    *last = row.listener;
                    self.of_artist[*artist as usize].1 += 1;
                }
            }
        }
    }
}

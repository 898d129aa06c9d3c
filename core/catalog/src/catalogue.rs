//! The catalogue as known at one revision, compact, with the lookups of a close.
//!
//! Everything is numbered in the byte order of its ids, so that numbers order as ids do: ties
//! that are to be broken by id may be broken by number.

use crate::entries::{
    ArtistRole, Credit, Party, Recording, RecordingKind, Release, RightOf, Share, ShareSet,
    TerritoryCode, Work, WorkPart, Writer, WriterRole,
};
use crate::right::{Dates, Right};
use crate::texts::{Lists, Texts};
use ledgerline_ids::{DayNo, Isrc, Iswc, Upc};
use ledgerline_money::{Fraction, FractionError};
use std::collections::BTreeMap;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            pub(crate) fn at(self) -> usize {
                self.0 as usize
            }

            pub(crate) fn of(index: usize) -> Self {
                Self(u32::try_from(index).expect("the builder refuses more than 2^32 entries"))
            }
        }
    )+};
}

numbers! {
    /// A party of one [`Catalogue`].
    PartyNo,
    /// A recording of one [`Catalogue`].
    RecordingNo,
    /// A work of one [`Catalogue`].
    WorkNo,
    /// A release of one [`Catalogue`].
    ReleaseNo,
}

/// Stands for nobody, no end, no weight.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordingRow {
    pub(crate) isrc: Option<Isrc>,
    pub(crate) kind: RecordingKind,
    /// In milliseconds; `NONE` where unknown.
    pub(crate) duration_ms: u32,
    pub(crate) label: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ReleaseRow {
    pub(crate) upc: Option<Upc>,
    pub(crate) label: u32,
    pub(crate) released_on: u32,
}

/// A share in twenty bytes: fractions and sets of territories are few, and kept once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShareRow {
    pub(crate) holder: u32,
    pub(crate) share: u32,
    pub(crate) territories: u32,
    pub(crate) from: u32,
    pub(crate) until: u32,
}

impl ShareRow {
    fn dates(&self) -> Dates {
        let until = (self.until != NONE).then_some(DayNo(self.until));
        Dates { from: DayNo(self.from), until }
    }
}

/// The whole catalogue as known at one revision.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub(crate) revision: u64,
    pub(crate) party_ids: Texts,
    pub(crate) parties: Vec<Party>,
    pub(crate) track_ids: Texts,
    pub(crate) recording_titles: Texts,
    pub(crate) recordings: Vec<RecordingRow>,
    pub(crate) credits: Lists<(u32, ArtistRole)>,
    pub(crate) recording_works: Lists<(u32, u32)>,
    pub(crate) recording_releases: Lists<u32>,
    pub(crate) work_ids: Texts,
    pub(crate) work_titles: Texts,
    pub(crate) iswcs: Vec<Option<Iswc>>,
    pub(crate) writers: Lists<(u32, WriterRole)>,
    pub(crate) work_recordings: Lists<u32>,
    pub(crate) release_ids: Texts,
    pub(crate) release_titles: Texts,
    pub(crate) releases: Vec<ReleaseRow>,
    pub(crate) release_tracks: Lists<u32>,
    /// By recording, by work, by work.
    pub(crate) shares: [Lists<ShareRow>; 3],
    pub(crate) fractions: Vec<Fraction>,
    pub(crate) territory_sets: Vec<Box<[TerritoryCode]>>,
}

impl Catalogue {
    /// Which revision it is of; 0 before anything was imported.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The party of an id.
    #[must_use]
    pub fn find_party(&self, id: &str) -> Option<PartyNo> {
        self.party_ids.find(id).map(PartyNo::of)
    }

    /// The recording of a track id.
    #[must_use]
    pub fn find_recording(&self, track_id: &str) -> Option<RecordingNo> {
        self.track_ids.find(track_id).map(RecordingNo::of)
    }

    /// The work of an id.
    #[must_use]
    pub fn find_work(&self, id: &str) -> Option<WorkNo> {
        self.work_ids.find(id).map(WorkNo::of)
    }

    /// The release of an id.
    #[must_use]
    pub fn find_release(&self, id: &str) -> Option<ReleaseNo> {
        self.release_ids.find(id).map(ReleaseNo::of)
    }

    /// What is known of a party.
    #[must_use]
    pub fn party(&self, party: PartyNo) -> &Party {
        &self.parties[party.at()]
    }

    /// A party's id.
    #[must_use]
    pub fn party_id(&self, party: PartyNo) -> &str {
        self.party_ids.get(party.at())
    }

    /// A recording's track id.
    #[must_use]
    pub fn track_id(&self, recording: RecordingNo) -> &str {
        self.track_ids.get(recording.at())
    }

    /// A recording's title.
    #[must_use]
    pub fn title(&self, recording: RecordingNo) -> &str {
        self.recording_titles.get(recording.at())
    }

    /// A recording's ISRC.
    #[must_use]
    pub fn isrc(&self, recording: RecordingNo) -> Option<Isrc> {
        self.recordings[recording.at()].isrc
    }

    /// A recording's length in milliseconds, where known.
    #[must_use]
    pub fn duration_ms(&self, recording: RecordingNo) -> Option<u64> {
        let millis = self.recordings[recording.at()].duration_ms;
        (millis != NONE).then_some(u64::from(millis))
    }

    /// What kind of recording it is.
    #[must_use]
    pub fn kind(&self, recording: RecordingNo) -> RecordingKind {
        self.recordings[recording.at()].kind
    }

    /// Whose recording it is: its own label, else that of its first release that has one.
    #[must_use]
    pub fn label_of(&self, recording: RecordingNo) -> Option<PartyNo> {
        let own = self.recordings[recording.at()].label;
        let labels = self.releases_of(recording).map(|release| self.releases[release.at()].label);
        std::iter::once(own).chain(labels).find(|label| *label != NONE).map(PartyNo)
    }

    /// A recording's artists with their roles, in the order of the credits.
    pub fn artists_of(
        &self,
        recording: RecordingNo,
    ) -> impl ExactSizeIterator<Item = (PartyNo, ArtistRole)> {
        self.credits.of(recording.at()).iter().map(|(party, role)| (PartyNo(*party), *role))
    }

    /// The releases that a recording is on, in the order of their ids.
    pub fn releases_of(&self, recording: RecordingNo) -> impl ExactSizeIterator<Item = ReleaseNo> {
        self.recording_releases.of(recording.at()).iter().map(|release| ReleaseNo(*release))
    }

    /// The recordings of a work, in the order of their ids.
    pub fn recordings_of(&self, work: WorkNo) -> impl ExactSizeIterator<Item = RecordingNo> {
        self.work_recordings.of(work.at()).iter().map(|recording| RecordingNo(*recording))
    }

    /// The works that a recording is of, with the part of it that each is.
    ///
    /// # Errors
    /// [`FractionError`] where there are more works than a fraction can divide by.
    pub fn works_of(
        &self,
        recording: RecordingNo,
    ) -> Result<Vec<(WorkNo, Fraction)>, FractionError> {
        let works = self.recording_works.of(recording.at());
        let equal = match works.len() {
            0 => return Ok(Vec::new()),
            count => Fraction::new(1, i128::try_from(count).unwrap_or(i128::MAX))?,
        };
        let weight = |weight: u32| self.fractions.get(weight as usize).copied().unwrap_or(equal);
        Ok(works.iter().map(|(work, part)| (WorkNo(*work), weight(*part))).collect())
    }

    /// Who holds `right` of a recording on `day` in `territory` (`None` where it is unknown), and
    /// how much of it: sorted, each party once. What the parts lack of 1, nobody is known to hold.
    ///
    /// Rights of the composition are those of the works that the recording is of. Shares that
    /// name the territory hold instead of those that name none.
    ///
    /// # Errors
    /// [`FractionError`] where the parts can't be computed exactly.
    pub fn holders(
        &self,
        recording: RecordingNo,
        right: Right,
        day: DayNo,
        territory: Option<TerritoryCode>,
    ) -> Result<Vec<(PartyNo, Fraction)>, FractionError> {
        if right == Right::Master {
            let shares = self.holding(right, recording.0, day, territory);
            return summed(shares.map(|share| Ok((share.holder, self.fraction(share)))));
        }
        let works = self.works_of(recording)?;
        summed(works.into_iter().flat_map(|(work, part)| {
            let shares = self.holding(right, work.0, day, territory);
            shares.map(move |share| Ok((share.holder, self.fraction(share).times(part)?)))
        }))
    }

    /// Whether who holds `right` of a recording may depend on where it is heard.
    #[must_use]
    pub fn holders_vary(&self, recording: RecordingNo, right: Right) -> bool {
        let varies = |of: u32| {
            self.shares[right as usize].of(of as usize).iter().any(|share| share.territories != 0)
        };
        match right {
            Right::Master => varies(recording.0),
            Right::Mechanical | Right::Performance => {
                self.recording_works.of(recording.at()).iter().any(|(work, _)| varies(*work))
            }
        }
    }

    /// The shares of a right that hold on a day in a territory.
    fn holding(
        &self,
        right: Right,
        of: u32,
        day: DayNo,
        territory: Option<TerritoryCode>,
    ) -> impl Iterator<Item = &ShareRow> {
        let all = self.shares[right as usize].of(of as usize);
        let names = move |share: &ShareRow| {
            let set = &self.territory_sets[share.territories as usize];
            territory.is_some_and(|code| set.binary_search(&code).is_ok())
        };
        let here = all.iter().any(|share| share.dates().hold(day) && names(share));
        all.iter().filter(move |share| {
            let where_it_holds = if here { names(share) } else { share.territories == 0 };
            where_it_holds && share.dates().hold(day)
        })
    }

    fn fraction(&self, share: &ShareRow) -> Fraction {
        self.fractions[share.share as usize]
    }

    /// Every party, in the order of the ids.
    pub fn parties(&self) -> impl ExactSizeIterator<Item = PartyNo> + use<> {
        (0..self.party_ids.len()).map(PartyNo::of)
    }

    /// Every recording, in the order of the track ids.
    pub fn recordings(&self) -> impl ExactSizeIterator<Item = RecordingNo> + use<> {
        (0..self.track_ids.len()).map(RecordingNo::of)
    }

    /// Every work, in the order of the ids.
    pub fn works(&self) -> impl ExactSizeIterator<Item = WorkNo> + use<> {
        (0..self.work_ids.len()).map(WorkNo::of)
    }

    /// Every release, in the order of the ids.
    pub fn releases(&self) -> impl ExactSizeIterator<Item = ReleaseNo> + use<> {
        (0..self.release_ids.len()).map(ReleaseNo::of)
    }

    /// All that is known of a recording itself.
    #[must_use]
    pub fn recording(&self, recording: RecordingNo) -> Recording {
        let row = &self.recordings[recording.at()];
        let works = self.recording_works.of(recording.at()).iter();
        Recording {
            track_id: self.track_id(recording).into(),
            isrc: row.isrc,
            title: self.title(recording).into(),
            duration_ms: self.duration_ms(recording),
            kind: row.kind,
            label: self.party_name_of(row.label),
            artists: self
                .artists_of(recording)
                .map(|(party, role)| Credit { party: self.party_id(party).into(), role })
                .collect(),
            works: works
                .map(|(work, weight)| WorkPart {
                    work: self.work_ids.get(*work as usize).into(),
                    weight: self.fractions.get(*weight as usize).copied(),
                })
                .collect(),
        }
    }

    /// All that is known of a work itself.
    #[must_use]
    pub fn work(&self, work: WorkNo) -> Work {
        let writers = self.writers.of(work.at()).iter();
        Work {
            id: self.work_ids.get(work.at()).into(),
            iswc: self.iswcs[work.at()],
            title: self.work_titles.get(work.at()).into(),
            writers: writers
                .map(|(party, role)| Writer {
                    party: self.party_ids.get(*party as usize).into(),
                    role: *role,
                })
                .collect(),
        }
    }

    /// A work's id.
    #[must_use]
    pub fn work_id(&self, work: WorkNo) -> &str {
        self.work_ids.get(work.at())
    }

    /// A release's id.
    #[must_use]
    pub fn release_id(&self, release: ReleaseNo) -> &str {
        self.release_ids.get(release.at())
    }

    /// All that is known of a release.
    #[must_use]
    pub fn release(&self, release: ReleaseNo) -> Release {
        let row = &self.releases[release.at()];
        let tracks = self.release_tracks.of(release.at()).iter();
        Release {
            id: self.release_id(release).into(),
            upc: row.upc,
            title: self.release_titles.get(release.at()).into(),
            label: self.party_name_of(row.label),
            released_on: (row.released_on != NONE).then_some(DayNo(row.released_on)),
            tracks: tracks.map(|track| self.track_ids.get(*track as usize).into()).collect(),
        }
    }

    /// Every share of a right, whatever its dates; `None` where none was ever given.
    #[must_use]
    pub fn shares(&self, right: Right, of: &str) -> Option<ShareSet> {
        let number = match right {
            Right::Master => self.track_ids.find(of)?,
            Right::Mechanical | Right::Performance => self.work_ids.find(of)?,
        };
        self.share_set(right, number)
    }

    /// Every right that shares are known of, in order.
    pub fn share_sets(&self) -> impl Iterator<Item = ShareSet> {
        Right::ALL.into_iter().flat_map(move |right| {
            let numbers = 0..self.shares[right as usize].len();
            numbers.filter_map(move |number| self.share_set(right, number))
        })
    }

    fn share_set(&self, right: Right, number: usize) -> Option<ShareSet> {
        let rows = self.shares[right as usize].of(number);
        if rows.is_empty() {
            return None;
        }
        let ids = if right == Right::Master { &self.track_ids } else { &self.work_ids };
        let shares = rows.iter().map(|row| Share {
            dates: row.dates(),
            territories: self.territory_sets[row.territories as usize].clone(),
            holder: self.party_ids.get(row.holder as usize).into(),
            share: self.fraction(row),
        });
        let of = RightOf { right, of: ids.get(number).into() };
        Some(ShareSet { of, shares: shares.collect() })
    }

    fn party_name_of(&self, number: u32) -> Option<Box<str>> {
        (number != NONE).then(|| self.party_ids.get(number as usize).into())
    }

    /// The memory that it takes, in bytes, but for what parties have of their own.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let texts = [
            &self.party_ids,
            &self.track_ids,
            &self.recording_titles,
            &self.work_ids,
            &self.work_titles,
            &self.release_ids,
            &self.release_titles,
        ];
        let texts: usize = texts.into_iter().map(Texts::memory_bytes).sum();
        let shares: usize = self.shares.iter().map(Lists::memory_bytes).sum();
        texts
            + shares
            + self.parties.capacity() * size_of::<Party>()
            + self.recordings.capacity() * size_of::<RecordingRow>()
            + self.iswcs.capacity() * size_of::<Option<Iswc>>()
            + self.releases.capacity() * size_of::<ReleaseRow>()
            + self.credits.memory_bytes()
            + self.recording_works.memory_bytes()
            + self.recording_releases.memory_bytes()
            + self.writers.memory_bytes()
            + self.work_recordings.memory_bytes()
            + self.release_tracks.memory_bytes()
    }
}

/// Adds up what each party has, in the order of the parties.
fn summed(
    parts: impl Iterator<Item = Result<(u32, Fraction), FractionError>>,
) -> Result<Vec<(PartyNo, Fraction)>, FractionError> {
    let mut sums = BTreeMap::<PartyNo, Fraction>::new();
    for part in parts {
        let (party, part) = part?;
        let sum = sums.entry(PartyNo(party)).or_insert(Fraction::ZERO);
        *sum = sum.plus(part)?;
    }
    Ok(sums.into_iter().collect())
}

//! Entries from files, judged against what is known: changes, or what is wrong, row by row.

use crate::catalogue::Catalogue;
use crate::entries::{Party, Recording, Release, RightOf, Share, ShareSet, Work};
use crate::right::Right;
use crate::sums::wrong_sums;
use ledgerline_money::Fraction;

/// How many wrong rows are named at once.
pub const ERRORS_MAX: usize = 100;
/// How many shares one right may have, over all dates and territories.
pub const SHARES_PER_RIGHT_MAX: usize = 2_000;

/// Where in what was brought something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which file, from 0, in the order in which they were given.
    pub file: u16,
    /// Its line, or its number among a JSON file's entries of its kind; from 1.
    pub row: u32,
}

/// An entry, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// Where.
    pub at: Place,
    /// The entry.
    pub entry: T,
}

/// A share, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedShare {
    /// Where.
    pub at: Place,
    /// Of which right.
    pub of: RightOf,
    /// The share.
    pub share: Share,
}

/// Entries as they were brought. An entry replaces the one of its id; the shares of a right
/// replace all shares of that right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// Parties.
    pub parties: Vec<Placed<Party>>,
    /// Works.
    pub works: Vec<Placed<Work>>,
    /// Recordings.
    pub recordings: Vec<Placed<Recording>>,
    /// Releases.
    pub releases: Vec<Placed<Release>>,
    /// Shares.
    pub shares: Vec<PlacedShare>,
}

/// A row that can't be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Where it stands.
    pub at: Place,
    /// Which column.
    pub column: &'static str,
    /// What stands there.
    pub value: String,
    /// What is wrong, and what to write instead.
    pub why: String,
}

/// How many entries an import adds, changes and leaves as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Not known before.
    pub added: u64,
    /// Known otherwise before.
    pub changed: u64,
    /// Known just so.
    pub unchanged: u64,
}

/// What an import changes: the entries that are new or other than before, in the order of their
/// ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Parties.
    pub parties: Vec<Party>,
    /// Works.
    pub works: Vec<Work>,
    /// Recordings.
    pub recordings: Vec<Recording>,
    /// Releases.
    pub releases: Vec<Release>,
    /// All shares of each right of which any changed.
    pub shares: Vec<ShareSet>,
    /// How many of each, in the order of the fields; of shares, how many rights.
    pub tallies: [Tally; 5],
}

impl Changes {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tallies.iter().all(|tally| tally.added + tally.changed == 0)
    }
}

/// Why an import is refused; nothing of it may be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The first of them, in the order of files and rows: at most [`ERRORS_MAX`].
    pub errors: Vec<RowError>,
    /// How many there are in all.
    pub total: usize,
}

/// What is wrong so far; the first [`ERRORS_MAX`] of it are kept.
#[derive(Debug, Default)]
pub struct RowErrors {
    first: Vec<RowError>,
    total: usize,
}

impl RowErrors {
    /// How many there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// Good where there is none.
    ///
    /// # Errors
    /// [`Refused`] with the first ones.
    pub fn finish(mut self) -> Result<(), Refused> {
        if self.total == 0 {
            return Ok(());
        }
        self.cut();
        Err(Refused { errors: self.first, total: self.total })
    }

    /// Adds one.
    pub fn add(&mut self, at: Place, column: &'static str, value: &str, why: impl Into<String>) {
        self.total += 1;
        self.first.push(RowError { at, column, value: value.to_owned(), why: why.into() });
        if self.first.len() >= 2 * ERRORS_MAX {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.first.sort_by_key(|error| error.at);
        self.first.truncate(ERRORS_MAX);
    }
}

/// The ids of one kind that an import may name: those that it brings and those that are known.
struct Ids<'a> {
    brought: Vec<&'a str>,
    known: &'a dyn Fn(&str) -> bool,
}

impl<'a> Ids<'a> {
    /// Names those that are brought twice.
    fn new<T>(
        entries: &'a [Placed<T>],
        id: impl Fn(&T) -> &str,
        (column, known): (&'static str, &'a dyn Fn(&str) -> bool),
        errors: &mut RowErrors,
    ) -> Self {
        let mut brought: Vec<(&str, Place)> =
            entries.iter().map(|placed| (id(&placed.entry), placed.at)).collect();
        brought.sort_unstable();
        for pair in brought.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let first = pair[0].1;
            let why = format!(
                "stands in what is imported twice, first in row {} of file {}: keep one",
                first.row,
                first.file + 1
            );
            errors.add(pair[1].1, column, pair[1].0, why);
        }
        Self { brought: brought.into_iter().map(|(id, _)| id).collect(), known }
    }

    fn has(&self, id: &str) -> bool {
        self.brought.binary_search(&id).is_ok() || (self.known)(id)
    }

    fn require(
        &self,
        at: Place,
        column: &'static str,
        id: &str,
        sheet: &str,
        errors: &mut RowErrors,
    ) {
        if !self.has(id) {
            let why = format!("is not known: add it to the {sheet}, or correct the id");
            errors.add(at, column, id, why);
        }
    }
}

/// Judges what was brought: all of it is good and consistent with what is known, or nothing of it
/// is taken.
///
/// # Errors
/// [`Refused`] names rows, columns, values and what to write instead.
pub fn judge(known: &Catalogue, mut import: Import) -> Result<Changes, Refused> {
    let mut errors = RowErrors::default();
    // Shares of one right side by side, in a fixed order; where they stand tells equals apart.
    import.shares.sort_by(|left, right| {
        let key = |placed: &PlacedShare| (placed.of.right, placed.at);
        left.of
            .cmp(&right.of)
            .then_with(|| left.share.cmp(&right.share))
            .then(key(left).cmp(&key(right)))
    });
    check_names(known, &import, &mut errors);
    for set in import.shares.chunk_by(|left, right| left.of == right.of) {
        check_shares(set, &mut errors);
    }
    errors.finish()?;
    Ok(changes(known, import))
}

fn check_names(known: &Catalogue, import: &Import, errors: &mut RowErrors) {
    let party = |id: &str| known.find_party(id).is_some();
    let work = |id: &str| known.find_work(id).is_some();
    let recording = |id: &str| known.find_recording(id).is_some();
    let release = |id: &str| known.find_release(id).is_some();
    let parties = Ids::new(&import.parties, |it| &*it.id, ("party_id", &party), errors);
    let works = Ids::new(&import.works, |it| &*it.id, ("work_id", &work), errors);
    let recordings =
        Ids::new(&import.recordings, |it| &*it.track_id, ("track_id", &recording), errors);
    Ids::new(&import.releases, |it| &*it.id, ("release_id", &release), errors);

    for Placed { at, entry } in &import.works {
        for writer in &entry.writers {
            parties.require(*at, "writers", &writer.party, "parties", errors);
        }
    }
    for Placed { at, entry } in &import.recordings {
        if let Some(label) = &entry.label {
            parties.require(*at, "label", label, "parties", errors);
        }
        for credit in &entry.artists {
            parties.require(*at, "artists", &credit.party, "parties", errors);
        }
        for part in &entry.works {
            works.require(*at, "works", &part.work, "works", errors);
        }
        check_weights(*at, entry, errors);
    }
    for Placed { at, entry } in &import.releases {
        if let Some(label) = &entry.label {
            parties.require(*at, "label", label, "parties", errors);
        }
        for track in &entry.tracks {
            recordings.require(*at, "tracks", track, "recordings", errors);
        }
    }
    for PlacedShare { at, of, share } in &import.shares {
        parties.require(*at, "holder", &share.holder, "parties", errors);
        match of.right {
            Right::Master => recordings.require(*at, "track_id", &of.of, "recordings", errors),
            _ => works.require(*at, "work_id", &of.of, "works", errors),
        }
    }
}

/// Either no work of a recording has a weight, or all do, and they are the whole.
fn check_weights(at: Place, recording: &Recording, errors: &mut RowErrors) {
    let weights = recording.works.iter().filter_map(|part| part.weight);
    let count = weights.clone().count();
    if count == 0 {
        return;
    }
    let mut sum = Ok(Fraction::ZERO);
    for weight in weights {
        sum = sum.and_then(|sum: Fraction| sum.plus(weight));
    }
    if count == recording.works.len() && sum == Ok(Fraction::ONE) {
        return;
    }
    let works: Vec<&str> = recording.works.iter().map(|part| &*part.work).collect();
    let why = "weights must stand behind every work and add up to 100 %, or behind none";
    errors.add(at, "works", &works.join("; "), why);
}

fn check_shares(set: &[PlacedShare], errors: &mut RowErrors) {
    // The first row of the right, as it was brought.
    let Some(first) = set.iter().min_by_key(|placed| placed.at) else { return };
    if set.len() > SHARES_PER_RIGHT_MAX {
        let why = format!("has {} shares; at most {SHARES_PER_RIGHT_MAX} are read", set.len());
        errors.add(first.at, "right", &first.of.to_string(), why);
        return;
    }
    for pair in set.windows(2).filter(|pair| pair[0].share == pair[1].share) {
        let why = format!("stands there twice, first in row {}: keep one", pair[0].at.row);
        errors.add(pair[1].at, "holder", &pair[1].share.holder, why);
    }
    let shares: Vec<Share> = set.iter().map(|placed| placed.share.clone()).collect();
    for wrong in wrong_sums(&shares) {
        errors.add(first.at, "share", &first.of.to_string(), wrong.to_string());
    }
}

fn changes(known: &Catalogue, import: Import) -> Changes {
    let mut tallies = [Tally::default(); 5];
    let [parties, works, recordings, releases, shares] = &mut tallies;
    let made = Changes {
        parties: changed(import.parties, parties, |new| {
            known.find_party(&new.id).map(|number| known.party(number) == new)
        }),
        works: changed(import.works, works, |new| {
            known.find_work(&new.id).map(|number| known.work(number) == *new)
        }),
        recordings: changed(import.recordings, recordings, |new| {
            known.find_recording(&new.track_id).map(|number| known.recording(number) == *new)
        }),
        releases: changed(import.releases, releases, |new| {
            known.find_release(&new.id).map(|number| known.release(number) == *new)
        }),
        shares: changed(sets(import.shares), shares, |new| {
            known.shares(new.of.right, &new.of.of).map(|before| before == *new)
        }),
        tallies: Default::default(),
    };
    let mut made = Changes { tallies, ..made };
    made.parties.sort_unstable_by(|left, right| left.id.cmp(&right.id));
    made.works.sort_unstable_by(|left, right| left.id.cmp(&right.id));
    made.recordings.sort_unstable_by(|left, right| left.track_id.cmp(&right.track_id));
    made.releases.sort_unstable_by(|left, right| left.id.cmp(&right.id));
    made
}

/// Shares that are sorted by their right, as one entry for each right.
fn sets(shares: Vec<PlacedShare>) -> Vec<Placed<ShareSet>> {
    let mut sets = Vec::new();
    let mut shares = shares.into_iter().peekable();
    while let Some(PlacedShare { at, of, share }) = shares.next() {
        let mut of_right = vec![share];
        while let Some(next) = shares.next_if(|next| next.of == of) {
            of_right.push(next.share);
        }
        let entry = ShareSet { of, shares: of_right.into_boxed_slice() };
        sets.push(Placed { at, entry });
    }
    sets
}

/// Those that aren't known just so.
fn changed<T>(
    entries: Vec<Placed<T>>,
    tally: &mut Tally,
    known: impl Fn(&T) -> Option<bool>,
) -> Vec<T> {
    let mut changed = Vec::new();
    for Placed { entry, .. } in entries {
        match known(&entry) {
            Some(true) => tally.unchanged += 1,
            Some(false) => {
                tally.changed += 1;
                changed.push(entry);
            }
            None => {
                tally.added += 1;
                changed.push(entry);
            }
        }
    }
    changed
}

//! What listening histories would have paid to whom, pro-rata and user-centric, side by side.
//!
//! Everyone pays the same fee once, all their plays are one month, and each artist holds its own
//! recordings. A play counts from 30 seconds on. Nothing is stored.

use ledgerline_counting::rules::THRESHOLD_MS;
use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_money::{BigRational, Currency, ExchangeRates, Fraction, FractionError, Micros};
use ledgerline_royalty::compare::{Compared, compare};
use ledgerline_royalty::month::{Inputs, Month, Refusal};
use ledgerline_royalty::music::Music;
use ledgerline_royalty::revenue::{Plan, RevenueRow};
use ledgerline_royalty::scope::Subject;
use ledgerline_royalty::splits::UNMATCHED;
use ledgerline_royalty::terms::{
    AccountTerms, Contract, Dates, Model, Parties, PoolRule, Right, Rule, Scope, Term,
};
use ledgerline_royalty::usage::{ListenerRow, Names, Usage, UsageKey, UsageRow, Use};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::Deployment;
use crate::ports::drive::apart;
use crate::ports::{BroughtHistory, HistoryError, HistoryReader};

/// So many plays are shown of those that make a cent.
const PLAYS_SHOWN: usize = 5;

/// What is agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deal {
    /// What each listener pays.
    pub fee: Micros,
    /// Which part of it goes to artists.
    pub pool: Fraction,
    /// In which currency.
    pub currency: Currency,
}

/// A play of a history.
#[derive(Debug, Clone, Copy)]
pub struct HeardPlay<'a> {
    /// What the export calls the recording.
    pub track_id: &'a str,
    /// Its name, where the export has one.
    pub track_name: Option<&'a str>,
    /// Its artist, where the export names one.
    pub artist: Option<&'a str>,
    /// When it began.
    pub started_at: UnixMs,
    /// How long it was heard.
    pub listened_ms: u64,
}

/// Histories on their way in.
#[derive(Debug)]
pub struct Trial {
    deal: Deal,
    listeners: Vec<TriedListener>,
    tracks: BTreeMap<(Option<Box<str>>, Box<str>), TrackPlays>,
}

/// Counted plays of a recording: where it is named, and who played it when.
#[derive(Debug, Default)]
struct TrackPlays {
    name: Option<Box<str>>,
    plays: Vec<(u32, UnixMs)>,
}

/// A listener of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedListener {
    /// What it is called here.
    pub name: String,
    /// Plays in its history.
    pub plays: u64,
    /// Those that count.
    pub counted: u64,
}

/// What an artist would have got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedArtist {
    /// Who; `None` is all plays whose artist no export names.
    pub artist: Option<String>,
    /// Counted plays.
    pub plays: u64,
    /// By how many of the listeners.
    pub listeners: u64,
    /// By all listeners' plays together.
    pub pro_rata: Micros,
    /// By each listener's own.
    pub user_centric: Micros,
}

/// What a trial came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What was agreed.
    pub deal: Deal,
    /// Who listened.
    pub listeners: Vec<TriedListener>,
    /// What all artists share, by either model.
    pub pools: [Micros; 2],
    /// By what user-centric pays, the most first.
    pub artists: Vec<TriedArtist>,
    /// One cent of the artist who is paid most differently.
    pub cent: Option<Cent>,
}

/// Which plays make an artist's first cent, user-centric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cent {
    /// Whose.
    pub artist: Option<String>,
    /// How many of its plays, in the order of time, make a cent; all, where they make less.
    pub plays: u64,
    /// What these are worth, exactly, in ledger units.
    pub worth: BigRational,
    /// The first of them.
    pub first: Vec<CentPlay>,
    /// How many plays make a cent where every play is worth the same; `None` where all don't.
    pub plays_pro_rata: Option<u64>,
}

/// A play of a cent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CentPlay {
    /// Whose play.
    pub listener: String,
    /// What was played.
    pub track: String,
    /// When.
    pub started_at: UnixMs,
    /// Counted plays of this listener: so many shared what it paid.
    pub of_plays: u64,
    /// What the play is worth, exactly, in ledger units.
    pub worth: BigRational,
}

/// Why there is nothing to share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// No play counts.
    #[error("none of the {0} plays was heard for 30 seconds: nothing counts, and nobody is paid")]
    NothingCounts(u64),
    /// The month can't be computed.
    #[error("{0}")]
    Refused(Refusal),
}

/// So many plays of histories that are brought to a server at once are tried: forty years of one
/// listener.
pub const PLAYS_MAX: u64 = 2_000_000;
/// So many bytes may they unpack to, all together.
pub const UNPACKED_BYTES_MAX: u64 = 2 << 30;
/// So many listeners are tried at once.
pub const LISTENERS_MAX: usize = 20;
/// So many rows that were left out are told.
pub const LEFT_OUT_MAX: usize = 100;

/// Histories that are brought to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnHistories {
    /// Each listener's file: what it is called, and how many of `bytes` it has. Without its ending the
    /// name is the listener's.
    pub files: Vec<(String, usize)>,
    /// The files, one behind the other.
    pub bytes: Vec<u8>,
}

/// Why histories that were brought aren't tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TryError {
    /// One can't be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// They are longer than anybody's.
    #[error("they have more than {PLAYS_MAX} plays: try a part of them")]
    TooMany,
    /// Too many people at once.
    #[error("they are of {0} listeners; {LISTENERS_MAX} are tried at once")]
    TooManyListeners(usize),
    /// There is nothing to share.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// Reading panicked.
    #[error("trying was broken off; the log says why")]
    BrokenOff,
}

impl Deployment {
    /// What listeners' histories would have paid, and what of them was left out. Nothing is stored.
    ///
    /// # Errors
    /// [`TryError`].
    pub async fn try_histories(
        &self,
        reader: Arc<dyn HistoryReader>,
        deal: Deal,
        histories: OwnHistories,
    ) -> Result<(Tried, Vec<String>), TryError> {
        if histories.files.len() > LISTENERS_MAX {
            return Err(TryError::TooManyListeners(histories.files.len()));
        }
        let work = apart(&*self.drive, move || tried(&*reader, deal, &histories));
        work.await.unwrap_or(Err(TryError::BrokenOff))
    }
}

fn tried(
    reader: &dyn HistoryReader,
    deal: Deal,
    histories: &OwnHistories,
) -> Result<(Tried, Vec<String>), TryError> {
    let mut trial = Trial::new(deal);
    let (mut plays, mut unpacked_bytes_max) = (0, UNPACKED_BYTES_MAX);
    let mut left_out: Vec<String> = Vec::new();
    let several = histories.files.len() > 1;
    let mut rest = &*histories.bytes;
    for (name, length) in &histories.files {
        let (bytes, behind) = rest.split_at(rest.len().min(*length));
        rest = behind;
        let listener = name.rsplit_once('.').map_or(&**name, |(stem, _)| stem);
        trial.listener(listener);
        let mut each = |play: HeardPlay<'_>| {
            plays += 1;
            trial.play(play);
            if plays > PLAYS_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let brought = BroughtHistory { name, bytes, unpacked_bytes_max };
        let read = reader.read(brought, &mut each, LEFT_OUT_MAX - left_out.len());
        let read = read.map_err(|error| match error {
            HistoryError::Unreadable(why) if several => {
                HistoryError::Unreadable(format!("{name}: {why}"))
            }
            error => error,
        })?;
        if plays > PLAYS_MAX {
            return Err(TryError::TooMany);
        }
        unpacked_bytes_max = unpacked_bytes_max.saturating_sub(read.unpacked_bytes);
        // Whose it was, where there are several.
        let told = |row: String| if several { format!("{listener}: {row}") } else { row };
        left_out.extend(read.left_out.into_iter().map(told));
    }
    Ok((trial.finish()?, left_out))
}

impl Tried {
    /// What an artist gains where each listener's fee goes to its own artists; below nothing where
    /// it loses.
    ///
    /// # Panics
    /// For amounts that are no parts of one pool.
    #[must_use]
    pub fn gained(row: &TriedArtist) -> Micros {
        let gained = row.user_centric.minus(row.pro_rata);
        gained.expect("parts of a pool differ by at most the pool")
    }
}

impl Trial {
    /// Without any history yet.
    #[must_use]
    pub fn new(deal: Deal) -> Self {
        Self { deal, listeners: Vec::new(), tracks: BTreeMap::new() }
    }

    /// The plays that follow are this listener's.
    pub fn listener(&mut self, name: &str) {
        self.listeners.push(TriedListener { name: name.to_owned(), plays: 0, counted: 0 });
    }

    /// Adds a play of the last listener named.
    ///
    /// # Panics
    /// Before any listener is named.
    pub fn play(&mut self, play: HeardPlay<'_>) {
        let number = u32::try_from(self.listeners.len() - 1).expect("fewer listeners than files");
        let listener = self.listeners.last_mut().expect("a listener is named first");
        listener.plays += 1;
        if play.listened_ms < THRESHOLD_MS {
            return;
        }
        listener.counted += 1;
        let key = (play.artist.map(Into::into), play.track_id.into());
        let track = self.tracks.entry(key).or_default();
        track.name = track.name.take().or_else(|| play.track_name.map(Into::into));
        track.plays.push((number, play.started_at));
    }

    /// Shares all fees out, by both models.
    ///
    /// # Errors
    /// [`TrialError`].
    pub fn finish(self) -> Result<Tried, TrialError> {
        if self.tracks.is_empty() {
            let plays = self.listeners.iter().map(|listener| listener.plays).sum();
            return Err(TrialError::NothingCounts(plays));
        }
        let (usage, artists) = self.usage();
        let holders = Holders { usage: &usage, artists: &artists };
        let inputs = Inputs {
            period: Period::new(2000, 1).expect("a month"),
            usage: &usage,
            revenue: &self.revenue(),
            contracts: &[self.contract()],
            music: &holders,
            rates: &ExchangeRates::default(),
        };
        let models = [Compared::ProRata, Compared::UserCentric];
        let months: Vec<Month> =
            compare(&inputs, &models, &mut |_, _| ()).into_iter().map(|(_, month)| month).collect();
        if let Some(refusal) = months.iter().find_map(|month| month.refusals.first()) {
            return Err(TrialError::Refused(refusal.clone()));
        }
        let pools = [0, 1].map(|model: usize| months[model].pools[0].money);
        let mut all = self.artists(&usage, &artists, &months);
        all.sort_by(|left, right| {
            right.user_centric.cmp(&left.user_centric).then_with(|| left.artist.cmp(&right.artist))
        });
        let cent = self.cent(&all);
        Ok(Tried { deal: self.deal, listeners: self.listeners, pools, artists: all, cent })
    }

    /// Counted plays as royalties take them, and each recording's artist.
    fn usage(&self) -> (Usage, Vec<Option<&str>>) {
        // A recording is what an export says of artist and id together: numbers in that order.
        let names = (0..self.tracks.len()).map(|number| format!("{number:09}").into());
        let listeners = (0..self.listeners.len()).map(|number| format!("{number:09}").into());
        let mut usage = Usage {
            tracks: Names::new(names.collect()),
            listeners: Names::new(listeners.collect()),
            ..Usage::default()
        };
        for (track, of) in (0_u32..).zip(self.tracks.values()) {
            let key = UsageKey {
                track,
                territory: Usage::UNKNOWN,
                tier: Usage::UNKNOWN,
                usage_use: Use::OnDemand,
                band: 0,
                counted: true,
            };
            usage.rows.push(UsageRow { key, plays: of.plays.len() as u64 });
            let mut by_listener: BTreeMap<u32, u32> = BTreeMap::new();
            for (listener, _) in &of.plays {
                *by_listener.entry(*listener).or_default() += 1;
            }
            usage.listener_rows.extend(by_listener.into_iter().map(|(listener, plays)| {
                ListenerRow { listener, key, plays, plays_before: 0, plays_beyond_50_straight: 0 }
            }));
        }
        usage.listener_rows.sort_unstable();
        (usage, self.tracks.keys().map(|(artist, _)| artist.as_deref()).collect())
    }

    fn revenue(&self) -> Vec<RevenueRow> {
        let fee = |number: usize| RevenueRow {
            territory: None,
            tier: None,
            listener: Some(format!("{number:09}").into()),
            plan: Plan::Individual,
            subscribers: 1,
            currency: self.deal.currency,
            gross: self.deal.fee,
            tax: Micros::ZERO,
            store_fee: Micros::ZERO,
            refunds: Micros::ZERO,
            correction: None,
        };
        (0..self.listeners.len()).map(fee).collect()
    }

    fn contract(&self) -> Contract {
        let always = Dates { from: DayNo(0), until: None };
        let rule = PoolRule {
            model: Model::ProRata { share: self.deal.pool },
            per_play_minimum: None,
            eligible_plays_min: None,
            noise: None,
            guarantee: None,
        };
        Contract {
            id: "trial".to_owned(),
            parties: Parties::Licence { licensor: None },
            title: "Everyone alike".to_owned(),
            signed_on: DayNo(0),
            dates: always,
            currency: self.deal.currency,
            terms: vec![Term {
                id: "all".to_owned(),
                rights: [Right::Master].into(),
                scope: Scope::default(),
                dates: always,
                rule: Rule::Pool(Box::new(rule)),
            }],
            account: AccountTerms::default(),
        }
    }

    fn artists(
        &self,
        usage: &Usage,
        artists: &[Option<&str>],
        months: &[Month],
    ) -> Vec<TriedArtist> {
        let mut by_artist: BTreeMap<Option<&str>, TriedArtist> = BTreeMap::new();
        let mut heard_by: BTreeMap<Option<&str>, Vec<u32>> = BTreeMap::new();
        for row in &usage.rows {
            let artist = artists[row.key.track as usize];
            let none = TriedArtist {
                artist: artist.map(str::to_owned),
                plays: 0,
                listeners: 0,
                pro_rata: Micros::ZERO,
                user_centric: Micros::ZERO,
            };
            by_artist.entry(artist).or_insert(none).plays += row.plays;
        }
        for row in &usage.listener_rows {
            heard_by.entry(artists[row.key.track as usize]).or_default().push(row.listener);
        }
        for (model, month) in months.iter().enumerate() {
            for line in &month.lines {
                let artist = by_artist.get_mut(&artists[line.track as usize]);
                let artist = artist.expect("who is paid was played");
                let sum = if model == 0 { &mut artist.pro_rata } else { &mut artist.user_centric };
                *sum = sum.plus(line.amount).expect("a part of the pool is at most the pool");
            }
        }
        for (artist, mut listeners) in heard_by {
            listeners.sort_unstable();
            listeners.dedup();
            let artist = by_artist.get_mut(&artist).expect("all artists are there");
            artist.listeners = listeners.len() as u64;
        }
        by_artist.into_values().collect()
    }

    /// One cent of the artist whom the models pay most differently.
    fn cent(&self, artists: &[TriedArtist]) -> Option<Cent> {
        let differs = |artist: &&TriedArtist| {
            (i128::from(artist.user_centric.get()) - i128::from(artist.pro_rata.get())).abs()
        };
        // The first of those that differ equally.
        let artist = artists.iter().rev().max_by_key(differs)?;
        let mut plays: Vec<(UnixMs, u32, &str)> = Vec::new();
        for ((by, id), track) in &self.tracks {
            if by.as_deref() == artist.artist.as_deref() {
                let name = track.name.as_deref().unwrap_or(id);
                plays.extend(track.plays.iter().map(|(listener, at)| (*at, *listener, name)));
            }
        }
        plays.sort_unstable();
        let cent = whole(self.deal.currency.minor_micros());
        let paid = self.deal.pool.unbounded() * whole(self.deal.fee.get());
        let counted: u64 = self.listeners.iter().map(|listener| listener.counted).sum();
        let all = whole(i64::try_from(counted).expect("plays fit memory"));
        let silent = self.listeners.iter().filter(|listener| listener.counted == 0).count();
        // What those paid of whom no play counts is shared by all plays.
        let of_silent = &paid * whole(i64::try_from(silent).expect("fewer than files")) / &all;
        let (mut worth, mut made, mut first) = (whole(0), 0_u64, Vec::new());
        for (started_at, listener, track) in &plays {
            let listener = &self.listeners[*listener as usize];
            let of_plays = i64::try_from(listener.counted).expect("plays fit memory");
            let each = &paid / whole(of_plays) + &of_silent;
            worth += &each;
            made += 1;
            if first.len() < PLAYS_SHOWN {
                first.push(CentPlay {
                    listener: listener.name.clone(),
                    track: (*track).to_owned(),
                    started_at: *started_at,
                    of_plays: listener.counted,
                    worth: each,
                });
            }
            if worth >= cent {
                break;
            }
        }
        let pool = paid * whole(i64::try_from(self.listeners.len()).expect("fewer than files"));
        if pool <= whole(0) {
            return None;
        }
        let needed = (cent * all / pool).ceil().to_integer();
        let plays_pro_rata = u64::try_from(needed).ok().filter(|needed| *needed <= counted);
        Some(Cent { artist: artist.artist.clone(), plays: made, worth, first, plays_pro_rata })
    }
}

fn whole(number: i64) -> BigRational {
    BigRational::from_integer(number.into())
}

/// Each artist holds all of its recordings.
struct Holders<'a> {
    usage: &'a Usage,
    artists: &'a [Option<&'a str>],
}

impl Music for Holders<'_> {
    fn subject(&self, track: u32) -> Subject<'_> {
        Subject { track: self.usage.tracks.name(track), ..Subject::default() }
    }

    fn duration_ms(&self, _: u32) -> Option<u64> {
        None
    }

    fn is_noise(&self, _: u32) -> bool {
        false
    }

    fn holders_vary(&self, _: u32, _: Right) -> bool {
        false
    }

    fn holders(
        &self,
        track: u32,
        _: Right,
        _: u16,
    ) -> Result<Vec<(&str, Fraction)>, FractionError> {
        let artist = self.artists[track as usize].unwrap_or(UNMATCHED);
        Ok(vec![(artist, Fraction::ONE)])
    }
}

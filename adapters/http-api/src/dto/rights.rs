//! The catalogue of rights: parties, recordings, works, releases, and who holds what.

use ledgerline_app::access::own::Own;
use ledgerline_catalog::{
    Catalogue, Dates, PartyNo, RecordingNo, ReleaseNo, Right, TerritoryCode, WorkNo,
};
use ledgerline_ids::DayNo;
use ledgerline_money::FractionError;
use serde::Serialize;
use utoipa::ToSchema;

/// What is known of an id. Each kind of thing is there only where something of that kind has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsEntry {
    /// The revision of the catalogue of rights.
    pub revision: u64,
    /// The day, UTC, on which `holders` hold.
    #[schema(format = Date)]
    pub on: String,
    /// The party.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub party: Option<RightsParty>,
    /// The recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub recording: Option<RightsRecording>,
    /// The work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub work: Option<RightsWork>,
    /// The release.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub release: Option<RightsRelease>,
}

/// Whoever holds rights, is paid or is credited.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsParty {
    /// Its id.
    pub party_id: String,
    /// What people call it.
    pub name: String,
    /// What it does.
    pub kinds: Vec<String>,
    /// Where it is, ISO 3166-1 alpha-2.
    #[schema(required)]
    pub country: Option<String>,
    /// Its IPI name number.
    #[schema(required)]
    pub ipi: Option<String>,
    /// Its ISNI.
    #[schema(required)]
    pub isni: Option<String>,
    /// Its DDEX party id.
    #[schema(required)]
    pub dpid: Option<String>,
    /// Where it pays tax.
    #[schema(required)]
    pub tax_country: Option<String>,
    /// Whether a treaty spares it withholding.
    pub tax_treaty: bool,
    /// What it is paid in.
    #[schema(required)]
    pub payout_currency: Option<String>,
    /// Below this it isn't paid out.
    #[schema(required)]
    pub minimum_payout: Option<String>,
}

/// Someone credited, with the role.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsCredit {
    /// The party's id.
    pub party: String,
    /// As what.
    pub role: String,
}

/// A work that a recording is of.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsWorkPart {
    /// The work's id.
    pub work: String,
    /// Which part of the recording, as a fraction.
    pub weight: String,
}

/// What a party holds of a right.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsShare {
    /// `master`, `mechanical` or `performance`.
    pub right: String,
    /// The party's id.
    pub holder: String,
    /// How much, as a fraction.
    pub share: String,
    /// The first day; null is always.
    #[schema(required, format = Date)]
    pub from: Option<String>,
    /// The first day on which it no longer holds; null is never.
    #[schema(required, format = Date)]
    pub until: Option<String>,
    /// Where; none is wherever no other share says.
    pub territories: Vec<String>,
}

/// Who holds a right on the day asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsHolder {
    /// `master`, `mechanical` or `performance`.
    pub right: String,
    /// The party's id.
    pub party: String,
    /// How much, as a fraction.
    pub share: String,
}

/// A recording.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsRecording {
    /// The id that reports name it by.
    pub track_id: String,
    /// Its ISRC.
    #[schema(required)]
    pub isrc: Option<String>,
    /// Its title.
    pub title: String,
    /// Its length in milliseconds.
    #[schema(required)]
    pub duration_ms: Option<u64>,
    /// `music`, `noise` or `spoken`.
    pub kind: String,
    /// The party whose recording it is: its own label, else its first release's.
    #[schema(required)]
    pub label: Option<String>,
    /// Its artists.
    pub artists: Vec<RightsCredit>,
    /// The works that it is of.
    pub works: Vec<RightsWorkPart>,
    /// The releases that it is on.
    pub releases: Vec<String>,
    /// All shares of its master right.
    pub shares: Vec<RightsShare>,
    /// Who holds its rights on the day; what lacks of 1, nobody is known to hold.
    pub holders: Vec<RightsHolder>,
}

/// A work.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsWork {
    /// Its id.
    pub work_id: String,
    /// Its ISWC.
    #[schema(required)]
    pub iswc: Option<String>,
    /// Its title.
    pub title: String,
    /// Its writers.
    pub writers: Vec<RightsCredit>,
    /// Its recordings, the first thousand, by track id.
    pub recordings: Vec<String>,
    /// All shares of its rights.
    pub shares: Vec<RightsShare>,
}

/// A release.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsRelease {
    /// Its id.
    pub release_id: String,
    /// Its UPC or EAN.
    #[schema(required)]
    pub upc: Option<String>,
    /// Its title.
    pub title: String,
    /// The party whose release it is.
    #[schema(required)]
    pub label: Option<String>,
    /// When it came out.
    #[schema(required, format = Date)]
    pub released_on: Option<String>,
    /// Its recordings, by track id, in order.
    pub tracks: Vec<String>,
}

/// How many recordings of a work are named.
const RECORDINGS_MAX: usize = 1000;

impl RightsEntry {
    /// What `catalogue` knows of `id`; `None` where that is nothing.
    ///
    /// # Errors
    /// [`FractionError`] where shares can't be computed exactly.
    pub(crate) fn find(
        catalogue: &Catalogue,
        id: &str,
        on: DayNo,
        territory: Option<TerritoryCode>,
    ) -> Result<Option<Self>, FractionError> {
        let recording = catalogue.find_recording(id);
        let entry = Self {
            revision: catalogue.revision(),
            on: on.to_string(),
            party: catalogue.find_party(id).map(|it| party(catalogue, it)),
            recording: recording.map(|it| recorded(catalogue, it, on, territory)).transpose()?,
            work: catalogue.find_work(id).map(|it| work(catalogue, it)),
            release: catalogue.find_release(id).map(|it| release(catalogue, it)),
        };
        Ok(entry.some())
    }

    /// What of it a caller sees who asked for this id; `None` where that is nothing. Recordings of
    /// others that are of the same work or on the same release aren't named.
    pub(crate) fn seen_by(self, own: &Own, id: &str) -> Option<Self> {
        let recordings = |mut tracks: Vec<String>| {
            tracks.retain(|track| own.track(track));
            tracks
        };
        let work = self.work.filter(|_| own.work(id));
        let release = self.release.filter(|_| own.release(id));
        let seen = Self {
            party: self.party.filter(|_| own.party(id)),
            recording: self.recording.filter(|_| own.track(id)),
            work: work
                .map(|work| RightsWork { recordings: recordings(work.recordings.clone()), ..work }),
            release: release.map(|release| RightsRelease {
                tracks: recordings(release.tracks.clone()),
                ..release
            }),
            revision: self.revision,
            on: self.on,
        };
        seen.some()
    }

    /// `None` where nothing is known.
    fn some(self) -> Option<Self> {
        let Self { party, recording, work, release, .. } = &self;
        let found = party.is_some() || recording.is_some() || work.is_some() || release.is_some();
        found.then_some(self)
    }
}

fn text<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn party(catalogue: &Catalogue, number: PartyNo) -> RightsParty {
    let party = catalogue.party(number);
    RightsParty {
        party_id: party.id.to_string(),
        name: party.name.to_string(),
        kinds: party.kinds.iter().map(|kind| kind.word().to_owned()).collect(),
        country: text(party.country),
        ipi: text(party.ipi),
        isni: text(party.isni),
        dpid: text(party.dpid),
        tax_country: text(party.tax_country),
        tax_treaty: party.tax_treaty,
        payout_currency: text(party.payout_currency),
        minimum_payout: text(party.minimum_payout),
    }
}

fn recorded(
    catalogue: &Catalogue,
    number: RecordingNo,
    on: DayNo,
    territory: Option<TerritoryCode>,
) -> Result<RightsRecording, FractionError> {
    let recording = catalogue.recording(number);
    let mut holders = Vec::new();
    for right in Right::ALL {
        for (party, share) in catalogue.holders(number, right, on, territory)? {
            holders.push(RightsHolder {
                right: right.word().to_owned(),
                party: catalogue.party_id(party).to_owned(),
                share: share.to_string(),
            });
        }
    }
    let works = catalogue.works_of(number)?.into_iter();
    let works = works.map(|(work, weight)| RightsWorkPart {
        work: catalogue.work_id(work).to_owned(),
        weight: weight.to_string(),
    });
    let releases = catalogue.releases_of(number);
    let label = catalogue.label_of(number);
    Ok(RightsRecording {
        shares: shares(catalogue, &[Right::Master], &recording.track_id),
        track_id: recording.track_id.into(),
        isrc: text(recording.isrc),
        title: recording.title.into(),
        duration_ms: recording.duration_ms,
        kind: recording.kind.word().to_owned(),
        label: label.map(|label| catalogue.party_id(label).to_owned()),
        artists: catalogue
            .artists_of(number)
            .map(|(party, role)| credit(catalogue.party_id(party), role.word()))
            .collect(),
        works: works.collect(),
        releases: releases.map(|release| catalogue.release_id(release).to_owned()).collect(),
        holders,
    })
}

fn credit(party: &str, role: &str) -> RightsCredit {
    RightsCredit { party: party.to_owned(), role: role.to_owned() }
}

fn shares(catalogue: &Catalogue, rights: &[Right], of: &str) -> Vec<RightsShare> {
    let mut shares = Vec::new();
    for right in rights {
        for share in catalogue.shares(*right, of).into_iter().flat_map(|set| set.shares) {
            let begins = share.dates.from > Dates::ALWAYS.from;
            shares.push(RightsShare {
                right: right.word().to_owned(),
                holder: share.holder.to_string(),
                share: share.share.to_string(),
                from: begins.then(|| share.dates.from.to_string()),
                until: text(share.dates.until),
                territories: share.territories.iter().map(ToString::to_string).collect(),
            });
        }
    }
    shares
}

fn work(catalogue: &Catalogue, number: WorkNo) -> RightsWork {
    let work = catalogue.work(number);
    let recordings = catalogue.recordings_of(number).take(RECORDINGS_MAX);
    let writers = work.writers.iter();
    RightsWork {
        shares: shares(catalogue, &[Right::Mechanical, Right::Performance], &work.id),
        writers: writers.map(|writer| credit(&writer.party, writer.role.word())).collect(),
        recordings: recordings.map(|track| catalogue.track_id(track).to_owned()).collect(),
        work_id: work.id.into(),
        iswc: text(work.iswc),
        title: work.title.into(),
    }
}

fn release(catalogue: &Catalogue, number: ReleaseNo) -> RightsRelease {
    let release = catalogue.release(number);
    RightsRelease {
        tracks: release.tracks.iter().map(|track| track.to_string()).collect(),
        release_id: release.id.into(),
        upc: text(release.upc),
        title: release.title.into(),
        label: text(release.label),
        released_on: text(release.released_on),
    }
}

//! The catalogue of rights as the sheets that it can be brought in by.

use ledgerline_catalog::fields::{
    PARTY_COLUMNS, RECORDING_COLUMNS, RELEASE_COLUMNS, SHARE_COLUMNS, WORK_COLUMNS,
};
use ledgerline_catalog::{
    ArtistRole, Catalogue, Dates, Party, Recording, Release, Right, Share, ShareSet, TerritoryCode,
    Work, WriterRole,
};
use serde_json::{Value, json};

/// One of the sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightsSheet {
    /// `parties.csv`
    Parties,
    /// `works.csv`
    Works,
    /// `recordings.csv`
    Recordings,
    /// `releases.csv`
    Releases,
    /// `shares.csv`
    Shares,
}

impl RightsSheet {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Parties, Self::Works, Self::Recordings, Self::Releases, Self::Shares];

    /// Its name, which is that of its list in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parties => "parties",
            Self::Works => "works",
            Self::Recordings => "recordings",
            Self::Releases => "releases",
            Self::Shares => "shares",
        }
    }

    /// The sheet of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sheet| sheet.name() == name)
    }
}

/// Why a sheet can't be written as CSV.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// JSON can hold it.
    #[error("{0:?} has a semicolon, or a space at an end, which CSV can't hold: export JSON")]
    Text(String),
    /// The writer failed, which in memory it doesn't.
    #[error("{0}")]
    Csv(String),
}

impl From<csv::Error> for Unwritable {
    fn from(error: csv::Error) -> Self {
        Self::Csv(error.to_string())
    }
}

/// A sheet as CSV, rows in the order of their ids.
///
/// # Errors
/// [`Unwritable`].
pub fn rights_as_csv(catalogue: &Catalogue, sheet: RightsSheet) -> Result<Vec<u8>, Unwritable> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    match sheet {
        RightsSheet::Parties => {
            writer.write_record(PARTY_COLUMNS)?;
            for party in catalogue.parties() {
                writer.write_record(party_cells(catalogue.party(party))?)?;
            }
        }
        RightsSheet::Works => {
            writer.write_record(WORK_COLUMNS)?;
            for work in catalogue.works() {
                writer.write_record(work_cells(&catalogue.work(work))?)?;
            }
        }
        RightsSheet::Recordings => {
            writer.write_record(RECORDING_COLUMNS)?;
            for recording in catalogue.recordings() {
                writer.write_record(recording_cells(&catalogue.recording(recording))?)?;
            }
        }
        RightsSheet::Releases => {
            writer.write_record(RELEASE_COLUMNS)?;
            for release in catalogue.releases() {
                writer.write_record(release_cells(&catalogue.release(release))?)?;
            }
        }
        RightsSheet::Shares => {
            writer.write_record(SHARE_COLUMNS)?;
            for set in catalogue.share_sets() {
                for share in &set.shares {
                    writer.write_record(share_cells(&set, share)?)?;
                }
            }
        }
    }
    writer.into_inner().map_err(|error| Unwritable::Csv(error.to_string()))
}

/// All sheets as one JSON object.
#[must_use]
pub fn rights_as_json(catalogue: &Catalogue) -> Value {
    let parties: Vec<Value> =
        catalogue.parties().map(|party| party_json(catalogue.party(party))).collect();
    let works: Vec<Value> =
        catalogue.works().map(|work| work_json(&catalogue.work(work))).collect();
    let recordings: Vec<Value> = catalogue
        .recordings()
        .map(|recording| recording_json(&catalogue.recording(recording)))
        .collect();
    let releases: Vec<Value> =
        catalogue.releases().map(|release| release_json(&catalogue.release(release))).collect();
    let sets = catalogue.share_sets();
    let shares: Vec<Value> = sets
        .flat_map(|set| set.shares.iter().map(|share| share_json(&set, share)).collect::<Vec<_>>())
        .collect();
    json!({
        "parties": parties,
        "works": works,
        "recordings": recordings,
        "releases": releases,
        "shares": shares,
    })
}

fn text<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A text as it comes back when it is read.
fn cell(text: &str) -> Result<String, Unwritable> {
    let same = text.trim() == text;
    if same { Ok(text.to_owned()) } else { Err(Unwritable::Text(text.to_owned())) }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("; ")
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

fn party_cells(party: &Party) -> Result<Vec<String>, Unwritable> {
    Ok(vec![
        party.id.to_string(),
        cell(&party.name)?,
        listed(party.kinds.iter().map(|kind| kind.word().to_owned())),
        text(party.country),
        text(party.ipi),
        text(party.isni),
        text(party.dpid),
        text(party.tax_country),
        yes_or_no(party.tax_treaty),
        text(party.payout_currency),
        text(party.minimum_payout),
    ])
}

fn work_cells(work: &Work) -> Result<Vec<String>, Unwritable> {
    let writers = work.writers.iter().map(|writer| match writer.role {
        WriterRole::Writer => writer.party.to_string(),
        role => format!("{} ({})", writer.party, role.word()),
    });
    Ok(vec![work.id.to_string(), text(work.iswc), cell(&work.title)?, listed(writers)])
}

fn recording_cells(recording: &Recording) -> Result<Vec<String>, Unwritable> {
    let artists = recording.artists.iter().map(|credit| match credit.role {
        ArtistRole::Main => credit.party.to_string(),
        role => format!("{} ({})", credit.party, role.word()),
    });
    let works = recording.works.iter().map(|part| match part.weight {
        None => part.work.to_string(),
        Some(weight) => format!("{} ({weight})", part.work),
    });
    Ok(vec![
        cell(&recording.track_id)?,
        text(recording.isrc),
        cell(&recording.title)?,
        text(recording.duration_ms),
        recording.kind.word().to_owned(),
        text(recording.label.as_deref()),
        listed(artists),
        listed(works),
    ])
}

fn release_cells(release: &Release) -> Result<Vec<String>, Unwritable> {
    let mut tracks = Vec::new();
    for track in &release.tracks {
        if track.contains(';') {
            return Err(Unwritable::Text(track.to_string()));
        }
        tracks.push(cell(track)?);
    }
    Ok(vec![
        release.id.to_string(),
        text(release.upc),
        cell(&release.title)?,
        text(release.label.as_deref()),
        text(release.released_on),
        tracks.join("; "),
    ])
}

/// The first day, where it isn't the beginning.
fn from_text(dates: Dates) -> String {
    text((dates.from > Dates::ALWAYS.from).then_some(dates.from))
}

fn share_cells(set: &ShareSet, share: &Share) -> Result<Vec<String>, Unwritable> {
    let of = cell(&set.of.of)?;
    let [track, work] =
        if set.of.right == Right::Master { [of, String::new()] } else { [String::new(), of] };
    Ok(vec![
        set.of.right.word().to_owned(),
        track,
        work,
        share.holder.to_string(),
        share.share.to_string(),
        from_text(share.dates),
        text(share.dates.until),
        listed(share.territories.iter().map(TerritoryCode::to_string)),
    ])
}

fn party_json(party: &Party) -> Value {
    json!({
        "party_id": party.id,
        "name": party.name,
        "kinds": party.kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>(),
        "country": party.country.map(|it| it.to_string()),
        "ipi": party.ipi.map(|it| it.to_string()),
        "isni": party.isni.map(|it| it.to_string()),
        "dpid": party.dpid.map(|it| it.to_string()),
        "tax_country": party.tax_country.map(|it| it.to_string()),
        "tax_treaty": party.tax_treaty,
        "payout_currency": party.payout_currency.map(|it| it.to_string()),
        "minimum_payout": party.minimum_payout.map(|it| it.to_string()),
    })
}

fn work_json(work: &Work) -> Value {
    let writers = work.writers.iter();
    let writers: Vec<Value> = writers
        .map(|writer| json!({ "party": writer.party, "role": writer.role.word() }))
        .collect();
    json!({
        "work_id": work.id,
        "iswc": work.iswc.map(|it| it.to_string()),
        "title": work.title,
        "writers": writers,
    })
}

fn recording_json(recording: &Recording) -> Value {
    let artists = recording.artists.iter();
    let artists: Vec<Value> = artists
        .map(|credit| json!({ "party": credit.party, "role": credit.role.word() }))
        .collect();
    let works = recording.works.iter();
    let works: Vec<Value> = works
        .map(|part| json!({ "work": part.work, "weight": part.weight.map(|it| it.to_string()) }))
        .collect();
    json!({
        "track_id": recording.track_id,
        "isrc": recording.isrc.map(|it| it.to_string()),
        "title": recording.title,
        "duration_ms": recording.duration_ms,
        "kind": recording.kind.word(),
        "label": recording.label,
        "artists": artists,
        "works": works,
    })
}

fn release_json(release: &Release) -> Value {
    json!({
        "release_id": release.id,
        "upc": release.upc.map(|it| it.to_string()),
        "title": release.title,
        "label": release.label,
        "released_on": release.released_on.map(|it| it.to_string()),
        "tracks": release.tracks,
    })
}

fn share_json(set: &ShareSet, share: &Share) -> Value {
    let of = if set.of.right == Right::Master { "track_id" } else { "work_id" };
    json!({
        "right": set.of.right.word(),
        of: set.of.of,
        "holder": share.holder,
        "share": share.share.to_string(),
        "from": (share.dates.from > Dates::ALWAYS.from).then(|| share.dates.from.to_string()),
        "until": share.dates.until.map(|it| it.to_string()),
        "territories": share.territories.iter().map(|it| it.to_string()).collect::<Vec<_>>(),
    })
}

//! The tags of all formats, as one.

use ledgerline_app::ports::library::{Lyrics, ReleaseKind, Role, fold};
use ledgerline_app::ports::music_files::{AudioTags, TaggedArtist, TaggedCredit};
use lofty::id3::v2::{Frame, Id3v2Tag};
use lofty::ogg::VorbisComments;
use lofty::picture::Picture;
use lofty::properties::FileProperties;
use lofty::tag::{ItemKey, Tag};
use std::collections::HashSet;

use crate::names::{self, Named};
use crate::texts::repaired;
use crate::values;

/// More of one thing no file says.
const VALUES_MAX: usize = 64;
/// A text that is longer is none that one writes.
const TEXT_CHARS_MAX: usize = 1_000;
const LYRICS_BYTES_MAX: usize = 256 << 10;

/// What was found in a file.
#[derive(Default)]
pub(crate) struct Found {
    /// Its tags, the ones that say most first.
    pub tags: Vec<Tag>,
    pub properties: FileProperties,
    pub pictures: Vec<Picture>,
    /// What the tags have beyond what all formats have.
    explicit: Option<String>,
    /// Who played what.
    players: Vec<(String, String)>,
}

impl Found {
    pub(crate) fn tag(&mut self, tag: Option<Tag>) {
        if let Some(tag) = tag {
            self.pictures.extend(tag.pictures().iter().cloned());
            self.tags.push(tag);
        }
    }

    pub(crate) fn vorbis(&mut self, comments: Option<&VorbisComments>) {
        let Some(comments) = comments else { return };
        self.explicit = comments.get("ITUNESADVISORY").map(str::to_owned);
        self.tag(Some(comments.clone().into()));
    }

    pub(crate) fn id3v2(&mut self, tag: Option<&Id3v2Tag>) {
        let Some(tag) = tag else { return };
        for frame in tag {
            // Musicians: instruments with names.
            if let Frame::KeyValue(pairs) = frame
                && pairs.id().as_str() == "TMCL"
            {
                let pairs = pairs.key_value_pairs.iter();
                self.players.extend(pairs.map(|(key, name)| (key.to_string(), name.to_string())));
            }
        }
        self.explicit =
            self.explicit.take().or_else(|| tag.get_user_text("ITUNESADVISORY").map(str::to_owned));
        self.tag(Some(tag.clone().into()));
    }
}

/// Reads tags, one thing after the other.
pub(crate) struct Tags<'f> {
    found: &'f Found,
}

impl<'f> Tags<'f> {
    pub(crate) fn of(found: &'f Found) -> Self {
        Self { found }
    }

    pub(crate) fn read(&self) -> AudioTags {
        let title = self.first(&[ItemKey::TrackTitle]);
        let (disc, number) = self.numbers();
        AudioTags {
            credits: self.credits(title.as_deref()),
            title,
            album: self.first(&[ItemKey::AlbumTitle]),
            album_artists: self.album_artists(),
            disc,
            number,
            compilation: self
                .first(&[ItemKey::FlagCompilation])
                .is_some_and(|flag| values::flag(&flag)),
            kind: self.kind(),
            genres: self.genres(),
            released_on: [
                ItemKey::RecordingDate,
                ItemKey::Year,
                ItemKey::ReleaseDate,
                ItemKey::OriginalReleaseDate,
            ]
            .into_iter()
            .find_map(|key| self.first(&[key]).and_then(|text| values::day(&text))),
            label: self.first(&[ItemKey::Label, ItemKey::Publisher]),
            isrc: self.all(&[ItemKey::Isrc]).iter().find_map(|text| values::isrc(text)),
            upc: self.first(&[ItemKey::Barcode]).and_then(|text| values::upc(&text)),
            explicit: self.explicit(),
            lyrics: self.lyrics(),
            recording_musicbrainz_id: self.uuid(ItemKey::MusicBrainzRecordingId),
            release_musicbrainz_id: self.uuid(ItemKey::MusicBrainzReleaseId),
        }
    }

    /// All values of the first of these keys that has any, in the first tag that has it.
    fn all(&self, keys: &[ItemKey]) -> Vec<String> {
        for key in keys {
            for tag in &self.found.tags {
                let values = tag.get_strings(*key).flat_map(|value| value.split('\0'));
                let values: Vec<String> = values.filter_map(cleaned).take(VALUES_MAX).collect();
                if !values.is_empty() {
                    return values;
                }
            }
        }
        Vec::new()
    }

    fn first(&self, keys: &[ItemKey]) -> Option<String> {
        self.all(keys).into_iter().next()
    }

    fn uuid(&self, key: ItemKey) -> Option<String> {
        self.first(&[key]).and_then(|text| values::uuid(&text))
    }

    /// UUIDs, also where several stand in one text.
    fn uuids(&self, key: ItemKey) -> Vec<Option<String>> {
        let values = self.all(&[key]);
        let parts = values.iter().flat_map(|value| value.split(['/', ';', ',', ' ']));
        parts.filter(|part| !part.trim().is_empty()).map(values::uuid).collect()
    }

    fn numbers(&self) -> (Option<u32>, Option<u32>) {
        let number = |key| self.first(&[key]).and_then(|text| values::number(&text));
        let track = self.first(&[ItemKey::TrackNumber]);
        // `2-07` is what some write for the seventh of the second disc.
        let both = track.as_deref().and_then(values::disc_and_number);
        match both {
            Some((disc, of_disc)) => (number(ItemKey::DiscNumber).or(Some(disc)), Some(of_disc)),
            None => (number(ItemKey::DiscNumber), track.as_deref().and_then(values::number)),
        }
    }

    fn kind(&self) -> Option<ReleaseKind> {
        let words = self.all(&[ItemKey::MusicBrainzReleaseType]);
        let words = words.iter().flat_map(|word| word.split(['/', ';', '+', ','])).map(fold);
        let kinds: Vec<ReleaseKind> =
            words.filter_map(|word| values::release_kind(&word)).collect();
        // The most telling of `album; compilation` is the second.
        kinds.iter().copied().find(|kind| *kind != ReleaseKind::Album).or(kinds.first().copied())
    }

    fn genres(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let genres = self.all(&[ItemKey::Genre]);
        let genres =
            genres.iter().flat_map(|genre| genre.split([';', '|'])).filter_map(values::genre);
        genres.filter(|genre| seen.insert(fold(genre))).take(16).collect()
    }

    fn explicit(&self) -> bool {
        let said = self.first(&[ItemKey::ParentalAdvisory]).or_else(|| self.found.explicit.clone());
        matches!(said.as_deref().map(str::trim), Some("1" | "4" | "explicit" | "Explicit"))
    }

    fn lyrics(&self) -> Lyrics {
        let mut lyrics = Lyrics::default();
        for tag in &self.found.tags {
            for key in [ItemKey::Lyrics, ItemKey::UnsyncLyrics] {
                for text in tag.get_strings(key) {
                    let text = repaired(text.trim());
                    if text.is_empty() || text.len() > LYRICS_BYTES_MAX {
                        continue;
                    }
                    let slot =
                        if values::is_lrc(&text) { &mut lyrics.synced } else { &mut lyrics.plain };
                    slot.get_or_insert(text);
                }
            }
        }
        lyrics
    }

    /// The main artists and guests, then everybody else.
    fn credits(&self, title: Option<&str>) -> Vec<TaggedCredit> {
        let mut credits = Credits::default();
        let shown = self.all(&[ItemKey::TrackArtist]);
        let listed = self.all(&[ItemKey::TrackArtists]);
        let mut named: Vec<Named> = shown.iter().flat_map(|text| names::artists(text)).collect();
        if !listed.is_empty() {
            // The list has the names; the text says who of them is a guest.
            let guests: HashSet<String> =
                named.iter().filter(|it| it.is_guest).map(|it| fold(&it.name)).collect();
            let of_list = |name: &String| Named {
                is_guest: guests.contains(&fold(name)),
                name: name.clone(),
            };
            let of_lists: Vec<Named> = listed
                .iter()
                .flat_map(|text| names::listed(text))
                .map(|name| of_list(&name))
                .collect();
            if of_lists.iter().any(|it| !it.is_guest) {
                named = of_lists;
            }
        }
        let ids = self.uuids(ItemKey::MusicBrainzArtistId);
        let sorted = self.all(&[ItemKey::TrackArtistSortOrder]);
        for (at, one) in named.iter().enumerate() {
            // Names and ids belong together where there are as many of one as of the other.
            let id = ids.get(at).filter(|_| ids.len() == named.len());
            let sort_name = (sorted.len() == 1 && at == 0).then(|| sorted[0].clone());
            let role = if one.is_guest { Role::Featured } else { Role::Main };
            credits.add(&one.name, sort_name, id.cloned().flatten(), role, "");
        }
        for guest in title.map(names::guests_in_title).unwrap_or_default() {
            credits.add(&guest, None, None, Role::Featured, "");
        }
        for (key, role) in ROLES {
            for text in self.all(&[key]) {
                for (name, detail) in names::with_detail(&text) {
                    credits.add(&name, None, None, role, &detail);
                }
            }
        }
        for (instrument, name) in &self.found.players {
            for name in names::listed(name) {
                credits.add(&name, None, None, Role::Performer, instrument);
            }
        }
        credits.all
    }

    fn album_artists(&self) -> Vec<TaggedArtist> {
        let texts = self.all(&[ItemKey::AlbumArtists]);
        let mut named: Vec<String> = texts.iter().flat_map(|text| names::listed(text)).collect();
        if named.is_empty() {
            let texts = self.all(&[ItemKey::AlbumArtist]);
            let all = texts.iter().flat_map(|text| names::artists(text));
            named = all.filter(|it| !it.is_guest).map(|it| it.name).collect();
        }
        let ids = self.uuids(ItemKey::MusicBrainzReleaseArtistId);
        let ids = if ids.len() == named.len() { ids } else { vec![None; named.len()] };
        let sorted = self.all(&[ItemKey::AlbumArtistSortOrder]);
        let artist = |(at, (name, id)): (usize, (String, Option<String>))| TaggedArtist {
            sort_name: (sorted.len() == 1 && at == 0).then(|| sorted[0].clone()),
            name,
            musicbrainz_id: id,
        };
        named.into_iter().zip(ids).enumerate().map(artist).collect()
    }
}

/// What else somebody may have done.
const ROLES: [(ItemKey, Role); 10] = [
    (ItemKey::Remixer, Role::Remixer),
    (ItemKey::Composer, Role::Composer),
    (ItemKey::Lyricist, Role::Lyricist),
    (ItemKey::Writer, Role::Writer),
    (ItemKey::Arranger, Role::Arranger),
    (ItemKey::Conductor, Role::Conductor),
    (ItemKey::Performer, Role::Performer),
    (ItemKey::Producer, Role::Producer),
    (ItemKey::Engineer, Role::Engineer),
    (ItemKey::MixEngineer, Role::Mixer),
];

/// Credits, each once.
#[derive(Default)]
struct Credits {
    all: Vec<TaggedCredit>,
    seen: HashSet<(String, Role, String)>,
}

impl Credits {
    fn add(
        &mut self,
        name: &str,
        sort_name: Option<String>,
        musicbrainz_id: Option<String>,
        role: Role,
        detail: &str,
    ) {
        let Some(name) = cleaned(name) else { return };
        let folded = fold(&name);
        // Who is a main artist is no guest besides; who wrote it, neither its lyricist once more.
        let main = (folded.clone(), Role::Main, String::new());
        if role == Role::Featured && self.seen.contains(&main) {
            return;
        }
        let lyricist = (folded.clone(), Role::Lyricist, String::new());
        if role == Role::Writer && self.seen.contains(&lyricist) {
            return;
        }
        if self.all.len() < VALUES_MAX && self.seen.insert((folded, role, fold(detail))) {
            let artist = TaggedArtist { name, sort_name, musicbrainz_id };
            self.all.push(TaggedCredit { artist, role, detail: detail.trim().to_owned() });
        }
    }
}

/// A value without what surrounds it; `None` where nothing is left or far too much.
fn cleaned(text: &str) -> Option<String> {
    let text = repaired(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let sound = !text.is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
    sound.then_some(text).filter(|text| !text.chars().all(|letter| letter == '\u{fffd}'))
}

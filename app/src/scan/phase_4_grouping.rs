//! Phase 4: the artists of files, and the releases that they are on.
//!
//! An artist is known by its id at MusicBrainz, else by its name. A release is known by its id there, else by its
//! title with whose release it is; where nobody says whose, by its title in a folder. A track stays on its release
//! while its tags say nothing else, wherever the file went.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::naming::{self, UNKNOWN_ARTIST};
use super::phase_3_identity::Identified;
use super::{ScanError, Scanner};
use crate::ports::library::{
    Artist, CreditedArtist, Keyed, LibraryChange, Release, ReleaseKind, ReleaseSums, fold,
};
use crate::ports::music_files::{AudioTags, TaggedArtist};

/// What a file says of its release, the path included where tags say nothing.
pub(super) struct OfRelease {
    pub title: String,
    pub kind: ReleaseKind,
    pub artists: Vec<TaggedArtist>,
    pub compilation: bool,
    /// Whether nothing says whose release it is.
    pub artists_by_tracks: bool,
    keys: Vec<String>,
}

impl OfRelease {
    /// Of a file of this path, whose track has this title.
    pub(super) fn of(tags: &AudioTags, path: &str, folder_id: &str) -> Self {
        let names = naming::of_path(path);
        let folder = naming::release_folder(path);
        let various = |artist: &TaggedArtist| {
            naming::is_various(&artist.name, artist.musicbrainz_id.as_deref())
        };
        let is_various = tags.album_artists.iter().any(various);
        let compilation = tags.compilation || is_various;
        let artists = if is_various { Vec::new() } else { tags.album_artists.clone() };
        let whose: Vec<String> = artists.iter().map(|artist| fold(&artist.name)).collect();
        let whose = whose.join("; ");
        let mut keys: Vec<String> =
            tags.release_musicbrainz_id.iter().map(|id| format!("mb:{id}")).collect();
        let upc = tags.upc.as_deref().unwrap_or_default();
        let untagged = tags.title.is_none() && tags.album.is_none();
        let title = tags.album.clone().or_else(|| names.album.filter(|_| untagged));
        let (title, kind) = match title {
            Some(title) => {
                let folded = fold(&title);
                keys.push(if !artists.is_empty() {
                    format!("of:{whose}|{folded}|{upc}")
                } else if is_various {
                    format!("various:{folded}|{upc}")
                } else {
                    format!("in:{folder_id}|{folder}|{folded}|{upc}")
                });
                let kind = if compilation { ReleaseKind::Compilation } else { ReleaseKind::Album };
                (title, kind)
            }
            None => {
                let title = tags.title.clone().unwrap_or(names.title);
                let main = tags.credits.first().map(|credit| fold(&credit.artist.name));
                let main = main.unwrap_or_default();
                keys.push(format!("single:{folder_id}|{folder}|{main}|{}", fold(&title)));
                (title, ReleaseKind::Single)
            }
        };
        let kind = tags.kind.unwrap_or(kind);
        let artists_by_tracks = artists.is_empty() && !is_various;
        Self { title, kind, artists, compilation, artists_by_tracks, keys }
    }

    /// Whether this is what is known of a release: nothing that tells releases apart was changed.
    fn is(&self, release: &Release, tags: &AudioTags) -> bool {
        let ids = (&release.musicbrainz_id, &tags.release_musicbrainz_id);
        if let (Some(ours), Some(theirs)) = ids {
            return ours == theirs;
        }
        let ours: Vec<String> = release.artists.iter().map(|artist| fold(&artist.name)).collect();
        let theirs: Vec<String> = self.artists.iter().map(|artist| fold(&artist.name)).collect();
        fold(&release.title) == fold(&self.title)
            && release.artists_by_tracks == self.artists_by_tracks
            && (self.artists_by_tracks || ours == theirs)
    }
}

/// The artists and releases of some files.
#[derive(Default)]
pub(super) struct Groups {
    /// By the keys of artists.
    artist_ids: HashMap<String, String>,
    artists: BTreeMap<String, Artist>,
    changed_artists: BTreeSet<String>,
    release_ids: HashMap<String, String>,
    releases: BTreeMap<String, Release>,
    changed_releases: BTreeSet<String>,
    keys: Vec<(Keyed, String, String)>,
}

impl Scanner {
    /// Reads what is known of the artists and releases that files name.
    pub(super) async fn groups(
        &self,
        files: &[(Identified, OfRelease)],
    ) -> Result<Groups, ScanError> {
        let store = self.library.store();
        let mut artist_keys = BTreeSet::new();
        let mut release_keys = BTreeSet::new();
        let mut release_ids = BTreeSet::new();
        for (file, of) in files {
            let credited = file.audio.tags.credits.iter().map(|credit| &credit.artist);
            artist_keys.extend(credited.chain(&of.artists).flat_map(artist_keys_of));
            let path = naming::of_path(file.compared.walked.path.as_str());
            artist_keys.extend(path.artist.iter().map(|name| name_key(name)));
            release_keys.extend(of.keys.iter().cloned());
            release_ids.extend(file.known.iter().map(|track| track.release_id.clone()));
        }
        artist_keys.insert(name_key(UNKNOWN_ARTIST));
        let mut groups = Groups::default();
        let all: Vec<String> = artist_keys.into_iter().collect();
        for keys in all.chunks(crate::ports::library::LIBRARY_BATCH_MAX) {
            groups.artist_ids.extend(store.ids_by_key(Keyed::Artist, keys).await?);
        }
        let keys: Vec<String> = release_keys.into_iter().collect();
        groups.release_ids.extend(store.ids_by_key(Keyed::Release, &keys).await?);
        let ids: Vec<String> = groups.artist_ids.values().cloned().collect();
        for ids in ids.chunks(crate::ports::library::LIBRARY_BATCH_MAX) {
            let known = store.artists_by_id(ids).await?;
            groups.artists.extend(known.into_iter().map(|artist| (artist.id.clone(), artist)));
        }
        release_ids.extend(groups.release_ids.values().cloned());
        let ids: Vec<String> = release_ids.into_iter().collect();
        let known = store.releases_by_id(&ids).await?;
        groups.releases.extend(known.into_iter().map(|release| (release.id.clone(), release)));
        Ok(groups)
    }

    /// The artist that tags name; a new one where none is known.
    pub(super) fn artist(&self, groups: &mut Groups, tagged: &TaggedArtist) -> CreditedArtist {
        let keys = artist_keys_of(tagged);
        let by_id = tagged.musicbrainz_id.as_ref().and_then(|_| groups.artist_ids.get(&keys[0]));
        let by_name = groups.artist_ids.get(keys.last().map_or("", String::as_str));
        // Of two of one name, each with an id of its own, the second is somebody else.
        let by_name = by_name.filter(|id| {
            let known = groups.artists.get(*id).and_then(|artist| artist.musicbrainz_id.as_ref());
            known.is_none()
                || tagged.musicbrainz_id.is_none()
                || known == tagged.musicbrainz_id.as_ref()
        });
        let id = by_id.or(by_name).cloned().unwrap_or_else(|| self.new_id("ar"));
        let sort_name = tagged.sort_name.clone();
        let artist = groups.artists.entry(id.clone()).or_insert_with(|| {
            groups.changed_artists.insert(id.clone());
            Artist {
                id: id.clone(),
                name: tagged.name.clone(),
                sort_name: naming::sort_name(&tagged.name),
                musicbrainz_id: None,
                biography: String::new(),
                picture: None,
                releases: 0,
            }
        });
        let sort_name = sort_name.unwrap_or_else(|| artist.sort_name.clone());
        let musicbrainz_id = tagged.musicbrainz_id.clone().or(artist.musicbrainz_id.clone());
        if artist.sort_name != sort_name || artist.musicbrainz_id != musicbrainz_id {
            groups.changed_artists.insert(id.clone());
            (artist.sort_name, artist.musicbrainz_id) = (sort_name, musicbrainz_id);
        }
        for key in keys {
            groups.artist_ids.entry(key.clone()).or_insert_with(|| {
                groups.keys.push((Keyed::Artist, key, id.clone()));
                id.clone()
            });
        }
        CreditedArtist { artist_id: id, name: tagged.name.clone() }
    }

    /// The release that a file is on; a new one where none is known.
    pub(super) fn release(&self, groups: &mut Groups, file: &Identified, of: &OfRelease) -> String {
        let tags = &file.audio.tags;
        let stays = file.known.as_ref().and_then(|track| groups.releases.get(&track.release_id));
        let stays = stays.filter(|release| of.is(release, tags)).map(|release| release.id.clone());
        let by_key = of.keys.iter().find_map(|key| groups.release_ids.get(key)).cloned();
        let id = stays.or(by_key).unwrap_or_else(|| self.new_id("al"));
        let artists: Vec<CreditedArtist> =
            of.artists.iter().map(|artist| self.artist(groups, artist)).collect();
        let is_new = !groups.releases.contains_key(&id);
        let release = groups.releases.entry(id.clone()).or_insert_with(|| Release {
            id: id.clone(),
            title: of.title.clone(),
            kind: of.kind,
            released_on: String::new(),
            label: None,
            upc: None,
            musicbrainz_id: None,
            cover: None,
            compilation: of.compilation,
            artists: Vec::new(),
            artists_by_tracks: of.artists_by_tracks,
            added_at: self.clock.now(),
            sums: ReleaseSums::default(),
        });
        let before = release.clone();
        // Of files that say different things of one release, the first one holds; but what somebody changed is meant.
        let is_edited = file.compared.before.is_some();
        fill(&mut release.label, tags.label.as_ref(), is_edited);
        fill(&mut release.upc, tags.upc.as_ref(), is_edited);
        fill(&mut release.musicbrainz_id, tags.release_musicbrainz_id.as_ref(), is_edited);
        fill(&mut release.cover, file.compared.cover.as_ref(), is_edited);
        if let Some(day) = &tags.released_on
            && (release.released_on.is_empty() || is_edited)
        {
            release.released_on.clone_from(day);
        }
        if is_new || is_edited {
            release.title.clone_from(&of.title);
            release.kind = of.kind;
            release.compilation = of.compilation;
            release.artists_by_tracks = of.artists_by_tracks;
            if !of.artists_by_tracks {
                release.artists = artists;
            }
        }
        if is_new || *release != before {
            groups.changed_releases.insert(id.clone());
        }
        for key in &of.keys {
            if groups.release_ids.get(key) != Some(&id) {
                groups.release_ids.insert(key.clone(), id.clone());
                groups.keys.push((Keyed::Release, key.clone(), id.clone()));
            }
        }
        id
    }
}

fn fill(slot: &mut Option<String>, value: Option<&String>, replace: bool) {
    if let Some(value) = value
        && (slot.is_none() || replace)
    {
        *slot = Some(value.clone());
    }
}

impl Groups {
    /// Puts what is new or changed into a change.
    pub(super) fn into_change(self, change: &mut LibraryChange) {
        let (artists, releases) = (self.artists, self.releases);
        let artists = self.changed_artists.iter().filter_map(|id| artists.get(id)).cloned();
        change.artists.extend(artists);
        let releases = self.changed_releases.iter().filter_map(|id| releases.get(id)).cloned();
        change.releases.extend(releases);
        change.keys.extend(self.keys);
    }
}

/// The keys of an artist, that of its id first.
fn artist_keys_of(artist: &TaggedArtist) -> Vec<String> {
    let id = artist.musicbrainz_id.iter().map(|id| format!("mb:{id}"));
    id.chain([name_key(&artist.name)]).collect()
}

fn name_key(name: &str) -> String {
    format!("name:{}", fold(name))
}

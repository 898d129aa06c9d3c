//! Tags of every format come out as the same values, and change nothing of what is heard.

use ledgerline_app::ports::library::{Lyrics, ReleaseKind, Role};
use ledgerline_app::ports::music_files::{AudioReader, AudioTags, ReadAudio};
use ledgerline_audio_tags::TagReader;
use lofty::config::WriteOptions;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::tag::{ItemKey, ItemValue, Tag, TagExt, TagItem, TagType};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use crate::samples;

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn read(path: &Path) -> ReadAudio {
    TagReader.read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The kind of tag that a file of this name has.
fn kind(name: &str) -> TagType {
    match name.rsplit_once('.').unwrap().1 {
        "wav" | "mp3" => TagType::Id3v2,
        "m4a" => TagType::Mp4Ilst,
        _ => TagType::VorbisComments,
    }
}

fn tag(kind: TagType, items: &[(ItemKey, &str)]) -> Tag {
    let mut tag = Tag::new(kind);
    for (key, value) in items {
        tag.push(TagItem::new(*key, ItemValue::Text((*value).to_owned())));
    }
    tag
}

/// `main:Ada featured:Ben performer:Cleo(violin)`
fn credits(tags: &AudioTags) -> String {
    let credit = tags.credits.iter().map(|credit| {
        let detail =
            if credit.detail.is_empty() { String::new() } else { format!("({})", credit.detail) };
        format!("{}:{}{detail}", credit.role.word(), credit.artist.name)
    });
    credit.collect::<Vec<_>>().join(" ")
}

#[test]
fn tags_of_every_format_say_the_same() {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in samples::all() {
        let path = written(&folder, name, &bytes);
        let plain = read(&path);
        assert_eq!(plain.tags, AudioTags::default(), "{name}");
        assert!(
            plain.duration_ms > 900 && plain.duration_ms < 2_100,
            "{name}: {}",
            plain.duration_ms
        );
        let mut tag = tag(
            kind(name),
            &[
                (ItemKey::TrackTitle, "Räin"),
                (ItemKey::TrackArtist, "Ada feat. Ben"),
                (ItemKey::AlbumTitle, "Söngs"),
                (ItemKey::AlbumArtist, "Ada"),
                (ItemKey::Composer, "Cleo"),
                (ItemKey::TrackNumber, "7"),
                (ItemKey::TrackTotal, "12"),
                (ItemKey::DiscNumber, "2"),
                (ItemKey::RecordingDate, "2026-10-31"),
                (ItemKey::Genre, "Jazz; Bebop"),
                (ItemKey::Isrc, "SE-ABC-26-00001"),
                (ItemKey::Barcode, "036000291452"),
                (ItemKey::Label, "Northern"),
                (ItemKey::FlagCompilation, "1"),
                (ItemKey::UnsyncLyrics, "la la"),
            ],
        );
        let picture = Picture::unchecked(vec![1, 2, 3]).pic_type(PictureType::CoverFront);
        tag.push_picture(picture.mime_type(MimeType::Jpeg).build());
        tag.save_to_path(&path, WriteOptions::default()).unwrap();
        let tagged = read(&path);
        let tags = &tagged.tags;
        assert_eq!(tags.title.as_deref(), Some("Räin"), "{name}");
        assert_eq!(credits(tags), "main:Ada featured:Ben composer:Cleo", "{name}");
        assert_eq!(tags.album.as_deref(), Some("Söngs"), "{name}");
        assert_eq!(tags.album_artists[0].name, "Ada", "{name}");
        assert_eq!((tags.disc, tags.number), (Some(2), Some(7)), "{name}");
        assert_eq!(tags.released_on.as_deref(), Some("2026-10-31"), "{name}");
        assert_eq!(tags.genres, ["Jazz", "Bebop"], "{name}");
        assert_eq!(tags.isrc.as_deref(), Some("SEABC2600001"), "{name}");
        assert!(tags.upc.as_deref().is_some_and(|upc| upc.ends_with("36000291452")), "{name}");
        assert_eq!(tags.label.as_deref(), Some("Northern"), "{name}");
        assert!(tags.compilation, "{name}");
        let words = Lyrics { plain: Some("la la".to_owned()), synced: None };
        assert_eq!(tags.lyrics, words, "{name}");
        assert_eq!(tagged.picture.as_deref(), Some(&[1, 2, 3][..]), "{name}");
        assert_eq!(tagged.audio_sha256, plain.audio_sha256, "{name}: tags aren't heard");
        assert_eq!(tagged.format, plain.format);
    }
}

#[test]
fn other_audio_has_another_hash_and_no_two_formats_share_one() {
    let folder = TempDir::new().unwrap();
    let others = [
        ("b.wav", samples::wav(2)),
        ("b.flac", samples::flac(2)),
        ("b.mp3", samples::mp3(2)),
        ("b.opus", samples::opus(2)),
        ("b.m4a", samples::m4a(2)),
    ];
    let all = samples::all().into_iter().chain(others);
    let mut hashes: Vec<[u8; 32]> =
        all.map(|(name, bytes)| read(&written(&folder, name, &bytes)).audio_sha256).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 10);
}

#[test]
fn credits_are_found_wherever_they_stand() {
    use ItemKey::{Performer, TrackArtist, TrackArtists, TrackTitle};
    let folder = TempDir::new().unwrap();
    let cases: [(&[(ItemKey, &str)], &str); 7] = [
        (&[(TrackArtist, "Ada"), (TrackArtist, "Ben")], "main:Ada main:Ben"),
        (&[(TrackArtist, "Ada; Ben")], "main:Ada main:Ben"),
        (&[(TrackArtist, "Ada & Ben")], "main:Ada & Ben"),
        (
            &[
                (TrackArtist, "Ada & Ben ft. Cleo"),
                (TrackArtists, "Ada"),
                (TrackArtists, "Ben"),
                (TrackArtists, "Cleo"),
            ],
            "main:Ada main:Ben featured:Cleo",
        ),
        (&[(TrackTitle, "Rain (feat. Ben)"), (TrackArtist, "Ada")], "main:Ada featured:Ben"),
        (
            &[(TrackArtist, "Ada"), (Performer, "Cleo (violin)"), (ItemKey::Producer, "Dan")],
            "main:Ada performer:Cleo(violin) producer:Dan",
        ),
        (&[(TrackArtist, "Ada"), (TrackArtist, "ADA"), (TrackArtist, " ")], "main:Ada"),
    ];
    for (at, (items, expected)) in cases.iter().enumerate() {
        let path = written(&folder, &format!("{at}.flac"), &samples::flac(1));
        tag(TagType::VorbisComments, items).save_to_path(&path, WriteOptions::default()).unwrap();
        assert_eq!(credits(&read(&path).tags), *expected, "{items:?}");
    }
}

#[test]
fn ids_of_musicbrainz_go_with_names_where_there_are_as_many() {
    let folder = TempDir::new().unwrap();
    let id = |at: u8| format!("6b1ee4a0-0000-4000-8000-00000000000{at}");
    let path = written(&folder, "a.flac", &samples::flac(1));
    let (one, two) = (id(1), id(2));
    let mut items = vec![
        (ItemKey::TrackArtists, "Ada"),
        (ItemKey::TrackArtists, "Ben"),
        (ItemKey::MusicBrainzArtistId, one.as_str()),
        (ItemKey::MusicBrainzArtistId, two.as_str()),
        (ItemKey::MusicBrainzReleaseType, "album; live"),
    ];
    tag(TagType::VorbisComments, &items).save_to_path(&path, WriteOptions::default()).unwrap();
    let tags = read(&path).tags;
    let found: Vec<Option<String>> =
        tags.credits.iter().map(|credit| credit.artist.musicbrainz_id.clone()).collect();
    assert_eq!(found, [Some(one.clone()), Some(two.clone())]);
    assert_eq!(tags.kind, Some(ReleaseKind::Live));
    items.remove(3);
    let path = written(&folder, "b.flac", &samples::flac(1));
    tag(TagType::VorbisComments, &items).save_to_path(&path, WriteOptions::default()).unwrap();
    assert!(read(&path).tags.credits.iter().all(|credit| credit.artist.musicbrainz_id.is_none()));
    assert!(read(&path).tags.credits.iter().all(|credit| credit.role == Role::Main));
}

#[test]
fn explicit_words_and_times_of_lyrics_are_seen() {
    let folder = TempDir::new().unwrap();
    let lrc = "[00:01.00]la\n[00:02.00]la";
    for (said, is_explicit) in [("1", true), ("4", true), ("2", false), ("0", false)] {
        let path = written(&folder, "a.mp3", &samples::mp3(1));
        let items = [(ItemKey::ParentalAdvisory, said), (ItemKey::UnsyncLyrics, lrc)];
        tag(TagType::Id3v2, &items).save_to_path(&path, WriteOptions::default()).unwrap();
        let tags = read(&path).tags;
        assert_eq!(tags.explicit, is_explicit, "{said}");
        assert_eq!(tags.lyrics.synced.as_deref(), Some(lrc));
    }
}

#[test]
fn of_several_tags_in_one_file_the_first_that_says_something_holds() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "a.mp3", &samples::mp3(1));
    let heard = read(&path).audio_sha256;
    let all = [
        (TagType::Id3v1, &[(ItemKey::TrackTitle, "one"), (ItemKey::AlbumTitle, "old")][..]),
        (TagType::Ape, &[(ItemKey::TrackTitle, "two"), (ItemKey::Composer, "Cleo")][..]),
        (TagType::Id3v2, &[(ItemKey::TrackTitle, "three")][..]),
    ];
    for (kind, items) in all {
        tag(kind, items).save_to_path(&path, WriteOptions::default()).unwrap();
    }
    let audio = read(&path);
    assert_eq!(audio.tags.title.as_deref(), Some("three"));
    assert_eq!(credits(&audio.tags), "composer:Cleo");
    assert_eq!(audio.tags.album.as_deref(), Some("old"));
    assert_eq!(audio.audio_sha256, heard, "three tags, and the same audio");
}

//! A music folder is scanned again and again, and its tracks stay the same.

use crate::support::guest::Guest;
use crate::support::{Folder, Server};
use lofty::config::WriteOptions;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::tag::{ItemKey, ItemValue, Tag, TagExt, TagItem, TagType};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// So many seconds of samples that `seed` tells apart.
fn wav(seed: u8, seconds: u32) -> Vec<u8> {
    let bytes = 16_000 * seconds;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    file.extend((0..bytes).map(|at| (at % 241) as u8 ^ seed));
    file
}

pub(crate) fn tag(path: &Path, items: &[(ItemKey, &str)], picture: Option<&[u8]>) {
    let mut tag = Tag::new(TagType::Id3v2);
    for (key, value) in items {
        tag.push(TagItem::new(*key, ItemValue::Text((*value).to_owned())));
    }
    if let Some(bytes) = picture {
        let picture = Picture::unchecked(bytes.to_vec()).pic_type(PictureType::CoverFront);
        tag.push_picture(picture.mime_type(MimeType::Png).build());
    }
    tag.save_to_path(path, WriteOptions::default()).expect("the test can do this");
}

/// A red picture of one pixel, as PNG.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0c\
    IDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// Two albums, one of two discs, and what isn't music.
pub(crate) fn music(folder: &Folder) -> String {
    let music = folder.path("music");
    let album = music.join("Ada/Songs");
    fs::create_dir_all(album.join("CD2")).expect("the test can do this");
    fs::create_dir_all(music.join("Various")).expect("the test can do this");
    let of = |title: &'static str, number: &'static str| {
        vec![
            (ItemKey::TrackTitle, title),
            (ItemKey::TrackArtist, "Ada feat. Ben"),
            (ItemKey::AlbumTitle, "Songs"),
            (ItemKey::AlbumArtist, "Ada"),
            (ItemKey::RecordingDate, "2026-03-01"),
            (ItemKey::Genre, "Jazz"),
            (ItemKey::TrackNumber, number),
        ]
    };
    for (path, seed, title, number) in
        [("1.wav", 1, "Rain", "1"), ("2.wav", 2, "Snow", "2"), ("CD2/1.wav", 3, "Hail", "1")]
    {
        let path = album.join(path);
        fs::write(&path, wav(seed, 40)).expect("the test can do this");
        let mut items = of(title, number);
        if title == "Hail" {
            items.push((ItemKey::DiscNumber, "2"));
        }
        if title == "Snow" {
            items.push((ItemKey::Isrc, "SEABC2600001"));
        }
        tag(&path, &items, Some(PIXEL));
    }
    fs::write(album.join("1.lrc"), "[00:01.00]drops\n[00:02.00]drops")
        .expect("the test can do this");
    fs::write(music.join("Various/04 - Untagged.wav"), wav(4, 20)).expect("the test can do this");
    fs::write(music.join("broken.flac"), "no music").expect("the test can do this");
    fs::write(music.join("cover.txt"), "nothing").expect("the test can do this");
    let odd = std::ffi::OsStr::from_bytes(b"caf\xe9.wav");
    fs::write(music.join(odd), wav(5, 20)).expect("the test can do this");
    std::os::unix::fs::symlink(&music, album.join("loop")).expect("the test can do this");
    std::os::unix::fs::symlink("/etc", music.join("out")).expect("the test can do this");
    music.to_str().expect("the test can do this").to_owned()
}

pub(crate) fn scan(folder: &Folder, music: &str) -> BTreeMap<&'static str, u64> {
    let found = folder.json(&["catalog", "scan", music]);
    ["added", "changed", "moved", "returned", "missing", "unchanged", "skipped"]
        .into_iter()
        .map(|field| (field, found[field].as_u64().expect("the test can do this")))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Ids by title of all tracks that are there.
pub(crate) fn ids(folder: &Folder) -> BTreeMap<String, String> {
    let found = folder.json(&["catalog", "unlicensed"]);
    let text = |value: &Value| value.as_str().expect("the test can do this").to_owned();
    let items = found["items"].as_array().expect("the test can do this").iter();
    items.map(|track| (text(&track["title"]), text(&track["id"]))).collect()
}

#[test]
fn a_track_stays_the_same_wherever_its_file_goes() {
    let folder = Folder::new();
    let music = music(&folder);
    let root = Path::new(&music);
    assert_eq!(scan(&folder, &music), [("added", 5), ("skipped", 3)].into());
    let first = ids(&folder);
    let titles: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(titles, ["Hail", "Rain", "Snow", "Untagged", "caf%E9"]);
    assert_eq!(scan(&folder, &music), [("unchanged", 5), ("skipped", 3)].into());

    // The folder of the album is moved, and a title is corrected.
    fs::rename(root.join("Ada"), root.join("Zed")).expect("the test can do this");
    let items = [
        (ItemKey::TrackTitle, "Rain!"),
        (ItemKey::TrackArtist, "Ada"),
        (ItemKey::AlbumTitle, "Songs"),
        (ItemKey::AlbumArtist, "Ada"),
    ];
    tag(&root.join("Zed/Songs/1.wav"), &items, None);
    assert_eq!(scan(&folder, &music), [("moved", 3), ("unchanged", 2), ("skipped", 3)].into());
    let moved = ids(&folder);
    assert_eq!(moved["Rain!"], first["Rain"]);
    assert_eq!((&moved["Snow"], &moved["Hail"]), (&first["Snow"], &first["Hail"]));

    // A file is removed, and comes back under another name.
    fs::rename(root.join("Zed/Songs/2.wav"), folder.path("away.wav"))
        .expect("the test can do this");
    assert_eq!(scan(&folder, &music), [("missing", 1), ("unchanged", 4), ("skipped", 3)].into());
    assert!(!ids(&folder).contains_key("Snow"));
    fs::rename(folder.path("away.wav"), root.join("snow.wav")).expect("the test can do this");
    assert_eq!(scan(&folder, &music), [("moved", 1), ("unchanged", 4), ("skipped", 3)].into());
    assert_eq!(ids(&folder)["Snow"], first["Snow"]);

    // A disk that isn't there takes nothing away.
    fs::rename(root, folder.path("elsewhere")).expect("the test can do this");
    fs::create_dir(root).expect("the test can do this");
    let ran = folder.run(&["catalog", "scan", &music]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.all().contains("is its disk mounted?"), "{}", ran.all());
    assert_eq!(ids(&folder).len(), 5);
}

/// What is scanned is shown, its covers too, and a play of it counts with its length; nobody is paid for it yet.
#[test]
fn what_is_scanned_is_shown_and_counts() {
    let folder = Folder::new();
    let music = music(&folder);
    scan(&folder, &music);
    let server = Server::start(&folder);
    let guest = Guest::invited(&folder, &server, "admin", &[]);

    let albums = guest.get("/api/v1/albums").is(200);
    let songs = albums["items"]
        .as_array()
        .expect("the test can do this")
        .iter()
        .find(|it| it["title"] == "Songs")
        .expect("the test can do this");
    assert_eq!((&songs["track_count"], &songs["duration_ms"]), (&json!(3), &json!(120_000)));
    let album = guest
        .get(&format!("/api/v1/albums/{}", songs["id"].as_str().expect("the test can do this")))
        .is(200);
    let tracks: Vec<&str> = album["tracks"]
        .as_array()
        .expect("the test can do this")
        .iter()
        .map(|it| it["title"].as_str().expect("the test can do this"))
        .collect();
    assert_eq!((tracks, &album["discs"]), (vec!["Rain", "Snow", "Hail"], &json!(2)));
    let rain = album["tracks"][0]["id"].as_str().expect("the test can do this");
    let track = guest.get(&format!("/api/v1/tracks/{rain}"));
    let etag = track.header("etag").expect("the test can do this").to_owned();
    let track = track.is(200);
    assert_eq!(track["featured"][0]["name"], "Ben");
    assert!(track["lyrics"]["synced"].as_str().expect("the test can do this").contains("drops"));
    let again = guest.send(
        "GET",
        &format!("/api/v1/tracks/{rain}"),
        &[&format!("If-None-Match: {etag}")],
        b"",
    );
    assert_eq!(again.status, 304);

    let cover = album["cover"].as_str().expect("the test can do this");
    let picture = guest.get(&format!("/api/v1/covers/{cover}?size=96"));
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/jpeg")));
    guest.get(&format!("/api/v1/covers/{}", "0".repeat(40))).refused(404, "not_in_catalogue");

    let artist = album["artists"][0]["id"].as_str().expect("the test can do this");
    guest.post(&format!("/api/v1/artists/{artist}"), &json!({ "biography": "Born." }));
    assert_eq!(guest.get(&format!("/api/v1/artists/{artist}")).is(200)["biography"], "Born.");
    let snow = album["tracks"][1]["id"].as_str().expect("the test can do this");
    let relation = format!("/api/v1/tracks/{snow}/relations/remix/{rain}");
    assert_eq!(guest.change("PUT", &relation, b"").status, 204);
    let related = guest.get(&format!("/api/v1/tracks/{rain}")).is(200);
    assert_eq!(related["relations"][0]["other"]["id"], *snow);
    let genres = guest.get("/api/v1/genres").is(200);
    assert_eq!(genres["items"][0]["key"], "jazz");

    // Rights are brought for what is listed, and it isn't listed any more.
    let recordings = format!("track_id,title,label\n{snow},Snow,northern\n");
    let shares = format!("right,track_id,holder,share\nmaster,{snow},northern,100%\n");
    folder.ok(&[
        "catalog",
        "rights",
        "import",
        &folder.write("parties.csv", "party_id,name\nnorthern,Northern\n"),
        &folder.write("recordings.csv", recordings),
        &folder.write("shares.csv", shares),
    ]);
    assert!(!ids(&folder).contains_key("Snow"));
}

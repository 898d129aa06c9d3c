//! What listeners keep and heard, the whole way, with somebody else at every door; and charts.

use crate::music;
use crate::support::guest::Guest;
use crate::support::http::{Answer, JSON, REPORT};
use crate::support::{Folder, Server, reports};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const DAY_MS: u64 = 86_400_000;

/// A server over five tracks, of which three are on one album; and two people.
struct House {
    folder: Folder,
    server: Server,
    music: String,
    tracks: BTreeMap<String, String>,
    ada: Guest,
    bo: Guest,
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let music = music::music(&folder);
        music::scan(&folder, &music);
        let tracks = music::ids(&folder);
        let server = Server::start(&folder);
        let guest = |name| Guest::with_account(&folder, &server, (name, "listener"), &[]);
        let (ada, bo) = (guest("ada.lind"), guest("bo.berg"));
        Self { folder, server, music, tracks, ada, bo }
    }

    fn track(&self, title: &str) -> &str {
        &self.tracks[title]
    }

    /// The file of Rain leaves the folder.
    fn lose_rain(&self) {
        fs::remove_file(Path::new(&self.music).join("Ada/Songs/1.wav")).expect("it is there");
        let lost = music::scan(&self.folder, &self.music);
        assert_eq!(lost.get("missing"), Some(&1), "{lost:?}");
    }
}

fn with(guest: &Guest, method: &str, path: &str, header: &str, body: &Value) -> Answer {
    let token = format!("X-CSRF-Token: {}", guest.token());
    let headers = [&*token, &format!("Content-Type: {JSON}"), header];
    guest.send(method, path, &headers, body.to_string().as_bytes())
}

fn titles(page: &Value) -> Vec<(String, bool)> {
    let items = page["items"].as_array().expect("a page").iter();
    let title = |item: &Value| item["track"]["title"].as_str().unwrap_or("?").to_owned();
    items.map(|item| (title(item), item["gone"].as_bool().expect("it says so"))).collect()
}

fn there(titles: &[&str]) -> Vec<(String, bool)> {
    titles.iter().map(|title| ((*title).to_owned(), false)).collect()
}

#[test]
fn what_is_saved_is_ones_own() {
    let house = House::new();
    let House { ada, bo, .. } = &house;
    let album = ada.get(&format!("/api/v1/tracks/{}", house.track("Rain"))).is(200);
    let artist = album["artists"][0]["id"].as_str().expect("an artist").to_owned();
    let album = album["album_id"].as_str().expect("an album").to_owned();
    for title in ["Rain", "Hail", "Snow", "Rain"] {
        // What is saved in the same millisecond has no order that anybody could expect.
        let before = reports::now_ms();
        while reports::now_ms() == before {
            std::thread::yield_now();
        }
        let path = format!("/api/v1/me/saved/tracks/{}", house.track(title));
        assert_eq!(ada.change("PUT", &path, &[]).status, 204);
    }
    for (kind, id) in [("albums", &album), ("artists", &artist)] {
        let path = format!("/api/v1/me/saved/{kind}/{id}");
        assert_eq!(ada.change("PUT", &path, &[]).status, 204, "{kind}");
        let page = ada.get(&format!("/api/v1/me/saved/{kind}")).is(200);
        assert_eq!((&page["total"], &page["items"][0]["id"]), (&json!(1), &json!(id)));
        assert_eq!(page["items"][0]["gone"], false);
    }
    // Whoever looks at an artist sees how many follow it, and not who.
    let followed = format!("/api/v1/me/saved/artists/{artist}");
    for (guest, method, expected) in [(bo, "PUT", 2), (bo, "DELETE", 1)] {
        assert_eq!(guest.change(method, &followed, &[]).status, 204);
        let shown = ada.get(&format!("/api/v1/artists/{artist}")).is(200);
        assert_eq!(shown["followers"], expected, "{shown}");
    }
    let page = ada.get("/api/v1/me/saved/tracks?limit=2").is(200);
    assert_eq!((&page["total"], titles(&page)), (&json!(3), there(&["Snow", "Hail"])));
    assert_eq!(page["items"][0]["track"]["album"], "Songs");
    assert!(page["items"][0]["track"]["cover"].is_string(), "{page}");
    let next = page["next"].as_str().expect("there is more");
    let rest = ada.get(&format!("/api/v1/me/saved/tracks?limit=2&after={next}")).is(200);
    assert_eq!((titles(&rest), &rest["next"]), (there(&["Rain"]), &Value::Null));

    let asked = json!({
        "tracks": [house.track("Untagged"), house.track("Rain"), "unknown"], "albums": [album],
    });
    let known = ada.post("/api/v1/me/saved/lookup", &asked).is(200);
    assert_eq!(known, json!({ "tracks": [house.track("Rain")], "albums": [album], "artists": [] }));
    let many: Vec<String> = (0..101).map(|number| format!("t{number}")).collect();
    let many = json!({ "tracks": many });
    ada.post("/api/v1/me/saved/lookup", &many).refused(422, "invalid_request");

    // Somebody else has saved nothing, and takes nothing away.
    let none = json!({ "tracks": [], "albums": [], "artists": [] });
    assert_eq!(bo.post("/api/v1/me/saved/lookup", &asked).is(200), none);
    assert_eq!(bo.get("/api/v1/me/saved/tracks").is(200)["total"], 0);
    let rain = format!("/api/v1/me/saved/tracks/{}", house.track("Rain"));
    assert_eq!(bo.delete(&rain).status, 204);
    assert_eq!(ada.get("/api/v1/me/saved/tracks").is(200)["total"], 3);
    let api = house.server.api(&house.folder, "counts:read");
    api.get("/api/v1/me/saved/tracks").refused(404, "account_not_found");

    for (path, status, code) in [
        ("/api/v1/me/saved/tracks/unknown", 404, "not_in_catalogue"),
        ("/api/v1/me/saved/songs/x", 400, "invalid_parameter"),
    ] {
        ada.change("PUT", path, &[]).refused(status, code);
    }
    ada.get("/api/v1/me/saved/tracks?limit=201").refused(400, "invalid_parameter");
    ada.get("/api/v1/me/saved/tracks?after=x").refused(400, "invalid_parameter");

    house.lose_rain();
    let page = ada.get("/api/v1/me/saved/tracks").is(200);
    let expected = [there(&["Snow", "Hail"]), vec![("Rain".to_owned(), true)]].concat();
    assert_eq!(titles(&page), expected, "it is gone, and still saved");
    assert_eq!(ada.delete(&rain).status, 204);
    assert_eq!(ada.delete(&rain).status, 204, "it isn't saved, whoever says so");
    assert_eq!(titles(&ada.get("/api/v1/me/saved/tracks").is(200)), there(&["Snow", "Hail"]));
    house.server.end();
}

#[test]
fn a_playlist_is_edited_by_items() {
    let house = House::new();
    let ada = &house.ada;
    let new = json!({ "name": "Väder ☂", "description": "of\nall kinds" });
    let key = "Idempotency-Key: make-1";
    let made = with(ada, "POST", "/api/v1/playlists", key, &new);
    assert_eq!(made.header("etag"), Some("\"1\""));
    let made = made.is(201);
    assert_eq!((&made["version"], &made["item_count"]), (&json!(1), &json!(0)));
    assert_eq!((&made["public"], &made["is_own"]), (&json!(false), &json!(true)));
    let again = with(ada, "POST", "/api/v1/playlists", key, &new).is(201);
    assert_eq!(again, made, "sent again, it is the same one");
    let path = format!("/api/v1/playlists/{}", made["id"].as_str().expect("an id"));
    let items = format!("{path}/items");
    let list = || {
        let page = ada.get(&items).is(200);
        titles(&page).into_iter().map(|(title, _)| title).collect::<Vec<_>>()
    };
    let track = |title: &str| json!({ "track_id": house.track(title) });
    let add = json!({ "items": [track("Rain"), track("Hail"), track("Rain")] });
    let added = with(ada, "POST", &items, "Idempotency-Key: add-1", &add);
    assert_eq!(added.header("etag"), Some("\"2\""));
    let added = added.is(200);
    assert_eq!((&added["version"], &added["item_count"]), (&json!(2), &json!(3)));
    let again = with(ada, "POST", &items, "Idempotency-Key: add-1", &add).is(200);
    assert_eq!(again, added, "sent again, it changes nothing");
    assert_eq!(list(), ["Rain", "Hail", "Rain"]);
    let ids: Vec<String> = added["item_ids"]
        .as_array()
        .expect("three")
        .iter()
        .map(|id| id.as_str().expect("a text").to_owned())
        .collect();
    let own_id = json!({ "items": [{ "track_id": house.track("Snow"), "item_id": "snow-000001" }],
        "before": ids[1] });
    for _ in 0..2 {
        ada.post(&items, &own_id).is(200);
    }
    assert_eq!(list(), ["Rain", "Snow", "Hail", "Rain"]);
    let moved = json!({ "item_ids": [ids[2], "snow-000001"], "after": ids[1] });
    let stands = ada.post(&format!("{items}/move"), &moved).is(200);
    assert_eq!(
        (&stands["version"], list()),
        (&json!(4), ["Rain", "Hail", "Rain", "Snow"].map(String::from).to_vec())
    );

    // Two devices: the slower one hears so, unless it doesn't mind.
    let removal = format!("{items}/removal");
    let remove = json!({ "item_ids": [ids[0], "item-unknown"] });
    let stale = with(ada, "POST", &removal, "If-Match: \"3\"", &remove);
    assert_eq!(stale.header("etag"), Some("\"4\""), "which version there is");
    stale.refused(409, "version_conflict");
    with(ada, "PATCH", &path, "If-Match: \"3\"", &json!({ "name": "x" }))
        .refused(409, "version_conflict");
    with(ada, "DELETE", &path, "If-Match: \"3\"", &json!({})).refused(409, "version_conflict");
    with(ada, "POST", &removal, "If-Match: \"4\"", &remove).is(200);
    assert_eq!(list(), ["Hail", "Rain", "Snow"]);
    assert_eq!(ada.post(&removal, &remove).is(200)["version"], 5, "they are out already");

    // Pages go on behind an item.
    let page = ada.get(&format!("{items}?limit=2")).is(200);
    let next = page["next"].as_str().expect("there is more");
    let rest = ada.get(&format!("{items}?limit=2&after={next}")).is(200);
    assert_eq!((titles(&rest), &rest["version"]), (there(&["Snow"]), &json!(5)));

    for (body, status, code) in [
        (json!({ "items": [{ "track_id": "unknown" }] }), 404, "not_in_catalogue"),
        (json!({ "items": [] }), 422, "invalid_request"),
        (json!({ "items": [track("Hail")], "before": "gone-00001" }), 409, "item_not_there"),
        (
            json!({ "items": [track("Hail")], "before": ids[1], "after": ids[1] }),
            422,
            "invalid_request",
        ),
        (
            json!({ "items": [{ "track_id": house.track("Hail"), "item_id": "snow-000001" }] }),
            409,
            "item_taken",
        ),
        (
            json!({ "items": [{ "track_id": house.track("Hail"), "item_id": "short" }] }),
            422,
            "invalid_request",
        ),
        (json!({ "items": vec![track("Hail"); 501] }), 422, "invalid_request"),
    ] {
        ada.post(&items, &body).refused(status, code);
    }
    for body in
        [json!({ "name": "" }), json!({ "name": "a\u{7}" }), json!({ "name": "å".repeat(201) })]
    {
        ada.post("/api/v1/playlists", &body).refused(422, "invalid_request");
    }
    let changed = ada.patch(&path, &json!({ "name": "Regn", "description": "" })).is(200);
    assert_eq!((&changed["name"], &changed["version"]), (&json!("Regn"), &json!(6)));
    assert_eq!(changed["covers"].as_array().map(Vec::len), Some(1), "one album, one cover");

    house.lose_rain();
    let page = ada.get(&items).is(200);
    assert_eq!(page["items"][1]["gone"], true, "{page}");
    assert_eq!(page["items"][1]["track_id"], house.track("Rain"));
    assert_eq!(ada.get("/api/v1/me/playlists").is(200)["items"][0]["item_count"], 3);
    assert_eq!(ada.delete(&path).status, 204);
    ada.get(&path).refused(404, "playlist_not_found");
    assert_eq!(ada.get("/api/v1/me/playlists").is(200)["items"], json!([]));
    house.server.end();
}

#[test]
fn a_playlist_is_its_owners() {
    let house = House::new();
    let House { ada, bo, .. } = &house;
    let made = ada.post("/api/v1/playlists", &json!({ "name": "mine" })).is(201);
    let path = format!("/api/v1/playlists/{}", made["id"].as_str().expect("an id"));
    let items = format!("{path}/items");
    let add = json!({ "items": [{ "track_id": house.track("Rain"), "item_id": "rain-000001" }] });
    ada.post(&items, &add).is(200);
    let ids = json!({ "item_ids": ["rain-000001"] });
    let api = house.server.api(&house.folder, "counts:read");
    let refused = |reads: bool| {
        if reads {
            for path in [&path, &items] {
                bo.get(path).refused(404, "playlist_not_found");
                api.get(path).refused(404, "playlist_not_found");
                assert_eq!(house.server.anyone().get(path).status, 401);
            }
        }
        bo.patch(&path, &json!({ "name": "his" })).refused(404, "playlist_not_found");
        bo.post(&items, &add).refused(404, "playlist_not_found");
        bo.post(&format!("{items}/removal"), &ids).refused(404, "playlist_not_found");
        bo.post(&format!("{items}/move"), &ids).refused(404, "playlist_not_found");
        bo.delete(&path).refused(404, "playlist_not_found");
        assert_eq!(bo.get("/api/v1/me/playlists").is(200)["items"], json!([]));
    };
    refused(true);
    ada.patch(&path, &json!({ "public": true })).is(200);
    refused(false);
    let shown = bo.get(&path).is(200);
    assert_eq!((&shown["name"], &shown["is_own"]), (&json!("mine"), &json!(false)));
    assert_eq!(titles(&bo.get(&items).is(200)), there(&["Rain"]));
    assert_eq!(house.server.anyone().get(&path).status, 401, "a link is for who is signed in");
    ada.patch(&path, &json!({ "public": false })).is(200);
    refused(true);
    assert_eq!(ada.get(&path).is(200)["item_count"], 1);
    house.server.end();
}

#[test]
fn a_queue_goes_from_device_to_device() {
    let house = House::new();
    let House { ada, bo, .. } = &house;
    let empty = ada.get("/api/v1/me/queue").is(200);
    assert_eq!((&empty["version"], &empty["items"]), (&json!(0), &json!([])));
    let step = json!({ "position_ms": 61_000 });
    ada.patch("/api/v1/me/queue", &step).refused(404, "not_of_account");
    let item = |title: &str, id: &str| json!({ "track_id": house.track(title), "item_id": id });
    let queue = json!({
        "items": [item("Rain", "queue-0001"), item("Hail", "queue-0002")],
        "index": 1, "position_ms": 12_000, "shuffle": true, "repeat": "all",
        "source": { "type": "playlist", "id": "pl_1" },
    });
    let put = |header: &str, body: &Value| with(ada, "PUT", "/api/v1/me/queue", header, body);
    put("If-Match: \"1\"", &queue).refused(409, "version_conflict");
    let kept = put("If-Match: \"0\"", &queue);
    assert_eq!(kept.header("etag"), Some("\"1\""));
    assert_eq!(kept.is(200), json!({ "version": 1 }));
    let shown = ada.get("/api/v1/me/queue").is(200);
    for field in ["index", "position_ms", "shuffle", "repeat", "source"] {
        assert_eq!(shown[field], queue[field], "{field}");
    }
    assert_eq!(titles(&shown), there(&["Rain", "Hail"]));
    // The phone goes on; the laptop, which still has the first version, doesn't undo that unasked.
    assert_eq!(ada.patch("/api/v1/me/queue", &step).is(200)["version"], 2);
    put("If-Match: \"1\"", &queue).refused(409, "version_conflict");
    assert_eq!(ada.get("/api/v1/me/queue").is(200)["position_ms"], 61_000);
    ada.patch("/api/v1/me/queue", &json!({ "index": 2 })).refused(404, "not_of_account");
    let changed = |field: &str, value: Value| {
        let mut changed = queue.clone();
        changed[field] = value;
        changed
    };
    for wrong in [
        changed("index", json!(2)),
        changed("repeat", json!("twice")),
        changed("position_ms", json!(604_800_001)),
        changed("items", json!([item("Rain", "queue-0001"), item("Rain", "queue-0001")])),
        changed("items", json!([item("Rain", "short")])),
        changed(
            "items",
            json!((0..1_001).map(|at| item("Rain", &format!("queue-{at:04}"))).collect::<Vec<_>>()),
        ),
    ] {
        ada.change("PUT", "/api/v1/me/queue", wrong.to_string().as_bytes())
            .refused(422, "invalid_request");
    }
    assert_eq!(bo.get("/api/v1/me/queue").is(200)["version"], 0, "it is another's");
    let none = json!({ "items": [], "index": 0 });
    assert_eq!(put("If-Match: \"2\"", &none).is(200)["version"], 3);
    assert_eq!(ada.get("/api/v1/me/queue").is(200)["items"], json!([]));
    house.server.end();
}

/// Until what was reported is counted, which nobody waits for.
fn recently_played(guest: &Guest, path: &str, plays: usize) -> Value {
    let deadline = std::time::Instant::now() + crate::support::DEADLINE;
    loop {
        let page = guest.get(path).is(200);
        if page["items"].as_array().map(Vec::len) == Some(plays) {
            return page;
        }
        assert!(std::time::Instant::now() < deadline, "{page}");
        std::thread::yield_now();
    }
}

#[test]
fn what_one_heard_is_ones_own() {
    let house = House::new();
    let House { ada, bo, .. } = &house;
    let report = |guest: &Guest, play: &str, title: &str, heard: u64, ago: u64| {
        let report = json!({
            "play_id": play, "track_id": house.track(title), "duration_listened_ms": heard,
            "started_at": reports::now_ms() - ago, "context": { "type": "album", "id": "songs" },
        });
        guest.change("POST", REPORT, report.to_string().as_bytes()).is(202);
    };
    let path = "/api/v1/me/recently-played";
    assert_eq!(ada.get(path).is(200), json!({ "items": [] }));
    report(ada, "p1", "Rain", 31_000, 3 * DAY_MS);
    report(ada, "p2", "Hail", 35_000, 2 * DAY_MS);
    report(ada, "skipped", "Snow", 5_000, DAY_MS);
    report(ada, "p3", "Rain", 30_000, 60_000);
    // Twice the same play is one.
    report(ada, "p3", "Rain", 33_000, 60_000);
    report(bo, "p1", "Snow", 39_000, DAY_MS);
    let page = recently_played(ada, path, 3);
    assert_eq!(titles(&page), there(&["Rain", "Hail", "Rain"]));
    assert_eq!(page["items"][1]["source"], json!({ "type": "album", "id": "songs" }));
    assert_eq!(page["items"][1]["listened_ms"], 35_000);
    assert_eq!(titles(&recently_played(bo, path, 1)), there(&["Snow"]));
    let mut found = Vec::new();
    let mut next = Some(String::new());
    while let Some(after) = next.take() {
        let page = ada.get(&format!("{path}?limit=1{after}")).is(200);
        found.extend(titles(&page));
        next = page["next"].as_str().map(|next| format!("&after={next}"));
    }
    assert_eq!(found, there(&["Rain", "Hail", "Rain"]), "a page at a time");
    let api = house.server.api(&house.folder, "counts:read");
    api.get(path).refused(404, "account_not_found");
    house.lose_rain();
    let page = ada.get(path).is(200);
    assert_eq!(
        (&page["items"][0]["gone"], &page["items"][1]["gone"]),
        (&json!(true), &json!(false))
    );
    house.server.end();
    // After a start it is the same, from what is on the disk.
    let server = Server::start(&house.folder);
    let mut ada = house.ada.clone();
    ada.move_to(&server);
    assert_eq!(recently_played(&ada, path, 3)["items"], page["items"]);
    server.end();
}

/// No file of anybody has this by chance.
const SECRET: &str = "a-list-of-adas-own-0123456789";

#[test]
fn who_is_erased_leaves_nothing_that_was_kept() {
    for by_account in [true, false] {
        let house = House::new();
        let rain = house.track("Rain").to_owned();
        let House { folder, server, ada, bo, .. } = house;
        for guest in [&ada, &bo] {
            let saved = format!("/api/v1/me/saved/tracks/{rain}");
            assert_eq!(guest.change("PUT", &saved, &[]).status, 204);
        }
        let list = json!({ "name": SECRET, "description": SECRET, "public": true });
        let made = ada.post("/api/v1/playlists", &list).is(201);
        let path = format!("/api/v1/playlists/{}", made["id"].as_str().expect("an id"));
        ada.post(&format!("{path}/items"), &json!({ "items": [{ "track_id": rain }] })).is(200);
        let queue = json!({
            "items": [{ "track_id": rain, "item_id": format!("{SECRET}-1") }], "index": 0,
            "source": { "type": "search", "id": SECRET },
        });
        ada.change("PUT", "/api/v1/me/queue", queue.to_string().as_bytes()).is(200);
        let report = json!({
            "play_id": "p1", "track_id": rain, "duration_listened_ms": 31_000,
            "started_at": reports::now_ms() - DAY_MS,
        });
        ada.change("POST", REPORT, report.to_string().as_bytes()).is(202);

        let id = ada.session["account"]["account_id"].as_str().expect("an account").to_owned();
        let held = folder.json(&["privacy", "export", &id]);
        let kept = &held["collection"];
        assert_eq!(kept["saved"][0]["id"], rain, "{held}");
        assert_eq!(kept["playlists"][0]["name"], SECRET);
        assert_eq!(kept["playlists"][0]["track_ids"], json!([rain]));
        assert_eq!(kept["queue"], json!([rain]));
        assert_eq!(held["plays"][0]["track_id"], rain, "which is what was heard");
        bo.get(&path).is(200);
        let log = crate::support::folder::text(&folder.path("server.log"));
        assert!(!log.contains(SECRET), "{log}");

        if by_account {
            folder.ok(&["accounts", "delete", "ada.lind"]);
        } else {
            folder.json(&["privacy", "erase", &id]);
        }
        bo.get(&path).refused(404, "playlist_not_found");
        let held = folder.json(&["privacy", "export", &id]);
        assert!(held["collection"].is_null(), "{held}");
        assert_eq!(bo.get("/api/v1/me/saved/tracks").is(200)["total"], 1, "others keep theirs");
        assert_eq!(ada.get("/api/v1/me/queue").status, 401);
        server.end();
        for name in folder.files("") {
            let bytes = fs::read(folder.data().join(&name)).unwrap_or_default();
            let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!found, "{name}");
        }
        folder.ok(&["doctor"]);
    }
}

/// A chart whose places are these; what was committed a second ago is in it.
fn chart(guest: &Guest, query: &str, places: &Value, of: &dyn Fn(&Value) -> Value) -> Value {
    let deadline = std::time::Instant::now() + crate::support::DEADLINE;
    loop {
        let answer = guest.get(&format!("/api/v1/charts/{query}"));
        let chart = answer.json();
        let items = chart["items"].as_array().into_iter().flatten();
        let found = Value::from(items.map(of).collect::<Vec<_>>());
        if answer.status == 200 && found == *places {
            return chart;
        }
        // Until the logs are read for the first time.
        assert!(matches!(answer.status, 200 | 503), "{chart}");
        assert!(std::time::Instant::now() < deadline, "{found} is to be {places}");
        std::thread::yield_now();
    }
}

#[test]
fn charts_are_of_what_counts() {
    let house = House::new();
    let House { ada, folder, server, .. } = &house;
    let source = ["--scope", "reports:write,fraud:write,counts:read", "--source", "app"];
    let api = server.api_of(folder, &source);
    let today = reports::now_ms() / DAY_MS;
    let day = |back: u64| ledgerline_ids::DayNo(u32::try_from(today - back).expect("small"));
    // Track, days back, country, listeners from which to which.
    let plays = [
        ("Rain", 2, "SE", 0..3),
        ("Hail", 2, "SE", 0..2),
        ("Snow", 2, "NO", 0..2),
        ("Untagged", 2, "NO", 0..1),
        ("Snow", 3, "SE", 0..4),
        ("Rain", 3, "SE", 0..1),
    ];
    let mut lines = String::new();
    for (title, back, territory, listeners) in plays {
        for listener in listeners {
            let report = json!({
                "play_id": format!("{title}-{back}-{listener}"), "user_id": format!("u{listener}"),
                "track_id": house.track(title), "duration_listened_ms": 31_000,
                "started_at": day(back).start().get() + 3_600_000, "territory": territory,
            });
            lines.push_str(&format!("{report}\n"));
        }
    }
    assert_eq!(api.report(&lines).is(202)["accepted"], 13);
    api.get("/api/v1/counts?by=track").is(200);
    let of_track = |item: &Value| {
        json!([
            item["track"]["title"],
            item["plays"],
            item["rank"],
            item["rank_before"],
            item["periods"],
            item["best_rank"]
        ])
    };
    let two_back = format!("tracks?period=day&at={}", day(2));
    let expected = json!([
        ["Rain", 3, 1, 2, 2, 1],
        ["Hail", 2, 2, null, 1, 2],
        ["Snow", 2, 3, 1, 2, 1],
        ["Untagged", 1, 4, null, 1, 4],
    ]);
    let found = chart(ada, &two_back, &expected, &of_track);
    assert_eq!(
        (&found["from"], &found["to"]),
        (&json!(day(2).to_string()), &json!(day(2).to_string()))
    );
    assert_eq!((&found["is_over"], &found["is_settled"]), (&json!(true), &json!(false)));
    let swedish = format!("{two_back}&territory=SE");
    chart(ada, &swedish, &json!([["Rain", 3, 1, 2, 2, 1], ["Hail", 2, 2, null, 1, 2]]), &of_track);
    let albums = format!("albums?period=day&at={}", day(2));
    let of_album = |item: &Value| json!([item["album"]["title"], item["plays"]]);
    let found = chart(ada, &albums, &json!([["Songs", 7], [albums_title(&house), 1]]), &of_album);
    assert_eq!(found["items"][0]["rank"], 1);
    let artists = format!("artists?period=day&at={}", day(3));
    let of_artist = |item: &Value| json!([item["artist"]["name"], item["plays"]]);
    chart(ada, &artists, &json!([["Ada", 5]]), &of_artist);
    // A week has both days, unless it begins between them.
    let week = format!("tracks?period=week&at={}", day(2));
    let of_plays = |item: &Value| item["plays"].clone();
    let begins_between = (u64::from(day(2).0) + 6) % 7 == 0;
    let sums = if begins_between { json!([3, 2, 2, 1]) } else { json!([6, 4, 2, 1]) };
    chart(ada, &week, &sums, &of_plays);

    // What is excluded doesn't rank, and what counts again does.
    let rule = |ruling: &str| {
        for listener in 0..2 {
            let play = format!("Rain-2-{listener}");
            let ruled = json!({ "user_id": format!("u{listener}"), "play_id": play, "source": "app",
                "ruling": ruling });
            api.post("/api/v1/fraud", &ruled).is(200);
        }
    };
    rule("exclude");
    chart(ada, &swedish, &json!([["Hail", 2, 1, null, 1, 1], ["Rain", 1, 2, 2, 2, 2]]), &of_track);
    rule("hold");
    chart(ada, &swedish, &json!([["Hail", 2, 1, null, 1, 1], ["Rain", 1, 2, 2, 2, 2]]), &of_track);
    rule("reinstate");
    chart(ada, &swedish, &json!([["Rain", 3, 1, 2, 2, 1], ["Hail", 2, 2, null, 1, 2]]), &of_track);
    chart(ada, &two_back, &expected, &of_track);

    let tomorrow =
        format!("/api/v1/charts/tracks?period=day&at={}", ledgerline_ids::DayNo(day(0).0 + 1));
    ada.get(&tomorrow).refused(404, "no_chart");
    ada.get("/api/v1/charts/tracks?at=2001-01-01").refused(404, "no_chart");
    for wrong in ["songs", "tracks?period=year", "tracks?at=x", "tracks?territory=sweden"] {
        ada.get(&format!("/api/v1/charts/{wrong}")).refused(400, "invalid_parameter");
    }
    assert_eq!(server.anyone().get("/api/v1/charts/tracks").status, 401);
    house.server.end();
}

/// The title of the album that the untagged track is on.
fn albums_title(house: &House) -> Value {
    let track = house.ada.get(&format!("/api/v1/tracks/{}", house.track("Untagged"))).is(200);
    track["album"]["title"].clone()
}

//! People sign in, by a key or by an invitation, and their sessions end: by themselves, with what
//! they stand on, and never by a restart of the server.

use crate::support::guest::{Guest, secret_of};
use crate::support::{Answer, Folder, Server};
use serde_json::{Value, json};

const EVERYTHING: &str = "counts:read,adjudication:write,fraud:write,appeals:write,royalty:read,\
                          royalty:write,ledger:read,privacy:write,access:write";

fn sign_in(server: &Server, with: &Value) -> Answer {
    server.anyone().post("/api/v1/session", with)
}

fn key(folder: &Folder, scopes: &str) -> (String, String) {
    let made = folder.json(&["keys", "create", "--scope", scopes]);
    let text = |field: &str| made[field].as_str().expect("it is shown").to_owned();
    (text("id"), text("key"))
}

#[test]
fn a_session_by_key_can_what_the_key_can() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let (id, key) = key(&folder, "counts:read,fraud:write");
    let guest = Guest::enter(&server, &json!({ "key": key }));
    let cookie = sign_in(&server, &json!({ "key": key })).header("set-cookie").unwrap().to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains(&key), "{cookie}");
    let https = ["Content-Type: application/json", "X-Forwarded-Proto: https"];
    let body = json!({ "key": key }).to_string();
    let secure = server.anyone().send("POST", "/api/v1/session", &https, body.as_bytes());
    assert!(secure.header("set-cookie").is_some_and(|cookie| cookie.ends_with("; Secure")));

    let session = guest.get("/api/v1/session").is(200);
    assert_eq!(session["name"], id);
    assert_eq!(session["role"], "key");
    assert_eq!(session["parties"], Value::Null);
    assert_eq!(session["scopes"], json!(["counts:read", "fraud:write"]));
    assert_eq!(session["csrf_token"], guest.session["csrf_token"], "a reload finds it again");
    assert_eq!(session["demo"], false);
    guest.get("/api/v1/conservation").is(200);
    assert_eq!(guest.get("/api/v1/ledger/head").refused(403, "forbidden")["scope"], "ledger:read");

    // The key itself says the same of itself, and has nothing to sign out of.
    let api = crate::support::Api { address: server.address(), key: Some(key) };
    let by_key = api.get("/api/v1/session").is(200);
    assert_eq!(by_key["name"], id);
    assert!(by_key.get("csrf_token").is_none() && by_key.get("expires_at").is_none(), "{by_key}");
    api.send("DELETE", "/api/v1/session", &[], &[]).is(204);
    api.get("/api/v1/session").is(200);
}

#[test]
fn what_changes_something_shows_the_sessions_token() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let (_, key) = key(&folder, "counts:read,fraud:write,access:write");
    let guest = Guest::enter(&server, &json!({ "key": key }));
    let other = Guest::enter(&server, &json!({ "key": key }));
    assert_ne!(guest.token(), other.token());
    let json_type = "Content-Type: application/json";
    let ruling = json!({ "user_id": "a", "play_id": "p", "ruling": "hold" }).to_string();
    let ruled = |token: &[&str]| {
        let headers = [&[json_type], token].concat();
        guest.send("POST", "/api/v1/fraud", &headers, ruling.as_bytes())
    };
    let others = format!("X-CSRF-Token: {}", other.token());
    let own = format!("X-CSRF-Token: {}", guest.token());
    let secret = format!("X-CSRF-Token: {}", guest.secret);
    for wrong in [&[][..], &["X-CSRF-Token: "], &[&others], &[&secret], &[&own, &own]] {
        ruled(wrong).refused(403, "csrf");
    }
    ruled(&[&own]).refused(404, "play_not_found");
    for path in ["/api/v1/session", "/api/v1/invitations/inv_0"] {
        guest.send("DELETE", path, &[], &[]).refused(403, "csrf");
    }
    // A key in the request is what counts then, and needs no token.
    let bearer = format!("Authorization: Bearer {key}");
    guest
        .send("POST", "/api/v1/fraud", &[json_type, &bearer], ruling.as_bytes())
        .refused(404, "play_not_found");
    for wrong in ["Authorization: Bearer ll_0", "Authorization: Basic eA=="] {
        guest.send("GET", "/api/v1/fraud", &[wrong], &[]).refused(401, "unauthorized");
    }

    // Who signs in again in the same browser leaves no session behind.
    let again = json!({ "key": key }).to_string();
    let third = guest.send("POST", "/api/v1/session", &[json_type], again.as_bytes());
    third.is(200);
    guest.get("/api/v1/session").refused(401, "unauthorized");
    let mut guest = guest.clone();
    guest.secret = secret_of(&third).expect("a cookie");
    guest.session = third.json();

    let out = guest.delete("/api/v1/session");
    out.is(204);
    assert!(out.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    guest.get("/api/v1/session").refused(401, "unauthorized");
    guest.delete("/api/v1/session").refused(401, "unauthorized");
    other.get("/api/v1/session").is(200);
}

#[test]
fn an_invitation_opens_one_session_once() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let admin = Guest::invited(&folder, &server, "admin", &[]);
    assert_eq!(admin.session["role"], "admin");
    assert_eq!(admin.session["parties"], Value::Null);
    let scopes: Vec<&str> = EVERYTHING.split(',').collect();
    assert_eq!(admin.session["scopes"], json!(scopes));

    let made = admin.post(
        "/api/v1/invitations",
        &json!({ "role": "label", "parties": ["b", "a", "b"], "note": "<b>Ours</b>", "days": 1 }),
    );
    let made = made.is(201);
    let invitation = &made["invitation"];
    assert_eq!(invitation["parties"], json!(["a", "b"]));
    assert_eq!(invitation["state"], "open");
    assert_eq!(invitation["created_by"], admin.session["name"]);
    let secret = made["link"].as_str().and_then(|link| link.strip_prefix("/#/invitation/"));
    let secret = secret.expect("the secret is in the fragment");
    let guest = Guest::enter(&server, &json!({ "invitation": secret }));
    assert_eq!(guest.session["name"], made["id"]);
    assert_eq!(guest.session["role"], "label");
    assert_eq!(guest.session["parties"], json!(["a", "b"]));
    sign_in(&server, &json!({ "invitation": secret })).refused(401, "unauthorized");
    // A key is no invitation, an invitation no key, and a session's secret neither.
    for with in [
        json!({ "key": secret }),
        json!({ "invitation": guest.secret }),
        json!({ "key": guest.secret }),
    ] {
        sign_in(&server, &with).refused(401, "unauthorized");
    }

    let list = admin.get("/api/v1/invitations");
    let text = String::from_utf8(list.body.clone()).expect("text");
    assert!(!text.contains(secret) && !text.contains("lli_"), "{text}");
    let items = list.is(200);
    let items = items["items"].as_array().expect("a list");
    assert_eq!(items.len(), 2);
    let states = items.iter().map(|item| (item["id"].clone(), item["state"].clone()));
    let states: Vec<_> = states.collect();
    assert!(states.contains(&(made["id"].clone(), "used".into())), "{states:?}");
    guest.get("/api/v1/invitations").refused(403, "forbidden");

    // Sessions and invitations outlast the server.
    server.end();
    let server = Server::start(&folder);
    let mut guest = guest;
    let mut admin = admin;
    guest.move_to(&server);
    admin.move_to(&server);
    assert_eq!(guest.get("/api/v1/session").is(200)["csrf_token"], guest.session["csrf_token"]);

    let path = format!("/api/v1/invitations/{}", made["id"].as_str().expect("an id"));
    admin.delete(&path).is(204);
    guest.get("/api/v1/session").refused(401, "unauthorized");
    admin.delete(&path).refused(404, "invitation_not_found");
    let own = format!("/api/v1/invitations/{}", admin.session["name"].as_str().expect("a name"));
    admin.delete(&own).is(204);
    admin.get("/api/v1/session").refused(401, "unauthorized");
}

#[test]
fn an_invitation_says_who_and_for_how_long() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let admin = Guest::invited(&folder, &server, "admin", &[]);
    let long = "x".repeat(501);
    let many: Vec<String> = (0..65).map(|number| format!("p{number}")).collect();
    for refused in [
        json!({ "role": "label" }),
        json!({ "role": "rights_holder", "parties": [] }),
        json!({ "role": "finance", "parties": ["a"] }),
        json!({ "role": "admin", "parties": ["a"] }),
        json!({ "role": "key" }),
        json!({ "role": "king" }),
        json!({ "role": "label", "parties": ["a b"] }),
        json!({ "role": "label", "parties": [""] }),
        json!({ "role": "label", "parties": many }),
        json!({ "role": "finance", "days": 0 }),
        json!({ "role": "finance", "days": 31 }),
        json!({ "role": "finance", "note": long }),
        json!({ "role": "finance", "until": "2030-01-01" }),
        json!({ "parties": ["a"] }),
    ] {
        admin.post("/api/v1/invitations", &refused).refused(422, "invalid_request");
    }
    for refused in [json!({}), json!({ "key": "ll_0", "invitation": "lli_0" }), json!({ "k": 1 })] {
        sign_in(&server, &refused).refused(422, "invalid_request");
    }
    // Nobody gives away more than he has.
    let (_, key) = key(&folder, "access:write,counts:read");
    let keeper = Guest::enter(&server, &json!({ "key": key }));
    let refused = keeper.post("/api/v1/invitations", &json!({ "role": "admin" }));
    refused.refused(403, "forbidden");
    assert_eq!(admin.get("/api/v1/invitations").is(200)["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn whoever_guesses_waits() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let (_, key) = key(&folder, "counts:read");
    let guest = Guest::enter(&server, &json!({ "key": key }));
    let mut refused = None;
    for number in 0..10 {
        let with = json!({ "key": format!("ll_{number}") });
        let answer = sign_in(&server, &with);
        if answer.status == 429 {
            refused = Some((number, answer));
            break;
        }
        answer.refused(401, "unauthorized");
        assert_eq!(secret_of(&answer), None);
    }
    let (number, answer) = refused.expect("guessing is limited");
    assert_eq!(number, 5);
    answer.refused(429, "too_many_tries");
    let wait = answer.header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
    assert!(wait.is_some_and(|wait| (1..=2).contains(&wait)), "{wait:?}");
    // The right one waits too, so that the answer says nothing of it; who is in stays in.
    sign_in(&server, &json!({ "key": key })).refused(429, "too_many_tries");
    guest.get("/api/v1/conservation").is(200);
    // Others come from elsewhere: a proxy that isn't trusted can't say so.
    let headers = ["Content-Type: application/json", "X-Forwarded-For: 192.0.2.7"];
    let body = json!({ "key": key }).to_string();
    let spoofed = server.anyone().send("POST", "/api/v1/session", &headers, body.as_bytes());
    spoofed.refused(429, "too_many_tries");
}

#[test]
fn behind_a_proxy_whoever_guesses_waits_alone() {
    let folder = Folder::new();
    let starting = Server::spawn_with(&folder, &[("LEDGERLINE_BEHIND_PROXY", "true")]);
    let server = starting.listening().expect("it starts");
    let (_, key) = key(&folder, "counts:read");
    let from = |addresses: &str, key: &str| {
        let forwarded = format!("X-Forwarded-For: {addresses}");
        let headers = ["Content-Type: application/json", &forwarded];
        let body = json!({ "key": key }).to_string();
        server.anyone().send("POST", "/api/v1/session", &headers, body.as_bytes())
    };
    for _ in 0..5 {
        from("198.51.100.1, 192.0.2.7", "ll_0").refused(401, "unauthorized");
    }
    // The proxy wrote the last one; what stands before it, anybody can.
    from("198.51.100.2, 192.0.2.7", &key).refused(429, "too_many_tries");
    from("192.0.2.7, 198.51.100.1", &key).is(200);
    from("192.0.2.8", &key).is(200);
}

#[test]
fn revoking_a_key_ends_its_sessions_and_no_secret_is_kept() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let (id, first) = key(&folder, "counts:read");
    let (_, second) = key(&folder, "counts:read");
    let mut guests: Vec<Guest> =
        (0..9).map(|_| Guest::enter(&server, &json!({ "key": first }))).collect();
    let other = Guest::enter(&server, &json!({ "key": second }));
    guests.remove(0).get("/api/v1/session").refused(401, "unauthorized");
    for guest in &guests {
        guest.get("/api/v1/session").is(200);
    }
    folder.ok(&["keys", "revoke", &id]);
    for guest in &guests {
        guest.get("/api/v1/session").refused(401, "unauthorized");
    }
    other.get("/api/v1/session").is(200);
    sign_in(&server, &json!({ "key": first })).refused(401, "unauthorized");
    let made = folder.json(&["invite", "--role", "finance"]);
    let link = made["link"].as_str().expect("a link").to_owned();
    server.end();

    let secret = link.rsplit('/').next().expect("a secret").to_owned();
    for secret in [first, second, other.secret.clone(), other.token().to_owned(), secret] {
        // Without what goes before it, should somebody store that apart.
        let bare = secret.rsplit('_').next().expect("a secret").as_bytes().to_vec();
        for name in folder.files("") {
            let bytes = std::fs::read(folder.data().join(&name)).expect("it can be read");
            let found = bytes.windows(bare.len()).any(|window| window == bare);
            assert!(!found, "{name} holds a secret");
        }
    }
}

#[test]
fn the_command_invites_lists_and_revokes() {
    let folder = Folder::new();
    let printed = folder.ok(&["invite", "--role", "label", "--party", "a", "--note", "Ours"]);
    let link = printed.lines().last().expect("the link stands on the last line");
    assert!(link.starts_with("http://127.0.0.1:8080/#/invitation/lli_"), "{link}");
    let args = ["invite", "--role", "finance", "--url", "https://music.example/", "--days", "30"];
    let printed = folder.ok(&args);
    let link = printed.lines().last().expect("a line");
    assert!(link.starts_with("https://music.example/#/invitation/lli_"), "{link}");
    let list = folder.json(&["invite", "list"]);
    let items = list["items"].as_array().expect("a list");
    let roles: Vec<_> = items.iter().map(|item| &item["role"]).collect();
    assert_eq!(roles, ["finance", "label"]);
    assert_eq!(items[1]["created_by"], "operator");
    let id = items[1]["id"].as_str().expect("an id");
    let shown = folder.ok(&["invite", "list"]);
    assert!(shown.contains(id) && shown.contains("Ours") && !shown.contains("lli_"), "{shown}");
    folder.ok(&["invite", "revoke", id]);
    assert_eq!(folder.run(&["invite", "revoke", id]).code, 1);
    assert_eq!(folder.json(&["invite", "list"])["items"][1]["state"], "revoked");
    for wrong in [
        &["invite"][..],
        &["invite", "--role", "king"],
        &["invite", "--role", "finance", "--days", "x"],
    ] {
        assert_eq!(folder.run(wrong).code, 2, "{wrong:?}");
    }
    let refused = folder.run(&["invite", "--role", "label"]);
    assert!(refused.code == 1 && refused.err.contains("parties"), "{refused:?}");
}

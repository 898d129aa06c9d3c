//! Accounts, the whole way: from the set-up link to a listener who plays, is let out, and is erased.

use crate::support::guest::Guest;
use crate::support::{Answer, Api, Folder, Server};
use serde_json::{Value, json};

const PASSWORD: &str = "quite a long one";

/// Sets a deployment up and gives its administrator.
fn set_up(server: &mut Server) -> Guest {
    let secret = server.set_up_secret();
    let body = json!({ "secret": secret, "name": "Ada", "password": PASSWORD, "sign_up": "open" });
    Guest::by_answer(server, &server.anyone().post("/api/v1/set-up", &body))
}

fn sign_up(server: &Server, name: &str) -> Guest {
    let body = json!({ "name": name, "password": PASSWORD, "territory": "SE" });
    Guest::by_answer(server, &server.anyone().post("/api/v1/sign-up", &body))
}

fn sign_in(server: &Server, name: &str, password: &str) -> Answer {
    server.anyone().post("/api/v1/session", &json!({ "name": name, "password": password }))
}

fn id_of(guest: &Guest) -> String {
    guest.session["account"]["account_id"].as_str().expect("it is an account").to_owned()
}

#[test]
fn a_deployment_is_set_up_once() {
    let folder = Folder::new();
    let mut server = Server::start(&folder);
    let earlier = server.set_up_secret();
    server.end();
    let mut server = Server::start(&folder);
    let secret = server.set_up_secret();
    let api = server.anyone();
    let waits = json!({ "waits": true, "sign_up": "invited" });
    assert_eq!(api.get("/api/v1/set-up").is(200), waits);
    let with = |changes: Value| {
        let mut body = json!({ "secret": secret, "name": "Ada", "password": PASSWORD });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (changes, status, code) in [
        (json!({ "secret": earlier }), 401, "unauthorized"),
        (json!({ "secret": "" }), 401, "unauthorized"),
        (json!({ "name": "a b" }), 422, "invalid_request"),
        (json!({ "password": "too short" }), 422, "invalid_request"),
        (json!({ "territory": "ZZ" }), 422, "invalid_request"),
        (json!({ "music_folder": "music" }), 422, "invalid_request"),
        (json!({ "music_folder": "/nowhere/at/all" }), 422, "invalid_request"),
        (json!({ "new_plan": "family" }), 422, "invalid_request"),
    ] {
        api.post("/api/v1/set-up", &with(changes)).refused(status, code);
    }
    assert_eq!(api.get("/api/v1/set-up").is(200), waits, "nothing was half done");
    let music = folder.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let changes = json!({ "music_folder": music, "new_plan": "premium", "territory": "NO" });
    let admin = Guest::by_answer(&server, &api.post("/api/v1/set-up", &with(changes)));
    assert_eq!(admin.session["role"], "admin");
    assert_eq!(admin.session["account"]["name"], "Ada");
    assert_eq!(admin.session["account"]["territory"], "NO");
    let settings = admin.get("/api/v1/settings").is(200);
    let expected = json!({ "music_folder": music, "new_plan": "premium", "sign_up": "invited" });
    assert_eq!(settings, expected);
    api.post("/api/v1/set-up", &with(json!({ "name": "Bo" }))).refused(401, "unauthorized");
    server.end();
    let server = Server::start(&folder);
    assert_eq!(server.anyone().get("/api/v1/set-up").is(200)["waits"], false);
    sign_in(&server, "ada", PASSWORD).is(200);
    server.end();
}

#[test]
fn a_listener_signs_up_and_sees_nothing_of_others() {
    let folder = Folder::new();
    let mut server = Server::start(&folder);
    let admin = set_up(&mut server);
    let bo = sign_up(&server, "Bo.Berg");
    assert_eq!(bo.session["role"], "listener");
    assert_eq!(bo.session["scopes"], json!(["reports:write"]));
    assert_eq!(bo.session["parties"], json!([]));
    let own = bo.get("/api/v1/me").is(200);
    assert_eq!((&own["name"], &own["plan"]), (&json!("Bo.Berg"), &json!("free")));
    for taken in ["bo.berg", "BO.BERG"] {
        let body = json!({ "name": taken, "password": PASSWORD });
        server.anyone().post("/api/v1/sign-up", &body).refused(409, "name_taken");
    }
    for whole in ["/api/v1/accounts", "/api/v1/counts?by=user", "/api/v1/settings"] {
        bo.get(whole).refused(403, "forbidden");
    }
    let admins = format!("/api/v1/accounts/{}", id_of(&admin));
    bo.get(&admins).refused(403, "forbidden");
    bo.patch(&format!("/api/v1/accounts/{}", id_of(&bo)), &json!({ "plan": "premium" }))
        .refused(403, "forbidden");
    let theirs = admin.get("/api/v1/me/sessions").is(200)["items"][0]["id"].clone();
    let theirs = format!("/api/v1/me/sessions/{}", theirs.as_str().unwrap());
    bo.delete(&theirs).refused(404, "not_of_account");
    // Sign-up is closed again.
    admin.patch("/api/v1/settings", &json!({ "sign_up": "invited" })).is(200);
    let body = json!({ "name": "cleo", "password": PASSWORD });
    server.anyone().post("/api/v1/sign-up", &body).refused(403, "sign_up_closed");
    server.end();
}

#[test]
fn an_invitation_makes_an_account_as_it_says() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let args = ["invite", "--role", "listener", "--plan", "student", "--until", "2099-09-01"];
    let made = folder.json(&args);
    assert_eq!(made["invitation"]["plan_until"], "2099-09-01");
    let link = made["link"].as_str().unwrap().to_owned();
    let (_, secret) = link.split_once("#/invitation/").unwrap();
    let api = server.anyone();
    api.post("/api/v1/session", &json!({ "invitation": secret })).refused(409, "makes_account");
    let with = |name: &str| json!({ "name": name, "password": PASSWORD, "invitation": secret });
    api.post("/api/v1/sign-up", &with("x")).refused(422, "invalid_request");
    let cleo = Guest::by_answer(&server, &api.post("/api/v1/sign-up", &with("cleo")));
    assert_eq!(cleo.session["account"]["plan"], "student");
    assert_eq!(cleo.get("/api/v1/me").is(200)["plan_until"], "2099-09-01");
    api.post("/api/v1/sign-up", &with("dan")).refused(401, "unauthorized");
    let refused = folder.run(&["invite", "--role", "listener", "--plan", "student"]);
    assert_eq!(refused.code, 1, "a student's plan ends");
    server.end();
}

#[test]
fn guesses_are_delayed_and_tell_nothing() {
    let folder = Folder::new();
    let variables = [("LEDGERLINE_BEHIND_PROXY", "true")];
    let mut server = Server::spawn_with(&folder, &variables).listening().expect("it listens");
    set_up(&mut server);
    let from = |last: u8, name: &str, password: &str| {
        let body = json!({ "name": name, "password": password }).to_string();
        let forwarded = format!("X-Forwarded-For: 192.0.2.{last}");
        let headers = ["Content-Type: application/json", &forwarded];
        server.anyone().send("POST", "/api/v1/session", &headers, body.as_bytes())
    };
    from(200, "ada", PASSWORD).is(200);
    let [known, unknown] = ["ada", "nobody"].map(|name| {
        let first = from(1, name, "wrong password").refused(401, "unauthorized");
        // From everywhere else, and as soon as one may: until the next must wait for a while.
        let delayed = (2..200).cycle().take(100_000).find_map(|last| {
            let answer = from(last, name, "wrong password");
            let wait: Option<u64> = answer.header("retry-after").map(|wait| wait.parse().unwrap());
            wait.filter(|wait| *wait >= 4).map(|_| answer)
        });
        let mut refused = delayed.expect("waits double").refused(429, "too_many_tries");
        from(50, name, PASSWORD).refused(429, "too_many_tries");
        refused["detail"] = Value::Null;
        (first, refused)
    });
    assert_eq!(known, unknown, "whether there is such a name, nobody is told");
    from(200, "ada", PASSWORD).is(200);
    server.end();
}

#[test]
fn a_new_password_ends_the_other_sessions() {
    let folder = Folder::new();
    let mut server = Server::start(&folder);
    let admin = set_up(&mut server);
    let other = Guest::enter(&server, &json!({ "name": "ADA", "password": PASSWORD }));
    let body = |present: &str, next: &str| json!({ "present": present, "next": next });
    let path = "/api/v1/me/password";
    admin.post(path, &body("something else", "another long one")).refused(422, "wrong_password");
    admin.post(path, &body(PASSWORD, "short")).refused(422, "invalid_request");
    let changed = admin.post(path, &body(PASSWORD, "another long one"));
    changed.is(200);
    let secret = crate::support::guest::secret_of(&changed).expect("a new session");
    for gone in [&admin, &other] {
        gone.get("/api/v1/me").refused(401, "unauthorized");
    }
    let mut admin = admin;
    (admin.secret, admin.session) = (secret, changed.json());
    assert_eq!(admin.get("/api/v1/me/sessions").is(200)["items"].as_array().unwrap().len(), 1);
    sign_in(&server, "Ada", PASSWORD).refused(401, "unauthorized");
    // One of two sessions is ended from the other.
    let second = Guest::enter(&server, &json!({ "name": "Ada", "password": "another long one" }));
    let listed = second.get("/api/v1/me/sessions").is(200);
    let others = listed["items"].as_array().unwrap().iter().find(|one| one["is_this"] == false);
    let id = others.expect("the first")["id"].as_str().unwrap().to_owned();
    second.delete(&format!("/api/v1/me/sessions/{id}")).is(204);
    admin.get("/api/v1/me").refused(401, "unauthorized");
    second.get("/api/v1/me").is(200);
    server.end();
}

#[test]
fn a_device_has_a_password_that_only_listens() {
    let folder = Folder::new();
    let mut server = Server::start(&folder);
    let admin = set_up(&mut server);
    let made = admin.post("/api/v1/me/app-passwords", &json!({ "label": "Kitchen radio" })).is(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let id = made["app_password"]["id"].as_str().unwrap().to_owned();
    let device = Api { address: server.address(), key: Some(secret.clone()) };
    assert_eq!(device.get("/api/v1/me").is(200)["name"], "Ada");
    let session = device.get("/api/v1/session").is(200);
    assert_eq!(session["scopes"], json!(["reports:write"]), "whatever its owner may");
    device.get("/api/v1/accounts").refused(403, "forbidden");
    let present = json!({ "present": PASSWORD, "next": "another long one" });
    device.post("/api/v1/me/password", &present).refused(403, "sign_in_needed");
    device
        .post("/api/v1/me/app-passwords", &json!({ "label": "x" }))
        .refused(403, "sign_in_needed");
    let listed = admin.get("/api/v1/me/app-passwords").is(200);
    assert!(listed["items"][0]["used_at"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(&secret), "it is shown once");
    let basic = |pair: &str| {
        let header = format!("Authorization: Basic {}", base64(pair.as_bytes()));
        server.anyone().send("GET", "/api/v1/me", &[&header], &[])
    };
    basic(&format!("ada:{secret}")).is(200);
    basic(&format!("bo:{secret}")).refused(401, "unauthorized");
    basic(&format!("ada:{PASSWORD}")).refused(401, "unauthorized");
    let path = format!("/api/v1/me/app-passwords/{id}");
    admin.delete(&path).is(204);
    admin.delete(&path).refused(404, "not_of_account");
    device.get("/api/v1/me").refused(401, "unauthorized");
    server.end();
}

#[test]
fn a_family_has_an_owner_and_five() {
    let folder = Folder::new();
    let mut server = Server::start(&folder);
    let admin = set_up(&mut server);
    let owner = sign_up(&server, "owner");
    owner.post("/api/v1/me/family/invitations", &json!({})).refused(404, "account_not_found");
    let path = format!("/api/v1/accounts/{}", id_of(&owner));
    admin.patch(&path, &json!({ "plan": "family" })).is(200);
    let links: Vec<String> = (0..5)
        .map(|_| {
            let made = owner.post("/api/v1/me/family/invitations", &json!({})).is(201);
            made["link"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned()
        })
        .collect();
    owner.post("/api/v1/me/family/invitations", &json!({})).refused(409, "no_place");
    let members: Vec<Guest> = (0..5)
        .map(|number| {
            let name = format!("member{number}");
            let body = json!({ "name": name, "password": PASSWORD, "invitation": links[number] });
            Guest::by_answer(&server, &server.anyone().post("/api/v1/sign-up", &body))
        })
        .collect();
    assert!(members.iter().all(|one| one.session["account"]["plan"] == "family"));
    let family = members[0].get("/api/v1/me/family").is(200);
    assert_eq!(family["items"].as_array().unwrap().len(), 6);
    assert_eq!(family["items"][0]["name"], "owner");
    let path_of = |guest: &Guest| format!("/api/v1/me/family/{}", id_of(guest));
    members[0].delete(&path_of(&members[1])).refused(404, "account_not_found");
    members[0].delete(&path_of(&members[0])).is(204);
    owner.delete(&path_of(&members[1])).is(204);
    assert_eq!(members[1].get("/api/v1/me").is(200)["plan"], "free");
    assert_eq!(members[2].get("/api/v1/me").is(200)["plan"], "family");
    admin.patch(&path, &json!({ "plan": "free" })).is(200);
    assert_eq!(members[2].get("/api/v1/me").is(200)["plan"], "free");
    server.end();
}

#[test]
fn what_an_account_plays_is_stamped_with_what_it_is() {
    let folder = Folder::new();
    let mut server = Server::start(&folder);
    let admin = set_up(&mut server);
    let bo = sign_up(&server, "bo");
    let path = format!("/api/v1/accounts/{}", id_of(&bo));
    admin.patch(&path, &json!({ "plan": "premium" })).is(200);
    let report = json!({
        "user_id": "somebody-else", "track_id": "t1", "play_id": "p1", "tier": "family",
        "territory": "US", "device_id": "phone", "duration_listened_ms": 60_000,
    });
    assert_eq!(bo.post("/api/v1/playback/report", &report).is(202)["accepted"], 1);
    let export = folder.json(&["privacy", "export", "bo", "--source", "accounts"]);
    assert_eq!(export["account"]["account"]["name"], "bo");
    assert_eq!(export["user_id"], json!(id_of(&bo)));
    let report = &export["reports"][0];
    assert_eq!((&report["tier"], &report["territory"]), (&json!("premium"), &json!("SE")));
    assert_eq!(report["source"], "accounts");
    assert_ne!(report["device_id"], "phone", "devices are pseudonymised");
    let listener = export["identities"][0]["listener_id"].as_str().unwrap().to_owned();
    assert!(listener.starts_with("l_"), "{export}");
    assert_eq!(export["counted"], 0, "without a grant nothing counts");

    // Who is disabled is out at once, and comes back.
    admin.patch(&path, &json!({ "enabled": false })).is(200);
    bo.get("/api/v1/me").refused(401, "unauthorized");
    sign_in(&server, "bo", PASSWORD).refused(401, "unauthorized");
    admin.patch(&path, &json!({ "enabled": true })).is(200);
    let bo = Guest::enter(&server, &json!({ "name": "bo", "password": PASSWORD }));

    // Who deletes himself is erased: the report stays, and says nothing of anybody.
    let deletion = "/api/v1/me/deletion";
    bo.post(deletion, &json!({ "password": "a wrong one" })).refused(422, "wrong_password");
    bo.post(deletion, &json!({ "password": PASSWORD })).is(204);
    bo.get("/api/v1/me").refused(401, "unauthorized");
    sign_in(&server, "bo", PASSWORD).refused(401, "unauthorized");
    admin.get(&path).refused(404, "account_not_found");
    let export = folder.json(&["privacy", "export", &id_of(&bo)]);
    assert_eq!((&export["account"], &export["reports"]), (&Value::Null, &json!([])));
    let left = folder.json(&["privacy", "export", &listener]);
    assert_eq!(left["reports"].as_array().unwrap().len(), 1, "{left}");
    assert_ne!(id_of(&sign_up(&server, "bo")), id_of(&bo), "the name is free again");
    server.end();
    let conservation = folder.run(&["audit"]);
    assert_eq!(conservation.code, 0, "{}", conservation.out);
}

#[test]
fn commands_do_what_pages_do() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let added = folder.json(&["accounts", "add", "ada", "--role", "admin", "--territory", "SE"]);
    let password = added["password"].as_str().expect("one was made up").to_owned();
    sign_in(&server, "ada", &password).is(200);
    folder.json(&["accounts", "add", "bo"]);
    let refused = |args: &[&str], code: i32, says: &str| {
        let done = folder.run(args);
        assert_eq!(done.code, code, "{args:?}: {}{}", done.out, done.err);
        assert!(done.err.contains(says), "{args:?}: {}", done.err);
    };
    refused(&["accounts", "add", "Bo"], 1, "somebody has this name");
    refused(&["accounts", "disable", "nobody"], 3, "no account is called");
    refused(&["accounts", "disable", "ada"], 1, "last account that lets others in");
    refused(&["accounts", "delete", "ada"], 1, "last account that lets others in");
    refused(&["accounts", "role", "bo", "label"], 1, "name at least one");
    refused(&["accounts", "plan", "bo", "student"], 1, "needs an end");
    assert_eq!(folder.json(&["accounts", "plan", "bo", "premium"])["plan"], "premium");
    let role = folder.json(&["accounts", "role", "bo", "label", "--party", "northern"]);
    assert_eq!(role["parties"], json!(["northern"]));
    assert_eq!(folder.json(&["accounts", "disable", "bo"])["enabled"], false);
    assert_eq!(folder.json(&["accounts", "enable", "bo"])["enabled"], true);
    let reset = folder.json(&["accounts", "reset-password", "bo"]);
    let bo = json!({ "name": "bo", "password": reset["password"] });
    let bo = Guest::enter(&server, &bo);
    assert_eq!(bo.session["parties"], json!(["northern"]));
    let listed = folder.json(&["accounts", "list", "--containing", "b"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    folder.json(&["accounts", "delete", "bo"]);
    bo.get("/api/v1/me").refused(401, "unauthorized");
    server.end();
    // And without a server.
    let listed = folder.json(&["accounts", "list"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_backup_has_the_accounts_and_an_erasure_reaches_it() {
    let folder = Folder::new();
    for name in ["ada", "bo"] {
        folder.json(&["accounts", "add", name, "--role", "admin"]);
    }
    let shelf = folder.path("backups").to_str().unwrap().to_owned();
    folder.run(&["backup", &shelf]);
    folder.json(&["accounts", "delete", "bo"]);
    // The list of erasures stands beside the backups from the next one on.
    folder.run(&["backup", &shelf]);
    let restored = Folder::new();
    let done = restored.run(&["restore", &shelf, "--number", "1"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let listed = restored.json(&["accounts", "list"]);
    let names: Vec<&str> =
        listed["items"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["ada"]);
}

/// RFC 4648, section 4: by hand, since the tests share no code with what they test.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let number = number << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

//! Appeals: the rules run again on the same evidence, and a person decides.

use crate::support::reports::{line, now_ms, with};
use crate::support::{Api, Folder, Server};
use serde_json::{Value, json};

const SCOPES: &str = "reports:write,counts:read,fraud:write,appeals:write";

fn start() -> (Folder, Server, Api) {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &["--scope", SCOPES, "--source", "web"]);
    (folder, server, api)
}

/// A hundred plays of one track in a row on three days, which are held.
fn looped(user: &str) -> String {
    let now = now_ms();
    let plays = (0..100).map(|number| {
        let started_at = now - 200_000_000 + number * 2_000_000;
        with(&format!("p{number}"), user, "t", 31_000, &json!({ "started_at": started_at }))
    });
    plays.collect()
}

fn status(api: &Api, play_id: &str) -> String {
    let play = api.get(&format!("/api/v1/plays/u/{play_id}")).is(200);
    play["status"].as_str().expect("a word").to_owned()
}

fn appeal_against(play_id: &str) -> Value {
    json!({ "user_id": "u", "play_id": play_id, "appellant": "An Artist", "grounds": "our fans" })
}

fn first_rule(finding: &Value) -> (&Value, &Value, &Value) {
    let rule = &finding["rules"][0];
    (&rule["rule"], &rule["holds"], &rule["figures"])
}

#[test]
fn an_appeal_finds_then_and_now_and_is_decided_once() {
    let (folder, server, api) = start();
    api.report(&looped("u")).is(202);
    let cases = api.get("/api/v1/fraud?limit=1000").is(200);
    assert_eq!(cases["items"].as_array().map(Vec::len), Some(100));
    let how = cases["items"][0]["appeal"].as_str().expect("a sentence");
    assert!(how.contains("/api/v1/appeals"), "{how}");
    let excluded = json!({ "user_id": "u", "play_id": "p7", "ruling": "exclude" });
    api.post("/api/v1/fraud", &excluded).is(200);

    // A play that a rule holds: today's rules find the same on the evidence of then, and now.
    let held = api.post("/api/v1/appeals", &appeal_against("p50")).is(201);
    assert_eq!((&held["number"], &held["decision"]), (&json!(1), &Value::Null));
    let play = &held["plays"][0];
    assert_eq!(
        (&play["status"], &play["rules_then"]),
        (&json!("held"), &json!(["loop"])),
        "{held}"
    );
    let found = (&json!("loop"), &json!(true), &json!({ "plays_in_a_row": 100 }));
    assert_eq!(first_rule(&play["then"]), found, "{held}");
    assert_eq!(first_rule(&play["now"]), found, "{held}");
    assert_eq!(play["then"]["evidence_sha256"], play["now"]["evidence_sha256"]);
    assert!(
        play["then"]["rules"][0]["sentence"].as_str().is_some_and(|s| s.contains("run of 100"))
    );
    // The same appeal again is the one that waits.
    assert_eq!(api.post("/api/v1/appeals", &appeal_against("p50")).is(200), held);

    // A play between them, told of later, breaks the run. What a person excluded stays out, and its
    // appeal finds otherwise now than then.
    let between =
        with("other", "u", "t2", 31_000, &json!({ "started_at": now_ms() - 101_000_000 }));
    api.report(&between).is(202);
    api.get("/api/v1/counts?by=user").is(200);
    assert_eq!(
        (status(&api, "p50").as_str(), status(&api, "p7").as_str()),
        ("counted", "excluded")
    );
    let excluded = api.post("/api/v1/appeals", &appeal_against("p7")).is(201);
    let play = &excluded["plays"][0];
    assert_eq!(first_rule(&play["then"]), found, "{excluded}");
    let (rule, holds, figures) = first_rule(&play["now"]);
    assert_eq!((rule, holds), (&json!("loop"), &json!(false)));
    let run = figures["plays_in_a_row"].as_u64().expect("a number");
    assert!((48..=52).contains(&run), "{excluded}");
    assert_ne!(play["then"]["evidence_sha256"], play["now"]["evidence_sha256"]);

    // Decided once, for good, and it enters the log as a ruling.
    let decide = |number: u64, outcome: &str| {
        let body = json!({ "outcome": outcome, "reason": "a school class" });
        api.post(&format!("/api/v1/appeals/{number}/decision"), &body)
    };
    let decided = decide(2, "reinstate").is(200);
    assert_eq!(decided["decision"]["outcome"], "reinstate", "{decided}");
    assert!(decided["decision"]["applied_at"].is_string(), "{decided}");
    assert!(decided["sentence"].as_str().is_some_and(|s| s.contains("next close")), "{decided}");
    assert_eq!(status(&api, "p7"), "counted");
    assert_eq!(decide(2, "reinstate").is(200), decided);
    decide(2, "uphold").refused(409, "already_decided");
    assert_eq!(decide(1, "uphold").is(200)["decision"]["outcome"], "uphold");
    // Whoever appeals again after a decision opens another.
    decide(9, "uphold").refused(404, "appeal_not_found");
    api.get("/api/v1/appeals/9").refused(404, "appeal_not_found");
    api.post("/api/v1/appeals", &appeal_against("p50")).refused(409, "not_kept_back");
    api.post("/api/v1/appeals", &appeal_against("nothing")).refused(404, "play_not_found");
    let neither = json!({ "user_id": "u", "appellant": "An Artist", "grounds": "our fans" });
    api.post("/api/v1/appeals", &neither).refused(422, "invalid_request");
    let silent = json!({ "user_id": "u", "play_id": "p7", "appellant": "", "grounds": "x" });
    api.post("/api/v1/appeals", &silent).refused(422, "invalid_request");
    let all = api.get("/api/v1/appeals?limit=1").is(200);
    assert_eq!((&all["items"][0]["number"], &all["next"]), (&json!(1), &json!(1)));
    let waiting = api.get("/api/v1/appeals?waiting=true").is(200);
    assert_eq!((&waiting["items"], &waiting["next"]), (&json!([]), &Value::Null));
    server.end();
    assert_eq!(folder.balanced()["plays"], json!({ "counted": 101 }));
}

#[test]
fn a_line_of_a_statement_is_appealed_against_by_command() {
    let folder = Folder::new();
    let now = now_ms();
    // On one UTC day of a month that is closed: a backfill, received by its own times.
    let day = now / 86_400_000 * 86_400_000 - 40 * 86_400_000;
    let plays: String = (0..100)
        .map(|number| {
            let started_at = day + number * 600_000;
            with(&format!("p{number}"), "u", "t", 31_000, &json!({ "started_at": started_at }))
        })
        .collect();
    let args = ["replay", "-", "--clock", "event", "--source", "web"];
    let input = plays + &line("fine", "v", "t", 31_000);
    folder.run_with_input(&args, input.as_bytes()).good(&args);
    let shown = folder.json(&["explain", "play", "u", "p3"]);
    let period = &shown["started_at"].as_str().expect("an instant")[..7];
    let open = |track: &str| {
        let args = [
            "appeals",
            "open",
            "--period",
            period,
            "--track",
            track,
            "--payee",
            "pty_1",
            "--appellant",
            "An Artist",
            "--grounds",
            "our fans",
            "--json",
        ];
        folder.run(&args)
    };
    assert_eq!(open("other").code, 1);
    let opened = open("t");
    assert_eq!(opened.code, 0, "{}", opened.all());
    let appeal: Value = serde_json::from_str(&opened.out).expect("JSON");
    assert_eq!(appeal["plays"].as_array().map(Vec::len), Some(100));
    assert_eq!(appeal["against"]["payee"], "pty_1");
    let said = folder.ok(&["appeals", "list", "--waiting"]);
    assert!(said.contains("appeal 1 against 100 plays waits"), "{said}");
    let said = folder.ok(&["appeals", "show", "1"]);
    assert!(said.contains("loop holds: this play stands in a run of 100 plays"), "{said}");
    assert!(said.contains("the evidence is the same today"), "{said}");
    let said = folder.ok(&["appeals", "decide", "1", "reinstate", "--reason", "a school class"]);
    assert!(said.contains("100 plays reinstated (a school class)"), "{said}");
    assert_eq!(folder.run(&["appeals", "decide", "1", "uphold", "--reason", "no"]).code, 1);
    assert_eq!(folder.run(&["appeals", "show", "2"]).code, 1);
    assert_eq!(folder.run(&["appeals", "open", "--appellant", "a", "--grounds", "b"]).code, 2);
    assert_eq!(folder.balanced()["plays"]["counted"], 101);
}

//! What people decide: plays out of time, and plays that are held back.

use crate::support::reports::{line, now_ms, with};
use crate::support::{Api, Folder, Server};
use serde_json::{Value, json};

const SCOPES: &str = "reports:write,counts:read,adjudication:write,fraud:write";
/// 2100-01-01.
const IN_2100: u64 = 4_102_444_800_000;

fn start() -> (Folder, Server, Api) {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &["--scope", SCOPES, "--source", "web"]);
    (folder, server, api)
}

fn counted(api: &Api) -> u64 {
    let counts = api.get("/api/v1/counts?by=user").is(200);
    counts["rows"].as_array().expect("rows").iter().filter_map(|row| row["counted"].as_u64()).sum()
}

#[track_caller]
fn check(api: &Api, play_id: &str, status: &str, reason: &Value) {
    let play = api.get(&format!("/api/v1/plays/u/{play_id}")).is(200);
    assert_eq!((&play["status"], &play["reason"]), (&json!(status), reason), "{play}");
}

/// Out of time means: started more than 35 days before receipt, or more than ten minutes after.
#[test]
fn plays_out_of_time_wait_for_a_person() {
    let (folder, server, api) = start();
    let day = 86_400_000;
    let none = Value::Null;
    let (old, skew) = (json!("too_old"), json!("clock_skew"));
    let rows = [
        ("of_1970", 0, "adjudication", &old),
        ("of_2100", IN_2100, "adjudication", &skew),
        ("36_days", now_ms() - 36 * day, "adjudication", &old),
        ("34_days", now_ms() - 34 * day, "counted", &none),
        ("an_hour_ahead", now_ms() + 3_600_000, "adjudication", &skew),
        ("five_minutes_ahead", now_ms() + 300_000, "counted", &none),
    ];
    let lines = rows
        .iter()
        .map(|(id, start, ..)| with(id, "u", "t", 31_000, &json!({ "started_at": start })));
    assert_eq!(api.report(&lines.collect::<String>()).is(202)["accepted"], rows.len());
    for (id, _, status, reason) in rows {
        check(&api, id, status, reason);
    }
    assert_eq!(counted(&api), 2);
    // One page after the other, as the command.
    let waiting = folder.json(&["adjudicate", "list"]);
    let waiting: Vec<&Value> = waiting["items"].as_array().expect("items").iter().collect();
    assert_eq!(waiting.len(), 4, "{waiting:?}");
    let page = api.get("/api/v1/adjudication?limit=3").is(200);
    assert_eq!(page["items"].as_array().map(Vec::len), Some(3));
    let next = page["next"].as_str().expect("there are more");
    let page = api.get(&format!("/api/v1/adjudication?limit=3&after={next}")).is(200);
    assert_eq!((page["items"].as_array().map(Vec::len), &page["next"]), (Some(1), &Value::Null));
    // A report in time heals a play that came too late before.
    api.report(&line("36_days", "u", "t", 32_000)).is(202);
    check(&api, "36_days", "counted", &none);
    server.end();
    folder.balanced();
}

#[test]
fn a_decision_is_made_by_the_api_and_can_be_changed() {
    let (folder, server, api) = start();
    let late = |id: &str| with(id, "u", "t", 31_000, &json!({ "started_at": 0 }));
    api.report(&[late("a"), late("b"), line("in_time", "u", "t", 31_000)].concat()).is(202);
    let decide = |id: &str, decision: &str| {
        let body = json!({ "user_id": "u", "play_id": id, "decision": decision, "note": "sea" });
        api.post("/api/v1/adjudication", &body)
    };
    let refused = json!("refused");
    for (id, decision, status, reason, sum) in [
        ("a", "accept", "counted", &Value::Null, 2),
        ("a", "accept", "counted", &Value::Null, 2),
        ("b", "refuse", "not_payable", &refused, 2),
        ("a", "refuse", "not_payable", &refused, 1),
        ("b", "accept", "counted", &Value::Null, 2),
    ] {
        let play = decide(id, decision).is(200);
        assert_eq!((&play["status"], &play["reason"]), (&json!(status), reason), "{play}");
        assert_eq!(play["decision"], decision);
        check(&api, id, status, reason);
        assert_eq!(counted(&api), sum, "{id} {decision}");
        // A retry of the report changes nothing of it.
        api.report(&late(id)).is(202);
        check(&api, id, status, reason);
    }
    decide("in_time", "accept").refused(409, "not_waiting");
    decide("nothing", "accept").refused(404, "play_not_found");
    decide("a", "perhaps").refused(422, "invalid_request");
    decide("a b", "accept").refused(400, "invalid_parameter");
    let post = |body: &Value| api.post("/api/v1/adjudication", body);
    post(&json!({ "user_id": "u", "play_id": "a" })).refused(422, "invalid_request");
    post(&json!({ "user_id": "u", "play_id": "a", "decision": "accept", "reason": "x" }))
        .refused(422, "invalid_request");
    let note = "x".repeat(1_001);
    post(&json!({ "user_id": "u", "play_id": "a", "decision": "accept", "note": note }))
        .refused(422, "invalid_request");
    let headers = ["Content-Type: application/json"];
    api.send("POST", "/api/v1/adjudication", &headers, b"").refused(400, "malformed_json");
    api.send("POST", "/api/v1/adjudication", &headers, b"{\"user_id\":")
        .refused(400, "truncated_body");
    api.send("POST", "/api/v1/adjudication", &[], b"{}").refused(415, "unsupported_media_type");
    api.send("POST", "/api/v1/adjudication", &headers, &vec![b' '; 20_000])
        .refused(413, "body_too_large");
    assert_eq!(counted(&api), 2);
    server.end();
    let audit = folder.balanced();
    assert_eq!(audit["plays"], json!({ "counted": 2, "not_payable": 1 }));
}

/// Without a server too, and where two sources have a play of one name.
#[test]
fn a_decision_is_made_by_the_command() {
    let folder = Folder::new();
    let lines: String = ["a", "b"]
        .map(|id| with(id, "u/1", "t", 31_000, &json!({ "started_at": IN_2100 })))
        .concat();
    for source in ["files", "other"] {
        let args = ["replay", "-", "--source", source];
        folder.run_with_input(&args, lines.as_bytes()).good(&args);
    }
    let list = folder.ok(&["adjudicate", "list"]);
    assert_eq!(list.matches("clock_skew").count(), 4, "{list}");
    let ran = folder.run(&["adjudicate", "accept", "u/1", "a"]);
    assert!(ran.code == 1 && ran.err.contains("several sources"), "{}", ran.all());
    let said =
        folder.ok(&["adjudicate", "accept", "u/1", "a", "--source", "files", "--note", "ok"]);
    assert_eq!(said, "a is now counted\n");
    let play = folder.json(&["adjudicate", "refuse", "u/1", "b", "--source", "files"]);
    assert_eq!((&play["status"], &play["reason"]), (&json!("not_payable"), &json!("refused")));
    assert_eq!(folder.counts("user"), [("u/1".to_owned(), 1)].into());
    let left = folder.json(&["adjudicate", "list"]);
    let left = left["items"].as_array().expect("items");
    assert!(left.len() == 2 && left.iter().all(|it| it["source"] == "other"), "{left:?}");
    let shown = folder.ok(&["explain", "play", "u/1", "a", "--source", "files"]);
    assert!(shown.contains("is counted") && shown.contains("adjudication"), "{shown}");
    let audit = folder.balanced();
    assert_eq!(audit["plays"], json!({ "adjudication": 2, "counted": 1, "not_payable": 1 }));
}

#[test]
fn a_play_is_held_excluded_and_reinstated() {
    let (folder, server, api) = start();
    api.report(&[line("p", "u", "t", 31_000), line("short", "u", "t", 1_000)].concat()).is(202);
    let rule = |id: &str, ruling: &str| {
        api.post("/api/v1/fraud", &json!({ "user_id": "u", "play_id": id, "ruling": ruling }))
    };
    let listed = || api.get("/api/v1/fraud").is(200)["items"].as_array().expect("items").len();
    assert_eq!((counted(&api), listed()), (1, 0));
    for (ruling, status, sum) in [
        ("hold", "held", 0),
        ("exclude", "excluded", 0),
        ("reinstate", "counted", 1),
        ("exclude", "excluded", 0),
        ("hold", "held", 0),
        ("reinstate", "counted", 1),
    ] {
        let play = rule("p", ruling).is(200);
        assert_eq!((&play["status"], &play["ruling"]), (&json!(status), &json!(ruling)), "{play}");
        assert_eq!((counted(&api), listed()), (sum, usize::from(sum == 0)), "{ruling}");
        // What comes later doesn't undo it.
        api.report(&line("p", "u", "t", 31_000 + sum)).is(202);
        check(&api, "p", status, &Value::Null);
    }
    // A play that doesn't count yet is held all the same, and counts when it is let go.
    rule("short", "hold").is(200);
    api.report(&line("short", "u", "t", 60_000)).is(202);
    check(&api, "short", "held", &Value::Null);
    assert_eq!(counted(&api), 1);
    rule("short", "reinstate").is(200);
    assert_eq!(counted(&api), 2);
    rule("nothing", "hold").refused(404, "play_not_found");
    rule("p", "forgive").refused(422, "invalid_request");
    let play = api.get("/api/v1/plays/u/p").is(200);
    let transitions = play["transitions"].as_array().expect("a list");
    let to: Vec<_> = transitions.iter().map(|it| it["to"].as_str().expect("a word")).collect();
    assert_eq!(to, ["counted", "held", "excluded", "counted", "excluded", "held", "counted"]);
    server.end();
    assert_eq!(folder.balanced()["plays"], json!({ "counted": 2 }));
}

/// A hundred times one track in a row is held with its evidence; ninety-nine are not.
#[test]
fn a_rule_holds_with_evidence_and_a_person_overrules_it() {
    let (folder, server, api) = start();
    let looped = |user: &str, plays: u64| -> String {
        let now = now_ms();
        let plays = (0..plays).map(|number| {
            // On three days, so that only the run is out of the ordinary.
            let further = json!({ "started_at": now - 200_000_000 + number * 2_000_000 });
            with(&format!("p{number}"), user, "t", 31_000, &further)
        });
        plays.collect()
    };
    api.report(&looped("u", 100)).is(202);
    api.report(&looped("patient", 99)).is(202);
    let counts = api.get("/api/v1/counts?by=user").is(200);
    assert_eq!(counts["rows"], json!([{ "user_id": "patient", "counted": 99 }]));
    let page = api.get("/api/v1/fraud?limit=1000").is(200);
    let cases = page["items"].as_array().expect("items");
    assert_eq!(cases.len(), 100);
    for case in cases {
        assert_eq!(case["play"]["rules"], json!(["loop"]), "{case}");
        let evidence = &case["evidence"][0];
        assert_eq!((&evidence["rule"], &evidence["plays_total"]), (&json!("loop"), &json!(100)));
        assert_eq!(evidence["parameters"], json!({ "plays_in_a_row": 100 }));
        assert!(evidence["plays"].as_array().is_some_and(|plays| !plays.is_empty()));
    }
    let body = json!({ "user_id": "u", "play_id": "p7", "ruling": "reinstate", "note": "a child" });
    assert_eq!(api.post("/api/v1/fraud", &body).is(200)["status"], "counted");
    assert_eq!(counted(&api), 100);
    // One play between them, told of later, breaks the run.
    let between =
        with("other", "u", "t2", 31_000, &json!({ "started_at": now_ms() - 100_000_000 }));
    api.report(&between).is(202);
    let counts = api.get("/api/v1/counts?by=user").is(200);
    let rows = json!([{ "user_id": "patient", "counted": 99 }, { "user_id": "u", "counted": 101 }]);
    assert_eq!(counts["rows"], rows);
    server.end();
    assert_eq!(folder.balanced()["plays"], json!({ "counted": 200 }));
}

//! Contracts that one person proposes and another approves; templates; and who did what.

use crate::support::{Api, Folder, Server};
use serde_json::{Value, json};

const PROPOSALS: &str = "/api/v1/royalty/terms/proposals";

fn licence(share: &str) -> String {
    format!(
        "id = \"licence\"\nkind = \"licence\"\ntitle = \"What the service pays\"\n\
         signed_on = \"2023-12-01\"\nfrom = \"2024-01-01\"\ncurrency = \"EUR\"\n\n\
         [[terms]]\nid = \"all\"\nrights = [\"master\"]\npro_rata = {{ share = \"{share}\" }}\n"
    )
}

fn proposal(share: &str, note: &str) -> Value {
    json!({ "files": [{ "name": "licence.toml", "text": licence(share) }], "note": note })
}

fn decide(api: &Api, number: u64, how: &str, body: &Value) -> crate::support::Answer {
    api.post(&format!("{PROPOSALS}/{number}/{how}"), body)
}

/// What is in force.
fn in_force(api: &Api) -> Value {
    api.get("/api/v1/royalty/terms").is(200)
}

#[test]
fn a_contract_is_in_force_once_somebody_else_approved_it() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let one = server.api(&folder, "royalty:read,royalty:write");
    let other = server.api(&folder, "royalty:read,royalty:write");
    let first = one.post(PROPOSALS, &proposal("50%", "the new licence")).is(201);
    assert_eq!((&first["number"], &first["state"]), (&json!(1), &json!("open")));
    assert_eq!((&first["in_force"], &first["contracts"]), (&json!(0), &json!(["licence"])));
    assert_eq!(first["changes"][0]["change"], "added");
    assert_eq!(first["changes"][0]["title"], "What the service pays");
    assert_eq!(in_force(&one)["items"], json!([]), "nothing is in force yet");

    // Not by whoever proposed it, nor twice, nor what isn't there.
    decide(&one, 1, "approval", &json!({})).refused(409, "same_person");
    decide(&other, 7, "approval", &json!({})).refused(404, "no_such_proposal");
    let approved =
        decide(&other, 1, "approval", &json!({ "note": "agreed", "revision": 0 })).is(200);
    assert_eq!((&approved["state"], &approved["revision"]), (&json!("approved"), &json!(1)));
    assert_ne!(approved["decided_by"], approved["proposed_by"]);
    assert_eq!(in_force(&one)["items"][0]["id"], "licence");
    decide(&other, 1, "rejection", &json!({})).refused(409, "already_decided");

    // A change shows its lines; whoever approves something else than what is there is told.
    let second = one.post(PROPOSALS, &proposal("55%", "")).is(201);
    let change = &second["changes"][0];
    assert_eq!((&change["change"], &change["before"]), (&json!("changed"), &json!(licence("50%"))));
    let lines = change["lines"].as_array().expect("lines");
    let of = |kind: &str| -> Vec<&str> {
        let lines = lines.iter().filter(|line| line["kind"] == kind);
        lines.map(|line| line["text"].as_str().expect("a line")).collect()
    };
    assert_eq!(of("removed"), ["pro_rata = { share = \"50%\" }"]);
    assert_eq!(of("added"), ["pro_rata = { share = \"55%\" }"]);
    assert_eq!(lines.len(), licence("50%").lines().count() + 1);
    let third = one.post(PROPOSALS, &proposal("60%", "")).is(201);
    decide(&other, 2, "approval", &json!({ "revision": second["in_force"] })).is(200);
    let stale = json!({ "revision": third["in_force"] });
    decide(&other, 3, "approval", &stale).refused(409, "contracts_moved");
    let rejected = decide(&one, 3, "rejection", &json!({ "note": "taken back" })).is(200);
    assert_eq!((&rejected["state"], &rejected["revision"]), (&json!("rejected"), &Value::Null));
    assert_eq!(in_force(&one)["revision"], 2);
    // An approved one stays held against what was there before it.
    let shown = one.get(&format!("{PROPOSALS}/2")).is(200);
    assert_eq!((&shown["in_force"], &shown["changes"]), (&json!(1), &second["changes"]));

    let page = one.get(&format!("{PROPOSALS}?limit=2")).is(200);
    let numbers = |page: &Value| -> Vec<u64> {
        let items = page["items"].as_array().expect("proposals").iter();
        items.map(|one| one["number"].as_u64().expect("a number")).collect()
    };
    assert_eq!((numbers(&page), &page["next"]), (vec![3, 2], &json!(1)));
    let rest = one.get(&format!("{PROPOSALS}?limit=2&from=1")).is(200);
    assert_eq!((numbers(&rest), &rest["next"]), (vec![1], &Value::Null));
    server.end();
}

#[test]
fn what_cannot_be_proposed_says_why() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, "royalty:read,royalty:write");
    let reader = server.api(&folder, "royalty:read");
    reader.post(PROPOSALS, &proposal("50%", "")).refused(403, "forbidden");
    let wrong = json!({ "files": [{ "name": "a.toml", "text": "id = 1\n" }] });
    let refused = api.post(PROPOSALS, &wrong).refused(422, "invalid_request");
    assert!(
        refused["problems"][0].as_str().is_some_and(|it| it.starts_with("a.toml:1:")),
        "{refused}"
    );
    api.post(PROPOSALS, &json!({ "files": [] })).refused(422, "invalid_request");
    let long = proposal("50%", &"☺".repeat(2_001));
    api.post(PROPOSALS, &long).refused(422, "invalid_request");
    api.post("/api/v1/royalty/terms", &proposal_without_note("50%")).is(200);
    let same = api.post(PROPOSALS, &proposal("50%", "")).refused(422, "invalid_request");
    assert!(same["detail"].as_str().is_some_and(|it| it.contains("nothing to propose")), "{same}");
    api.get(&format!("{PROPOSALS}/0")).refused(400, "invalid_parameter");
    api.get(&format!("{PROPOSALS}?from=0")).refused(400, "invalid_parameter");
    assert_eq!(api.get(PROPOSALS).is(200), json!({ "items": [], "next": null }));

    // Every template is a contract that can be proposed as it is.
    let templates = api.get("/api/v1/royalty/terms/templates").is(200);
    let items = templates["items"].as_array().expect("templates");
    assert!(items.len() >= 13, "{templates}");
    for template in items {
        let file = json!({ "name": "template.toml", "text": template["text"] });
        api.post(PROPOSALS, &json!({ "files": [file] })).is(201);
    }
    server.end();
}

fn proposal_without_note(share: &str) -> Value {
    json!({ "files": proposal(share, "")["files"] })
}

#[test]
fn who_did_what_is_noted_and_no_secret_with_it() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let writer = server.api(&folder, "royalty:read,royalty:write,privacy:write,reports:write");
    let reader = server.api(&folder, "ledger:read");
    let log = || reader.get("/api/v1/audit").is(200)["items"].as_array().expect("deeds").clone();
    let before = log().len();
    writer.post(PROPOSALS, &proposal("50%", "a secret note")).is(201);
    writer.post(&format!("{PROPOSALS}/1/approval"), &json!({})).refused(409, "same_person");
    writer.post("/api/v1/royalty/closes/2109-03", &json!({})).refused(409, "close_refused");
    writer.post("/api/v1/royalty/terms?dry_run=true", &proposal_without_note("50%")).is(200);
    let mut rehearsal = proposal_without_note("50%");
    rehearsal["dry_run"] = json!(true);
    writer.post("/api/v1/royalty/terms", &rehearsal).is(200);
    writer.get("/api/v1/royalty/terms").is(200);
    writer.post("/api/v1/privacy/anna/erase", &json!({}));
    reader.post(PROPOSALS, &proposal("50%", "")).refused(403, "forbidden");
    server.anyone().post(PROPOSALS, &proposal("50%", "")).refused(401, "unauthorized");
    writer.report("{\"play_id\":\"p\",\"user_id\":\"u\",\"track_id\":\"t\"}\n");

    let deeds = log();
    let told: Vec<(&str, &str, i64, &str)> = deeds[..deeds.len() - before]
        .iter()
        .rev()
        .map(|deed| {
            let text = |field: &str| deed[field].as_str().unwrap_or("-");
            let path = text("path").trim_start_matches("/api/v1/");
            (path, text("object"), deed["status"].as_i64().expect("a status"), text("outcome"))
        })
        .collect();
    let expected = [
        ("royalty/terms/proposals", "1", 201, "done"),
        ("royalty/terms/proposals/{number}/approval", "1", 409, "refused"),
        ("royalty/closes/{period}", "2109-03", 409, "refused"),
        ("privacy/{user_id}/erase", "-", told_status(&deeds, "privacy/{user_id}/erase"), "done"),
    ];
    assert_eq!(told, expected, "{deeds:?}");
    let keys = folder.json(&["keys", "list"]);
    let all = format!("{deeds:?}");
    for secret in [writer.key.as_deref().expect("a key"), "a secret note", "anna"] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
    let who = deeds[0]["who"].as_str().expect("a key's name");
    assert!(keys.to_string().contains(who), "{who} is a key of {keys}");
    let numbers: Vec<u64> =
        deeds.iter().rev().map(|deed| deed["number"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "none is missing");
    let page = reader.get("/api/v1/audit?limit=1").is(200);
    assert_eq!(page["items"][0], deeds[0]);
    let next = page["next"].as_u64().expect("there is more");
    let second = reader.get(&format!("/api/v1/audit?limit=1&from={next}")).is(200);
    assert_eq!(second["items"][0], deeds[1]);
    writer.get("/api/v1/audit").refused(403, "forbidden");
    server.end();
    assert_eq!(folder.run(&["doctor"]).code, 0, "the store is sound");
}

/// The status of the newest deed at a path.
fn told_status(deeds: &[Value], path: &str) -> i64 {
    let found = deeds.iter().find(|deed| deed["path"] == format!("/api/v1/{path}"));
    found.and_then(|deed| deed["status"].as_i64()).expect("it is noted")
}

//! The words of `ledger`, with and without a server.

use super::{entry, post};
use crate::support::{Folder, Server};
use serde_json::{Value, json};

fn advance(key: &str, amount: &str) -> Value {
    let (from, to) = ("party:label-a/EUR/advance", "party:label-a/EUR/paid");
    entry(key, "2026-11-05", "advance", from, to, amount)
}

/// Posts entries that must be refused; what is said.
fn refused(folder: &Folder, entries: &[Value]) -> String {
    let file = folder.write("refused.json", json!({ "entries": entries }).to_string());
    let ran = folder.run(&["ledger", "post", &file]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    ran.err
}

fn keys(folder: &Folder, args: &[&str]) -> Vec<String> {
    let said = folder.json(&[&["ledger", "entries"], args].concat());
    let items = said["items"].as_array().expect("a list");
    items.iter().map(|entry| entry["key"].as_str().expect("a key").to_owned()).collect()
}

/// Without a server, then beside one: the same words, the same answers.
#[test]
fn entries_are_posted_once_and_read() {
    let (alone, beside) = (Folder::new(), Folder::new());
    let server = Server::start(&beside);
    let mut said = Vec::new();
    for folder in [&alone, &beside] {
        said.push(story(folder));
    }
    assert_eq!(said[0], said[1]);
    let stopped = server.stop();
    assert_eq!(stopped.code, Some(0), "{}", stopped.log);
    assert_eq!(story_again(&beside), 0, "what a server booked is there without it");
}

/// Whatever can be done; what the reading commands say, without what differs by time.
fn story(folder: &Folder) -> String {
    let posted = post(folder, &[advance("advance-1", "1000"), advance("advance-2", "0.000001")]);
    assert_eq!((&posted["posted"], &posted["already_there"]), (&2.into(), &0.into()));
    let again = post(folder, &[advance("advance-2", "0.000001"), advance("advance-1", "1000")]);
    assert_eq!((&again["posted"], &again["already_there"]), (&0.into(), &2.into()));
    assert_eq!(again["entries"][0]["seq"], 2, "each is told its number");
    assert_eq!(again["signed"], posted["signed"], "nothing changed");

    // All or nothing, and each refusal says where.
    let other = refused(folder, &[advance("new", "1"), advance("advance-1", "999")]);
    assert!(other.contains("entry 2 (advance-1): entry 1 of the ledger has this key"), "{other}");
    let mut unbalanced = advance("new", "1");
    unbalanced["postings"][1]["amount"] = "1.5".into();
    let sums = refused(folder, &[advance("good", "1"), unbalanced]);
    assert!(sums.contains("entry 2 (new): its amounts in EUR sum to 0.500000"), "{sums}");
    let mut unknown = advance("new", "1");
    unknown["corrects"] = "nothing".into();
    let corrects = refused(folder, &[unknown]);
    assert!(corrects.contains("corrects nothing, and there is no such entry"), "{corrects}");
    assert_eq!(keys(folder, &[]), ["advance-1", "advance-2"]);

    let mut correction = entry(
        "correction-1",
        "2026-12-01",
        "correction",
        "party:label-a/EUR/paid",
        "party:label-a/EUR/advance",
        "0.000001",
    );
    correction["corrects"] = "advance-2".into();
    let (pool, earned) = ("service/JPY/pool", "party:b/JPY/earned");
    post(folder, &[correction, entry("other", "2026-10-31", "earned", pool, earned, "7")]);
    assert_eq!(keys(folder, &["--party", "label-a"]), ["advance-1", "advance-2", "correction-1"]);
    assert_eq!(keys(folder, &["--account", "party:b/JPY/earned"]), ["other"]);
    assert_eq!(keys(folder, &["--period", "2026-11"]), ["advance-1", "advance-2"]);
    assert_eq!(keys(folder, &["--corrects", "advance-2"]), ["correction-1"]);
    let of_november = folder.ok(&["ledger", "balances", "--as-of", "2026-11-30"]);
    assert!(of_november.contains("-1000.000001"), "{of_november}");
    let all = folder.ok(&["ledger", "balances", "--party", "label-a"]);
    assert!(all.contains("-1000.000000") && all.contains("Sum of these accounts: EUR 0"), "{all}");
    let before = folder.json(&["ledger", "balances", "--booked-by", "2020-01-01T00:00:00Z"]);
    assert_eq!(before, json!({ "items": [] }), "nothing was booked by then");
    let verified = folder.json(&["ledger", "verify"]);
    assert_eq!((&verified["entries"], &verified["transactions"]), (&4.into(), &2.into()));
    [folder.ok(&["ledger", "entries"]), folder.ok(&["ledger", "balances"]), of_november].concat()
}

/// The same postings once more; how many were new.
fn story_again(folder: &Folder) -> u64 {
    let posted = post(folder, &[advance("advance-1", "1000"), advance("advance-2", "0.000001")]);
    posted["posted"].as_u64().expect("a number")
}

#[test]
fn the_api_wants_its_scope_and_pages() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let entries: Vec<Value> = (0..7).map(|n| advance(&format!("advance-{n}"), "1")).collect();
    post(&folder, &entries);
    let may_not = server.api(&folder, "counts:read");
    for path in ["entries", "balances", "head"] {
        let answer = may_not.get(&format!("/api/v1/ledger/{path}"));
        assert_eq!((answer.status, &answer.json()["scope"]), (403, &"ledger:read".into()));
    }
    let api = server.api(&folder, "ledger:read");
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let answer = api.get(&format!("/api/v1/ledger/entries?limit=3{after}"));
        assert_eq!(answer.status, 200);
        let page = answer.json();
        seen.extend(page["items"].as_array().expect("a list").iter().map(|e| e["seq"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(json!(seen), json!([1, 2, 3, 4, 5, 6, 7]));
    let page = api.get("/api/v1/ledger/balances?limit=1").json();
    assert_eq!(page["items"][0]["account"], "party:label-a/EUR/advance");
    let next = page["next"].as_str().expect("there is another").replace('/', "%2F");
    let page = api.get(&format!("/api/v1/ledger/balances?limit=1&after={next}")).json();
    assert_eq!((&page["items"][0]["balance"], &page["next"]), (&"7.000000".into(), &Value::Null));
    let head = api.get("/api/v1/ledger/head").json();
    assert_eq!(head["entries"], 7);
    for (query, parameter) in [
        ("entries?account=x", "account"),
        ("entries?party=%20", "party"),
        ("entries?period=2026-13", "period"),
        ("entries?after=-1", "after"),
        ("entries?after=99999999999999999999", "after"),
        ("entries?limit=0", "limit"),
        ("balances?as_of=2026", "as_of"),
        ("balances?booked_by=2026-01-01", "booked_by"),
        ("balances?after=x", "after"),
        ("head?x=1", "query"),
    ] {
        let answer = api.get(&format!("/api/v1/ledger/{query}"));
        let problem = answer.json();
        assert_eq!((answer.status, &problem["parameter"]), (400, &parameter.into()), "{query}");
    }
}

#[test]
fn a_checkpoint_is_held_against_what_comes_later() {
    let folder = Folder::new();
    let path = folder.path("checkpoint.txt");
    let path = path.to_str().expect("a plain name");
    folder.ok(&["keys", "list"]);
    let none = folder.run(&["ledger", "checkpoint"]);
    assert_eq!(none.code, 3, "an empty ledger has no end: {}", none.all());
    assert_eq!(folder.json(&["ledger", "verify"])["entries"], 0);
    assert_eq!(folder.run(&["ledger", "key", "show"]).code, 3);

    post(&folder, &[advance("a", "1")]);
    folder.ok(&["ledger", "checkpoint", "--out", path]);
    assert_eq!(folder.run(&["ledger", "checkpoint", "--out", path]).code, 1, "it is there already");
    post(&folder, &[advance("b", "1")]);
    let verified = folder.json(&["ledger", "verify", "--against", path]);
    assert_eq!((&verified["checkpoint"], &verified["head_file"]), (&1.into(), &2.into()));

    let key = folder.json(&["ledger", "key", "show"]);
    let key = key["public_key"].as_str().expect("a key").to_owned();
    let text = std::fs::read_to_string(path).expect("a checkpoint");
    assert!(text.contains(&key) && text.contains("ledgerline-head/1 seq=1 "), "{text}");

    // A statement that prints the line will do, and what is none says so.
    let statement = folder.write("statement.txt", text.replace("# A", "Statement of label-a\n\n"));
    folder.ok(&["ledger", "verify", "--against", &statement]);
    let other = folder.write("other.txt", "nothing of the kind");
    let no_head = folder.run(&["ledger", "verify", "--against", &other]);
    assert!(no_head.code == 1 && no_head.err.contains("other.txt"), "{}", no_head.all());

    // Another deployment's ledger is not this one, whatever it has.
    let another = Folder::new();
    post(&another, &[advance("a", "1")]);
    let ran = another.run(&["ledger", "verify", "--against", path, "--json"]);
    assert!(ran.code == 1 && ran.out.contains("another key signed it"), "{}", ran.all());
    let ran = folder.run(&["ledger", "verify", "--public-key", &"00".repeat(32)]);
    assert_ne!(ran.code, 0, "{}", ran.all());
}

#[test]
fn what_is_kept_outside_of_the_database_is_missed() {
    let folder = Folder::new();
    post(&folder, &[advance("a", "1")]);
    post(&folder, &[advance("b", "1")]);
    let (key, head) =
        (folder.data().join("keys/ledger.ed25519"), folder.data().join("keys/ledger.head"));

    let lost = folder.copy();
    std::fs::remove_file(lost.data().join("keys/ledger.head")).expect("it was there");
    let said = refused(&lost, &[advance("c", "1")]);
    assert!(said.contains("--renew-head-file"), "{said}");
    assert_eq!(lost.run(&["ledger", "verify"]).code, 1);
    lost.ok(&["ledger", "verify", "--renew-head-file"]);
    lost.ok(&["ledger", "verify"]);
    assert_eq!(post(&lost, &[advance("c", "1")])["posted"], 1);

    // An old copy of the database beside a newer head: nothing is posted on it.
    let old = folder.copy();
    post(&folder, &[advance("c", "1")]);
    std::fs::copy(&head, old.data().join("keys/ledger.head")).expect("it is there");
    let said = refused(&old, &[advance("c", "1")]);
    assert!(said.contains("ends at entry 2, but the head's file knows entry 3"), "{said}");
    let ran = old.run(&["ledger", "verify", "--renew-head-file"]);
    assert!(ran.code == 1 && ran.out.contains("cut off"), "{}", ran.all());

    // The key can be kept elsewhere, and a posting without it is refused.
    let elsewhere = folder.path("signing.key");
    std::fs::rename(&key, &elsewhere).expect("it is there");
    let said = refused(&folder, &[advance("d", "1")]);
    assert!(said.contains("LEDGERLINE_SIGNING_KEY"), "{said}");
    assert!(!key.exists(), "no other key is made in its place");
    assert_eq!(folder.run(&["ledger", "verify"]).code, 3);
    let elsewhere = elsewhere.to_str().expect("a plain name");
    let named = ["--signing-key", elsewhere];
    folder.ok(&[&["ledger", "verify"], &named[..]].concat());
    let file = folder.write("d.json", json!({ "entries": [advance("d", "1")] }).to_string());
    folder.ok(&[&["ledger", "post", &file], &named[..]].concat());
    let server = Server::spawn_with(&folder, &[("LEDGERLINE_SIGNING_KEY", elsewhere)]);
    let server = server.listening().unwrap_or_else(|said| panic!("{said}"));
    assert_eq!(post(&folder, &[advance("e", "1")])["posted"], 1);
    assert_eq!(server.stop().code, Some(0));
    folder.ok(&[&["ledger", "verify"], &named[..]].concat());
}

#[test]
fn a_file_that_is_wrong_changes_nothing_and_says_where() {
    let folder = Folder::new();
    for (text, says) in [
        ("{\"entries\": [{]}", "line 1 column 15"),
        ("{\"entries\": []}", "there is no entry to post"),
        ("{\"entry\": []}", "unknown field `entry`"),
    ] {
        let file = folder.write("wrong.json", text);
        let ran = folder.run(&["ledger", "post", &file]);
        assert!(ran.code == 1 && ran.err.contains(says), "{text}: {}", ran.all());
    }
    assert_eq!(folder.run(&["ledger", "post", "nothing.json"]).code, 3);
    assert_eq!(folder.run(&["ledger", "entries", "--account", "x"]).code, 2);
    let ran = folder.run_with_input(
        &["ledger", "post", "-", "--json"],
        json!({ "entries": [advance("a", "1")] }).to_string().as_bytes(),
    );
    assert!(ran.code == 0 && ran.out.contains("\"posted\": 1"), "{}", ran.all());
}

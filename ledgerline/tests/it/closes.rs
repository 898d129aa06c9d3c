//! Months that are closed: statements, adjustments of what was closed before, explanations,
//! estimates; and closes that are killed at any moment.

use crate::papers::check_paper;
use crate::support::folder::pid_of;
use crate::support::reports::with;
use crate::support::{Folder, Random, long, pass};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::Instant;

const PARTIES: &str = "party_id,name,kinds,payout_currency,minimum_payout\n\
    comet,Comet,artist,EUR,\n\
    northern,Northern Lights,label,EUR,1\n\
    southern,Southern Cross,label,EUR,\n";
const RECORDINGS: &str = "track_id,title,duration_ms,label,artists\n\
    t1,One,200000,northern,comet\n\
    t2,Two,200000,northern,comet\n\
    t3,Three,200000,southern,\n";
const SHARES: &str = "right,track_id,holder,share\n\
    master,t1,northern,100%\n\
    master,t2,northern,100%\n\
    master,t3,southern,100%\n";
/// A label's share of the second recording was wrong.
const SHARES_CORRECTED: &str = "right,track_id,holder,share\n\
    master,t2,northern,60%\n\
    master,t2,southern,40%\n";
const REVENUE: &str = "period,territory,tier,plan,subscribers,currency,gross,tax\n\
    2024-03,SE,premium,individual,40,EUR,400.00,0.00\n\
    2024-03,*,premium,individual,30,EUR,300.00,60.00\n";
pub(crate) const REVENUE_APRIL: &str = "period,territory,tier,plan,subscribers,currency,gross,tax\n\
    2024-04,*,premium,individual,50,EUR,500.00,0.00\n";
const REVENUE_CORRECTED: &str = "period,territory,tier,plan,subscribers,currency,gross,tax\n\
    2024-03,SE,premium,individual,40,EUR,410.00,0.00\n";

fn licence(share: &str) -> String {
    format!(
        "id = \"licence\"\nkind = \"licence\"\nsigned_on = \"2023-12-01\"\nfrom = \"2024-01-01\"\n\
         currency = \"EUR\"\n\n[[terms]]\nid = \"all\"\nrights = [\"master\"]\n\
         pro_rata = {{ share = \"{share}\" }}\n"
    )
}

const DEAL: &str = "id = \"comet-deal\"\nkind = \"agreement\"\ngrantor = \"northern\"\n\
    signed_on = \"2023-12-01\"\nfrom = \"2024-01-01\"\ncurrency = \"EUR\"\n\n\
    [[terms]]\nid = \"all\"\nrights = [\"master\"]\nartists = [\"comet\"]\n\
    pass_on = [{ payee = \"comet\", share = \"25%\" }]\n";

/// One play of forty seconds; `minute` is counted from the beginning of March 2024.
fn play(name: &str, user: &str, track: &str, minute: u64, territory: &str, device: &str) -> String {
    const MARCH: u64 = 1_709_251_200_000;
    let further = json!({
        "started_at": MARCH + minute * 60_000,
        "territory": territory,
        "tier": "premium",
        "device_id": device,
    });
    with(name, user, track, 40_000, &further)
}

/// Plays of a month, so many of each recording in two countries, by listeners who play little.
pub(crate) fn plays(month: u64, counts: &[(&str, &str, u64)]) -> String {
    let mut lines = String::new();
    for (track, territory, count) in counts {
        for number in 0..*count {
            let name = format!("m{month}-{track}-{territory}-{number}");
            let user = format!("u{}", number % 9);
            let minute = month * 31 * 24 * 60 + 600 + number * 7;
            lines.push_str(&play(&name, &user, track, minute, territory, "phone"));
        }
    }
    lines
}

const MARCH: &[(&str, &str, u64)] =
    &[("t1", "SE", 40), ("t1", "DE", 10), ("t2", "SE", 20), ("t3", "SE", 33), ("t3", "NO", 7)];
pub(crate) const APRIL: &[(&str, &str, u64)] =
    &[("t1", "SE", 11), ("t2", "DE", 5), ("t3", "SE", 3)];

/// Plays that become known after March was closed.
fn late_plays() -> String {
    (0..6)
        .map(|number| play(&format!("late{number}"), "u1", "t3", 9_000 + number, "SE", "phone"))
        .collect()
}

/// Plays of March by a device that turns out to be a bot's.
fn bots() -> String {
    (0..12)
        .map(|number| {
            play(
                &format!("bot{number}"),
                &format!("b{number}"),
                "t1",
                4_000 + number,
                "SE",
                "bot-9",
            )
        })
        .collect()
}

pub(crate) fn replay(folder: &Folder, lines: &str) {
    let args = ["replay", "-", "--clock", "event"];
    folder.run_with_input(&args, lines.as_bytes()).good(&args);
}

fn import(folder: &Folder, words: &[&str], name: &str, text: &str) {
    let file = folder.write(name, text);
    folder.ok(&[words, &[&file]].concat());
}

fn rights(folder: &Folder, shares: &str) {
    import(folder, &["catalog", "rights", "import"], "shares.csv", shares);
}

fn terms(folder: &Folder, share: &str) {
    import(folder, &["royalty", "terms", "import"], "licence.toml", &licence(share));
}

pub(crate) fn revenue(folder: &Folder, rows: &str) {
    import(folder, &["royalty", "revenue", "import"], "revenue.csv", rows);
}

/// A deployment with everything that March needs; plays too, if so wished.
pub(crate) fn service(with_plays: bool) -> Folder {
    service_in(Folder::new(), with_plays)
}

/// The same in a folder that is there.
pub(crate) fn service_in(folder: Folder, with_plays: bool) -> Folder {
    import(&folder, &["catalog", "rights", "import"], "parties.csv", PARTIES);
    import(&folder, &["catalog", "rights", "import"], "recordings.csv", RECORDINGS);
    rights(&folder, SHARES);
    terms(&folder, "50%");
    import(&folder, &["royalty", "terms", "import"], "deal.toml", DEAL);
    revenue(&folder, REVENUE);
    if with_plays {
        replay(&folder, &(plays(0, MARCH) + &bots()));
    }
    folder
}

/// What becomes known of March after it was closed.
pub(crate) fn corrections(folder: &Folder) {
    replay(folder, &late_plays());
    let devices = folder.write("bots.txt", "bot-9\n");
    folder.ok(&["catalog", "devices", "add", &devices]);
    rights(folder, SHARES_CORRECTED);
    terms(folder, "55%");
    revenue(folder, REVENUE_CORRECTED);
}

pub(crate) fn micros(text: &Value) -> i64 {
    let text = text.as_str().expect("an amount");
    text.replace('.', "").parse().expect("an amount with six digits")
}

fn statement(folder: &Folder, payee: &str, period: &str) -> Value {
    let args = ["royalty", "statements", "show", "--payee", payee, "--period", period];
    folder.json(&[&args[..], &["--lines", "1000"]].concat())
}

/// What each payee's lines of a month's plays come to, over all statements.
fn stated(folder: &Folder, of: &str, closes: &[&str]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for period in closes {
        let list = folder.json(&["royalty", "statements", "list", "--period", period]);
        for head in list["items"].as_array().expect("statements") {
            let payee = head["payee"].as_str().expect("a payee");
            let lines = statement(folder, payee, period);
            for line in lines["shown_lines"].as_array().expect("lines") {
                if line["period"] == of {
                    *sums.entry(payee.to_owned()).or_default() += micros(&line["amount"]);
                }
            }
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// All files of a close with their bytes.
fn files_of(folder: &Folder, period: &str) -> BTreeMap<String, Vec<u8>> {
    let names = folder.files(&format!("closes/{period}/"));
    names
        .into_iter()
        .map(|name| {
            let bytes = fs::read(folder.data().join(&name)).expect("it can be read");
            (name, bytes)
        })
        .collect()
}

fn verified(folder: &Folder) -> Value {
    let check = folder.json(&["royalty", "closes", "verify"]);
    assert_eq!(check["holds"], true, "{check}");
    check
}

#[test]
fn a_month_is_closed_once_and_its_corrections_land_in_the_next() {
    let folder = service(true);
    let dry = folder.json(&["royalty", "close", "--period", "2024-03", "--dry-run"]);
    assert_eq!((&dry["dry_run"], &dry["summary"]["plays"]), (&json!(true), &json!(122)));
    assert_eq!(folder.json(&["royalty", "closes", "list"])["items"], json!([]));
    let estimate = folder.json(&["royalty", "estimate", "--period", "2024-03"]);
    assert_eq!(estimate["is_estimate"], true);

    let closed = folder.json(&["royalty", "close", "--period", "2024-03"]);
    assert_eq!((&closed["state"], &closed["already"]), (&json!("closed"), &json!(false)));
    assert_eq!(closed["summary"]["lines"], dry["summary"]["lines"]);
    let money = &closed["summary"]["money"][0];
    assert_eq!((&money["net"], &money["pools"]), (&json!("640.000000"), &json!("320.000000")));
    let again = folder.json(&["royalty", "close", "--period", "2024-03"]);
    assert_eq!(
        (&again["already"], &again["manifest_sha256"]),
        (&json!(true), &closed["manifest_sha256"])
    );
    // An estimate of everything that a month has is what the close states.
    let of_march = stated(&folder, "2024-03", &["2024-03"]);
    let estimated = estimate["payees"].as_array().expect("payees").iter();
    let estimated: BTreeMap<String, i64> = estimated
        .map(|it| {
            (it["payee"].as_str().expect("a payee").to_owned(), micros(&it["estimated_amount"]))
        })
        .collect();
    assert_eq!(estimated, of_march);
    assert_eq!(of_march.values().sum::<i64>(), 320_000_000, "I6");
    verified(&folder);
    let before = files_of(&folder, "2024-03");
    let march = statement(&folder, "comet", "2024-03");

    corrections(&folder);
    replay(&folder, &plays(1, APRIL));
    revenue(&folder, REVENUE_APRIL);
    let april = folder.json(&["royalty", "close", "--period", "2024-04"]);
    let causes: Vec<&str> = april["adjustments"]
        .as_array()
        .expect("adjustments")
        .iter()
        .map(|it| it["cause"].as_str().expect("a word"))
        .collect();
    assert_eq!(causes, ["reversed_plays", "late_plays", "revenue", "shares", "terms"]);
    let shown = folder.json(&["royalty", "closes", "show", "2024-04"]);
    let named = &shown["adjustments"][1]["plays"];
    assert_eq!(named.as_array().map(Vec::len), Some(6), "{shown}");
    assert!(named[0]["play_id"].as_str().is_some_and(|name| name.starts_with("late")));
    for payee in ["comet", "northern", "southern"] {
        let paper = check_paper(&folder, ("2024-04", payee));
        assert!(!paper.is_empty());
    }
    // What was issued stays, byte by byte (I5), and both closes verify.
    assert!(files_of(&folder, "2024-03") == before, "a closed month's files changed");
    assert_eq!(statement(&folder, "comet", "2024-03"), march);
    assert_eq!(verified(&folder)["closes"].as_array().map(Vec::len), Some(2));

    // In sum March pays what it would have paid had all been known in time.
    let other = service(true);
    corrections(&other);
    other.ok(&["royalty", "close", "--period", "2024-03"]);
    assert_eq!(
        stated(&folder, "2024-03", &["2024-03", "2024-04"]),
        stated(&other, "2024-03", &["2024-03"]),
    );
    folder.balanced();
}

#[test]
fn a_changed_file_and_a_rebuilt_log_are_told_apart() {
    let folder = service(true);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    // The plays log is derived: built again it may stand elsewhere, in other frames, and nothing is adjusted.
    replay(&folder, &plays(1, APRIL));
    revenue(&folder, REVENUE_APRIL);
    folder.ok(&["doctor", "--rebuild"]);
    let april = folder.json(&["royalty", "close", "--period", "2024-04"]);
    assert_eq!(april["adjustments"], json!([]), "{april}");
    let lines = folder.data().join("closes/2024-03/own.lines");
    let mut bytes = fs::read(&lines).expect("it can be read");
    *bytes.last_mut().expect("there are lines") ^= 1;
    fs::write(&lines, bytes).expect("it can be written");
    let check = folder.run(&["royalty", "closes", "verify", "2024-03"]);
    assert_eq!(check.code, 1, "{}", check.all());
    assert!(check.out.contains("own.lines has the SHA-256"), "{}", check.out);
}

#[test]
fn a_line_leads_to_its_plays_and_a_play_to_its_lines() {
    let folder = service(true);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    let line = folder.json(&["royalty", "explain", "line", "comet", "1", "--period", "2024-03"]);
    assert_eq!(line["line"]["number"], 1);
    assert!(line["pool"]["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{line}");
    let behind = line["plays"].as_array().expect("plays");
    assert!(!behind.is_empty(), "{line}");
    let (user, id) = (&behind[0]["user_id"], &behind[0]["play_id"]);
    let (user, id) = (user.as_str().expect("a listener"), id.as_str().expect("a key"));
    let play = folder.json(&["royalty", "explain", "play", user, id]);
    assert_eq!(play["period"], "2024-03");
    let lines = play["lines"].as_array().expect("lines");
    assert!(lines.iter().any(|it| it["payee"] == "comet" && it["line"]["number"] == 1), "{play}");
    // Bots are no reason to pay: their plays say why they are not paid.
    let devices = folder.write("bots.txt", "bot-9\n");
    folder.ok(&["catalog", "devices", "add", &devices]);
    let excluded = folder.json(&["royalty", "explain", "play", "b1", "bot1"]);
    let sentence = excluded["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("bot_device"), "{excluded}");
    let refused =
        folder.run(&["royalty", "explain", "line", "comet", "999", "--period", "2024-03"]);
    assert_eq!(refused.code, 1, "{}", refused.all());
    assert!(refused.err.contains("has no line 999"), "{}", refused.err);
}

#[test]
fn what_is_missing_is_named_and_nothing_is_closed() {
    let folder = Folder::new();
    import(&folder, &["catalog", "rights", "import"], "parties.csv", PARTIES);
    import(&folder, &["catalog", "rights", "import"], "recordings.csv", RECORDINGS);
    rights(&folder, SHARES);
    replay(&folder, &plays(0, MARCH));
    let refused = folder.run(&["royalty", "close", "--period", "2024-03"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("no licence"), "{}", refused.err);
    terms(&folder, "50%");
    let refused = folder.run(&["royalty", "close", "--period", "2024-03"]);
    assert!(refused.err.contains("no revenue"), "{}", refused.err);
    let listed = folder.json(&["royalty", "closes", "list"]);
    assert_eq!(listed["items"][0]["state"], "refused");
    revenue(&folder, REVENUE);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    for (period, why) in
        [("2024-05", "2024-04 is the next one"), ("2024-02", "2024-04 is the next one")]
    {
        let refused = folder.run(&["royalty", "close", "--period", period]);
        assert!(refused.err.contains(why), "{period}: {}", refused.err);
    }
    let fresh = service(false);
    let refused = fresh.run(&["royalty", "close", "--period", "2109-03"]);
    assert!(refused.err.contains("isn't over before"), "{}", refused.err);
}

#[test]
fn a_close_that_is_killed_at_any_moment_ends_as_an_undisturbed_one() {
    let kills = if long() { 30 } else { 4 };
    let undisturbed = service(true);
    // Everything is judged before, so that kills hit the close itself.
    undisturbed.ok(&["counts", "--by", "track"]);
    let mut killed = undisturbed.copy();
    let began = Instant::now();
    undisturbed.ok(&["royalty", "close", "--period", "2024-03"]);
    let takes_us = u64::try_from(began.elapsed().as_micros()).expect("not that long");
    let mut random = Random::new(11);
    for _ in 0..kills {
        let mut command = killed.command(&["royalty", "close", "--period", "2024-03"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs");
        pass(random.below(takes_us));
        let _ = kill_process(pid_of(&child), Signal::KILL);
        if child.wait().expect("it ends").success() {
            // It was done before: the next one begins anew.
            check_same(&killed, &undisturbed);
            killed = service(true);
        }
    }
    let closed = killed.json(&["royalty", "close", "--period", "2024-03"]);
    assert_eq!(closed["state"], "closed");
    check_same(&killed, &undisturbed);
}

/// There is one close, it verifies, and but for the booking time every file is the same.
fn check_same(killed: &Folder, undisturbed: &Folder) {
    let list = killed.json(&["royalty", "closes", "list"]);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
    verified(killed);
    let files = |folder: &Folder| {
        let mut files = files_of(folder, "2024-03");
        files.remove("closes/2024-03/manifest.json");
        files
    };
    assert!(files(killed) == files(undisturbed), "the files differ");
    assert_eq!(killed.files("closes/").len(), undisturbed.files("closes/").len());
}

/// The same plays by several models: sums agree, and only who gets what differs.
#[test]
fn an_advance_is_booked_once_and_recouped_month_by_month() {
    let folder = service(true);
    let deal = format!("{DEAL}\n[account]\nrecoup_share = \"100%\"\n");
    import(&folder, &["royalty", "terms", "import"], "deal.toml", &deal);
    let sheet = |rows: &str| format!("contract,payee,kind,amount,currency,on,name,note\n{rows}");
    // Bad rows are named, and nothing of a sheet with one is booked.
    let import_ahead = |rows: &str, words: &[&str]| {
        let file = folder.write("advances.csv", sheet(rows));
        folder.run(&[&["royalty", "advances", "import", &file, "--json"], words].concat())
    };
    for (rows, expected) in [
        ("comet-deal,comet,advance,0,EUR,2024-02-01,signing,", "must be more than 0"),
        ("comet-deal,comet,gift,10,EUR,2024-02-01,signing,", "must be advance or cost"),
        ("comet-deal,southern,advance,10,EUR,2024-02-01,signing,", "pays nothing to it"),
        ("no-deal,comet,advance,10,EUR,2024-02-01,signing,", "there is no such contract"),
        ("comet-deal,comet,advance,10,EUR,2024-02-01,a/b,", "letters, digits"),
    ] {
        let good = "comet-deal,comet,advance,90.00,EUR,2024-02-01,good,\n";
        let ran = import_ahead(&format!("{good}{rows}\n"), &[]);
        assert_eq!(ran.code, 1, "{rows}: {}", ran.out);
        let said: Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(said["errors"][0]["row"], 3, "{said:#}");
        let why = said["errors"][0]["why"].as_str().expect("a sentence");
        assert!(why.contains(expected), "{why}");
    }
    assert_eq!(folder.json(&["royalty", "advances", "list"])["rows"], json!([]));

    let rows = "comet-deal,comet,advance,90.00,EUR,2024-02-01,signing,on signing\n\
                comet-deal,comet,cost,10.00,EUR,2024-02-10,video,\n";
    assert_eq!(import_ahead(rows, &["--dry-run"]).code, 0);
    assert_eq!(folder.json(&["royalty", "advances", "list"])["rows"], json!([]));
    let booked = import_ahead(rows, &[]);
    let booked: Value = serde_json::from_str(&booked.out).expect("JSON");
    assert_eq!((&booked["added"], &booked["unchanged"]), (&json!(2), &json!(0)));
    let again = import_ahead(rows, &[]);
    let again: Value = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(2)));
    let other = import_ahead("comet-deal,comet,advance,91.00,EUR,2024-02-01,signing,\n", &[]);
    assert!(other.code == 1 && other.out.contains("choose another name"), "{}", other.out);
    let listed = folder.json(&["royalty", "advances", "list", "--payee", "comet"]);
    assert_eq!(listed["totals"], json!([{ "currency": "EUR", "amount": "100.000000" }]));

    // What comet earns pays off the cost first, then the advance; once both are paid off, it is paid.
    let account = |period: &str| statement(&folder, "comet", period)["accounts"][0].clone();
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    let march = account("2024-03");
    let earned = micros(&march["earned"]);
    assert!((10_000_000..100_000_000).contains(&earned), "{march:#}");
    assert_eq!(micros(&march["costs"]), 10_000_000, "{march:#}");
    assert_eq!(micros(&march["advance"]), earned - 10_000_000, "{march:#}");
    let open = &folder.json(&["ledger", "balances", "--party", "comet"])["items"];
    let advance = open.as_array().expect("balances").iter();
    let advance = advance.filter(|it| it["account"] == "party:comet/EUR/advance");
    let advance: Vec<i64> = advance.map(|it| micros(&it["balance"])).collect();
    assert_eq!(advance, [earned - 100_000_000]);
    verified(&folder);
    folder.ok(&["ledger", "verify"]);
}

#[test]
fn a_month_is_compared_before_it_is_closed_and_after() {
    let folder = service(true);
    let words = ["royalty", "compare", "--period", "2024-03"];
    let open = folder.json(&words);
    assert_eq!(open["models"], json!(["pro-rata", "user-centric", "artist-centric"]));
    assert_eq!((&open["plays"], &open["missing"]), (&json!(122), &json!([])));
    for rows in ["payees", "artists"] {
        for model in 0..3 {
            let rows = open[rows].as_array().expect("rows").iter();
            let sum: i64 = rows.map(|row| micros(&row["amounts"][model])).sum();
            assert_eq!(sum, 320_000_000, "half of 640 net, by model {model}: {open}");
        }
    }
    let payee = |said: &Value, name: &str| {
        let rows = said["payees"].as_array().expect("rows");
        rows.iter().find(|row| row["name"] == name).expect("a payee")["amounts"].clone()
    };
    assert_ne!(payee(&open, "comet")[0], payee(&open, "comet")[1], "the models differ: {open}");
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    assert_eq!(folder.json(&words), open, "a close changes nothing of it");
    let agreed = folder.json(&[&words[..], &["--models", "as-agreed"]].concat());
    assert_eq!(payee(&agreed, "comet")[0], payee(&open, "comet")[0], "the terms are pro-rata");
    let csv = folder.ok(&[&words[..], &["--csv"]].concat());
    assert!(csv.starts_with("by,name,currency,pro-rata,user-centric,artist-centric\n"), "{csv}");
    let wrong = folder.run(&[&words[..], &["--models", "fair"]].concat());
    assert_eq!(wrong.code, 2, "{}", wrong.all());
}

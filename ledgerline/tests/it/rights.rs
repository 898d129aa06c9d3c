//! The catalogue of rights, revenue, rates of exchange and brought usage: by command, beside a
//! server, by the API, and killed on the way.

use crate::support::folder::pid_of;
use crate::support::reports::line;
use crate::support::{Folder, Random, Server, pass};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::fmt::Write as _;

const PARTIES: &str = "party_id,name,kinds,country,ipi,tax_treaty,payout_currency,minimum_payout\n\
    act,The Act,artist,SE,,yes,SEK,50\n\
    guest,Guest,artist,,,,,\n\
    label,\"Label, Inc.\",label,US,00045620792,no,USD,100.50\n\
    pub,Publisher,publisher; songwriter,DE,,,,\n";
const WORKS: &str = "work_id,iswc,title,writers\n\
    w1,T-034.524.680-1,Song,pub (composer); act (lyricist)\n\
    w2,,Other,\n";
const RECORDINGS: &str = "track_id,isrc,title,duration_ms,kind,label,artists,works\n\
    t1,SE-ABC-26-00001,Song,20000,music,,act; guest (featured),w1\n\
    t2,,Medley,,music,label,act,w1 (2/3); w2 (1/3)\n";
const RELEASES: &str = "release_id,upc,title,label,released_on,tracks\n\
    r1,036000291452,Single,label,2026-01-01,t1\n\
    r2,,Album,label,,t1; t2\n";
const SHARES: &str = "right,track_id,work_id,holder,share,from,until,territories\n\
    master,t1,,label,100%,,,\n\
    master,t1,,act,1,2026-07-01,,US; CA\n\
    master,t2,,label,60%,,2026-07-01,\n\
    master,t2,,act,40%,,2026-07-01,\n\
    mechanical,,w1,pub,1,,,\n\
    performance,,w1,pub,1/2,,,\n\
    performance,,w1,act,1/2,,,\n";

/// Writes the five sheets; the arguments that import them.
fn sheets(folder: &Folder) -> Vec<String> {
    let files = [
        folder.write("shares.csv", SHARES),
        folder.write("parties.csv", PARTIES),
        folder.write("works.csv", WORKS),
        folder.write("recordings.csv", RECORDINGS),
        folder.write("releases.csv", RELEASES),
    ];
    let words = ["catalog", "rights", "import"].map(str::to_owned);
    words.into_iter().chain(files).collect()
}

fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

fn tally(added: u64, changed: u64, unchanged: u64) -> Value {
    json!({ "added": added, "changed": changed, "unchanged": unchanged })
}

#[test]
fn rights_are_imported_whole_shown_and_counted_by() {
    let folder = Folder::new();
    let import = sheets(&folder);
    let rehearsal = folder.json(&[&words(&import)[..], &["--dry-run"]].concat());
    assert_eq!((&rehearsal["revision"], &rehearsal["parties"]), (&json!(0), &tally(4, 0, 0)));
    let done = folder.json(&words(&import));
    assert_eq!(done["revision"], 1);
    let counted = ["parties", "works", "recordings", "releases", "shares"];
    assert_eq!(counted.map(|sheet| done[sheet]["added"].clone()), [4, 2, 2, 2, 4].map(Value::from));
    let again = folder.json(&words(&import));
    assert_eq!((&again["revision"], &again["shares"]), (&json!(1), &tally(0, 0, 4)));

    let shown = folder.json(&[
        "catalog",
        "rights",
        "show",
        "t1",
        "--on",
        "2026-07-01",
        "--territory",
        "US",
    ]);
    let recording = &shown["recording"];
    assert_eq!(recording["label"], "label", "its releases' label");
    assert_eq!(recording["isrc"], "SEABC2600001");
    assert_eq!(recording["releases"], json!(["r1", "r2"]));
    assert_eq!(
        recording["holders"],
        json!([
            { "right": "master", "party": "act", "share": "1" },
            { "right": "mechanical", "party": "pub", "share": "1" },
            { "right": "performance", "party": "act", "share": "0.5" },
            { "right": "performance", "party": "pub", "share": "0.5" },
        ])
    );
    let shown = folder.ok(&["catalog", "rights", "show", "t2", "--on", "2026-06-30"]);
    assert!(shown.contains("holds master: act 0.4\nholds master: label 0.6\n"), "{shown}");
    assert!(shown.contains("holds mechanical: pub 2/3"), "{shown}");
    let shown = folder.json(&["catalog", "rights", "show", "label"]);
    assert_eq!(shown["party"]["minimum_payout"], "100.500000");
    let ran = folder.run(&["catalog", "rights", "show", "nobody"]);
    assert!(ran.code == 1 && ran.err.contains("knows no \"nobody\""), "{}", ran.all());

    // A recording of the catalogue is known to counting, its length too.
    let lines = [
        line("p1", "anna", "t1", 20_000),
        line("p2", "bo", "t2", 31_000),
        line("p3", "bo", "t9", 31_000),
    ];
    folder.run_with_input(&["replay", "-"], lines.concat().as_bytes()).good(&["replay"]);
    let rows = |by: &str| folder.counts(by).into_iter().collect::<Vec<_>>();
    let named = |rows: &[(&str, u64)]| {
        rows.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect::<Vec<_>>()
    };
    assert_eq!(rows("track"), named(&[("t1", 1), ("t2", 1)]));
    assert_eq!(rows("label"), named(&[("label", 2)]));
    assert_eq!(rows("release"), named(&[("r1", 1), ("r2", 2)]));
    assert_eq!(rows("artist"), named(&[("Guest", 1), ("The Act", 2)]));
    folder.balanced();

    let ran = folder.run(&["catalog", "rights", "check", "--on", "2026-06-15"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.out.contains("ending: master of track t2"), "{}", ran.out);
    let ran = folder.run(&["catalog", "rights", "check", "--on", "2026-08-01"]);
    assert!(ran.out.contains("no_holders: track t2"), "{}", ran.out);
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_stored() {
    let folder = Folder::new();
    let import = sheets(&folder);
    folder.write(
        "shares.csv",
        SHARES.replace("60%", "70%").replace("mechanical,,w1,pub", "mechanical,,w1,nobody"),
    );
    folder.write("parties.csv", PARTIES.replace("00045620792", "00045620793"));
    let ran = folder.run(&words(&import));
    assert_eq!(ran.code, 1);
    let says = "parties.csv row 4, column ipi: \"00045620793\": check digits are 93, must be 92";
    assert!(ran.err.contains(says), "{}", ran.err);
    folder.write("parties.csv", PARTIES);
    let ran = folder.run(&words(&import));
    for says in [
        "shares.csv row 4, column share: \"master of track t2\": from 1970-01-01 until 2026-07-01 in \
         every territory that no share names: shares add up to 110 %, must be 100 %",
        "shares.csv row 6, column holder: \"nobody\": is not known: add it to the parties",
    ] {
        assert!(ran.err.contains(says), "{}", ran.err);
    }
    let ran = folder.run(&[&words(&import)[..], &["--json"]].concat());
    let said: Value = serde_json::from_str(&ran.out).expect("it is JSON");
    assert_eq!((ran.code, said["errors"][0]["row"].clone()), (1, json!(4)));
    assert_eq!(folder.json(&["catalog", "rights", "revisions"])["revisions"], json!([]));
    assert_eq!(folder.json(&["catalog", "rights", "export"])["parties"], json!([]));
    let nothing = folder.path("nothing.csv").display().to_string();
    assert_eq!(folder.run(&["catalog", "rights", "import", &nothing]).code, 3);
}

#[test]
fn every_revision_is_exported_again_and_an_export_changes_nothing() {
    let folder = Folder::new();
    folder.ok(&words(&sheets(&folder)));
    let first = folder.json(&["catalog", "rights", "export"]);
    let changed = "right,track_id,holder,share\nmaster,t2,guest,1\n";
    let changed = folder.write("changed.csv", changed);
    let done = folder.json(&["catalog", "rights", "import", &changed]);
    assert_eq!((&done["revision"], &done["shares"]), (&json!(2), &tally(0, 1, 0)));
    assert_ne!(folder.json(&["catalog", "rights", "export"]), first);
    assert_eq!(folder.json(&["catalog", "rights", "export", "--revision", "1"]), first);
    let old =
        folder.json(&["catalog", "rights", "show", "t2", "--on", "2026-01-01", "--revision", "1"]);
    assert_eq!(old["recording"]["shares"].as_array().map(Vec::len), Some(2));

    let out = folder.path("out").display().to_string();
    folder.ok(&["catalog", "rights", "export", "--out", &out]);
    let files = ["parties", "works", "recordings", "releases", "shares"];
    let files = files.map(|name| format!("{out}/{name}.csv"));
    let args: Vec<&str> = ["catalog", "rights", "import"]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .collect();
    assert_eq!(folder.json(&args)["revision"], 2, "nothing changed");
    let other = Folder::new();
    other.ok(&args);
    assert_eq!(
        other.json(&["catalog", "rights", "export"]),
        folder.json(&["catalog", "rights", "export"])
    );
    let revisions = folder.json(&["catalog", "rights", "revisions"]);
    assert_eq!(revisions["revisions"][0]["files"][0]["name"], "changed.csv");
    assert_eq!(revisions["revisions"][1]["files"].as_array().map(Vec::len), Some(5));
}

const REVENUE: &str = "period,territory,tier,listener,plan,subscribers,currency,gross,tax,store_fee,refunds,correction\n\
    2026-10,SE,premium,,family,1200,EUR,12000.00,2000,300,10.50,\n\
    2026-10,*,,,,3,EUR,1,,,,\n\
    2026-11,,free,,,0,EUR,7.000001,,,,\n";

#[test]
fn revenue_rates_and_usage_are_imported_once() {
    let folder = Folder::new();
    let file = folder.write("revenue.csv", REVENUE);
    let import = ["royalty", "revenue", "import", &file];
    let rehearsal = folder.json(&[&import[..], &["--dry-run"]].concat());
    assert_eq!((&rehearsal["added"], &rehearsal["revision"]), (&json!(3), &json!(0)));
    assert_eq!(folder.json(&import)["added"], 3);
    assert_eq!(folder.json(&import)["unchanged"], 3);
    let corrected = folder.write("corrected.csv", REVENUE.replace("12000.00", "12000.01"));
    let rehearsal = folder.json(&["royalty", "revenue", "import", &corrected, "--dry-run"]);
    assert_eq!((&rehearsal["changed"], &rehearsal["revision"]), (&json!(1), &json!(1)));
    assert_eq!(folder.json(&["royalty", "revenue", "import", &corrected])["revision"], 2);
    let list = folder.json(&["royalty", "revenue", "list", "--period", "2026-10"]);
    assert_eq!(
        list["sums"],
        json!([{ "period": "2026-10", "currency": "EUR", "rows": 2, "net": "9690.510000" }])
    );
    assert_eq!(
        (&list["rows"][1]["gross"], &list["rows"][1]["file"]["name"]),
        (&json!("12000.010000"), &json!("corrected.csv"))
    );
    assert_eq!(list["rows"][0]["file"]["name"], "revenue.csv");
    let negative = folder.write("negative.csv", REVENUE.replace("2000,300", "20000,300"));
    let ran = folder.run(&["royalty", "revenue", "import", &negative]);
    assert!(ran.code == 1 && ran.err.contains("below nothing"), "{}", ran.all());

    let rates = "base,quote,day,rate,inverse,source\nEUR,SEK,2026-10-31,11.4321,no,a bank\n";
    let rates = folder.write("rates.csv", rates);
    assert_eq!(folder.json(&["royalty", "fx", "import", &rates])["added"], 1);
    assert_eq!(folder.json(&["royalty", "fx", "import", &rates])["unchanged"], 1);
    assert_eq!(folder.json(&["royalty", "fx", "list"])["rows"][0]["rate"], "11.4321");

    let plays = folder.write("plays.csv", "period,track_id,territory,plays\n2026-10,t1,SE,1200\n");
    let import = ["royalty", "usage", "import", &plays, "--source", "old-player"];
    assert_eq!(folder.json(&import)["added"], 1);
    assert_eq!(folder.json(&import)["unchanged"], 1);
    let ran = folder.run(&["royalty", "usage", "import", &plays, "--source", "a b"]);
    assert!(ran.code == 1 && ran.err.contains("the source \"a b\""), "{}", ran.all());
}

#[test]
fn imports_go_through_a_running_server_and_the_api_says_the_same() {
    let folder = Folder::new();
    let import = sheets(&folder);
    let server = Server::start(&folder);
    let api = server.api(&folder, "royalty:read,royalty:write,reports:write,counts:read");
    assert_eq!(folder.json(&words(&import))["revision"], 1);
    let shown = api.get("/api/v1/catalog/rights?id=t1&on=2026-07-01&territory=US").is(200);
    let args = ["catalog", "rights", "show", "t1", "--on", "2026-07-01", "--territory", "US"];
    assert_eq!(shown, folder.json(&args));
    api.get("/api/v1/catalog/rights?id=nobody").refused(404, "not_in_catalogue");
    api.get("/api/v1/catalog/rights?id=t1&on=tomorrow").refused(400, "invalid_parameter");
    server.anyone().get("/api/v1/catalog/rights?id=t1").refused(401, "unauthorized");
    let reader = server.api(&folder, "royalty:read");
    reader.post("/api/v1/royalty/revenue", &json!({})).refused(403, "forbidden");

    // The length that the catalogue of rights brought is stamped on reports at once.
    api.report(&line("p", "anna", "t1", 20_000)).is(202);
    assert_eq!(folder.counts("label"), [("label".to_owned(), 1)].into());

    let row =
        json!({ "period": "2026-10", "territory": "SE", "currency": "EUR", "gross": "10.50" });
    let body = json!({ "name": "october", "revenue": [row] });
    let done = json!({
        "revision": 1, "added": 1, "changed": 0, "unchanged": 0, "dry_run": false, "rows": [],
    });
    assert_eq!(api.post("/api/v1/royalty/revenue", &body).is(200), done);
    let twice = json!({ "name": "october", "revenue": [row, row] });
    api.post("/api/v1/royalty/revenue", &twice).refused(422, "invalid_request");
    let listed = api.get("/api/v1/royalty/revenue?period=2026-10").is(200);
    assert_eq!(listed, folder.json(&["royalty", "revenue", "list"]));
    assert_eq!(listed["rows"][0]["net"], "10.500000");
    server.end();
    assert_eq!(folder.json(&["royalty", "revenue", "list"]), listed);
    assert_eq!(folder.json(&args), shown);
}

/// Of an import that is killed on its way there is all or nothing: in the catalogue of rights, and
/// in what counting knows.
#[test]
fn an_import_that_is_killed_is_there_whole_or_not_at_all() {
    const RECORDINGS: usize = 30_000;
    let folder = Folder::new();
    let mut recordings = "track_id,title,duration_ms,label\n".to_owned();
    let mut shares = "right,track_id,holder,share\n".to_owned();
    for number in 0..RECORDINGS {
        writeln!(recordings, "t{number},Title {number},61000,label").expect("a String takes it");
        writeln!(shares, "master,t{number},label,1").expect("a String takes it");
    }
    let files = [
        folder.write("parties.csv", "party_id\nlabel\n"),
        folder.write("recordings.csv", recordings),
        folder.write("shares.csv", shares),
    ];
    let import: Vec<&str> = ["catalog", "rights", "import"]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .collect();
    folder.ok(&["keys", "create", "--scope", "counts:read"]);
    let mut random = Random::new(7);
    let mut moments: Vec<u64> = (0..5).map(|step| 100_000 * step + random.below(100_000)).collect();
    moments.push(2_000_000);
    for micros in moments {
        let mut child = folder.command(&import).spawn().expect("the binary can be started");
        pass(micros);
        // It may have ended already: then there is all of it.
        let _ = kill_process(pid_of(&child), Signal::KILL);
        child.wait().expect("it can be waited for");
        let export = folder.json(&["catalog", "rights", "export"]);
        let length = |sheet: &str| export[sheet].as_array().map_or(0, Vec::len);
        let found = ["parties", "recordings", "shares"].map(length);
        let revisions = folder.json(&["catalog", "rights", "revisions"])["revisions"]
            .as_array()
            .map_or(0, Vec::len);
        assert!(
            (revisions == 0 && found == [0, 0, 0])
                || (revisions == 1 && found == [1, RECORDINGS, RECORDINGS]),
            "after {micros} µs: {revisions} revisions of {found:?}"
        );
    }
    assert_eq!(folder.json(&import)["revision"], 1);
    // The last of them is known to counting.
    let last = format!("t{}", RECORDINGS - 1);
    let lines = [line("p", "anna", &last, 31_000), line("q", "anna", "unknown", 31_000)];
    folder.run_with_input(&["replay", "-"], lines.concat().as_bytes()).good(&["replay"]);
    assert_eq!(folder.counts("track"), [(last, 1)].into());
    folder.balanced();
}

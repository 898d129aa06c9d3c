//! Contracts: by command, beside a server, by the API.

use crate::support::reports::with;
use crate::support::{Folder, Server};
use serde_json::{Value, json};

const PARTIES: &str = "party_id,name,kinds,country,ipi,tax_treaty,payout_currency,minimum_payout\n\
    northern-lights,Northern Lights,label,SE,,,,\n\
    artist,Artist,artist,SE,,,,\n\
    producer,Producer,artist,SE,,,,\n";
const RECORDINGS: &str = "track_id,isrc,title,duration_ms,kind,label,artists,works\n\
    track-1,,One,200000,music,northern-lights,artist,\n\
    track-2,,Two,200000,music,northern-lights,artist,\n";
const SHARES: &str = "right,track_id,work_id,holder,share,from,until,territories\n\
    master,track-1,,northern-lights,100%,,,\n\
    master,track-2,,northern-lights,100%,,,\n";

/// A folder with two recordings of one label.
fn label() -> Folder {
    let folder = Folder::new();
    let files = [
        folder.write("parties.csv", PARTIES),
        folder.write("recordings.csv", RECORDINGS),
        folder.write("shares.csv", SHARES),
    ];
    let words = ["catalog", "rights", "import", &files[0], &files[1], &files[2]];
    folder.ok(&words);
    folder
}

fn template(folder: &Folder, name: &str) -> String {
    let file = folder.path(&format!("deals/{name}.toml"));
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("is made");
    let file = file.to_str().expect("a plain name").to_owned();
    folder.ok(&["royalty", "terms", "template", name, "--out", &file]);
    file
}

fn import(folder: &Folder, words: &[&str]) -> Value {
    folder.json(&[&["royalty", "terms", "import"], words].concat())
}

/// The findings of `terms check` that are wrong.
fn wrong(folder: &Folder) -> Vec<String> {
    let ran = folder.run(&["royalty", "terms", "check", "--date", "2026-10-01", "--json"]);
    let answer: Value = serde_json::from_str(&ran.out).expect("JSON");
    let findings = answer["findings"].as_array().expect("a list").iter();
    let wrong: Vec<String> = findings
        .filter(|finding| finding["wrong"] == true)
        .map(|finding| finding["kind"].as_str().expect("a word").to_owned())
        .collect();
    assert_eq!(ran.code, i32::from(!wrong.is_empty()), "{answer:#}");
    wrong
}

#[test]
fn contracts_are_imported_whole_and_every_revision_stays() {
    let folder = label();
    let licence = template(&folder, "pro-rata-licence");
    let deal = template(&folder, "percentage-with-advance");
    let deals = folder.path("deals").to_str().unwrap().to_owned();
    let rehearsal = import(&folder, &[&deals, "--dry-run"]);
    assert_eq!(rehearsal["revision"], 0);
    assert_eq!(rehearsal["added"], json!(["artist-deal", "northern-lights-licence"]));
    assert_eq!(import(&folder, &[&deals])["revision"], 1);
    let again = import(&folder, &[&deals]);
    assert_eq!((&again["revision"], &again["added"]), (&json!(1), &json!([])));

    let good = std::fs::read_to_string(&licence).unwrap();
    std::fs::write(&licence, good.replace("\"52%\"", "0.52")).unwrap();
    std::fs::write(&deal, std::fs::read_to_string(&deal).unwrap().replace("22%", "23%")).unwrap();
    let ran = folder.run(&["royalty", "terms", "import", &deals]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.all().contains("pro-rata-licence.toml:18:22: 0.52 is a floating-point"),
        "{}",
        ran.all()
    );
    let listed = folder.json(&["royalty", "terms", "list"]);
    assert_eq!(listed["revision"], 1, "the good file of a bad import is not stored either");

    let changed = good.replace("\"52%\"", "\"53%\"");
    std::fs::write(&licence, &changed).unwrap();
    let done = import(&folder, &[&licence]);
    assert_eq!(
        (&done["revision"], &done["changed"]),
        (&json!(2), &json!(["northern-lights-licence"]))
    );
    let show = ["royalty", "terms", "show", "northern-lights-licence"];
    assert_eq!(folder.json(&show)["text"], changed);
    let before = folder.json(&[&show[..], &["--revision", "1"]].concat());
    assert_eq!((&before["text"], &before["revision"]), (&json!(good), &json!(1)));
    assert_eq!(before["revisions"].as_array().map(Vec::len), Some(2));

    let out = folder.path("out").to_str().unwrap().to_owned();
    folder.ok(&["royalty", "terms", "export", &out]);
    let exported = folder.path("out/northern-lights-licence.toml");
    assert_eq!(std::fs::read_to_string(exported).unwrap(), changed);
    assert_eq!(folder.run(&["royalty", "terms", "export", &out]).code, 1, "nothing is overwritten");
}

#[test]
fn terms_are_explained_and_reviewed() {
    let folder = label();
    template(&folder, "pro-rata-licence");
    assert_eq!(wrong(&folder), Vec::<String>::new(), "where there is no contract there is no gap");
    template(&folder, "percentage-with-advance");
    import(&folder, &[folder.path("deals").to_str().unwrap()]);
    assert_eq!(wrong(&folder), Vec::<String>::new());

    let explain = ["explain", "terms", "--track", "track-1", "--territory", "SE"];
    let premium = [&explain[..], &["--tier", "premium", "--date", "2026-10-01"]].concat();
    let answer = folder.json(&premium);
    let part = &answer["parts"][0];
    assert_eq!(part["holder"], "northern-lights");
    assert_eq!(part["won"]["term"], "northern-lights-licence/premium");
    assert_eq!(part["lost"][0]["term"], "northern-lights-licence/everything-else");
    assert_eq!(part["lost"][0]["why"], "is less specific: it names no tier");
    let leaves = [
        json!({ "payee": "artist", "share": "0.25", "passed": ["artist-deal/single"] }),
        json!({ "payee": "northern-lights", "share": "0.72", "passed": [] }),
        json!({ "payee": "producer", "share": "0.03", "passed": ["artist-deal/single"] }),
    ];
    assert_eq!(part["leaves"], json!(leaves));
    let text = folder.ok(&premium);
    assert!(text.contains("decided by northern-lights-licence/premium"), "{text}");
    assert!(text.contains("0.25 of it to artist, by artist-deal/single"), "{text}");
    let later = [&explain[..], &["--date", "2028-01-01"]].concat();
    assert_eq!(folder.run(&later).code, 1, "a gap");

    let deal = folder.path("deals/percentage-with-advance.toml");
    let circle = std::fs::read_to_string(&deal)
        .unwrap()
        .replace("\"artist-deal\"", "\"back\"")
        .replace("grantor = \"northern-lights\"", "grantor = \"artist\"")
        .replace("payee = \"artist\"", "payee = \"northern-lights\"");
    let back = folder.write("back.toml", circle);
    import(&folder, &[&back]);
    assert!(wrong(&folder).contains(&"split".to_owned()), "a circle");
}

#[test]
fn contracts_are_brought_beside_a_server_and_by_the_api() {
    let folder = label();
    let licence = template(&folder, "pro-rata-licence");
    let server = Server::start(&folder);
    assert_eq!(import(&folder, &[&licence])["revision"], 1, "through the control socket");
    let api = server.api(&folder, "royalty:read,royalty:write");
    let listed = api.get("/api/v1/royalty/terms").is(200);
    assert_eq!(listed["items"][0]["id"], "northern-lights-licence");
    assert_eq!(listed["items"][0]["party"], "northern-lights");

    let bad = json!({ "files": [{ "name": "a.toml", "text": "id = a" }] });
    let refused = api.post("/api/v1/royalty/terms", &bad).refused(422, "invalid_request");
    assert!(
        refused["problems"][0].as_str().unwrap().starts_with("a.toml:1:6: texts stand in quotes")
    );
    let text = folder.ok(&["royalty", "terms", "template", "net-profit"]);
    let good = json!({ "files": [{ "name": "b.toml", "text": text }] });
    assert_eq!(api.post("/api/v1/royalty/terms", &good).is(200)["added"], json!(["profit-share"]));
    assert_eq!(api.get("/api/v1/royalty/terms/profit-share").is(200)["text"], json!(text));
    api.get("/api/v1/royalty/terms/nothing").refused(404, "no_such_contract");
    let explained = api.get("/api/v1/royalty/terms/explain?track=track-2&date=2026-10-01").is(200);
    assert_eq!(explained["parts"][0]["leaves"].as_array().map(Vec::len), Some(2));
    let checked = api.get("/api/v1/royalty/terms/check?date=2026-10-01").is(200);
    assert_eq!((&checked["wrong"], &checked["recordings"]), (&json!(0), &json!(2)));
}

#[test]
fn files_are_made_without_a_deployment() {
    let folder = Folder::new();
    let schema: Value = serde_json::from_str(&folder.ok(&["royalty", "terms", "schema"])).unwrap();
    assert_eq!(schema["title"], "A contract of Ledgerline");
    let all = folder.json(&["royalty", "terms", "template"]);
    assert!(all["templates"].as_array().unwrap().len() > 10);
    assert_eq!(folder.run(&["royalty", "terms", "template", "nothing"]).code, 2);
    let sheet = folder.write("deals.csv", "Label,Artist,Artist share\nnorth,A Band,50%\n");
    let out = folder.path("drafts").to_str().unwrap().to_owned();
    let map = "label=Label,artist=Artist,share=\"Artist share\",from:=2026-01-01,currency:=EUR";
    let words = ["royalty", "terms", "draft", &sheet, "--map", map, "--out", &out];
    let drafted = folder.json(&words);
    assert_eq!(drafted["files"], json!(["north-a-band.toml"]));
    assert_eq!(drafted["renamed"]["A Band"], "a-band");
    assert_eq!(folder.run(&words).code, 1, "nothing is overwritten");
    import(&folder, &[&out]);
}

#[test]
fn a_month_is_worked_out_by_other_terms() {
    const MARCH: u64 = 1_709_251_200_000;
    let folder = label();
    let licence = |share: &str| {
        format!(
            "id = \"licence\"\nkind = \"licence\"\nsigned_on = \"2023-12-01\"\n\
             from = \"2024-01-01\"\ncurrency = \"EUR\"\n\n[[terms]]\nid = \"all\"\n\
             rights = [\"master\"]\npro_rata = {{ share = \"{share}\" }}\n"
        )
    };
    import(&folder, &[&folder.write("licence.toml", licence("50%"))]);
    let revenue = "period,territory,tier,plan,subscribers,currency,gross,tax\n\
                   2024-03,*,*,individual,10,EUR,100.00,0.00\n";
    folder.ok(&["royalty", "revenue", "import", &folder.write("revenue.csv", revenue)]);
    let lines: String = (0..4_u64)
        .map(|number| {
            let further = json!({ "started_at": MARCH + number * 600_000, "territory": "SE" });
            with(&format!("p{number}"), &format!("u{number}"), "track-1", 40_000, &further)
        })
        .collect();
    let args = ["replay", "-", "--clock", "event"];
    folder.run_with_input(&args, lines.as_bytes()).good(&args);

    let other = folder.write("other.toml", licence("30%"));
    let preview = ["royalty", "terms", "preview", "--period", "2024-03", &other];
    let answer = folder.json(&preview);
    let expected = json!([{
        "payee": "northern-lights",
        "currency": "EUR",
        "now": "50.000000",
        "then": "30.000000",
        "change": "-20.000000",
    }]);
    assert_eq!(answer["payees"], expected, "{answer:#}");
    assert_eq!(answer["missing_now"], json!([]), "{answer:#}");
    let listed = folder.json(&["royalty", "terms", "list"]);
    assert_eq!(listed["revision"], 1, "nothing is stored");
}

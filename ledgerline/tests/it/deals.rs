//! What finance brings by pages: spreadsheets of deals, advances and costs, rates of exchange; who needs a
//! second person; and what commands note in the audit log.

use crate::support::guest::Guest;
use crate::support::{Api, Folder, Server};
use serde_json::{Value, json};

const TERMS: &str = "/api/v1/royalty/terms";
const ADVANCES: &str = "/api/v1/royalty/advances";
const RATES: &str = "/api/v1/royalty/rates";
const DRAFTS: &str = "/api/v1/royalty/terms/drafts";
const PROPOSALS: &str = "/api/v1/royalty/terms/proposals";
const SCOPES: &str = "royalty:read,royalty:write,ledger:read";

const DEAL: &str = "id = \"deal\"\nkind = \"agreement\"\ngrantor = \"north\"\nsigned_on = \"2023-12-01\"\n\
    from = \"2024-01-01\"\ncurrency = \"EUR\"\n\n[[terms]]\nid = \"all\"\nrights = [\"master\"]\n\
    pass_on = [{ payee = \"comet\", share = \"22%\" }]\n\n[account]\nrecoup_share = \"100%\"\n";

fn files(text: &str) -> Value {
    json!({ "files": [{ "name": "deal.toml", "text": text }] })
}

/// The newest deeds in the audit log, the oldest of them first: who, what, of what, status.
fn newest(api: &Api, count: usize) -> Vec<String> {
    let page = api.get(&format!("/api/v1/audit?limit={count}")).is(200);
    let deeds = page["items"].as_array().expect("deeds").iter().rev();
    let told = |deed: &Value| {
        let text = |field: &str| deed[field].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {}", text("who"), text("path"), text("object"), deed["status"])
    };
    deeds.map(told).collect()
}

#[test]
fn people_propose_and_only_a_machines_key_imports_contracts() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let key = server.api(&folder, SCOPES);
    let secret = json!({ "key": key.key.as_deref().expect("a key") });
    let finance = Guest::invited(&folder, &server, "finance", &[]);
    let [one, other] = [Guest::enter(&server, &secret), Guest::enter(&server, &secret)];
    for guest in [&finance, &one] {
        let refused = guest.post(TERMS, &files(DEAL)).refused(409, "second_person");
        let detail = refused["detail"].as_str().expect("a sentence");
        assert!(detail.contains(PROPOSALS), "{detail}");
        guest.post(&format!("{TERMS}?dry_run=true"), &files(DEAL)).is(200);
    }
    assert_eq!(key.get(TERMS).is(200)["items"], json!([]), "nothing is in force");

    // One key is one name, by whatever door; an invitation opens no second session.
    key.post(PROPOSALS, &files(DEAL)).is(201);
    one.post(PROPOSALS, &files(&DEAL.replace("22%", "23%"))).is(201);
    for guest in [&one, &other] {
        for number in [1, 2] {
            let approval = format!("{PROPOSALS}/{number}/approval");
            guest.post(&approval, &json!({})).refused(409, "same_person");
        }
    }
    key.post(&format!("{PROPOSALS}/2/approval"), &json!({})).refused(409, "same_person");
    finance.post(&format!("{PROPOSALS}/1/approval"), &json!({})).is(200);
    assert_eq!(key.get(TERMS).is(200)["revision"], 1);

    // A machine's key still brings contracts at once, and the log says which.
    key.post(TERMS, &files(&DEAL.replace("22%", "24%"))).is(200);
    let who = key.get(PROPOSALS).is(200)["items"][1]["proposed_by"].clone();
    let noted = newest(&key, 1);
    assert_eq!(noted, [format!("{} {TERMS} deal 200", who.as_str().expect("a name"))]);
    // What isn't there is told apart from what wasn't there yet.
    let none = key.get(&format!("{TERMS}/none")).refused(404, "no_such_contract");
    assert_eq!(none["detail"], "there is no contract none");
    let early = key.get(&format!("{TERMS}/deal?revision=0")).refused(404, "no_such_contract");
    assert_eq!(early["detail"], "there was no contract deal at revision 0: it came with 1");
    server.end();
}

#[test]
fn what_a_sheet_of_deals_says_becomes_contracts_or_faults_by_line() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let mapping = json!({
        "columns": { "label": "Label", "artist": "Act", "share": "Part", "from": "Start" },
        "fixed": { "currency": "EUR" },
    });
    let sheet = |text: &str| {
        let mut asked = json!({ "name": "deals.csv", "text": text });
        asked["columns"] = mapping["columns"].clone();
        asked["fixed"] = mapping["fixed"].clone();
        asked
    };
    // Semicolons, lines inside of cells and empty lines, as spreadsheets write them.
    let good =
        "Label;Act;Part;Start\nnorth;\"The\nBand\";50%;2024-01-01\n\nnorth;comet;22%;2024-01-01\n";
    let drafted = api.post(DRAFTS, &sheet(good)).is(200);
    let names: Vec<_> =
        drafted["files"].as_array().expect("files").iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["north-comet.toml", "north-the-band.toml"]);
    assert_eq!(drafted["renamed"], json!([{ "name": "The\nBand", "id": "the-band" }]));
    let proposed =
        api.post(PROPOSALS, &json!({ "files": drafted["files"], "note": "from a sheet" }));
    assert_eq!(proposed.is(201)["contracts"], json!(["north-comet", "north-the-band"]));

    let bad =
        "Label;Act;Part;Start\nnorth;\"The\nBand\";half;2024-01-01\n\nnorth;;22%;2024-01-15\n";
    let refused = api.post(DRAFTS, &sheet(bad)).refused(422, "invalid_request");
    let places: Vec<String> = (refused["faults"].as_array().expect("faults").iter())
        .map(|it| format!("{}:{}", it["line"], it["column"]))
        .collect();
    assert_eq!(places, ["2:3", "5:1"], "{refused}");
    let mut strange = sheet(good);
    strange["columns"]["colour"] = json!("Label");
    api.post(DRAFTS, &strange).refused(422, "invalid_request");
    api.post(DRAFTS, &sheet("Label;Act;Part;Start\n")).refused(422, "invalid_request");
    let fields = api.get(&format!("{TERMS}/templates")).is(200)["sheet_fields"].clone();
    let needed: Vec<_> = (fields.as_array().expect("fields").iter())
        .filter(|it| it["needed"] == true)
        .map(|it| &it["name"])
        .collect();
    assert_eq!(needed, ["label", "share", "from", "currency"]);
    server.end();
}

#[test]
fn faults_of_contract_files_have_their_place() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let wrong = DEAL.replace("2024-01-01", "2024-01-15");
    let refused = api.post(&format!("{TERMS}?dry_run=true"), &files(&wrong));
    let refused = refused.refused(422, "invalid_request");
    let fault = &refused["faults"][0];
    assert_eq!((&fault["file"], &fault["line"]), (&json!("deal.toml"), &json!(5)), "{refused}");
    assert_eq!(fault["column"], 8, "{refused}");
    server.end();
}

fn advance(contract: &str, payee: &str, amount: &str, name: &str) -> Value {
    json!({ "contract": contract, "payee": payee, "kind": "advance", "amount": amount,
        "currency": "EUR", "on": "2024-02-01", "name": name, "note": "<b>signing</b>" })
}

#[test]
fn advances_are_looked_at_then_booked_once() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    api.post(TERMS, &files(DEAL)).is(200);
    let sheet = |rows: &[Value]| json!({ "name": "advances.csv", "advances": rows });
    let rows = [advance("deal", "comet", "5000", "signing"), advance("deal", "comet", "2", "b")];
    let look = api.post(&format!("{ADVANCES}?dry_run=true"), &sheet(&rows)).is(200);
    assert_eq!((&look["added"], &look["dry_run"]), (&json!(2), &json!(true)));
    assert_eq!(look["rows"][0], json!({ "row": 1, "change": "added", "amount": "5000.000000" }));
    assert_eq!(api.get(ADVANCES).is(200)["items"], json!([]), "a look books nothing");
    api.post(ADVANCES, &sheet(&rows)).is(200);
    assert_eq!(
        newest(&api, 1)[0].split_once(' ').expect("two").1,
        format!("{ADVANCES} advances.csv 200")
    );
    let more = [rows[1].clone(), advance("deal", "comet", "3", "c")];
    let again = api.post(ADVANCES, &sheet(&more)).is(200);
    let changes: Vec<_> =
        again["rows"].as_array().expect("rows").iter().map(|it| &it["change"]).collect();
    assert_eq!(changes, ["unchanged", "added"]);

    let page = api.get(&format!("{ADVANCES}?limit=2&payee=comet")).is(200);
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        items.map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(
        (names(&page), &page["total"]),
        (vec!["c".to_owned(), "signing".to_owned()], &json!(3))
    );
    assert_eq!(page["sums"], json!([{ "currency": "EUR", "amount": "5005.000000" }]));
    let next = page["next"].as_str().expect("there is more");
    let rest = api.get(&format!("{ADVANCES}?limit=2&payee=comet&from={next}")).is(200);
    assert_eq!((names(&rest), &rest["next"]), (vec!["b".to_owned()], &Value::Null));
    assert_eq!(api.get(&format!("{ADVANCES}?contract=none")).is(200)["items"], json!([]));

    // All that is wrong is named by row and column, and nothing is booked.
    let mut nothing = advance("deal", "comet", "many", "");
    nothing["on"] = json!("yesterday");
    let refused =
        api.post(ADVANCES, &sheet(&[rows[0].clone(), nothing])).refused(422, "invalid_request");
    let wrong: Vec<String> = (refused["rows"].as_array().expect("rows").iter())
        .map(|it| format!("{} {}", it["row"], it["column"].as_str().expect("a column")))
        .collect();
    assert_eq!(wrong, ["2 amount", "2 on", "2 name"]);
    let strangers = [
        advance("none", "comet", "1", "x"),
        advance("deal", "north", "1", "y"),
        advance("deal", "comet", "9", "b"),
    ];
    let refused = api.post(ADVANCES, &sheet(&strangers)).refused(422, "invalid_request");
    let wrong: Vec<String> = (refused["rows"].as_array().expect("rows").iter())
        .map(|it| format!("{} {} {}", it["row"], it["column"].as_str().expect("one"), it["value"]))
        .collect();
    assert_eq!(wrong, ["1 contract \"none\"", "2 payee \"north\"", "3 name \"b\""]);
    api.post(ADVANCES, &sheet(&[])).refused(422, "invalid_request");
    assert_eq!(api.get(ADVANCES).is(200)["total"], 3);
    // The command says the same of what the page booked.
    server.end();
    let listed = folder.json(&["royalty", "advances", "list"]);
    assert_eq!(listed["totals"][0]["amount"], "5005.000000");
}

#[test]
fn rates_are_looked_at_then_stored_and_listed_by_day() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let rate = |base: &str, day: &str, rate: &str| json!({ "base": base, "quote": "EUR", "day": day, "rate": rate, "inverse": "yes", "source": "ECB" });
    let sheet = |rows: &[Value]| json!({ "name": "rates.csv", "rates": rows });
    let rows = [
        rate("USD", "2024-01-31", "0.9217"),
        rate("SEK", "2024-01-31", "0.0887"),
        rate("USD", "2024-02-29", "0.9236"),
    ];
    let look = api.post(&format!("{RATES}?dry_run=true"), &sheet(&rows)).is(200);
    assert_eq!(
        (&look["added"], &look["revision"], look["rows"][2]["change"].as_str()),
        (&json!(3), &json!(0), Some("added"))
    );
    assert_eq!(api.get(RATES).is(200)["total"], 0, "a look stores nothing");
    api.post(RATES, &sheet(&rows)).is(200);
    let changed = [rows[0].clone(), rate("USD", "2024-02-29", "0.93")];
    let look = api.post(&format!("{RATES}?dry_run=true"), &sheet(&changed)).is(200);
    let changes: Vec<_> =
        look["rows"].as_array().expect("rows").iter().map(|it| it["change"].clone()).collect();
    assert_eq!(changes, ["unchanged", "changed"]);
    assert_eq!(look["rows"][1]["before"]["rate"], "0.9236");
    assert_eq!(api.post(RATES, &sheet(&changed)).is(200)["revision"], 2);

    let page = api.get(&format!("{RATES}?limit=2")).is(200);
    let told = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("items").iter();
        items
            .map(|it| {
                format!(
                    "{} {} {}",
                    it["day"].as_str().expect("a day"),
                    it["base"].as_str().expect("one"),
                    it["rate"].as_str().expect("a rate")
                )
            })
            .collect()
    };
    assert_eq!(told(&page), ["2024-02-29 USD 0.93", "2024-01-31 SEK 0.0887"]);
    assert_eq!(
        page["pairs"][1],
        json!({ "base": "USD", "quote": "EUR", "rates": 2, "first": "2024-01-31", "last": "2024-02-29" })
    );
    let rest =
        api.get(&format!("{RATES}?limit=2&after={}", page["next"].as_str().expect("more"))).is(200);
    assert_eq!(
        (told(&rest), &rest["next"]),
        (vec!["2024-01-31 USD 0.9217".to_owned()], &Value::Null)
    );
    let of = api.get(&format!("{RATES}?currency=SEK")).is(200);
    assert_eq!((&of["total"], of["pairs"].as_array().map(Vec::len)), (&json!(1), Some(2)));
    assert_eq!(api.get(&format!("{RATES}?until=2024-02-01")).is(200)["total"], 2);

    let bad = [
        rate("USD", "2024-01-31", "0"),
        rate("EUR", "soon", "1"),
        rate("SEK", "2024-01-31", "1"),
        rate("SEK", "2024-01-31", "2"),
    ];
    let refused = api.post(RATES, &sheet(&bad)).refused(422, "invalid_request");
    let wrong: Vec<String> = (refused["rows"].as_array().expect("rows").iter())
        .map(|it| format!("{} {}", it["row"], it["column"].as_str().expect("a column")))
        .collect();
    assert_eq!(wrong, ["1 rate", "2 day", "2 quote", "4 day"], "{refused}");
    for query in ["currency=euro", "until=soon", "limit=0", "after=0"] {
        api.get(&format!("{RATES}?{query}")).refused(400, "invalid_parameter");
    }
    server.end();
    assert_eq!(folder.json(&["royalty", "fx", "list"])["rows"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_commands_change_is_noted_as_the_operators_with_and_without_a_server() {
    let folder = Folder::new();
    let deal = folder.write("deal.toml", DEAL);
    let revenue = folder.write("revenue.csv", "period,currency,gross\n2024-01,EUR,10\n");
    let rates = folder.write("rates.csv", "base,quote,day,rate\nUSD,EUR,2024-01-31,0.9217\n");
    let advances = folder.write(
        "advances.csv",
        "contract,payee,kind,amount,currency,on,name\ndeal,comet,advance,5,EUR,2024-01-02,signing\n",
    );
    let parties = folder.write("parties.csv", "party_id,name,kinds\nnorth,North,label\n");
    let wrong = folder.write("wrong.csv", "period,currency,gross\n2024-01,EUR,many\n");
    let usage = folder.write("usage.csv", "period,track_id,plays\n2024-01,t1,7\n");
    let everything = |expect_added: &str| {
        folder.ok(&["catalog", "rights", "import", &parties]);
        folder.ok(&["royalty", "terms", "import", &deal]);
        folder.ok(&["royalty", "terms", "import", &deal, "--dry-run"]);
        folder.ok(&["royalty", "revenue", "import", &revenue]);
        folder.ok(&["royalty", "revenue", "import", &revenue, "--dry-run"]);
        assert_ne!(folder.run(&["royalty", "revenue", "import", &wrong]).code, 0);
        folder.ok(&["royalty", "fx", "import", &rates]);
        let booked = folder.ok(&["royalty", "advances", "import", &advances]);
        assert!(booked.contains(expect_added), "{booked}");
        folder.ok(&["royalty", "usage", "import", "--source", "other", &usage]);
        folder.ok(&["royalty", "revenue", "list"]);
        assert_ne!(folder.run(&["royalty", "close", "--period", "2109-01"]).code, 0);
    };
    let noted = |terms: &str| {
        [
            "operator /control/v1/rights/import parties.csv 200".to_owned(),
            format!("operator {TERMS} {terms} 200"),
            "operator /control/v1/revenue/import revenue.csv 200".to_owned(),
            "operator /control/v1/revenue/import wrong.csv 422".to_owned(),
            "operator /control/v1/fx/import rates.csv 200".to_owned(),
            "operator /control/v1/advances/import advances.csv 200".to_owned(),
            "operator /control/v1/usage/import usage.csv 200".to_owned(),
            "operator /api/v1/royalty/closes/{period} 2109-01 409".to_owned(),
        ]
    };
    everything("1 new");
    let server = Server::start(&folder);
    let api = server.api(&folder, "ledger:read");
    let before = newest(&api, 100);
    assert_eq!(before[..8], noted("deal"));
    assert!(before[8].starts_with("operator /control/v1/keys key_"), "{before:?}");
    assert_eq!(before.len(), 9, "a rehearsal and a list aren't noted: {before:?}");
    everything("0 new, 1 as before");
    let after = newest(&api, 100);
    assert_eq!(after[9..], noted("-"), "beside a server it is the same");
    server.end();
}

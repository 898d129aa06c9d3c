//! What payees earned, the pools, and what a close would come to: by HTTP, held against statements,
//! counts and the ledger.

use crate::closes::{APRIL, REVENUE_APRIL, corrections, micros, plays, replay, revenue, service};
use crate::support::{Api, Folder, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SCOPES: &str = "counts:read,royalty:read,royalty:write,ledger:read";
const DIMENSIONS: [&str; 6] = ["recording", "release", "territory", "tier", "right", "model"];

fn earnings(api: &Api, period: &str, party: &str, by: &str) -> Value {
    let path = format!("/api/v1/royalty/earnings?period={period}&party={party}&by={by}");
    api.get(&path).is(200)
}

/// Rows by their key; nothing where it is null.
fn rows(earned: &Value) -> BTreeMap<String, (i64, i64)> {
    let rows = earned["rows"].as_array().expect("rows").iter();
    let key = |row: &Value| row["key"].as_str().unwrap_or_default().to_owned();
    rows.map(|row| (key(row), (micros(&row["amount"]), row["plays"].as_i64().expect("plays"))))
        .collect()
}

fn lines(api: &Api, period: &str, party: &str) -> Vec<Value> {
    let path = format!("/api/v1/royalty/closes/{period}/statements/{party}/lines?limit=10000");
    api.get(&path).is(200)["items"].as_array().expect("lines").clone()
}

fn counted(folder: &Folder, by: &str, field: &str) -> BTreeMap<String, i64> {
    let counts = folder.json(&["counts", "--by", by]);
    let rows = counts["rows"].as_array().expect("rows").iter();
    let row = |row: &Value| {
        let value = row[field].as_str().expect("a value").to_owned();
        (value, row["counted"].as_i64().expect("a count"))
    };
    rows.map(row).collect()
}

/// By each thing the rows sum to the total, which is what the statement says was earned.
fn check_closed(api: &Api, period: &str, party: &str) {
    let statement = format!("/api/v1/royalty/closes/{period}/statements/{party}");
    let statement = api.get(&statement).is(200);
    let accounts = statement["accounts"].as_array().expect("accounts").iter();
    let stated: i64 =
        accounts.map(|account| micros(&account["earned"]) + micros(&account["adjusted"])).sum();
    for by in DIMENSIONS {
        let earned = earnings(api, period, party, by);
        assert_eq!((&earned["state"], &earned["by"]), (&json!("closed"), &json!(by)));
        assert_eq!(micros(&earned["totals"][0]["amount"]), stated, "{party} by {by}: {earned}");
        let sum: i64 = rows(&earned).values().map(|(amount, _)| amount).sum();
        assert_eq!(sum, stated, "{party} by {by}: {earned}");
        check_lines(api, (period, party), &earned);
    }
    let mut by_track: BTreeMap<String, i64> = BTreeMap::new();
    for line in lines(api, period, party) {
        let track = line["track_id"].as_str().expect("a recording").to_owned();
        *by_track.entry(track).or_default() += micros(&line["amount"]);
    }
    let earned = rows(&earnings(api, period, party, "recording"));
    let amounts = earned.into_iter().map(|(track, (amount, _))| (track, amount));
    assert_eq!(amounts.collect::<BTreeMap<_, _>>(), by_track, "{party} in {period}");
}

/// Each row leads to the lines that it is the sum of, page by page; all rows lead to all lines.
fn check_lines(api: &Api, (period, party): (&str, &str), earned: &Value) {
    let by = earned["by"].as_str().expect("a word");
    let mut numbers = Vec::new();
    for row in earned["rows"].as_array().expect("rows") {
        let key = row["key"].as_str().map_or_else(String::new, |key| format!("&key={key}"));
        let path = format!(
            "/api/v1/royalty/closes/{period}/statements/{party}/lines?by={by}{key}&limit=2"
        );
        let (mut sum, mut from) = (0, json!(1));
        while !from.is_null() {
            let page = api.get(&format!("{path}&from={from}")).is(200);
            for line in page["items"].as_array().expect("lines") {
                sum += micros(&line["amount"]);
                numbers.push(line["number"].as_u64().expect("a number"));
            }
            from = page["next"].clone();
        }
        assert_eq!(sum, micros(&row["amount"]), "{party} by {by}: {row}");
    }
    numbers.sort_unstable();
    let all = lines(api, period, party);
    let all: Vec<u64> = all.iter().map(|line| line["number"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, all, "{party} by {by}");
}

#[test]
fn earnings_are_the_sums_of_statements_and_plays_those_of_counts() {
    let folder = service(true);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let tracks = counted(&folder, "track", "track_id");
    for party in ["comet", "northern", "southern"] {
        check_closed(&api, "2024-03", party);
    }
    // Comet is on all of Northern's recordings; each play is told once by whatever it is summed.
    for by in DIMENSIONS {
        let of = rows(&earnings(&api, "2024-03", "comet", by));
        let sum: i64 = of.values().map(|(_, plays)| plays).sum();
        assert_eq!(sum, tracks["t1"] + tracks["t2"], "by {by}: {of:?}");
    }
    let by_track = earnings(&api, "2024-03", "comet", "recording");
    for (track, (_, plays)) in rows(&by_track) {
        assert_eq!(plays, tracks[&track], "{track}");
    }
    assert_eq!(by_track["rows"][0]["title"], "One", "{by_track}");
    assert_eq!(rows(&earnings(&api, "2024-03", "comet", "model")).len(), 1);
    assert!(rows(&earnings(&api, "2024-03", "comet", "territory")).contains_key("SE"));

    let days = "/api/v1/royalty/earnings/days?period=2024-03&party=";
    let heard = |party: &str| api.get(&format!("{days}{party}")).is(200);
    let (comet, southern) = (heard("comet"), heard("southern"));
    assert_eq!(comet["plays"], tracks["t1"] + tracks["t2"]);
    let mut by_day = BTreeMap::new();
    for day in [&comet, &southern].into_iter().flat_map(|it| it["days"].as_array().expect("days")) {
        let (name, plays) = (day["day"].as_str().expect("a day"), day["plays"].as_i64());
        *by_day.entry(name.to_owned()).or_insert(0) += plays.expect("plays");
    }
    assert_eq!(by_day.len(), 31, "every day of the month");
    by_day.retain(|_, plays| *plays != 0);
    assert_eq!(by_day, counted(&folder, "day", "day"));

    // What is asked wrongly, or of nobody.
    let refused = |path: &str, status, code| api.get(path).refused(status, code);
    let of = "/api/v1/royalty/earnings?period=2024-03";
    refused(&format!("{of}&party=nobody"), 404, "statement_not_found");
    refused(
        "/api/v1/royalty/earnings/days?period=2024-03&party=nobody",
        404,
        "statement_not_found",
    );
    let lines = "/api/v1/royalty/closes/2024-03/statements/comet/lines";
    refused(&format!("{lines}?by=mood"), 400, "invalid_parameter");
    refused(&format!("{lines}?key=t1"), 400, "invalid_parameter");
    let none = api.get(&format!("{lines}?by=release&key=none")).is(200);
    assert_eq!((&none["items"], &none["next"]), (&json!([]), &Value::Null));
    for wrong in ["", "&party=comet&by=mood", "&party=comet&limit=0", "&party=a%20b"] {
        refused(&format!("{of}{wrong}"), 400, "invalid_parameter");
    }
    let usd = api.get(&format!("{of}&party=comet&currency=USD")).is(200);
    assert_eq!((&usd["rows"], &usd["totals"]), (&json!([]), &json!([])));
    let one = api.get(&format!("{of}&party=comet&limit=1")).is(200);
    assert_eq!((one["rows"].as_array().map(Vec::len), &one["rows_total"]), (Some(1), &json!(2)));
    server.end();
}

#[test]
fn an_estimate_becomes_what_is_closed_and_a_preview_too() {
    let folder = service(true);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    replay(&folder, &plays(1, APRIL));
    revenue(&folder, REVENUE_APRIL);
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let mut estimated = BTreeMap::new();
    for party in ["comet", "northern", "southern"] {
        let list = api.get(&format!("/api/v1/royalty/estimates?period=2024-04&payee={party}"));
        for by in DIMENSIONS {
            let earned = earnings(&api, "2024-04", party, by);
            assert_eq!(earned["state"], "estimate");
            let total = micros(&earned["totals"][0]["amount"]);
            assert_eq!(total, micros(&list.is(200)["payees"][0]["estimated_amount"]), "{earned}");
            estimated.insert((party, by), rows(&earned));
        }
        let days = format!("/api/v1/royalty/earnings/days?period=2024-04&party={party}");
        let days = api.get(&days).is(200);
        assert_eq!(days["state"], "estimate");
        let told: i64 = estimated[&(party, "right")].values().map(|(_, plays)| plays).sum();
        assert_eq!(days["plays"], told, "{days}");
    }
    // Nothing is missing, so the close states the estimate.
    let dry = "/api/v1/royalty/closes/2024-04?dry_run=true";
    let preview = api.post(dry, &json!({})).is(200)["preview"].clone();
    assert_eq!(preview["compared_with"], "2024-03");
    let closed = api.post("/api/v1/royalty/closes/2024-04", &json!({})).is(200);
    assert_eq!(closed["preview"], Value::Null);
    for ((party, by), before) in estimated {
        assert_eq!(rows(&earnings(&api, "2024-04", party, by)), before, "{party} by {by}");
    }
    let changes = preview["payees"].as_array().expect("payees");
    assert_eq!((changes.len(), &preview["payees_total"]), (3, &json!(3)));
    for change in changes {
        let party = change["payee"].as_str().expect("a payee");
        let of = |period| micros(&earnings(&api, period, party, "right")["totals"][0]["amount"]);
        let (before, now) = (of("2024-03"), of("2024-04"));
        assert_eq!(micros(&change["before"]), before, "{change}");
        assert_eq!(micros(&change["now"]), now, "{change}");
        assert_eq!(micros(&change["change"]), now - before, "{change}");
    }
    let kinds: Vec<&Value> =
        preview["gaps"].as_array().expect("gaps").iter().map(|gap| &gap["kind"]).collect();
    assert!(kinds.contains(&&json!("no_licence")), "{preview}");
    // A closed month that lacks something says what.
    let refused = api.post("/api/v1/royalty/closes/2024-05?dry_run=true", &json!({}));
    assert!(matches!(refused.status, 200 | 409), "{:?}", refused.json());
    server.end();
}

#[test]
fn pools_go_to_their_lines_and_corrections_to_the_next_close() {
    let folder = service(true);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    corrections(&folder);
    replay(&folder, &plays(1, APRIL));
    revenue(&folder, REVENUE_APRIL);
    folder.ok(&["royalty", "close", "--period", "2024-04"]);
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    for (period, pools) in [("2024-03", 2), ("2024-04", 1)] {
        for party in ["comet", "northern", "southern"] {
            check_closed(&api, period, party);
        }
        let listed = api.get(&format!("/api/v1/royalty/closes/{period}/pools")).is(200);
        let items = listed["items"].as_array().expect("pools");
        assert_eq!(items.len(), pools, "{listed}");
        for pool in items {
            assert_eq!(
                (&pool["allocated"], &pool["remainder"]),
                (&pool["money"], &json!("0.000000"))
            );
        }
        let sum: i64 = items.iter().map(|pool| micros(&pool["money"])).sum();
        let close = api.get(&format!("/api/v1/royalty/closes/{period}")).is(200);
        assert_eq!(listed["money"], close["summary"]["money"]);
        assert_eq!(sum, micros(&close["summary"]["money"][0]["pools"]), "{close}");
        let counted: i64 = items.iter().map(|pool| pool["lines"].as_i64().expect("lines")).sum();
        assert_eq!(close["summary"]["lines"], counted);
    }
    let first = api.get("/api/v1/royalty/closes/2024-03/pools?limit=1").is(200);
    assert_eq!(first["next"], "0");
    let second = api.get("/api/v1/royalty/closes/2024-03/pools?limit=1&after=0").is(200);
    assert_eq!((&second["items"][0]["number"], &second["next"]), (&json!(1), &Value::Null));
    api.get("/api/v1/royalty/closes/2024-07/pools").refused(404, "not_closed");
    // Adjustments of March stand on April's statements, and are told apart.
    let comet = earnings(&api, "2024-04", "comet", "recording");
    assert_ne!(micros(&comet["totals"][0]["adjusted"]), 0, "{comet}");

    // The server says of the ledger what the command says that reads the files.
    let by_http = api.get("/api/v1/ledger/verification").is(200);
    assert_eq!(by_http["sound"], true, "{by_http}");
    assert_eq!(by_http, folder.json(&["ledger", "verify"]));
    server.end();
}

#[test]
fn revenue_is_looked_at_row_by_row_before_it_is_brought() {
    let folder = service(false);
    let server = Server::start(&folder);
    let api = server.api(&folder, SCOPES);
    let row = |territory: &str, gross: &str| {
        json!({ "period": "2024-03", "territory": territory, "tier": "premium", "currency": "EUR",
                "plan": "individual", "subscribers": 40, "gross": gross, "tax": "0.00" })
    };
    let rows = json!({ "name": "march.csv",
        "revenue": [row("SE", "400.00"), row("NO", "30.00"), row("*", "350.00")] });
    let before = api.get("/api/v1/royalty/revenue").is(200);
    let noted = || api.get("/api/v1/audit?limit=1000").is(200)["items"].clone();
    let deeds = noted();
    let dry = api.post("/api/v1/royalty/revenue?dry_run=true", &rows).is(200);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(
        (&dry["added"], &dry["changed"], &dry["unchanged"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let changes: Vec<&str> = dry["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|it| it["change"].as_str())
        .collect();
    assert_eq!(changes, ["unchanged", "added", "changed"]);
    let changed = &dry["rows"][2];
    assert_eq!((&changed["row"], &changed["net"]), (&json!(3), &json!("350.000000")));
    assert_eq!(changed["before"]["net"], "240.000000", "{changed}");
    // The body may ask for the same, and neither is a deed for the audit log.
    let mut in_body = rows.clone();
    in_body["dry_run"] = json!(true);
    assert_eq!(api.post("/api/v1/royalty/revenue", &in_body).is(200), dry);
    let both = api.post("/api/v1/royalty/revenue?dry_run=true", &in_body).is(200);
    assert_eq!(both, dry, "the digest is of other bytes, the preview of the same rows");
    assert_eq!(noted(), deeds, "a rehearsal is no deed");
    assert_eq!(api.get("/api/v1/royalty/revenue").is(200), before, "nothing was brought");
    let done = api.post("/api/v1/royalty/revenue", &rows).is(200);
    assert_eq!(
        (&done["dry_run"], &done["rows"], &done["added"]),
        (&json!(false), &json!([]), &json!(1))
    );
    let wrong = json!({ "name": "march.csv", "revenue": [row("SE", "1,50")] });
    let refused = api.post("/api/v1/royalty/revenue?dry_run=true", &wrong);
    let detail = refused.refused(422, "invalid_request")["detail"].clone();
    assert!(detail.as_str().is_some_and(|it| it.contains("row 1 gross")), "{detail}");
    api.post("/api/v1/royalty/revenue?dry_run=maybe", &rows).refused(400, "invalid_parameter");
    server.end();
}

//! The deployment at a glance, held against the conservation law that reads everything.

use crate::support::reports::line;
use crate::support::{Api, DEADLINE, Folder, Server, pass};
use serde_json::{Map, Value, json};
use std::time::Instant;

fn add(sums: &mut Map<String, Value>, of: &Value) {
    for (word, number) in of.as_object().into_iter().flatten() {
        let sum = sums.get(word).and_then(Value::as_i64).unwrap_or_default();
        let sum = sum + number.as_i64().expect("a count");
        sums.insert(word.clone(), json!(sum));
    }
    sums.retain(|_, sum| sum != &json!(0));
}

/// What the law says of everything, as an overview would.
fn of_law(api: &Api) -> Value {
    let law = api.get("/api/v1/conservation").is(200);
    assert_eq!(law["holds"], true, "{law}");
    let (mut verdicts, mut statuses) = (Map::new(), Map::new());
    let (mut reports, mut plays) = (0, 0);
    for partition in law["partitions"].as_array().expect("partitions") {
        for hour in partition["hours"].as_array().expect("hours") {
            reports += hour["accepted"].as_i64().expect("reports");
            plays += hour["plays"].as_i64().expect("plays");
            add(&mut verdicts, &hour["verdicts"]);
            add(&mut statuses, &hour["statuses"]);
        }
    }
    json!({ "reports": reports, "plays": plays, "verdicts": verdicts, "statuses": statuses })
}

/// Asks until everything is judged, and the answer isn't one of before.
fn overview(api: &Api, reports: i64) -> Value {
    let began = Instant::now();
    loop {
        let overview = api.get("/api/v1/overview").is(200);
        if overview["reports"] == reports && overview["waiting"] == 0 {
            return overview;
        }
        assert!(began.elapsed() < DEADLINE, "{overview}");
        pass(20_000);
    }
}

#[test]
fn what_is_seen_at_a_glance_is_what_the_law_says() {
    let folder = Folder::new();
    let server = Server::start(&folder);
    let api = server.api(&folder, "reports:write,counts:read");
    let empty = api.get("/api/v1/overview").is(200);
    assert_eq!((&empty["reports"], &empty["hours"]), (&json!(0), &json!([])));
    assert_eq!(empty["sums_hold"], true);
    let lines: String = (0..200)
        .map(|number| {
            let listened_ms = if number % 3 == 0 { 10_000 } else { 40_000 };
            line(&format!("p{number}"), &format!("u{}", number % 7), "t1", listened_ms)
        })
        .collect();
    let mut seen = Value::Null;
    for times in 1..=3 {
        api.report(&lines).is(202);
        api.get("/api/v1/counts?by=track").is(200);
        seen = overview(&api, times * 200);
        let law = of_law(&api);
        for part in ["reports", "plays", "verdicts", "statuses"] {
            assert_eq!(seen[part], law[part], "{part} of {seen}");
        }
        assert_eq!(seen["sums_hold"], true, "{seen}");
        let hours = seen["hours"].as_array().expect("hours");
        let mut verdicts = Map::new();
        hours.iter().for_each(|hour| add(&mut verdicts, &hour["verdicts"]));
        assert_eq!(json!(verdicts), seen["verdicts"], "all of it is of these hours");
    }
    // All that came again is a duplicate; it is no new play.
    assert_eq!(seen["verdicts"]["duplicate"], 400, "{seen}");
    assert_eq!(seen["plays"], 200);
    assert!(seen["plays_now"].as_i64().is_some_and(|plays| (0..=200).contains(&plays)), "{seen}");
    assert!(seen["reports_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{seen}");
    // Another process has read them, and goes on from there.
    server.end();
    let server = Server::start(&folder);
    let api = Api { address: server.address(), ..api };
    let restarted = api.get("/api/v1/overview").is(200);
    for part in ["reports", "plays", "verdicts", "statuses", "hours"] {
        assert_eq!(restarted[part], seen[part], "{part} of {restarted}");
    }
    api.report(&lines).is(202);
    assert_eq!(overview(&api, 800)["verdicts"]["duplicate"], 600);
    api.get("/api/v1/overview?by=track").refused(400, "invalid_parameter");
    server.anyone().get("/api/v1/overview").refused(401, "unauthorized");
    server.end();
}

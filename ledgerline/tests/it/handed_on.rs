//! What is handed on of a closed month over HTTP: sales reports and payouts, the same as by command.

use crate::papers::{ACCOUNTS, closed, micros};
use crate::support::guest::Guest;
use crate::support::{Api, Folder, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

const SENDER: [(&str, &str); 2] = [
    ("LEDGERLINE_DSR_SENDER_DPID", "PADPIDA2013020802I"),
    ("LEDGERLINE_DSR_SENDER_NAME", "A Service"),
];
const DSR: &str = "/api/v1/royalty/closes/2024-03/dsr";

/// The files that the command writes, by name.
fn exported(folder: &Folder, further: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let to = folder.data().join("dsr");
    let _ = fs::remove_dir_all(&to);
    let to_text = to.to_str().expect("a plain path").to_owned();
    let args = [
        "royalty",
        "dsr",
        "export",
        "--period",
        "2024-03",
        "--out",
        &to_text,
        "--sender-dpid",
        SENDER[0].1,
        "--sender-name",
        SENDER[1].1,
    ];
    let written = folder.json(&[&args, further].concat());
    let files = written["files"].as_array().expect("files").iter();
    files
        .map(|name| {
            let name = name.as_str().expect("a name").to_owned();
            (name.clone(), fs::read(to.join(name)).expect("it is there"))
        })
        .collect()
}

/// The files of a payee that can be downloaded, with `query`; packed ones where it is asked.
fn downloaded(
    get: impl Fn(&str) -> crate::support::Answer,
    (query, end): (&str, &str),
) -> BTreeMap<String, Vec<u8>> {
    let list = get(&format!("{DSR}/northern{query}")).is(200);
    let files = list["items"].as_array().expect("files").iter();
    files
        .map(|file| {
            let short = file["file"].as_str().expect("a name");
            let answer = get(&format!("{DSR}/northern/{short}{end}{query}"));
            assert_eq!(answer.status, 200, "{short}");
            let name = format!("{}{end}", file["name"].as_str().expect("a name"));
            let disposition = format!("attachment; filename=\"{name}\"");
            assert_eq!(answer.header("content-disposition"), Some(&*disposition));
            if end.is_empty() {
                assert_eq!(file["bytes"].as_u64(), Some(answer.body.len() as u64));
            }
            (name, answer.body)
        })
        .collect()
}

#[test]
fn a_sales_report_is_downloaded_as_the_command_writes_it() {
    let folder = closed();
    let plain = exported(&folder, &[]);
    let packed = exported(&folder, &["--gzip"]);
    let one_profile = exported(&folder, &["--profile", "basic-audio"]);
    assert_eq!(plain.len(), 2);
    let server = Server::spawn_with(&folder, &SENDER).listening().expect("it starts");
    let api = server.api_of(&folder, &["--scope", "royalty:read"]);
    let label = Guest::invited(&folder, &server, "label", &["northern", "comet"]);
    assert_eq!(downloaded(|path| api.get(path), ("", "")), plain);
    assert_eq!(downloaded(|path| label.get(path), ("", "")), plain);
    assert_eq!(downloaded(|path| label.get(path), ("", ".gz")), packed);
    assert_eq!(downloaded(|path| api.get(path), ("?profile=basic-audio", "")), one_profile);

    // Whoever can't be sent one isn't listed, and a party sees itself alone.
    let list = api.get(DSR).is(200);
    let northern = json!({
        "payee": "northern", "name": "Northern Lights", "dpid": "PADPIDA20070627029",
        "lines": list["items"][0]["lines"],
    });
    assert_eq!(list, json!({ "items": [northern], "next": null }));
    assert_eq!(label.get(DSR).is(200), list);
    let artist = Guest::invited(&folder, &server, "rights_holder", &["comet"]);
    assert_eq!(artist.get(DSR).is(200)["items"], json!([]));
    artist.get(&format!("{DSR}/northern")).refused(404, "statement_not_found");
    artist.get(&format!("{DSR}/northern/SE.financial.tsv")).refused(404, "statement_not_found");
    artist.get(&format!("{DSR}/comet")).refused(404, "no_sales_report");

    // Who is bound can't have the service say something else of itself.
    let forged = "?sender_name=Somebody";
    label.get(&format!("{DSR}/northern{forged}")).refused(400, "invalid_parameter");
    let other = api.get(&format!("{DSR}/northern/SE.financial.tsv{forged}"));
    assert!(String::from_utf8_lossy(&other.body).contains("\tSomebody\t"));
    for (path, status, code) in [
        ("/northern/XX.financial.tsv", 404, "no_sales_report"),
        ("/northern/SE.basic-audio.tsv", 404, "no_sales_report"),
        ("/northern/SE.tsv", 404, "not_found"),
        ("/northern?profile=other", 400, "invalid_parameter"),
        ("/northern?sender_dpid=PADPIDA2013020802J", 409, "sales_refused"),
        ("/nobody", 404, "statement_not_found"),
        ("?limit=0", 400, "invalid_parameter"),
    ] {
        api.get(&format!("{DSR}{path}")).refused(status, code);
    }
    api.get("/api/v1/royalty/closes/2024-04/dsr").refused(404, "not_closed");
    server.end();
}

#[test]
fn who_sends_is_said_where_it_is_served() {
    let folder = closed();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &["--scope", "royalty:read"]);
    let refused = api.get(&format!("{DSR}/northern")).refused(409, "sender_unknown");
    let detail = refused["detail"].as_str().expect("a sentence");
    assert!(detail.contains("LEDGERLINE_DSR_SENDER_DPID"), "{detail}");
    let asked = "?sender_dpid=PADPIDA2013020802I&sender_name=A+Service";
    assert_eq!(downloaded(|path| api.get(path), (asked, "")), exported(&folder, &[]));
    server.end();
    for (variables, says) in [
        (vec![SENDER[0]], "go together"),
        (vec![("LEDGERLINE_DSR_SENDER_DPID", "PADPIDA2013020802J"), SENDER[1]], "must be a DPID"),
    ] {
        let why = Server::spawn_with(&folder, &variables).listening().err().expect("it refuses");
        assert!(why.contains(says), "{why}");
    }
}

const PAYOUTS: &str = "/api/v1/royalty/closes/2024-03/payouts";
const SCOPES: &str = "royalty:read,royalty:write,ledger:read";

fn order(form: &str) -> Value {
    json!({
        "form": form, "accounts": ACCOUNTS, "on": "2024-04-15",
        "debtor": { "name": "A Service", "iban": "DE89370400440532013000", "bic": "DEUTDEFF" },
    })
}

/// The rows that say that everything was paid.
fn everything(month: &Value) -> Vec<Value> {
    let rows = month["items"].as_array().expect("payouts").iter();
    rows.map(|row| {
        let (payee, currency, amount) = (&row["payee"], &row["currency"], &row["amount"]);
        json!({ "period": "2024-03", "payee": payee, "currency": currency, "amount": amount })
    })
    .collect()
}

/// What the command says of the month, in the words of the API.
fn check_month(folder: &Folder, month: &Value) {
    let said = folder.json(&["royalty", "payouts", "list", "--period", "2024-03"]);
    let rows = said["payouts"].as_array().expect("payouts");
    let items = month["items"].as_array().expect("payouts");
    assert_eq!(items.len(), rows.len());
    for (row, item) in rows.iter().zip(items) {
        for field in ["payee", "currency", "amount"] {
            assert_eq!(row[field], item[field], "{item}");
        }
        assert_eq!(row["paid_by"], item["entry"], "{item}");
        let state = if row["paid_by"].is_null() { "payable" } else { "paid" };
        assert_eq!(item["state"], state, "{item}");
    }
    for (total, known) in month["totals"]
        .as_array()
        .expect("totals")
        .iter()
        .zip(said["totals"].as_array().expect("totals"))
    {
        for field in ["currency", "amount", "open", "payable"] {
            assert_eq!(total[field], known[field], "{total}");
        }
    }
}

#[test]
fn payouts_are_written_booked_once_and_told_to_whom_they_are_paid() {
    let folder = closed();
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &["--scope", SCOPES]);
    let month = api.get(PAYOUTS).is(200);
    check_month(&folder, &month);
    assert_eq!(month["totals"][0]["payouts_open"], 3);
    let first = api.get(&format!("{PAYOUTS}?limit=1")).is(200);
    assert_eq!((&first["items"][0], &first["next"]), (&month["items"][0], &json!("comet")));
    let rest = api.get(&format!("{PAYOUTS}?limit=2&after=comet")).is(200);
    assert_eq!((&rest["items"][1], &rest["next"]), (&month["items"][2], &Value::Null));
    files_are_those_of_the_command(&folder, &api);

    // All of it or nothing, and once.
    let mut wrong = everything(&month);
    wrong[1]["amount"] = json!("1.00");
    let pay = |rows: &[Value]| {
        api.post("/api/v1/royalty/payouts/paid", &json!({ "on": "2024-04-15", "paid": rows }))
    };
    let refused = pay(&wrong).refused(409, "payouts_differ");
    assert!(
        refused["problems"][0].as_str().is_some_and(|why| why.starts_with("northern is to be")),
        "{refused}"
    );
    assert_eq!(api.get(PAYOUTS).is(200), month);
    let holder = Guest::invited(&folder, &server, "rights_holder", &["comet"]);
    let own = |state: &str| {
        let page = holder.get("/api/v1/royalty/payouts").is(200);
        assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "{page}");
        let it = page["items"][0].clone();
        assert_eq!((&it["payee"], &it["state"]), (&json!("comet"), &json!(state)), "{it}");
        it
    };
    assert_eq!(own("payable")["paid_on"], Value::Null);
    assert_eq!(pay(&everything(&month)[..1]).is(200), json!({ "booked": 1, "already": 0 }));
    assert_eq!(pay(&everything(&month)).is(200), json!({ "booked": 2, "already": 1 }));
    assert_eq!(pay(&everything(&month)).is(200), json!({ "booked": 0, "already": 3 }));
    let after = api.get(PAYOUTS).is(200);
    check_month(&folder, &after);
    assert_eq!(micros(after["totals"][0]["open"].as_str().expect("it")), 0);
    assert_eq!(after["items"][0]["paid_on"], "2024-04-15");

    // Who is paid sees when, by which entry, and nothing of others.
    let paid = own("paid");
    assert_eq!(
        (&paid["paid_on"], &paid["amount"]),
        (&json!("2024-04-15"), &month["items"][0]["amount"])
    );
    let entries = holder.get("/api/v1/ledger/entries?party=comet&limit=1000").is(200);
    let entry = entries["items"].as_array().expect("entries").iter();
    let entry = entry.filter(|entry| entry["seq"] == paid["entry"]);
    assert_eq!(entry.map(|entry| &entry["key"]).collect::<Vec<_>>(), ["payout/2024-03/comet/EUR"]);
    assert_eq!(holder.get("/api/v1/royalty/payouts?party=northern").is(200)["items"], json!([]));
    holder.get(PAYOUTS).refused(403, "not_yours");
    holder.post("/api/v1/royalty/payouts/paid", &json!({ "paid": [] })).refused(403, "forbidden");
    server.end();
    assert_eq!(folder.json(&["royalty", "closes", "verify"])["holds"], true);
}

fn files_are_those_of_the_command(folder: &Folder, api: &Api) {
    let accounts = folder.write("accounts.csv", ACCOUNTS);
    for (form, kind) in [("csv", "text/csv"), ("pain001", "application/xml")] {
        let path = folder.data().join(form);
        let to = path.to_str().expect("a plain path");
        folder.ok(&[
            "royalty",
            "payouts",
            "export",
            "--period",
            "2024-03",
            "--format",
            form,
            "--out",
            to,
            "--accounts",
            &accounts,
            "--debtor",
            "A Service",
            "--debtor-iban",
            "DE89370400440532013000",
            "--debtor-bic",
            "DEUTDEFF",
            "--on",
            "2024-04-15",
        ]);
        let answer = api.post(&format!("{PAYOUTS}/file"), &order(form));
        assert_eq!(answer.status, 200, "{form}");
        assert!(answer.header("content-type").is_some_and(|it| it.starts_with(kind)));
        // All but the second in which it was written.
        let without_time = |text: &str| -> String {
            text.lines().filter(|line| !line.contains("<CreDtTm>")).collect()
        };
        let written = fs::read_to_string(&path).expect("it is there");
        let text = String::from_utf8(answer.body).expect("text");
        assert_eq!(without_time(&text), without_time(&written), "{form}");
    }
    let mut cases = Vec::new();
    for (field, value, says) in [
        ("accounts", json!("payee,name\n"), "accounts: the first line must name"),
        ("debtor", Value::Null, "needs accounts and a debtor"),
        ("on", json!("tomorrow"), "on "),
    ] {
        let mut wrong = order("pain001");
        wrong[field] = value;
        cases.push((wrong, says));
    }
    let mut wrong = order("pain001");
    wrong["debtor"]["iban"] = json!("DE89370400440532013001");
    cases.push((wrong, "debtor: iban is no IBAN"));
    for (body, says) in cases {
        let refused = api.post(&format!("{PAYOUTS}/file"), &body).refused(422, "invalid_request");
        assert!(refused["detail"].as_str().is_some_and(|it| it.contains(says)), "{refused}");
    }
    api.post("/api/v1/royalty/closes/2024-04/payouts/file", &order("csv"))
        .refused(404, "not_closed");
}

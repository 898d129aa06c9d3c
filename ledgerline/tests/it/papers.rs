//! Papers that are handed on: statements as files, payouts, sales reports.

use crate::support::reports::with;
use crate::support::{Folder, Server};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// A financial report of one sale, made up. `{}` is the sum of its money.
fn report(sum: &str) -> String {
    let head = "HEAD\tdsrf/1.3/1.4.1/1.2\tFinancialReportingToRecordCompaniesProfileSRB\t1.0\tm1\t\
                2026-11-01T09:30:00Z\t1\t1\t2026-10-01\t2026-10-31\tPADPIDA2013020802I\tA Service\t\
                Ledgerline\tPADPIDA20070627029\tA Licensor\t";
    let summary = format!(
        "SY10\t1\t\t\tSubscriptionModel\tOnDemandStream\t2026-10-01\t2026-10-31\tpremium\t\t\t\tDE\t\
         Ledgerline\t\t\t10\t10\t0\t100\tEUR\tEUR\t1\t\t2026-11-01T00:00:00Z\t\t\t\t\t\t0\t0\t9\t9\t\
         {sum}\t{sum}\t{sum}\t{sum}\t\t\t0\t\t\t\t{sum}\t{sum}"
    );
    let sale = "SR08\t1\t\t\ttrk_1\t\t\t\t\t\t\t\t\tSEABC2600001\t\ttrk_1\t\t\t\tSoundRecording\tSong\t\t\
                Artist\t\t1\t2026-10\t10\t0\t10\t\t\t\t\t\t\t\t\t\t\t\t100\t0.1\t0.1\t1.000001\t1.000001\t\
                1.000001\t1.000001\ttrue";
    format!("{head}\n{summary}\n{sale}\nSRFO\t4\t1\n")
}

#[test]
fn a_sales_report_is_checked_by_the_command() {
    let folder = Folder::new();
    let name =
        "DSR_PADPIDA20070627029_PADPIDA2013020802I_Ledgerline_2026-10_DE_1of1_20261101T093000.tsv";
    let path = folder.write(name, report("1.000001"));
    let said = folder.run(&["royalty", "dsr", "check", &path]);
    assert_eq!(said.code, 0, "{}", said.all());
    assert!(said.out.contains("good (4 records, 1 summaries, 1 blocks)"), "{}", said.all());
    // A millionth more than its sales add up to.
    let path = folder.write(name, report("1.000002"));
    let said = folder.run(&["royalty", "dsr", "check", &path, "--json"]);
    assert_eq!(said.code, 1, "{}", said.all());
    let answer: Value = serde_json::from_str(&said.out).expect("JSON");
    let first = &answer["files"][0]["findings"][0];
    assert_eq!(
        (&first["line"], &first["cell"]),
        (&json!(2), &json!("AllocatedRevenueInCurrencyOfTransaction"))
    );
    assert_eq!(folder.run(&["royalty", "dsr", "check", "nowhere.tsv"]).code, 3);
    assert_eq!(folder.run(&["royalty", "dsr", "check"]).code, 2);
}

const PARTIES: &str = "party_id,name,kinds,dpid,payout_currency,minimum_payout\n\
    comet,Comet,artist,,EUR,\n\
    northern,Northern Lights,label,PADPIDA20070627029,EUR,1\n\
    southern,=Southern Cross,label,,EUR,\n";
const RECORDINGS: &str = "track_id,title,isrc,duration_ms,label,artists\n\
    t1,One | and only,SEABC2600001,200000,northern,comet\n\
    t2,Two,SE-ABC-26-00002,200000,northern,comet\n\
    t3,Three,,200000,southern,\n";
const SHARES: &str = "right,track_id,holder,share\n\
    master,t1,northern,100%\n\
    master,t2,northern,50%\n\
    master,t2,southern,50%\n\
    master,t3,southern,100%\n";
const REVENUE: &str = "period,territory,tier,plan,subscribers,currency,gross,tax\n\
    2024-03,SE,premium,individual,40,EUR,400.00,0.00\n\
    2024-03,*,premium,individual,30,EUR,300.00,60.00\n";
const LICENCE: &str = "id = \"licence\"\nkind = \"licence\"\nsigned_on = \"2023-12-01\"\n\
    from = \"2024-01-01\"\ncurrency = \"EUR\"\n\n[[terms]]\nid = \"all\"\nrights = [\"master\"]\n\
    pro_rata = { share = \"50%\" }\n";
const DEAL: &str = "id = \"comet-deal\"\nkind = \"agreement\"\ngrantor = \"northern\"\n\
    signed_on = \"2023-12-01\"\nfrom = \"2024-01-01\"\ncurrency = \"EUR\"\n\n\
    [[terms]]\nid = \"all\"\nrights = [\"master\"]\nartists = [\"comet\"]\n\
    pass_on = [{ payee = \"comet\", share = \"25%\" }]\n";
pub(crate) const ACCOUNTS: &str = "payee,name,iban,bic\n\
    northern,Northern Lights & Co,DE89370400440532013000,DEUTDEFF\n\
    southern,=Southern Cross,GB29NWBK60161331926819,\n\
    comet,Comet,NO9386011117947,\n";

fn import(folder: &Folder, words: &[&str], name: &str, text: &str) {
    let file = folder.write(name, text);
    folder.ok(&[words, &[&file]].concat());
}

/// A deployment whose March 2024 is closed.
pub(crate) fn closed() -> Folder {
    const MARCH: u64 = 1_709_251_200_000;
    let folder = Folder::new();
    import(&folder, &["catalog", "rights", "import"], "parties.csv", PARTIES);
    import(&folder, &["catalog", "rights", "import"], "recordings.csv", RECORDINGS);
    import(&folder, &["catalog", "rights", "import"], "shares.csv", SHARES);
    import(&folder, &["royalty", "terms", "import"], "licence.toml", LICENCE);
    import(&folder, &["royalty", "terms", "import"], "deal.toml", DEAL);
    import(&folder, &["royalty", "revenue", "import"], "revenue.csv", REVENUE);
    let mut lines = String::new();
    for (track, territory, count) in
        [("t1", "SE", 40), ("t1", "DE", 10), ("t2", "SE", 21), ("t3", "SE", 33), ("t3", "NO", 7)]
    {
        for number in 0..count {
            let started_at = MARCH + (600 + number * 7) * 60_000;
            let further =
                json!({ "started_at": started_at, "territory": territory, "tier": "premium" });
            let (name, user) =
                (format!("{track}-{territory}-{number}"), format!("u{}", number % 9));
            lines.push_str(&with(&name, &user, track, 40_000, &further));
        }
    }
    let args = ["replay", "-", "--clock", "event"];
    folder.run_with_input(&args, lines.as_bytes()).good(&args);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    folder
}

fn out(folder: &Folder, name: &str) -> (PathBuf, String) {
    let path = folder.data().join(name);
    let text = path.to_str().expect("a plain path").to_owned();
    (path, text)
}

pub(crate) fn micros(text: &str) -> i64 {
    text.replace('.', "").parse().expect("an amount with six digits")
}

/// The cells of a sheet that quotes nothing but sentences, which stand near the end.
fn cell(row: &str, at: usize) -> &str {
    row.split(',').nth(at).expect("a cell")
}

#[test]
fn statements_are_files_whose_lines_add_up() {
    let folder = closed();
    let (path, to) = out(&folder, "papers");
    let args = ["royalty", "statements", "export", "--period", "2024-03", "--out", &to];
    let written = folder.json(&args);
    let files: Vec<&str> =
        written["files"].as_array().expect("files").iter().filter_map(Value::as_str).collect();
    assert!(files.contains(&"2024-03.northern.json"), "{files:?}");
    assert!(files.contains(&"2024-03.comet.EUR.csv"), "{files:?}");
    let whole = fs::read(path.join("2024-03.northern.json")).expect("it is there");
    let whole: Value = serde_json::from_slice(&whole).expect("JSON");
    let lines = whole["lines"].as_array().expect("lines");
    let earned = whole["statement"]["accounts"][0]["earned"].as_str().expect("an amount");
    let sum: i64 =
        lines.iter().map(|line| micros(line["amount"].as_str().expect("an amount"))).sum();
    assert_eq!(sum, micros(earned), "{whole}");
    let sheet = fs::read_to_string(path.join("2024-03.northern.EUR.csv")).expect("it is there");
    let mut rows = sheet.split("\r\n").filter(|row| !row.is_empty());
    assert!(rows.next().is_some_and(|header| header.starts_with("line,period,cause,track_id,")));
    let rows: Vec<&str> = rows.collect();
    assert_eq!(rows.len(), lines.len());
    assert_eq!(rows.iter().map(|row| micros(cell(row, 13))).sum::<i64>(), sum);
    // Again the same bytes; the same by HTTP, for those who may.
    folder.ok(&args);
    let again = fs::read_to_string(path.join("2024-03.northern.EUR.csv")).expect("it is there");
    assert_eq!(again, sheet);
    let server = Server::start(&folder);
    let api = server.api_of(&folder, &["--scope", "royalty:read"]);
    let path = "/api/v1/royalty/statements/2024-03";
    assert_eq!(api.get(&format!("{path}/northern.json")).is(200)["lines"], whole["lines"]);
    api.get(&format!("{path}/nobody.json")).refused(404, "statement_not_found");
    api.get(&format!("{path}/northern.odt")).refused(404, "not_found");
    api.get("/api/v1/royalty/statements/2024-04/northern.json").refused(404, "not_closed");
    let other = server.api_of(&folder, &["--scope", "counts:read"]);
    other.get(&format!("{path}/northern.json")).refused(403, "forbidden");
    server.end();
}

/// The words of a paper in the order in which they are drawn, and how many pages it has.
fn words_of(paper: &[u8]) -> (Vec<String>, usize) {
    let document = lopdf::Document::load_mem(paper).expect("a PDF");
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    let text = document.extract_text(&pages).expect("text");
    (text.split_whitespace().map(str::to_owned).collect(), pages.len())
}

/// All amounts that are something, wherever they stand.
fn amounts(found: &Value, into: &mut Vec<String>) {
    match found {
        Value::String(text) => {
            let amount = text.split_once('.').filter(|(_, part)| part.len() == 6);
            if amount.is_some() && text.parse::<f64>().is_ok_and(|amount| amount != 0.0) {
                into.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| amounts(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| amounts(field, into)),
        _ => {}
    }
}

/// Exports a payee's statement as JSON and as a paper, and compares them.
pub(crate) fn check_paper(folder: &Folder, (period, payee): (&str, &str)) -> Vec<u8> {
    let (path, to) = out(folder, "checked");
    let args = ["royalty", "statements", "export", "--period", period, "--payee", payee];
    folder.ok(&[&args[..], &["--format", "json,pdf", "--out", &to]].concat());
    let read =
        |end: &str| fs::read(path.join(format!("{period}.{payee}.{end}"))).expect("it is there");
    let (whole, paper) = (read("json"), read("pdf"));
    let whole: Value = serde_json::from_slice(&whole).expect("JSON");
    let (words, pages) = words_of(&paper);
    let mut wanted = Vec::new();
    amounts(&whole, &mut wanted);
    assert!(wanted.len() > 5, "{whole}");
    for amount in &wanted {
        let times = |words: &[String]| words.iter().filter(|word| *word == amount).count();
        let (found, times) = (times(&words), times(&wanted));
        assert!(found >= times, "{amount} is printed {found} times, not {times}: {words:?}");
    }
    for line in whole["lines"].as_array().expect("lines") {
        let reference = format!("{period}/{payee}/{}", line["number"]);
        let at = words.iter().position(|word| *word == reference).expect("a reference");
        let before = [&words[at - 3], &words[at - 2], &words[at - 1]];
        let amount = line["amount"].as_str().expect("an amount");
        assert_eq!(before, [&line["plays"].to_string(), amount, "explain:"], "{words:?}");
        // The reference leads where payee and number lead.
        let explained = folder.json(&["royalty", "explain", "line", &reference]);
        assert_eq!(explained["line"], *line);
    }
    let text = words.join(" ");
    let statement = &whole["statement"];
    for field in ["lines_sha256", "manifest_sha256"] {
        assert!(text.contains(statement[field].as_str().expect("a digest")), "{text}");
    }
    let head = statement["ledger_head"].as_str().expect("a checkpoint");
    for name in ["seq=", "hash=", "key="] {
        let value = head.split(' ').find_map(|word| word.strip_prefix(name)).expect("a field");
        assert!(words.iter().any(|word| word == value), "{name}{value}: {text}");
    }
    assert!(text.contains(&format!("Page {pages} of {pages}")), "{text}");
    paper
}

#[test]
fn a_paper_says_what_the_statement_says() {
    let folder = closed();
    let paper = check_paper(&folder, ("2024-03", "northern"));
    let again = check_paper(&folder, ("2024-03", "northern"));
    assert!(paper == again, "the same statement gives other bytes");
    check_paper(&folder, ("2024-03", "comet"));
    let text = words_of(&paper).0.join(" ");
    // Names are the catalogue's, of the day of the close.
    assert!(text.contains("Northern Lights") && text.contains("One | and only Comet"), "{text}");
    import(
        &folder,
        &["catalog", "rights", "import"],
        "renamed.csv",
        &PARTIES.replace("Lights", "Fog"),
    );
    assert!(
        check_paper(&folder, ("2024-03", "northern")) == paper,
        "a new name is on an old paper"
    );

    let variables = [("LEDGERLINE_PUBLIC_ADDRESS", "https://money.example")];
    let server = Server::spawn_with(&folder, &variables).listening().expect("it starts");
    let api = server.api_of(&folder, &["--scope", "royalty:read"]);
    let path = "/api/v1/royalty/statements/2024-03/northern.pdf";
    let answer = api.get(path);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/pdf")));
    let linked = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(linked.contains("https://money.example/#/explain/2024-03/northern/1)"), "no link");
    assert_eq!(words_of(&answer.body), words_of(&paper));
    api.get(&format!("{path}?from=2")).refused(400, "invalid_parameter");
    api.get("/api/v1/royalty/statements/2024-03/nobody.pdf").refused(404, "statement_not_found");
    api.get("/api/v1/royalty/statements/2024-04/northern.pdf").refused(404, "not_closed");
    let other = server.api_of(&folder, &["--scope", "counts:read"]);
    other.get(path).refused(403, "forbidden");
    server.end();
    let wrong = folder.run(&["royalty", "explain", "line", "2024-03/northern"]);
    assert_eq!(wrong.code, 2, "{}", wrong.all());
}

#[test]
fn sales_reports_say_what_the_statement_says() {
    let folder = closed();
    let (path, to) = out(&folder, "dsr");
    let export = |dpid: &str| {
        folder.run(&[
            "royalty",
            "dsr",
            "export",
            "--period",
            "2024-03",
            "--out",
            &to,
            "--sender-dpid",
            dpid,
            "--sender-name",
            "A Service",
            "--json",
        ])
    };
    let refused = export("PADPIDA2013020802J");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("check digit is J, must be I"), "{}", refused.err);
    let written = export("PADPIDA2013020802I");
    assert_eq!(written.code, 0, "{}", written.all());
    let written: Value = serde_json::from_str(&written.out).expect("JSON");
    let files = written["files"].as_array().expect("files");
    // One recipient with a DPID; its plays are in Sweden and elsewhere.
    assert_eq!(files.len(), 2, "{written}");
    let mut sum = 0;
    for file in files {
        let name = file.as_str().expect("a name");
        assert!(name.starts_with("DSR_PADPIDA20070627029_PADPIDA2013020802I_Ledgerline_2024-03_"));
        let file = path.join(name);
        let said = folder.ok(&["royalty", "dsr", "check", file.to_str().expect("a plain path")]);
        assert!(said.contains("good"), "{said}");
        let text = fs::read_to_string(&file).expect("it is there");
        for sale in text.lines().filter(|line| line.starts_with("SR08\t")) {
            sum += micros(sale.split('\t').nth(43).expect("a cell"));
        }
        assert!(text.contains("SEABC2600001"), "{text}");
    }
    let args = ["royalty", "statements", "show", "--payee", "northern", "--period", "2024-03"];
    let statement = folder.json(&args);
    assert_eq!(sum, micros(statement["accounts"][0]["earned"].as_str().expect("an amount")));
    let args = [
        "royalty",
        "dsr",
        "export",
        "--period",
        "2024-03",
        "--out",
        &to,
        "--payee",
        "comet",
        "--sender-dpid",
        "PADPIDA2013020802I",
        "--sender-name",
        "A Service",
    ];
    let refused = folder.run(&args);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("comet has no DPID"), "{}", refused.err);
}

#[test]
fn payouts_are_written_and_booked_once() {
    let folder = closed();
    let list = || folder.json(&["royalty", "payouts", "list", "--period", "2024-03"]);
    let found = list();
    let rows = found["payouts"].as_array().expect("payouts");
    assert_eq!(rows.len(), 3, "{found}");
    let due: i64 = rows.iter().map(|row| micros(row["amount"].as_str().expect("it"))).sum();
    let total = &found["totals"][0];
    let of = |field: &str| micros(total[field].as_str().expect("an amount"));
    assert_eq!((of("amount"), of("open")), (due, due));
    assert!(due % 10_000 == 0 && of("payable") >= due && of("payable") - due < 3 * 10_000);

    let (csv, csv_to) = out(&folder, "payouts.csv");
    let accounts = folder.write("accounts.csv", ACCOUNTS);
    let export = |format: &str, to: &str| {
        folder.run(&[
            "royalty",
            "payouts",
            "export",
            "--period",
            "2024-03",
            "--format",
            format,
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
        ])
    };
    assert_eq!(export("csv", &csv_to).code, 0);
    let (xml, xml_to) = out(&folder, "payouts.xml");
    let said = export("pain001", &xml_to);
    assert_eq!(said.code, 0, "{}", said.all());
    let xml = fs::read_to_string(xml).expect("it is there");
    let sum = format!("{}.{:02}", due / 1_000_000, due / 10_000 % 100);
    let sum = sum.trim_end_matches('0').trim_end_matches('.');
    assert!(xml.contains(&format!("<CtrlSum>{sum}</CtrlSum>")), "{xml}");
    assert!(
        xml.contains("Northern Lights &amp; Co") && xml.contains("<Dt>2024-04-15</Dt>"),
        "{xml}"
    );

    // What isn't to be paid is refused, and nothing is booked then.
    let sheet = fs::read_to_string(&csv).expect("it is there");
    let wrong = folder.write("wrong.csv", sheet.clone() + "2024-03,comet,EUR,1.00,,,,\r\n");
    let refused = folder.run(&["royalty", "payouts", "paid", &wrong, "--on", "2024-04-15"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("nothing was booked: comet is to be paid"), "{}", refused.err);
    assert_eq!(list(), found);

    let pay = ["royalty", "payouts", "paid", &csv_to, "--on", "2024-04-15"];
    assert_eq!(folder.json(&pay), json!({ "booked": 3, "already": 0 }));
    let later = ["royalty", "payouts", "paid", &csv_to, "--on", "2024-04-20"];
    assert_eq!(folder.json(&later), json!({ "booked": 0, "already": 3 }));
    let after = list();
    assert_eq!(micros(after["totals"][0]["open"].as_str().expect("it")), 0);
    let payable = micros(after["totals"][0]["payable"].as_str().expect("it"));
    assert_eq!(payable, of("payable") - due);
    assert!(after["payouts"][0]["paid_by"].is_u64(), "{after}");
    let nothing = export("pain001", &xml_to);
    assert_eq!(nothing.code, 1);
    assert!(nothing.err.contains("there is nothing to pay"), "{}", nothing.err);
    assert_eq!(folder.json(&["royalty", "closes", "verify"])["holds"], true);
}

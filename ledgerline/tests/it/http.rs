//! Bad input through real HTTP: every refusal has its status and code, the server goes on
//! answering, and nothing is ever half applied.

use crate::support::http::{JSON, NDJSON, REPORT};
use crate::support::reports::{line, with};
use crate::support::{Answer, Api, Connection, DIMENSIONS, Folder, Server};
use serde_json::{Value, json};
use std::io::Write;

/// A server, and who may use it.
struct Trial {
    folder: Folder,
    server: Server,
    /// Everything that was ever accepted of this trial's requests.
    api: Api,
}

impl Trial {
    /// One play is there from the beginning.
    fn new() -> Self {
        let folder = Folder::new();
        let server = Server::start(&folder);
        let scopes = "reports:write,counts:read,adjudication:write,fraud:write";
        let api = server.api_of(&folder, &["--scope", scopes, "--source", "web"]);
        assert_eq!(api.report(&line("before", "anna", "t1", 31_000)).is(202)["accepted"], 1);
        Self { folder, server, api }
    }

    /// Everything that a report could change.
    fn state(&self) -> Value {
        let counts = DIMENSIONS.map(|by| {
            let counts = self.api.get(&format!("/api/v1/counts?by={by}")).is(200);
            counts["rows"].clone()
        });
        let law = self.api.get("/api/v1/conservation").is(200);
        assert_eq!(law["holds"], true, "{law}");
        let hours = law["partitions"].as_array().into_iter().flatten();
        let hours = hours.flat_map(|partition| partition["hours"].as_array().into_iter().flatten());
        let sums = hours.map(|hour| json!([hour["accepted"], hour["verdicts"], hour["statuses"]]));
        json!([counts, sums.collect::<Vec<_>>()])
    }

    /// Nothing changed since `before`; a good report is still taken, and the recount balances.
    fn end(self, before: &Value) {
        assert_eq!(self.state(), *before);
        assert_eq!(self.api.report(&line("after", "anna", "t2", 31_000)).is(202)["accepted"], 1);
        let play = self.api.get("/api/v1/plays/anna/after").is(200);
        assert_eq!(play["status"], "counted");
        self.server.end();
        assert_eq!(self.folder.counts("user"), [("anna".to_owned(), 2)].into());
        self.folder.balanced();
    }
}

/// A good report that must not be kept, for it stands in a body that is refused.
fn lost() -> String {
    line("lost", "anna", "t9", 60_000)
}

/// A report with a field replaced or added.
fn field(name: &str, value: &Value) -> Vec<u8> {
    with("p", "u", "t", 30_000, &json!({ name: value })).into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).and_then(|()| packed.finish()).expect("memory can be written")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory can be written")
}

/// A body that is refused whole: what it is, its headers and bytes, the status and the code.
type WholeBody = (&'static str, Vec<&'static str>, Vec<u8>, u16, &'static str);

fn whole_bodies() -> Vec<WholeBody> {
    const AS_NDJSON: &str = "Content-Type: application/x-ndjson";
    const AS_JSON: &str = "Content-Type: application/json";
    const GZIP: &str = "Content-Encoding: gzip";
    const ZSTD: &str = "Content-Encoding: zstd";
    let lost = lost();
    let good = lost.trim_end();
    let packed = gzip(lost.repeat(100).as_bytes());
    let frame = zstd(lost.repeat(100).as_bytes());
    let cut = |bytes: &[u8]| bytes[..bytes.len() - 9].to_vec();
    let mut broken = packed.clone();
    broken[packed.len() / 2] ^= 0x40;
    // A page of zeros packs to nearly nothing.
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let long_line = format!("{lost}{{\"track_id\": \"{}\"}}\n", "x".repeat(10_000_000));
    vec![
        ("an empty body", vec![AS_NDJSON], b"".to_vec(), 400, "no_reports"),
        ("blank lines", vec![AS_NDJSON], b"\n \r\n\n".to_vec(), 400, "no_reports"),
        ("an empty array", vec![AS_JSON], b" [ ] ".to_vec(), 400, "no_reports"),
        ("no JSON", vec![AS_JSON], b"track=t1&listened=30000".to_vec(), 400, "malformed_json"),
        ("an object without a value", vec![AS_JSON], b"{\"a\":}".to_vec(), 400, "malformed_json"),
        (
            "an object that ends early",
            vec![AS_JSON],
            b"{\"track_id\":\"t".to_vec(),
            400,
            "truncated_body",
        ),
        (
            "an array that ends early",
            vec![AS_JSON],
            format!("[{good},").into_bytes(),
            400,
            "truncated_body",
        ),
        (
            "a bad element",
            vec![AS_JSON],
            format!("[{good}, oops]").into_bytes(),
            400,
            "malformed_json",
        ),
        (
            "text behind the array",
            vec![AS_JSON],
            format!("[{good}] {good}").into_bytes(),
            400,
            "malformed_json",
        ),
        ("lines as JSON", vec![AS_JSON], lost.repeat(2).into_bytes(), 400, "malformed_json"),
        (
            "a NUL behind the array",
            vec![AS_JSON],
            format!("[{good}]\0").into_bytes(),
            400,
            "malformed_json",
        ),
        (
            "a last line cut in a string",
            vec![AS_NDJSON],
            format!("{lost}{}", &good[..20]).into_bytes(),
            400,
            "truncated_body",
        ),
        (
            "a last line cut behind a field",
            vec![AS_NDJSON],
            format!("{lost}{{\"track_id\":\"t\"").into_bytes(),
            400,
            "truncated_body",
        ),
        ("text as gzip", vec![AS_NDJSON, GZIP], lost.clone().into_bytes(), 400, "undecodable_body"),
        ("a gzip that ends early", vec![AS_NDJSON, GZIP], cut(&packed), 400, "undecodable_body"),
        ("a gzip with a flipped bit", vec![AS_NDJSON, GZIP], broken, 400, "undecodable_body"),
        ("a zstd that ends early", vec![AS_NDJSON, ZSTD], cut(&frame), 400, "undecodable_body"),
        ("gzip as zstd", vec![AS_NDJSON, ZSTD], packed.clone(), 400, "undecodable_body"),
        ("a line of 10 MB", vec![AS_NDJSON], long_line.clone().into_bytes(), 413, "body_too_large"),
        (
            "the same, packed",
            vec![AS_NDJSON, GZIP],
            gzip(long_line.as_bytes()),
            413,
            "body_too_large",
        ),
        ("a gzip bomb", vec![AS_NDJSON, GZIP], bomb, 413, "body_too_large"),
        ("a zstd bomb", vec![AS_JSON, ZSTD], zstd(&vec![b' '; 64 << 20]), 413, "body_too_large"),
        (
            "a million lines",
            vec![AS_NDJSON],
            format!("{lost}{}", "{}\n".repeat(1_000_000)).into_bytes(),
            413,
            "too_many_reports",
        ),
        (
            "a million elements",
            vec![AS_JSON],
            format!("[{}{good}]", "1,".repeat(1_000_000)).into_bytes(),
            413,
            "too_many_reports",
        ),
        (
            "10 MB of reports",
            vec![AS_NDJSON],
            with("lost", "anna", &"t".repeat(250), 60_000, &json!({})).repeat(30_000).into_bytes(),
            413,
            "body_too_large",
        ),
        ("no type", vec![], lost.clone().into_bytes(), 415, "unsupported_media_type"),
        (
            "a form",
            vec!["Content-Type: application/x-www-form-urlencoded"],
            lost.clone().into_bytes(),
            415,
            "unsupported_media_type",
        ),
        (
            "text",
            vec!["Content-Type: text/plain"],
            lost.clone().into_bytes(),
            415,
            "unsupported_media_type",
        ),
        (
            "another alphabet",
            vec!["Content-Type: application/json; charset=iso-8859-1"],
            good.into(),
            415,
            "unsupported_media_type",
        ),
        ("two types", vec![AS_JSON, AS_NDJSON], good.into(), 415, "unsupported_media_type"),
        (
            "brotli",
            vec![AS_NDJSON, "Content-Encoding: br"],
            lost.clone().into_bytes(),
            415,
            "unsupported_encoding",
        ),
        (
            "packed twice",
            vec![AS_NDJSON, "Content-Encoding: gzip, gzip"],
            gzip(&packed),
            415,
            "unsupported_encoding",
        ),
    ]
}

#[test]
fn bodies_that_are_refused_leave_nothing_behind() {
    let trial = Trial::new();
    let before = trial.state();
    for (what, headers, body, status, code) in whole_bodies() {
        let answer = trial.api.send("POST", REPORT, &headers, &body);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{what}: {}",
            answer.json()
        );
        answer.refused(status, code);
        assert_eq!(trial.anyone_lives(), 200, "{what}");
    }
    trial.end(&before);
}

impl Trial {
    fn anyone_lives(&self) -> u16 {
        self.server.anyone().get("/readyz").status
    }
}

/// One line, refused for its own sake: a name for it, its bytes, and its code.
fn bad_lines() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let raw = |text: &str| text.as_bytes().to_vec();
    let long = |bytes: usize| json!("x".repeat(bytes));
    let mut rows = vec![
        ("no JSON", raw("hello\n"), "malformed_json"),
        (
            "JSON with a comment",
            raw("{\"track_id\":\"t\",\"duration_listened_ms\":1} // x\n"),
            "malformed_json",
        ),
        ("single quotes", raw("{'track_id':'t'}\n"), "malformed_json"),
        ("NaN", raw("{\"track_id\":\"t\",\"duration_listened_ms\":NaN}\n"), "malformed_json"),
        (
            "a leading zero",
            raw("{\"track_id\":\"t\",\"duration_listened_ms\":030000}\n"),
            "malformed_json",
        ),
        (
            "a NUL in a text",
            raw("{\"track_id\":\"t\0\",\"duration_listened_ms\":1}\n"),
            "malformed_json",
        ),
        (
            "a NUL behind the object",
            raw("{\"track_id\":\"t\",\"duration_listened_ms\":1}\0\n"),
            "malformed_json",
        ),
        (
            "deep nesting",
            format!("{{\"a\":{}1{}}}\n", "[".repeat(20_000), "]".repeat(20_000)).into(),
            "malformed_json",
        ),
        (
            "invalid UTF-8",
            b"{\"track_id\":\"t\xff\",\"duration_listened_ms\":1}\n".to_vec(),
            "invalid_utf8",
        ),
        (
            "an overlong UTF-8",
            b"{\"track_id\":\"t\xc0\x80\",\"duration_listened_ms\":1}\n".to_vec(),
            "invalid_utf8",
        ),
        ("an array", raw("[1]\n"), "not_an_object"),
        ("a number", raw("42\n"), "not_an_object"),
        ("null", raw("null\n"), "not_an_object"),
        ("an empty object", raw("{}\n"), "missing_field"),
        ("no track", raw("{\"duration_listened_ms\":30000}\n"), "missing_field"),
        ("no listened time", raw("{\"track_id\":\"t\"}\n"), "missing_field"),
        (
            "a field twice",
            raw("{\"track_id\":\"t\",\"track_id\":\"t\",\"duration_listened_ms\":1}\n"),
            "duplicate_field",
        ),
        (
            "half a surrogate pair",
            raw("{\"track_id\":\"\\ud800\",\"duration_listened_ms\":1}\n"),
            "invalid_value",
        ),
        ("a long line", field("nothing", &long(70_000)), "line_too_long"),
    ];
    let values = [
        ("duration_listened_ms", json!("30000"), "wrong_type"),
        ("duration_listened_ms", json!(null), "missing_field"),
        ("duration_listened_ms", json!(true), "wrong_type"),
        ("duration_listened_ms", json!(30_000.5), "wrong_type"),
        ("duration_listened_ms", json!(-1), "out_of_range"),
        ("duration_listened_ms", json!(i64::MIN), "out_of_range"),
        ("duration_listened_ms", json!(604_800_001), "out_of_range"),
        ("duration_listened_ms", json!(u64::MAX), "out_of_range"),
        ("track_id", json!(7), "wrong_type"),
        ("track_id", json!(""), "invalid_value"),
        ("track_id", json!("a\u{0}b"), "invalid_value"),
        ("track_id", long(257), "invalid_value"),
        ("play_id", json!(""), "invalid_value"),
        ("play_id", json!("a b"), "invalid_value"),
        ("play_id", json!("plÄy"), "invalid_value"),
        ("play_id", json!("a\u{0}b"), "invalid_value"),
        ("play_id", json!("../../etc/passwd"), "invalid_value"),
        ("play_id", long(65), "invalid_value"),
        ("play_id", json!(12), "wrong_type"),
        ("user_id", json!(""), "invalid_value"),
        ("user_id", json!("a\nb"), "invalid_value"),
        ("user_id", json!("a\u{85}b"), "invalid_value"),
        ("user_id", long(129), "invalid_value"),
        ("user_id", json!(["u"]), "wrong_type"),
        ("started_at", json!("yesterday"), "invalid_value"),
        ("started_at", json!("2026-02-30T12:00:00Z"), "invalid_value"),
        ("started_at", json!("2026-02-20T12:00:00"), "invalid_value"),
        ("started_at", json!("1969-12-31T23:59:59Z"), "out_of_range"),
        ("started_at", json!("2200-01-01T00:00:00Z"), "out_of_range"),
        ("started_at", json!(-1), "out_of_range"),
        ("started_at", json!(4_398_046_511_104_u64), "out_of_range"),
        ("started_at", json!(1.5), "wrong_type"),
        ("started_at", json!(false), "wrong_type"),
        ("sent_at", json!(u64::MAX), "out_of_range"),
        ("event", json!("paused"), "invalid_value"),
        ("event", json!(1), "wrong_type"),
        ("territory", json!("de"), "invalid_value"),
        ("territory", json!("DEU"), "invalid_value"),
        ("tier", json!("very premium"), "invalid_value"),
        ("preview", json!("no"), "wrong_type"),
        ("imported", json!(0), "wrong_type"),
        ("device_id", long(129), "invalid_value"),
        ("session_id", json!({}), "wrong_type"),
        ("context", json!("playlist"), "wrong_type"),
        ("context", json!({ "type": "playlist" }), "missing_field"),
        ("grant", long(4097), "invalid_value"),
    ];
    rows.extend(values.map(|(name, value, code)| (name, field(name, &value), code)));
    rows
}

#[test]
fn lines_that_are_refused_have_their_code_alone_and_among_good_ones() {
    let trial = Trial::new();
    let before = trial.state();
    let rows = bad_lines();
    let ndjson = format!("Content-Type: {NDJSON}");
    for (what, line, code) in &rows {
        let problem = trial.api.send("POST", REPORT, &[&ndjson], line).refused(422, "all_rejected");
        assert_eq!((&problem["accepted"], &problem["rejected_total"]), (&json!(0), &json!(1)));
        let rejected = &problem["rejected"][0];
        let shown = (&rejected["line"], &rejected["code"]);
        assert_eq!(
            shown,
            (&json!(1), &json!(code)),
            "{what}: {}: {problem}",
            String::from_utf8_lossy(&line[..line.len().min(200)])
        );
        assert!(rejected["detail"].as_str().is_some_and(|detail| detail.len() > 5), "{problem}");
    }
    assert_eq!(trial.state(), before);

    // The same among good ones: those are kept, and each bad one is named by its line.
    let mut body = Vec::new();
    let mut expected = Vec::new();
    for (number, (_, bad, code)) in (0..).zip(&rows) {
        body.extend(
            line(&format!("good{number}"), "bo", &format!("t{number}"), 31_000).into_bytes(),
        );
        body.extend(bad);
        expected.push(json!({ "line": 2 * number + 2, "code": code }));
    }
    let mut answer = trial.api.send("POST", REPORT, &[&ndjson], &body).is(202);
    assert_eq!(answer["accepted"], rows.len());
    let rejected = answer["rejected"].as_array_mut().expect("a list");
    for it in rejected.iter_mut() {
        it.as_object_mut().expect("an object").remove("detail");
    }
    assert_eq!(*rejected, expected);
    let counted = trial.api.get("/api/v1/counts?by=user").is(200);
    let bo = json!({ "user_id": "bo", "counted": rows.len() });
    assert!(counted["rows"].as_array().is_some_and(|rows| rows.contains(&bo)), "{counted}");
    trial.server.end();
    trial.folder.balanced();
}

/// Everything in one good report that may be there, in each form that a body may have.
#[test]
fn good_bodies_are_taken_in_every_form() {
    let trial = Trial::new();
    let report = |number: usize| {
        let further = json!({
            "sent_at": null, "event": "play_complete", "completed": true, "offline": false,
            "session_id": "s", "device_id": "d", "quality": "320", "tier": "premium",
            "territory": "SE", "context": { "type": "playlist", "id": "x", "more": [1] },
            "preview": false, "imported": false, "grant": "", "unheard_of": { "a": [null] },
        });
        with(&format!("form{number}"), "ćo 🎧", "t", 30_000, &further)
    };
    let one = report(0);
    let array = format!("[{},\n{}]", report(1), report(2));
    let lines = format!("\u{feff}{}\r\n\n{}", report(3).trim_end(), report(4).trim_end());
    let rows = [
        (JSON, "identity", one.clone().into_bytes(), 1),
        (JSON, "gzip", gzip(array.as_bytes()), 2),
        (NDJSON, "", lines.clone().into_bytes(), 2),
        ("Application/JSON; Charset=\"UTF-8\"", "", format!("\u{feff}{one}").into_bytes(), 1),
        ("application/ndjson", "zstd", zstd(lines.as_bytes()), 2),
        (
            "application/jsonl",
            "x-gzip",
            [gzip(report(5).as_bytes()), gzip(report(6).as_bytes())].concat(),
            2,
        ),
    ];
    for (kind, encoding, body, accepted) in rows {
        let headers = [format!("Content-Type: {kind}"), format!("Content-Encoding: {encoding}")];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = trial.api.send("POST", REPORT, &headers, &body).is(202);
        assert_eq!(
            answer,
            json!({ "accepted": accepted, "kept": "log", "rejected": [] }),
            "{kind} {encoding}"
        );
    }
    let chunks: Vec<u8> = one
        .as_bytes()
        .chunks(7)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .chain(*b"0\r\n\r\n")
        .collect();
    let headers = ["Content-Type: application/json", "Transfer-Encoding: chunked"];
    assert_eq!(trial.api.send("POST", REPORT, &headers, &chunks).is(202)["accepted"], 1);
    let counted = trial.api.get("/api/v1/counts?by=user").is(200);
    assert_eq!(counted["rows"][1], json!({ "user_id": "ćo 🎧", "counted": 7 }), "{counted}");
    let play = trial.api.get("/api/v1/plays/%C4%87o%20%F0%9F%8E%A7/form0").is(200);
    assert_eq!(play["reports"].as_array().map(Vec::len), Some(3), "{play}");
    trial.server.end();
    trial.folder.balanced();
}

#[test]
fn keys_are_needed_and_have_their_scopes() {
    let trial = Trial::new();
    let before = trial.state();
    let ndjson = format!("Content-Type: {NDJSON}");
    let send = |api: &Api| api.send("POST", REPORT, &[&ndjson], lost().as_bytes());
    let refuse_all = |api: &Api, what: &str| {
        for answer in [send(api), api.get("/api/v1/counts?by=user"), api.get("/api/v1/fraud")] {
            answer.refused(401, "unauthorized");
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "{what}: {challenge}");
        }
    };
    let anyone = trial.server.anyone();
    refuse_all(&anyone, "no key");
    let known = trial.api.key.clone().expect("it has one");
    let cut = &known[..known.len() - 1];
    let longer = format!("{known}0");
    for key in ["ll_0", cut, &longer, &known.to_uppercase(), "\u{e5}", &"x".repeat(2000)] {
        refuse_all(&Api { key: Some(key.to_owned()), ..anyone.clone() }, key);
    }
    for header in [format!("Authorization: Basic {known}"), format!("X-Api-Key: {known}")] {
        anyone.send("POST", REPORT, &[&ndjson, &header], b"{}").refused(401, "unauthorized");
    }

    let scoped = |scope: &str| trial.server.api(&trial.folder, scope);
    let decision = json!({ "user_id": "anna", "play_id": "before", "decision": "refuse" });
    let ruling = json!({ "user_id": "anna", "play_id": "before", "ruling": "exclude" });
    let calls = |api: &Api| -> [(&str, Answer); 7] {
        [
            ("reports:write", send(api)),
            ("counts:read", api.get("/api/v1/counts?by=user")),
            ("counts:read", api.get("/api/v1/conservation")),
            ("counts:read", api.get("/api/v1/plays/anna/before")),
            ("counts:read", api.get("/api/v1/adjudication")),
            ("adjudication:write", api.post("/api/v1/adjudication", &decision)),
            ("fraud:write", api.post("/api/v1/fraud", &ruling)),
        ]
    };
    let scopes = ["reports:write", "counts:read", "adjudication:write", "fraud:write"];
    for scope in scopes.into_iter().filter(|scope| *scope != "reports:write") {
        for (needed, answer) in calls(&scoped(scope)) {
            if needed != scope {
                let problem = answer.refused(403, "forbidden");
                assert_eq!(problem["scope"], needed, "with {scope}");
            } else {
                assert_ne!(answer.status, 403, "with {scope}");
            }
        }
        let reinstate = json!({ "user_id": "anna", "play_id": "before", "ruling": "reinstate" });
        trial.api.post("/api/v1/fraud", &reinstate).is(200);
    }

    for path in ["/api/v1/counts?by=user", "/api/v1/fraud", "/api/v1/conservation"] {
        scoped("reports:write").get(path).refused(403, "forbidden");
    }

    // A key that is revoked, at once and on a connection that is open.
    let made = trial.folder.json(&["keys", "create", "--scope", "reports:write,counts:read"]);
    let key = made["key"].as_str().expect("it is shown").to_owned();
    let revoked = Api { key: Some(key), ..anyone };
    revoked.get("/api/v1/counts?by=user").is(200);
    let mut open = Connection::open(revoked.address).expect("the server listens");
    let request = revoked.request("GET", "/api/v1/conservation", &[], &[]);
    open.call(&request).expect("an answer").is(200);
    let id = made["id"].as_str().expect("it has an id");
    trial.folder.ok(&["keys", "revoke", id]);
    open.call(&request).expect("an answer").refused(401, "unauthorized");
    refuse_all(&revoked, "revoked");
    assert_eq!(trial.folder.run(&["keys", "revoke", id]).code, 1);
    trial.end(&before);
}

#[test]
fn paths_methods_and_parameters_are_checked() {
    let trial = Trial::new();
    let before = trial.state();
    for path in [
        "/api",
        "/assets/",
        "/assets/nothing.js",
        "/assets/..%2findex.html",
        "/api/v1/playback",
        "/api/v1/playback/report/",
        "/api/v2/counts",
        "//api/v1/counts",
        "/api/v1/plays/anna",
        "/control/v1/keys",
    ] {
        trial.api.get(path).refused(404, "not_found");
        trial.server.anyone().get(path).refused(404, "not_found");
    }
    for (method, path, allowed) in [
        ("GET", REPORT, "POST"),
        ("DELETE", "/api/v1/plays/anna/before", "GET"),
        ("POST", "/api/v1/counts?by=user", "GET"),
        ("PUT", "/api/v1/fraud", "POST"),
        ("POST", "/healthz", "GET"),
    ] {
        let answer = trial.api.send(method, path, &[], &[]);
        answer.refused(405, "method_not_allowed");
        let allow = answer.header("allow").unwrap_or_default();
        assert!(allow.split(',').any(|it| it.trim() == allowed), "{method} {path}: {allow}");
    }
    for path in [
        "/api/v1/counts",
        "/api/v1/counts?by=",
        "/api/v1/counts?by=colour",
        "/api/v1/counts?by=user&by=track",
        "/api/v1/counts?by=user&form=2026-01-01",
        "/api/v1/counts?by=user&from=2026-02-30",
        "/api/v1/counts?by=user&from=2026-03-02&to=2026-03-01",
        "/api/v1/counts?by=%ff",
        "/api/v1/conservation?x=1",
        "/api/v1/adjudication?limit=0",
        "/api/v1/fraud?limit=1001",
        "/api/v1/fraud?after=abc",
        "/api/v1/plays/anna/a%20b",
        "/api/v1/plays/%ff/before",
        "/api/v1/plays/a%00b/before",
        "/api/v1/plays/anna/before?source=a%20b",
    ] {
        trial.api.get(path).refused(400, "invalid_parameter");
    }
    for path in [
        "/api/v1/plays/anna/other",
        "/api/v1/plays/bo/before",
        "/api/v1/plays/anna/before?source=app",
    ] {
        trial.api.get(path).refused(404, "play_not_found");
    }
    trial.end(&before);
}

//! Tables of report lines, and what becomes of each.

use ledgerline_http_api::reports::decode_line;
use ledgerline_ids::UnixMs;
use ledgerline_records::report::PlaybackEvent;

/// What becomes of a line: `ok`, or the code of its refusal.
fn outcome(line: &[u8]) -> (&'static str, String) {
    let read = decode_line(line).and_then(|line| line.report().map(drop));
    match read {
        Ok(()) => ("ok", String::new()),
        Err(error) => (error.code.as_str(), error.detail),
    }
}

#[track_caller]
fn check(rows: &[(&str, &str)]) {
    for (line, expected) in rows {
        let (code, detail) = outcome(line.as_bytes());
        assert_eq!(code, *expected, "{line}\n{detail}");
    }
}

/// A report with the two required fields and `more`.
#[track_caller]
fn check_with(rows: &[(&str, &str)]) {
    for (more, expected) in rows {
        let line = format!(r#"{{"track_id":"t1","duration_listened_ms":30000,{more}}}"#);
        let (code, detail) = outcome(line.as_bytes());
        assert_eq!(code, *expected, "{line}\n{detail}");
    }
}

#[test]
fn the_shape_of_a_line() {
    check(&[
        (r#"{"track_id":"t1","duration_listened_ms":30000}"#, "ok"),
        (" \t{ \"track_id\" : \"t1\" ,\r\n \"duration_listened_ms\" : 30000 } \r", "ok"),
        (r#"{"duration_listened_ms":0,"track_id":"t1"}"#, "ok"),
        ("", "malformed_json"),
        ("   ", "malformed_json"),
        ("{", "malformed_json"),
        ("{}", "missing_field"),
        ("[]", "not_an_object"),
        (r#"[{"track_id":"t1","duration_listened_ms":1}]"#, "not_an_object"),
        ("null", "not_an_object"),
        ("12", "not_an_object"),
        (r#""text""#, "not_an_object"),
        ("true", "not_an_object"),
        ("nul", "malformed_json"),
        ("hello", "malformed_json"),
        ("\u{feff}{}", "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":1}{}"#, "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":1},"#, "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":1,}"#, "malformed_json"),
        (r#"{"track_id":"t1" "duration_listened_ms":1}"#, "malformed_json"),
        (r#"{"track_id","duration_listened_ms":1}"#, "malformed_json"),
        (r#"{track_id:"t1","duration_listened_ms":1}"#, "malformed_json"),
        (r#"{'track_id':'t1'}"#, "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":01}"#, "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":+1}"#, "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":.5}"#, "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":1.}"#, "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":NaN}"#, "malformed_json"),
        (r#"{"track_id":"t1","duration_listened_ms":0x10}"#, "malformed_json"),
        ("{\"track_id\":\"t\n1\",\"duration_listened_ms\":1}", "malformed_json"),
        ("{\"track_id\":\"t\u{0}1\",\"duration_listened_ms\":1}", "malformed_json"),
        (r#"{"track_id":"\x41","duration_listened_ms":1}"#, "malformed_json"),
        (r#"{"track_id":"\u12g4","duration_listened_ms":1}"#, "malformed_json"),
        // That it is no JSON stands before what else is wrong with it.
        (r#"{"track_id":5,"duration_listened_ms":1"#, "malformed_json"),
        (r#"{"track_id":5,"track_id":6,"duration_listened_ms":}"#, "malformed_json"),
    ]);
}

#[test]
fn required_fields() {
    check(&[
        (r#"{"track_id":"t1"}"#, "missing_field"),
        (r#"{"duration_listened_ms":1}"#, "missing_field"),
        (r#"{"track_id":null,"duration_listened_ms":1}"#, "missing_field"),
        (r#"{"track_id":"t1","duration_listened_ms":null}"#, "missing_field"),
        (r#"{"track_id":"","duration_listened_ms":1}"#, "invalid_value"),
        (r#"{"track_id":1,"duration_listened_ms":1}"#, "wrong_type"),
        (r#"{"track_id":["t1"],"duration_listened_ms":1}"#, "wrong_type"),
        (r#"{"track_id":"nul\u0000","duration_listened_ms":1}"#, "invalid_value"),
        (r#"{"track_id":"bell\u0007","duration_listened_ms":1}"#, "invalid_value"),
        (r#"{"track_id":"next\u0085line","duration_listened_ms":1}"#, "invalid_value"),
        (r#"{"track_id":"\ud83c","duration_listened_ms":1}"#, "invalid_value"),
        (r#"{"track_id":"\udfb5\ud83c","duration_listened_ms":1}"#, "invalid_value"),
        (r#"{"track_id":"\ud83c\u0041","duration_listened_ms":1}"#, "invalid_value"),
        (r#"{"track_id":"\ud83c\udfb5","duration_listened_ms":1}"#, "ok"),
        (r#"{"track_id":"🎵 Für Elise \"\/\\","duration_listened_ms":1}"#, "ok"),
        (r#"{"tr\u0061ck_id":"t1","duration_listened_ms":1}"#, "ok"),
    ]);
}

#[test]
fn listened_time() {
    let rows = [
        ("0", "ok"),
        ("-0", "ok"),
        ("29999", "ok"),
        ("604800000", "ok"),
        ("604800001", "out_of_range"),
        ("18446744073709551615", "out_of_range"),
        ("18446744073709551616", "out_of_range"),
        ("99999999999999999999999999999999999999", "out_of_range"),
        ("-1", "out_of_range"),
        ("-99999999999999999999999999", "out_of_range"),
        ("30000.0", "wrong_type"),
        ("3e4", "wrong_type"),
        ("1e999", "wrong_type"),
        ("-0.0", "wrong_type"),
        ("\"30000\"", "wrong_type"),
        ("true", "wrong_type"),
        ("{}", "wrong_type"),
        ("[30000]", "wrong_type"),
    ];
    for (value, expected) in rows {
        let line = format!(r#"{{"track_id":"t1","duration_listened_ms":{value}}}"#);
        let (code, detail) = outcome(line.as_bytes());
        assert_eq!(code, expected, "{value}: {detail}");
    }
}

#[test]
fn instants() {
    for field in ["started_at", "sent_at"] {
        let rows = [
            ("null", "ok"),
            ("0", "ok"),
            ("4398046511103", "ok"),
            ("4398046511104", "out_of_range"),
            ("-1", "out_of_range"),
            ("1772368496789.0", "wrong_type"),
            ("1.5e12", "wrong_type"),
            ("true", "wrong_type"),
            ("{}", "wrong_type"),
            ("\"1970-01-01T00:00:00Z\"", "ok"),
            ("\"1969-12-31T23:59:59.999Z\"", "out_of_range"),
            ("\"2100-01-01T00:00:00Z\"", "ok"),
            ("\"2109-05-15T07:35:11.103Z\"", "ok"),
            ("\"2109-05-15T07:35:11.104Z\"", "out_of_range"),
            ("\"9999-12-31T23:59:59Z\"", "out_of_range"),
            ("\"2026-03-01T12:00:00+01:00\"", "ok"),
            ("\"2026-03-01T12:00:00.123456789Z\"", "ok"),
            ("\"2026-03-01T12:00:00\\u005a\"", "ok"),
            ("\"2024-02-29T12:00:00Z\"", "ok"),
            ("\"2023-02-29T12:00:00Z\"", "invalid_value"),
            ("\"2026-03-01T24:00:00Z\"", "invalid_value"),
            ("\"2026-13-01T12:00:00Z\"", "invalid_value"),
            ("\"2026-03-01T12:00:00\"", "invalid_value"),
            ("\"2026-03-01\"", "invalid_value"),
            ("\"1772368496789\"", "invalid_value"),
            ("\"\"", "invalid_value"),
            ("\"yesterday\"", "invalid_value"),
        ];
        for (value, expected) in rows {
            check_with(&[(&format!("\"{field}\":{value}"), expected)]);
        }
    }
}

#[test]
fn optional_fields() {
    let (long, longest) = ("x".repeat(65), "x".repeat(64));
    check_with(&[
        (r#""play_id":null,"user_id":null,"event":null,"context":null,"grant":null"#, "ok"),
        (r#""preview":null,"imported":null,"completed":null,"offline":null"#, "ok"),
        (r#""play_id":"019e0c5e-0a3b-7cc3-98c4-dc0c0c07398f""#, "ok"),
        (&format!("\"play_id\":\"{longest}\""), "ok"),
        (&format!("\"play_id\":\"{long}\""), "invalid_value"),
        (r#""play_id":"""#, "invalid_value"),
        (r#""play_id":"a b""#, "invalid_value"),
        (r#""play_id":"å""#, "invalid_value"),
        (r#""play_id":7"#, "wrong_type"),
        (r#""user_id":"nul\u0000""#, "invalid_value"),
        (r#""user_id":12"#, "wrong_type"),
        (r#""event":"play_start""#, "ok"),
        (r#""event":"skip""#, "ok"),
        (r#""event":"SKIP""#, "invalid_value"),
        (r#""event":1"#, "wrong_type"),
        (r#""tier":"premium""#, "ok"),
        (r#""tier":"no tier""#, "invalid_value"),
        (r#""territory":"SE""#, "ok"),
        (r#""territory":"se""#, "invalid_value"),
        (r#""territory":"SWE""#, "invalid_value"),
        (r#""territory":"ÅÄ""#, "invalid_value"),
        (r#""preview":true,"imported":false,"completed":true,"offline":true"#, "ok"),
        (r#""preview":"true""#, "wrong_type"),
        (r#""imported":1"#, "wrong_type"),
        (r#""completed":0"#, "wrong_type"),
        (r#""offline":"no""#, "wrong_type"),
        (r#""offline":tru"#, "malformed_json"),
        (r#""quality":"320""#, "ok"),
        (r#""quality":320"#, "wrong_type"),
        (r#""context":{"type":"playlist","id":"p1"}"#, "ok"),
        (r#""context":{"id":"p1","type":"playlist","more":[1,{"x":{}}]}"#, "ok"),
        (r#""context":{"\u0069d":"p1","type":"playlist"}"#, "ok"),
        (r#""context":{"type":"playlist"}"#, "missing_field"),
        (r#""context":{"type":"playlist","id":null}"#, "missing_field"),
        (r#""context":{}"#, "missing_field"),
        (r#""context":{"type":1,"id":"p1"}"#, "wrong_type"),
        (r#""context":{"type":"","id":"p1"}"#, "invalid_value"),
        (r#""context":{"id":"p1","id":"p2","type":"x"}"#, "duplicate_field"),
        (r#""context":"playlist""#, "wrong_type"),
        (r#""context":[]"#, "wrong_type"),
        (r#""grant":"anything at all \n""#, "ok"),
        (&format!("\"grant\":\"{}\"", "g".repeat(4096)), "ok"),
        (&format!("\"grant\":\"{}\"", "g".repeat(4097)), "invalid_value"),
        (r#""grant":{}"#, "wrong_type"),
        (r#""track_id":"t1""#, "duplicate_field"),
        (r#""user_id":null,"user_id":"u1""#, "duplicate_field"),
        (r#""user_id":"u1","us\u0065r_id":"u2""#, "duplicate_field"),
        // Unknown fields are ignored, whatever they hold, as long as it is JSON.
        (r#""volume":11,"volume":11.5e-3,"x":"\ud800","y":[[],{},[{"a":[null,false]}]]"#, "ok"),
        (r#""received_at":"not an instant""#, "ok"),
        (r#""":1"#, "ok"),
        (r#""x":[1,]"#, "malformed_json"),
        (r#""x":[1 2]"#, "malformed_json"),
        (r#""x":[1}"#, "malformed_json"),
        (r#""x":{"a":1]"#, "malformed_json"),
        (r#""x":{1:1}"#, "malformed_json"),
    ]);
}

#[test]
fn limits_of_a_line() {
    let pad = |bytes: usize| {
        let head = r#"{"track_id":"t1","duration_listened_ms":1,"pad":""#;
        format!("{head}{}\"}}", "x".repeat(bytes - head.len() - 2))
    };
    assert_eq!(outcome(pad(65_536).as_bytes()).0, "ok");
    assert_eq!(outcome(pad(65_537).as_bytes()).0, "line_too_long");
    assert_eq!(outcome(&vec![b'['; 10 << 20]).0, "line_too_long");
    let nested = |open: &str, close: &str, depth: usize| {
        format!("\"x\":{}1{}", open.repeat(depth), close.repeat(depth))
    };
    check_with(&[
        (&nested("[", "]", 64), "ok"),
        (&nested("[", "]", 65), "malformed_json"),
        (&nested("[", "]", 20_000), "malformed_json"),
        (&nested("{\"a\":", "}", 64), "ok"),
        (&nested("{\"a\":", "}", 10_000), "malformed_json"),
    ]);
}

#[test]
fn invalid_utf8() {
    let mut line = br#"{"track_id":"t1","duration_listened_ms":1,"user_id":"u?"}"#.to_vec();
    let at = line.iter().position(|&byte| byte == b'?').expect("it is there");
    for bytes in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"] {
        let mut broken = line.clone();
        broken.splice(at..=at, bytes.iter().copied());
        assert_eq!(outcome(&broken).0, "invalid_utf8", "{bytes:?}");
    }
    line.splice(at..=at, "ü☺🎵".bytes());
    assert_eq!(outcome(&line).0, "ok");
}

#[test]
fn a_refusal_names_the_field_and_what_would_be_right() {
    let rows = [
        (
            r#"{"duration_listened_ms":1}"#,
            "track_id is required: the recording that was played, a string",
        ),
        (
            r#"{"track_id":"t","duration_listened_ms":"1"}"#,
            "duration_listened_ms must be an integer, in milliseconds, not a string",
        ),
        (
            r#"{"track_id":"t","duration_listened_ms":-1}"#,
            "duration_listened_ms must be 0 to 604800000 (7 days)",
        ),
        (
            r#"{"track_id":"t","duration_listened_ms":1,"territory":"se"}"#,
            "territory must be an ISO 3166-1 alpha-2 code in upper case, such as SE",
        ),
        (
            r#"{"track_id":"t","duration_listened_ms":1,"event":"stop"}"#,
            "event must be one of play_start, progress, play_complete, play_end, skip",
        ),
        (
            r#"{"track_id":"t","duration_listened_ms":1,"context":{"type":"a"}}"#,
            "context.id is required: a string, wherever there is a context",
        ),
        (r#"{"track_id":"t","track_id":"t","duration_listened_ms":1}"#, "track_id stands twice"),
        (r#"{"track_id":"t""#, "the JSON ends too early at column 16"),
        (r#"{"track_id":"t" 1}"#, "expected ',' or '}' at column 17"),
    ];
    for (line, detail) in rows {
        assert_eq!(outcome(line.as_bytes()).1, detail, "{line}");
    }
}

#[test]
fn every_field_arrives() {
    let text = r#"{"play_id":"p\u0031","user_id":"u\u0031","track_id":"t1","duration_listened_ms":31000,
        "started_at":"2026-03-01T12:34:56.789Z","sent_at":1772368530000,"event":"play_end",
        "completed":false,"session_id":"s1","device_id":"d1","quality":"lossless","offline":true,
        "context":{"type":"album","id":"a1"},"tier":"premium","territory":"SE","preview":true,
        "imported":true,"grant":"g1","received_at":1772368530500,"volume":7}"#;
    let line = decode_line(text.as_bytes()).expect("it is a good line");
    assert_eq!((line.grant(), line.unknown_fields()), (Some("g1"), 2));
    let report = line.report().expect("its identifiers are good");
    let texts = [
        report.play_id.map(|id| id.as_str()),
        report.user.map(|id| id.as_str()),
        Some(report.track.as_str()),
        report.session.map(|id| id.as_str()),
        report.device.map(|id| id.as_str()),
        report.quality.map(|id| id.as_str()),
        report.tier.map(|id| id.as_str()),
        report.territory.map(|id| id.as_str()),
        report.context.map(|context| context.kind.as_str()),
        report.context.map(|context| context.id.as_str()),
    ];
    let expected = ["p1", "u1", "t1", "s1", "d1", "lossless", "premium", "SE", "album", "a1"];
    assert_eq!(texts, expected.map(Some));
    assert_eq!(report.listened_ms, 31_000);
    assert_eq!(report.started_at.map(UnixMs::get), Some(1_772_368_496_789));
    assert_eq!(report.sent_at.map(UnixMs::get), Some(1_772_368_530_000));
    assert_eq!(report.event, Some(PlaybackEvent::PlayEnd));
    assert_eq!((report.completed, report.offline), (Some(false), Some(true)));
    assert!(report.preview && report.imported);
}

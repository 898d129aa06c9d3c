//! Whole bodies: formats, packing, and what is done with those that are not whole.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use ledgerline_app::intake::Rejection;
use ledgerline_http_api::reports::{BodyLimits, decode_body};

const GOOD: &str = r#"{"track_id":"t1","duration_listened_ms":30000}"#;
const BAD: &str = r#"{"track_id":"t1"}"#;
const NDJSON: &str = "application/x-ndjson";
const JSON: &str = "application/json";

/// How many reports are good and which aren't, or the code of the body's error.
type Outcome = Result<(u64, Vec<(u64, &'static str)>), &'static str>;

/// What becomes of a body: how many reports are good and which aren't, or the code of its error.
fn outcome(content_type: &str, encoding: Option<&str>, body: &[u8]) -> Outcome {
    let decoded = decode_body(Some(content_type), encoding, body.to_vec(), &BodyLimits::LIVE);
    let reports = decoded.map_err(|error| error.code())?;
    let mut rejected = Vec::new();
    let outcome = reports.each(
        |_, _| Ok(()),
        |rejection: Rejection| rejected.push((rejection.line, rejection.code)),
    );
    assert_eq!(outcome.refused, rejected.len() as u64);
    assert_eq!(outcome.taken + outcome.refused, reports.len());
    Ok((outcome.taken, rejected))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("a Vec takes everything");
    encoder.finish().expect("a Vec takes everything")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("a Vec takes everything")
}

#[test]
fn formats() {
    let rows: &[(&str, String, Outcome)] = &[
        (JSON, GOOD.into(), Ok((1, vec![]))),
        (JSON, BAD.into(), Ok((0, vec![(1, "missing_field")]))),
        (JSON, "12".into(), Ok((0, vec![(1, "not_an_object")]))),
        (JSON, format!("\u{feff} {GOOD}\r\n"), Ok((1, vec![]))),
        (JSON, format!("[{GOOD},{BAD}, {GOOD} ]"), Ok((2, vec![(2, "missing_field")]))),
        (
            JSON,
            format!("[[{GOOD}],null,{GOOD}]"),
            Ok((1, vec![(1, "not_an_object"), (2, "not_an_object")])),
        ),
        (JSON, format!("[{GOOD}"), Err("truncated_body")),
        (JSON, format!("[{GOOD},"), Err("truncated_body")),
        (JSON, format!("[{GOOD},]"), Err("malformed_json")),
        (JSON, format!("[{GOOD} {GOOD}]"), Err("malformed_json")),
        (JSON, format!("[{GOOD}]{GOOD}"), Err("malformed_json")),
        (JSON, format!("{GOOD}\n{GOOD}\n"), Err("malformed_json")),
        (JSON, GOOD[..GOOD.len() - 1].into(), Err("truncated_body")),
        (JSON, "hello".into(), Err("malformed_json")),
        (JSON, "[]".into(), Err("no_reports")),
        (JSON, String::new(), Err("no_reports")),
        (JSON, " \r\n".into(), Err("no_reports")),
        (NDJSON, String::new(), Err("no_reports")),
        (NDJSON, "\n\r\n \t\n".into(), Err("no_reports")),
        (NDJSON, format!("{GOOD}\n"), Ok((1, vec![]))),
        (NDJSON, GOOD.into(), Ok((1, vec![]))),
        (NDJSON, format!("\u{feff}{GOOD}\r\n{GOOD}\r\n"), Ok((2, vec![]))),
        (
            NDJSON,
            format!("\n{BAD}\n\n{GOOD}\n \r\nno\n"),
            Ok((1, vec![(2, "missing_field"), (6, "malformed_json")])),
        ),
        (NDJSON, format!("{GOOD}\n[{GOOD}]\n"), Ok((1, vec![(2, "not_an_object")]))),
        (NDJSON, format!("{GOOD}\n{}\n", &GOOD[..20]), Ok((1, vec![(2, "malformed_json")]))),
        (NDJSON, format!("{GOOD}\nhello"), Ok((1, vec![(2, "malformed_json")]))),
        (NDJSON, format!("{GOOD}\n{{\"track_id\":5,"), Err("truncated_body")),
        (NDJSON, format!("{GOOD}\nnul"), Err("truncated_body")),
        ("application/ndjson", format!("{GOOD}\n"), Ok((1, vec![]))),
        ("application/jsonl", format!("{GOOD}\n"), Ok((1, vec![]))),
        ("Application/JSON; Charset=\"UTF-8\"", GOOD.into(), Ok((1, vec![]))),
        ("application/json;charset=latin-1", GOOD.into(), Err("unsupported_media_type")),
        ("application/x-www-form-urlencoded", GOOD.into(), Err("unsupported_media_type")),
        ("text/plain", GOOD.into(), Err("unsupported_media_type")),
        ("", GOOD.into(), Err("unsupported_media_type")),
    ];
    for (content_type, body, expected) in rows {
        assert_eq!(
            &outcome(content_type, None, body.as_bytes()),
            expected,
            "{content_type} {body}"
        );
    }
}

#[test]
fn a_body_that_is_cut_at_any_byte_is_kept_whole_or_not_at_all() {
    let body = format!("{GOOD}\n{}\n{GOOD}", GOOD.replace("t1", "t\\u00fc🎵"));
    let whole: Vec<usize> =
        body.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    for end in 1..body.len() {
        let cut = outcome(NDJSON, None, &body.as_bytes()[..end]);
        // Just before and after a line's end the body can't be told from a shorter one.
        if whole.contains(&end) || whole.contains(&(end - 1)) {
            assert!(cut.is_ok_and(|(_, rejected)| rejected.is_empty()), "{end}");
        } else {
            assert_eq!(cut, Err("truncated_body"), "{end}");
        }
    }
    let array = format!("[{GOOD}, {GOOD}]");
    for end in 1..array.len() {
        assert_eq!(outcome(JSON, None, &array.as_bytes()[..end]), Err("truncated_body"), "{end}");
    }
}

#[test]
fn packed_bodies() {
    let body = format!("{GOOD}\n").repeat(100);
    let good = Ok((100, vec![]));
    for (name, packed) in [("gzip", gzip(body.as_bytes())), ("zstd", zstd(body.as_bytes()))] {
        assert_eq!(outcome(NDJSON, Some(name), &packed), good);
        assert_eq!(outcome(NDJSON, Some(&name.to_uppercase()), &packed), good);
        // Several members or frames one after the other are one body.
        let twice = [packed.as_slice(), packed.as_slice()].concat();
        assert_eq!(outcome(NDJSON, Some(name), &twice), Ok((200, vec![])));
        for end in 1..packed.len() {
            assert_eq!(
                outcome(NDJSON, Some(name), &packed[..end]),
                Err("undecodable_body"),
                "{end}"
            );
        }
        let behind = [packed.as_slice(), b"rubbish behind it"].concat();
        assert_eq!(outcome(NDJSON, Some(name), &behind), Err("undecodable_body"));
        assert_eq!(outcome(NDJSON, Some(name), body.as_bytes()), Err("undecodable_body"));
        assert_eq!(outcome(NDJSON, Some(name), b""), Err("no_reports"));
        assert!(outcome(NDJSON, None, &packed).is_ok_and(|(taken, _)| taken == 0));
    }
    assert_eq!(outcome(NDJSON, Some("x-gzip"), &gzip(body.as_bytes())), good);
    assert_eq!(outcome(NDJSON, Some(" identity "), body.as_bytes()), good);
    assert_eq!(outcome(NDJSON, Some(""), body.as_bytes()), good);
    for other in ["br", "deflate", "gzip, gzip", "gzip,zstd", "identity, gzip", "*"] {
        assert_eq!(outcome(NDJSON, Some(other), body.as_bytes()), Err("unsupported_encoding"));
    }
}

#[test]
fn a_flipped_bit_in_a_gzip_body_is_found() {
    let packed = gzip(format!("{GOOD}\n").repeat(20).as_bytes());
    // From the data on: the header's fields (time, system) say nothing about the content.
    for at in 10..packed.len() {
        let mut flipped = packed.clone();
        flipped[at] ^= 0x10;
        assert_eq!(outcome(NDJSON, Some("gzip"), &flipped), Err("undecodable_body"), "{at}");
    }
}

#[test]
fn bombs_stop_at_the_limit() {
    let zeros = vec![b' '; 64 << 20];
    let bombs = [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros))];
    for (name, bomb) in bombs {
        assert!(bomb.len() < 128 << 10, "{name} packs it well");
        assert_eq!(outcome(NDJSON, Some(name), &bomb), Err("body_too_large"));
        let many = bomb.repeat(20);
        assert_eq!(outcome(NDJSON, Some(name), &many), Err("body_too_large"));
    }
    // A window of 128 MiB, whatever the content is.
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).expect("it begins");
    encoder.long_distance_matching(true).expect("it is known");
    encoder.window_log(27).expect("it is known");
    encoder.write_all(GOOD.as_bytes()).expect("a Vec takes everything");
    let wide = encoder.finish().expect("a Vec takes everything");
    assert_eq!(outcome(NDJSON, Some("zstd"), &wide), Err("undecodable_body"));
}

#[test]
fn limits_of_a_body() {
    let mut lines = format!("{GOOD}\n").repeat(50_000);
    assert_eq!(outcome(NDJSON, None, lines.as_bytes()), Ok((50_000, vec![])));
    lines.push_str(GOOD);
    assert_eq!(outcome(NDJSON, None, lines.as_bytes()), Err("too_many_reports"));
    let array = format!("[{}{GOOD}]", "{},".repeat(50_000));
    assert_eq!(outcome(JSON, None, array.as_bytes()), Err("too_many_reports"));
    assert_eq!(outcome(NDJSON, None, "{}\n".repeat(1_000_000).as_bytes()), Err("too_many_reports"));
    let million = format!("{GOOD}\n").repeat(1_000_000);
    assert_eq!(outcome(NDJSON, None, million.as_bytes()), Err("body_too_large"));
    assert_eq!(outcome(NDJSON, Some("gzip"), &gzip(million.as_bytes())), Err("body_too_large"));
    // Blank lines are no reports.
    let blank = format!("{}{GOOD}", "\n".repeat(1 << 20));
    assert_eq!(outcome(NDJSON, None, blank.as_bytes()), Ok((1, vec![])));
    // One long line costs itself only; a body of it costs the body.
    let long = format!("{GOOD}\n{{\"x\":\"{}\"}}\n{GOOD}\n", "y".repeat(1 << 20));
    assert_eq!(outcome(NDJSON, None, long.as_bytes()), Ok((2, vec![(2, "line_too_long")])));
    assert_eq!(outcome(NDJSON, None, &vec![b'x'; 10 << 20]), Err("body_too_large"));
    // As deep as a body can be.
    let deep = format!("[{GOOD},{}{}]", "[".repeat(4_000_000), "]".repeat(4_000_000));
    assert_eq!(outcome(JSON, None, deep.as_bytes()), Ok((1, vec![(2, "line_too_long")])));
    assert_eq!(outcome(JSON, None, &vec![b'['; 8 << 20]), Err("truncated_body"));
}

#[test]
fn faults_are_found_by_line_and_column() {
    let decode = |body: String| {
        let error = decode_body(Some(JSON), None, body.into_bytes(), &BodyLimits::LIVE)
            .expect_err("it is no JSON");
        error.to_string()
    };
    assert_eq!(
        decode(format!("[\n{GOOD},\n  {{\"a\" 1}}\n]")),
        "line 3, column 8: expected ':' after a field's name"
    );
    assert_eq!(decode("[\n".into()), "the body ends in the middle of a report (line 2, column 1)");
    assert_eq!(
        decode(format!("{GOOD}\n{GOOD}")),
        "line 2, column 1: expected nothing after it (a list of lines is application/x-ndjson)"
    );
}

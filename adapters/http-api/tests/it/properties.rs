//! Whatever the bytes are: no panic, and the same opinion of JSON as a reader of JSON has.

use ledgerline_http_api::reports::{
    BodyLimits, Code, LineError, Read, decode_body, decode_line, ndjson_lines, read_lines, read_one,
};
use proptest::prelude::*;

/// Bytes from which something like a report comes together now and then.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"\"",
        b"\\",
        b"\\u",
        b"d83c",
        b"\\udfb5",
        b"0",
        b"-",
        b"1",
        b".",
        b"e",
        b"E+",
        b"true",
        b"false",
        b"null",
        b"tru",
        b" ",
        b"\n",
        b"\r\n",
        b"\t",
        b"\0",
        b"\xff",
        b"\xc3\xbc",
        b"\xef\xbb\xbf",
        b"\"track_id\"",
        b"\"duration_listened_ms\"",
        b"\"context\":{",
        b"\"type\"",
        b"\"started_at\"",
        b"\"2026-03-01T00:00:00Z\"",
        b"{\"track_id\":\"t\",\"duration_listened_ms\":1}",
        b"99999999999999999999",
        b"\"a\":",
    ];
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
    prop::collection::vec(prop::sample::select(words), 0..24).prop_map(|words| words.concat())
}

/// Any JSON value, as text with white space in odd places.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("JSON has no such number", |value| value.is_finite())
            .prop_map(|value| format!("{value:e}")),
        any::<String>().prop_map(|text| serde_json::to_string(&text).expect("a text is JSON")),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let name = any::<String>().prop_map(|text| serde_json::to_string(&text).expect("text"));
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| format!("[ {}\t]", items.join(" ,"))),
            prop::collection::vec((name, inner), 0..6).prop_map(|fields| {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| format!("{name} :{value}")).collect();
                format!("{{{}\r}}", fields.join(", "))
            }),
        ]
    })
}

/// Whether `decode_line` takes the bytes for JSON.
fn is_json(line: &[u8]) -> bool {
    match decode_line(line) {
        Ok(line) => {
            let _ = line.report();
            true
        }
        Err(error) => !matches!(error.code, Code::MalformedJson | Code::InvalidUtf8),
    }
}

fn serde_finds_json(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok()
        && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

/// A value as senders write it, or as they shouldn't.
fn value() -> impl Strategy<Value = String> {
    let words = [
        "null",
        "true",
        "false",
        "0",
        "00",
        "-0",
        "1.0",
        "1e3",
        "29999",
        "30000",
        "604800000",
        "604800001",
        "1772323308699",
        "017",
        "99999999",
        "123456789012345678901",
        "\"\"",
        "\"2026-03-01T12:34:56.789Z\"",
        "\"2026-03-01\"",
        "\"play_end\"",
        "\"pause\"",
        "\"premium\"",
        "\"SE\"",
        "\"se\"",
        "\"019ca6b3-849b-7804-8260-6d72a11583e3\"",
        "\"a b\"",
        "\"Zo\u{eb}\"",
        "\"\\u00e9\"",
        "\"a\\nb\"",
        "\"tab\tbed\"",
        "\"del\u{7f}\"",
        "{}",
        "[]",
        "{\"type\":\"playlist\",\"id\":\"pl-1\"}",
        "{ \"type\" : \"a\" , \"id\" : \"b\" }",
        "{\"id\":\"b\",\"type\":\"a\"}",
        "{\"type\":\"a\"}",
        "{\"type\":\"a\",\"id\":\"b\",\"x\":1}",
        "12 ",
        "tru",
        "\"open",
    ];
    let long = (60_usize..300).prop_map(|length| format!("\"{}\"", "x".repeat(length)));
    prop_oneof![8 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => long]
}

/// Lines of reports with some of the fields, in some order, now and then twice or with white space.
fn reports() -> impl Strategy<Value = String> {
    let names = [
        "play_id",
        "user_id",
        "track_id",
        "duration_listened_ms",
        "started_at",
        "sent_at",
        "event",
        "completed",
        "session_id",
        "device_id",
        "quality",
        "offline",
        "context",
        "tier",
        "territory",
        "preview",
        "imported",
        "grant",
        "context.type",
        "other",
    ];
    let name = prop::sample::select(names.to_vec());
    let good = [
        ("track_id", "\"t949\""),
        ("duration_listened_ms", "131301"),
        ("play_id", "\"019ca6b3-849b-7804-8260-6d72a11583e3\""),
        ("user_id", "\"u\""),
        ("started_at", "1772323308699"),
        ("completed", "true"),
        ("tier", "\"free\""),
        ("context", "{\"type\":\"playlist\",\"id\":\"pl-1\"}"),
        ("event", "\"skip\""),
    ];
    let good = prop::sample::subsequence(good.to_vec(), 0..=good.len()).prop_shuffle();
    let bad = prop::collection::vec((name, value()), 0..2);
    let space = prop::sample::select(vec!["", "", "", " ", "  ", "\t"]);
    let end = prop::sample::select(vec!["\n", "\n", "\r\n", " \n", "x\n", "\n\n", ",\n"]);
    let line = (good, bad, space, end).prop_map(|(good, bad, space, end)| {
        let good = good.into_iter().map(|(name, value)| (name, value.to_owned()));
        let fields: Vec<String> = good
            .chain(bad)
            .map(|(name, value)| format!("\"{name}\"{space}:{space}{value}"))
            .collect();
        format!("{{{space}{}{space}}}{end}", fields.join(&format!("{space},{space}")))
    });
    prop::collection::vec(line, 0..5).prop_map(|lines| lines.concat())
}

fn said(read: &Read<'_>) -> Result<String, LineError> {
    read.as_ref().map(|report| format!("{report:?}")).map_err(Clone::clone)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn lines_are_json_where_serde_finds_json(line in fragments()) {
        prop_assert_eq!(is_json(&line), serde_finds_json(&line), "{:?}", String::from_utf8_lossy(&line));
    }

    #[test]
    fn every_json_value_is_read_to_its_end(value in json(), cut in any::<prop::sample::Index>()) {
        prop_assert!(is_json(value.as_bytes()), "{}", value);
        let line = format!(r#"{{"x":{value},"track_id":"t","duration_listened_ms":1}}"#);
        let unknown = decode_line(line.as_bytes()).map(|line| line.unknown_fields());
        prop_assert_eq!(unknown, Ok(1));
        let cut = &line.as_bytes()[..cut.index(line.len())];
        prop_assert!(!is_json(cut));
    }

    #[test]
    fn bodies_of_any_bytes_are_answered(
        body in prop_oneof![fragments(), prop::collection::vec(any::<u8>(), 0..300)],
        content_type in prop::sample::select(vec!["application/json", "application/x-ndjson"]),
        encoding in prop::sample::select(vec![None, Some("gzip"), Some("zstd")]),
    ) {
        if let Ok(reports) = decode_body(Some(content_type), encoding, body, &BodyLimits::LIVE) {
            let outcome = reports.each(|_, _| Ok(()), drop);
            prop_assert_eq!(outcome.taken + outcome.refused, reports.len());
        }
    }

    #[test]
    fn the_usual_reader_takes_only_what_the_other_takes(lines in reports()) {
        let mut quick = Vec::new();
        let all = read_lines(lines.as_bytes(), |number, read, unknown| {
            quick.push((number, said(&read), unknown));
        });
        let slow: Vec<_> = ndjson_lines(lines.as_bytes()).map(|(number, line)| {
            let read = decode_line(line);
            let unknown = read.as_ref().map_or(0, |line| line.unknown_fields());
            let said = match &read {
                Ok(line) => match line.report() {
                    Ok(report) => said(&Ok(&report)),
                    Err(error) => said(&Err(error)),
                },
                Err(error) => said(&Err(error.clone())),
            };
            let mut one = None;
            read_one(line, |read, unknown| one = Some((self::said(&read), unknown)));
            assert_eq!(one, Some((said.clone(), unknown)));
            (number, said, unknown)
        }).collect();
        prop_assert_eq!(quick, slow);
        prop_assert_eq!(all, lines.lines().count() as u64);
    }

    #[test]
    fn lines_are_those_of_a_slow_splitter(body in "[a \r\n]{0,40}") {
        let slow: Vec<(u64, &str)> = (1..)
            .zip(body.split('\n'))
            .filter(|(_, line)| !line.trim_matches([' ', '\r']).is_empty())
            .collect();
        let fast: Vec<(u64, &[u8])> = ndjson_lines(body.as_bytes()).collect();
        let fast: Vec<(u64, &str)> = fast
            .into_iter()
            .map(|(number, line)| (number, std::str::from_utf8(line).expect("ASCII")))
            .collect();
        prop_assert_eq!(fast, slow);
    }
}

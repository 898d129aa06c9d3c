//! A whole body of reports, packed or not, whole or cut.

use flate2::Compression;
use flate2::write::GzEncoder;
use ledgerline_app::intake::PlaybackReport;
use ledgerline_http_api::reports::{
    BodyError, BodyLimits, Reports, decode_body, decode_line, ndjson_lines,
};
use std::io::Write as _;

use crate::json::is_json;
use crate::memory::within;
use crate::report_line;
use crate::script::Script;

/// Small, so that bodies come to them.
const LIMITS: BodyLimits = BodyLimits { bytes: 32 * 1024, reports: 50 };

/// A decoder unpacks in steps of 64 KiB and looks at the limit between them; what it holds
/// grows by doubling.
const MEMORY_MAX: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A body in one of three encodings and two formats: as it is, packed by us, or taken for
/// packed as it comes. The first byte says which, the second where it is cut.
///
/// What is packed reads as what isn't; a body that was cut is kept whole or not at all;
/// whatever it unpacks to, it stays within its limits; every report is read as it would be
/// alone.
pub fn report_body(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let choice = script.byte();
    let cut = script.byte();
    let body = script.rest();
    let content_type = if choice & 1 == 0 { "application/json" } else { "application/x-ndjson" };
    let encoding = [None, Some("gzip"), Some("zstd")][usize::from(choice & 0x7f) / 2 % 3];
    if choice & 0x80 != 0 {
        // Bytes that say themselves how much they unpack to.
        if let Ok(reports) = read(content_type, encoding, body) {
            check_reports(&reports);
        }
        return;
    }
    let plain = read(content_type, None, body);
    match &plain {
        Ok(reports) => check_reports(reports),
        Err(error) => check_error(*error, content_type, body),
    }
    check_json(content_type, body, &plain);
    check_packed(content_type, encoding, body, &plain, cut);
    check_cut(content_type, body, &plain, cut);
}

fn read(content_type: &str, encoding: Option<&str>, body: &[u8]) -> Result<Reports, BodyError> {
    let owned = body.to_vec();
    within(MEMORY_MAX, || decode_body(Some(content_type), encoding, owned, &LIMITS))
}

fn check_reports(reports: &Reports) {
    assert!(reports.bytes() <= LIMITS.bytes && (1..=LIMITS.reports).contains(&reports.len()));
    let (mut numbers, mut refused) = (Vec::new(), 0);
    let take = |number: u64, _: &PlaybackReport<'_>| {
        numbers.push(number);
        Ok(())
    };
    let outcome = reports.each(take, |rejection| {
        refused += 1;
        assert!(!rejection.detail.is_empty() && rejection.line > 0);
    });
    assert_eq!((outcome.taken + outcome.refused, outcome.refused), (reports.len(), refused));
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

fn check_error(error: BodyError, content_type: &str, body: &[u8]) {
    match error {
        BodyError::TooLarge { .. } => assert!(body.len() > LIMITS.bytes),
        BodyError::Malformed { line, column, .. } | BodyError::Truncated { line, column } => {
            assert!(line >= 1 && column >= 1, "{error}");
            let lines = body.split(|byte| *byte == b'\n').count();
            assert!(line <= lines.max(1) && column <= body.len() + 1, "{error}");
        }
        BodyError::TooManyReports { .. } | BodyError::Empty => {}
        other => panic!("{other} of {content_type}, which is neither packed nor unknown"),
    }
}

fn unmarked(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

// What is a body is what others take for one.
fn check_json(content_type: &str, body: &[u8], read: &Result<Reports, BodyError>) {
    let text = unmarked(body);
    if content_type == "application/json" {
        match read {
            Ok(_) => assert!(is_json(text)),
            Err(BodyError::Malformed { .. } | BodyError::Truncated { .. }) => {
                assert!(!is_json(text), "{}", String::from_utf8_lossy(text));
            }
            Err(_) => {}
        }
        return;
    }
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let blank = |line: &&[u8]| line.iter().all(|byte| b" \t\r".contains(byte));
    let filled = lines.iter().filter(|line| !blank(line)).count() as u64;
    if let Ok(reports) = read {
        assert_eq!(reports.len(), filled);
        let mut all = ndjson_lines(text);
        reports.each(
            |number, report| {
                let (_, text) = all.find(|(own, _)| *own == number).expect("a line of the body");
                let line = decode_line(text).expect("what is taken is good for the other reader");
                assert_eq!(line.report().as_ref(), Ok(report));
                Ok(())
            },
            drop,
        );
    }
    if body.len() <= LIMITS.bytes {
        for (_, line) in ndjson_lines(text).take(4) {
            report_line::check(line, &decode_line(line));
        }
    }
}

fn check_packed(
    content_type: &str,
    encoding: Option<&str>,
    body: &[u8],
    plain: &Result<Reports, BodyError>,
    cut: u8,
) {
    let packed = match encoding {
        Some("gzip") => gzip(body),
        Some("zstd") => zstd::encode_all(body, 1).expect("a Vec takes everything"),
        _ => return,
    };
    if packed.len() > LIMITS.bytes {
        return;
    }
    let unpacked = read(content_type, encoding, &packed);
    assert_eq!(shape(&unpacked), shape(plain));
    let end = packed.len() * usize::from(cut) / 256;
    if end > 0 {
        let error = read(content_type, encoding, &packed[..end]).expect_err("it was cut");
        let may_be = matches!(error, BodyError::Undecodable { .. } | BodyError::TooLarge { .. });
        assert!(may_be, "{error} of {end} bytes of {}", packed.len());
    }
}

fn shape(read: &Result<Reports, BodyError>) -> Result<(u64, usize), BodyError> {
    read.as_ref().map(|reports| (reports.len(), reports.bytes())).map_err(|error| *error)
}

// An object or an array that was cut before its end.
fn check_cut(content_type: &str, body: &[u8], read_whole: &Result<Reports, BodyError>, cut: u8) {
    let closed = body.trim_ascii_end();
    let nested = matches!(unmarked(body).trim_ascii_start().first(), Some(b'[' | b'{'));
    if read_whole.is_err() || content_type != "application/json" || !nested {
        return;
    }
    let end = closed.len() * usize::from(cut) / 256;
    let error = read(content_type, None, &body[..end]).expect_err("it was cut");
    // Half a byte order mark is no JSON at all.
    let may_be = matches!(error, BodyError::Truncated { .. } | BodyError::Empty)
        || (end < BYTE_ORDER_MARK.len() && body.starts_with(BYTE_ORDER_MARK));
    assert!(may_be, "{error} of {end} bytes of {}", String::from_utf8_lossy(body));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a Vec takes everything");
    encoder.finish().expect("a Vec takes everything")
}

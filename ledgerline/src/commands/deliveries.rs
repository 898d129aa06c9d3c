//! `deliveries`: read what was sent of audio, hold it against what counts, and fetch ahead what is played most.

use ledgerline_app::delivery::warming::WARMING_PLAY;
use ledgerline_ids::DayNo;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use crate::cli::deliveries::DeliveriesAction;
use crate::failure::Failure;
use crate::output::{print, print_json};
use crate::session::Session;

/// The longest line of an access log.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// The most plays of one access log.
const PLAYS_MAX: usize = 500_000;

pub(super) async fn run(
    data: &Path,
    action: DeliveriesAction,
    as_json: bool,
) -> Result<u8, Failure> {
    match action {
        DeliveriesAction::Read { file, name } => read_log(data, &file, name, as_json).await,
        DeliveriesAction::Check { from, until } => check(data, (from, until), as_json).await,
        DeliveriesAction::Warm => warm(data, as_json).await,
    }
}

async fn check(
    data: &Path,
    (from, until): (Option<DayNo>, Option<DayNo>),
    as_json: bool,
) -> Result<u8, Failure> {
    let day = |day: Option<DayNo>| day.map(|day| day.to_string());
    let session = Session::begin_reading(data).await?;
    let asked = json!({ "from": day(from), "until": day(until) });
    let checked = session.post("/control/v1/deliveries/check", &asked).await;
    session.end().await?;
    let checked = checked?;
    let (counted, covered, too_few) =
        (&checked["counted"], &checked["covered"], checked["too_few"].as_u64().unwrap_or(0));
    if as_json {
        print_json(&checked)?;
        return Ok(u8::from(too_few > 0));
    }
    let plays = checked["plays"].as_array().map_or(&[][..], Vec::as_slice);
    for play in plays {
        let text = |field: &str| play[field].as_str().unwrap_or("-").to_owned();
        print(&format!(
            "{}  listener {}  play {}  recording {}: {} ms heard, by {} bytes, which are {} ms of it",
            text("started_at"),
            text("user_id"),
            text("play_id"),
            text("track_id"),
            play["listened_ms"],
            play["sent_bytes"],
            play["playable_ms"],
        ))?;
    }
    if plays.len() as u64 != too_few {
        print(&format!("… and {} more; ask for fewer days", too_few - plays.len() as u64))?;
    }
    print(&format!(
        "{counted} plays of players count, logs that were read cover {covered} of them, and for {too_few} of these \
         far too few bytes were sent"
    ))?;
    Ok(u8::from(too_few > 0))
}

async fn warm(data: &Path, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin(data).await?;
    let round = session.post("/control/v1/deliveries/warm", &json!({})).await;
    session.end().await?;
    let round = round?;
    let places = round["places"].as_array().map_or(&[][..], Vec::as_slice);
    if as_json {
        print_json(&round)?;
    } else {
        print(&format!("{} recordings are played most", round["tracks"]))?;
        for place in places {
            let base = place["base"].as_str().unwrap_or_default();
            let base = if base.is_empty() { "this server" } else { base };
            let (fetched, bytes) = (&place["fetched"], &place["bytes"]);
            let (warm, failed) = (&place["warm"], &place["failed"]);
            let mut line = format!("{base}: {fetched} renditions fetched, {bytes} bytes");
            if *warm != 0 {
                line.push_str(&format!("; {warm} were there"));
            }
            if *failed != 0 {
                let why = place["why"].as_str().unwrap_or_default();
                line.push_str(&format!("; {failed} failed: {why}"));
            }
            print(&line)?;
        }
    }
    Ok(u8::from(places.iter().any(|place| place["failed"] != 0)))
}

async fn read_log(
    data: &Path,
    file: &Path,
    name: Option<String>,
    as_json: bool,
) -> Result<u8, Failure> {
    let is_stdin = file.as_os_str() == "-";
    let name = name.unwrap_or_else(|| file.display().to_string());
    let log = if is_stdin {
        read(std::io::stdin().lock())?
    } else {
        let opened = File::open(file).map_err(|error| Failure::io(file, &error))?;
        read(BufReader::new(opened))?
    };
    let Log { checksum, times: Some((from_ms, to_ms)), sent, lines, skipped } = log else {
        return Err(Failure::failed(format!(
            "{name} has no line that says what audio was sent; docs/delivery.md shows one"
        )));
    };
    let rows: Vec<Value> = (sent.iter())
        .map(|((play, track, rung), bytes)| json!([play, track, rung, bytes]))
        .collect();
    let body = json!({
        "checksum": checksum, "name": name, "from_ms": from_ms, "to_ms": to_ms, "sent": rows,
    });
    let session = Session::begin(data).await?;
    let added = session.post("/control/v1/deliveries", &body).await;
    session.end().await?;
    let added = added?;
    let new = added["added"] == true;
    if as_json {
        print_json(&json!({
            "name": name, "added": new, "lines": lines, "skipped": skipped, "plays": sent.len(),
        }))?;
    } else if new {
        print(&format!(
            "{lines} answers for {} plays and rungs; {skipped} other lines",
            sent.len()
        ))?;
    } else {
        print(&format!("{name} was read before; nothing changed"))?;
    }
    Ok(0)
}

/// What a log comes to.
struct Log {
    checksum: String,
    times: Option<(u64, u64)>,
    /// By play, recording and rung.
    sent: BTreeMap<(String, String, String), u64>,
    lines: u64,
    skipped: u64,
}

fn read(mut input: impl BufRead) -> Result<Log, Failure> {
    let mut digest = Sha256::new();
    let mut log =
        Log { checksum: String::new(), times: None, sent: BTreeMap::new(), lines: 0, skipped: 0 };
    let mut line = Vec::new();
    loop {
        line.clear();
        let got = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if got.map_err(|error| Failure::from_error(&error))? == 0 {
            break;
        }
        digest.update(&line);
        let Some(answer) = answer(&line) else {
            log.skipped += 1;
            continue;
        };
        log.lines += 1;
        let (from, to) = log.times.unwrap_or((answer.at_ms, answer.at_ms));
        log.times = Some((from.min(answer.at_ms), to.max(answer.at_ms)));
        *log.sent.entry((answer.play_id, answer.track_id, answer.rung)).or_default() +=
            answer.bytes;
        if log.sent.len() > PLAYS_MAX {
            return Err(Failure::failed(format!(
                "the log has more than {PLAYS_MAX} plays and rungs; cut it into several"
            )));
        }
    }
    log.checksum = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(log)
}

/// One answer of a server of audio.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    at_ms: u64,
    play_id: String,
    track_id: String,
    rung: String,
    bytes: u64,
}

/// Reads a line about a play; what was fetched ahead is nobody's.
fn answer(line: &[u8]) -> Option<Answer> {
    any_answer(line).filter(|answer| answer.play_id != WARMING_PLAY)
}

/// Reads a line of ours, or one that nginx writes as `deploy/cdn/nginx.conf` says: there the path and the query
/// are one text, and the time is in seconds with a fraction.
fn any_answer(line: &[u8]) -> Option<Answer> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let status = line["status"].as_u64()?;
    if status != 200 && status != 206 {
        return None;
    }
    let bytes = line["bytes"].as_u64()?;
    if let Some(play_id) = line["play_id"].as_str() {
        let text = |field: &str| line[field].as_str().map(str::to_owned);
        return Some(Answer {
            at_ms: line["at_ms"].as_u64()?,
            play_id: play_id.to_owned(),
            track_id: text("track_id")?,
            rung: text("rung")?,
            bytes,
        });
    }
    let (seconds, fraction) = line["msec"].as_str()?.split_once('.')?;
    let millis: u64 = fraction.get(..3)?.parse().ok()?;
    let at_ms = seconds.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(millis)?;
    let (path, query) = line["uri"].as_str()?.split_once('?')?;
    let (track, rung) = path.strip_prefix("/audio/")?.split_once('/')?;
    let play_id = query.split('&').find_map(|pair| pair.strip_prefix("p="))?;
    Some(Answer {
        at_ms,
        play_id: play_id.to_owned(),
        track_id: decoded(track)?,
        rung: rung.split('.').next()?.to_owned(),
        bytes,
    })
}

/// A part of a path without its percent signs.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_kinds_are_read() {
        let expected = |bytes| {
            let [play_id, track_id, rung] = ["p1", "Zoë/1", "opus-96"].map(str::to_owned);
            Some(Answer { at_ms: 1_790_000_000_123, play_id, track_id, rung, bytes })
        };
        for (line, expected) in [
            (
                r#"{"at_ms":1790000000123,"play_id":"p1","track_id":"Zoë/1","rung":"opus-96","status":206,"bytes":7}"#,
                expected(7),
            ),
            (
                r#"{"msec":"1790000000.123","uri":"/audio/Zo%C3%AB%2F1/opus-96.0a1b2c3d?e=1&l=x&p=p1&k=2&s=3","status":200,"bytes":9}"#,
                expected(9),
            ),
            (
                r#"{"msec":"1790000000.123","uri":"/audio/t/flac?p=p1","status":403,"bytes":9}"#,
                None,
            ),
            (r#"{"msec":"1790000000.123","uri":"/other?p=p1","status":200,"bytes":9}"#, None),
            (
                r#"{"msec":"1790000000.123","uri":"/audio/t/opus-96.0a1b2c3d?e=1&l=&p=warming&k=2&s=3","status":200,"bytes":9}"#,
                None,
            ),
            ("127.0.0.1 - - GET", None),
            ("", None),
        ] {
            assert_eq!(answer(line.as_bytes()), expected, "{line}");
        }
    }
}

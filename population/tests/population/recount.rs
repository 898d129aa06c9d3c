//! A slow and obvious recount of the lines, by docs/decisions/0001-counting-details.md,
//! for a backfill without a catalogue. It shares nothing with the code that made the
//! lines up: where the two agree, the truth is one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

const DAY: u64 = 86_400_000;
const HOUR: u64 = 3_600_000;

/// A listener or nobody, and what tells the plays of one apart.
pub type Identity = (Option<String>, Key);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Keyed(String),
    Started(String, Option<String>, u64),
    Window(String, Option<String>, u64, u64),
}

#[derive(Debug, Clone)]
pub struct Play {
    pub track: String,
    pub conflict: bool,
    pub preview: bool,
    pub imported: bool,
    pub listened: u64,
    pub started: u64,
    pub least: Least,
    pub first_received: u64,
    pub status: &'static str,
}

/// Listened time, plan, country, device, context.
type Least = (u64, Option<String>, Option<String>, Option<String>, Option<(String, String)>);
type WindowKey = (Option<String>, String, Option<String>);

#[derive(Debug, Default)]
struct Window {
    opened_at: u64,
    ordinal: u64,
    last_received: u64,
    last_listened: u64,
}

/// Every play of `lines`, with its status after a last tick.
pub fn recount(lines: &str, bot_devices: &[String]) -> BTreeMap<Identity, Play> {
    let mut plays: BTreeMap<Identity, Play> = BTreeMap::new();
    let mut windows: HashMap<WindowKey, Vec<Window>> = HashMap::new();
    let mut line_before = None;
    for line in lines.lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| report.get(name).map(|v| v.as_str().unwrap().to_owned());
        let flag = |name: &str| report.get(name).is_some_and(|v| v.as_bool().unwrap());
        let listened = report["duration_listened_ms"].as_u64().unwrap();
        let play_id = text("play_id");
        let reported = report.get("started_at").map(instant);
        let own_start = reported.or_else(|| play_id.as_deref().and_then(uuid_v7_time));
        let received = own_start.map_or_else(
            || line_before.expect("the first line has a time"),
            |start| start + listened,
        );
        line_before = Some(received);
        let started = own_start.unwrap_or(received.saturating_sub(listened));
        let user = text("user_id");
        let track = text("track_id").unwrap();
        let place = text("session_id").or_else(|| text("device_id"));
        let key = match (play_id, reported) {
            (Some(play_id), _) => Key::Keyed(play_id),
            (None, Some(at)) => Key::Started(track.clone(), place, at),
            (None, None) => {
                let key = (user.clone(), track.clone(), place.clone());
                window(windows.entry(key).or_default(), &track, place, received, listened)
            }
        };
        let context = report.get("context").map(|context| {
            let part = |name: &str| context[name].as_str().unwrap().to_owned();
            (part("type"), part("id"))
        });
        let (tier, territory) = (text("tier"), text("territory"));
        let play = Play {
            track,
            conflict: false,
            preview: flag("preview"),
            imported: flag("imported"),
            listened,
            started,
            least: (listened, tier, territory, text("device_id"), context),
            first_received: received,
            status: "",
        };
        match plays.get_mut(&(user.clone(), key.clone())) {
            Some(known) => merge(known, play),
            None => {
                plays.insert((user, key), play);
            }
        }
    }
    judge(&mut plays, bot_devices);
    plays
}

fn window(
    open: &mut Vec<Window>,
    track: &str,
    place: Option<String>,
    received: u64,
    listened: u64,
) -> Key {
    let fits = open.iter().rposition(|window| {
        received.abs_diff(window.last_received) < 300_000 && listened >= window.last_listened
    });
    let index = fits.unwrap_or_else(|| {
        let ordinal = open.iter().filter(|window| window.opened_at == received).count() as u64;
        open.push(Window { opened_at: received, ordinal, ..Window::default() });
        open.len() - 1
    });
    let window = &mut open[index];
    (window.last_received, window.last_listened) = (received, listened);
    Key::Window(track.to_owned(), place, window.opened_at, window.ordinal)
}

fn merge(known: &mut Play, new: Play) {
    let differs =
        (&known.track, known.preview, known.imported) != (&new.track, new.preview, new.imported);
    known.conflict |= differs;
    known.preview |= new.preview;
    known.imported |= new.imported;
    known.track = known.track.clone().min(new.track);
    known.listened = known.listened.max(new.listened);
    known.started = known.started.min(new.started);
    known.least = known.least.clone().min(new.least);
}

fn judge(plays: &mut BTreeMap<Identity, Play>, bot_devices: &[String]) {
    let mut first_seen: HashMap<String, u64> = HashMap::new();
    let mut candidates: BTreeMap<String, Vec<(u64, Identity)>> = BTreeMap::new();
    for (identity, play) in plays.iter_mut() {
        if let Some(user) = &identity.0 {
            let seen = first_seen.entry(user.clone()).or_insert(u64::MAX);
            *seen = (*seen).min(play.first_received);
        }
        play.status = if play.conflict {
            "conflict"
        } else if play.preview || play.imported || identity.0.is_none() {
            "not_payable"
        } else {
            let listed = candidates.entry(identity.0.clone().unwrap()).or_default();
            listed.push((play.started, identity.clone()));
            if play.listened >= 30_000 { "counted" } else { "pending" }
        };
    }
    for (user, mut listed) in candidates {
        listed.sort();
        let all: Vec<(Identity, Play)> =
            listed.into_iter().map(|(_, id)| (id.clone(), plays[&id].clone())).collect();
        for index in held(&all, first_seen[&user]) {
            plays.get_mut(&all[index].0).unwrap().status = "held";
        }
        for (identity, play) in &all {
            if play.least.3.as_ref().is_some_and(|device| bot_devices.contains(device)) {
                plays.get_mut(identity).unwrap().status = "excluded";
            }
        }
    }
}

// One listener's candidates, in order; the indices of those that a rule holds.
fn held(all: &[(Identity, Play)], first_seen: u64) -> BTreeSet<usize> {
    let mut held = BTreeSet::new();
    let mut hours: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let mut days: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, (_, play)) in all.iter().enumerate() {
        hours.entry(play.started / HOUR).or_default().push(index);
        days.entry(play.started / DAY).or_default().push(index);
    }
    held.extend(hours.values().filter(|hour| hour.len() > 500).flatten());
    let mut from = 0;
    for index in 1..=all.len() {
        if index == all.len() || all[index].1.track != all[from].1.track {
            if index - from >= 100 {
                held.extend(from..index);
            }
            from = index;
        }
    }
    for (day, indices) in days {
        let listened: u64 = indices.iter().map(|index| all[*index].1.listened).sum();
        let no_skip = indices.iter().all(|index| all[*index].1.listened >= 30_000);
        if listened > 22 * HOUR || (indices.len() >= 1_000 && no_skip) {
            held.extend(&indices);
        }
        let mut tracks: HashMap<&str, Vec<usize>> = HashMap::new();
        for index in &indices {
            tracks.entry(&all[*index].1.track).or_default().push(*index);
        }
        for track in tracks.into_values() {
            let fresh = day * DAY < first_seen + 7 * DAY;
            if fresh && indices.len() >= 50 && track.len() * 10 >= indices.len() * 8 {
                held.extend(track);
            }
        }
    }
    held
}

fn instant(value: &Value) -> u64 {
    let Some(text) = value.as_str() else {
        return value.as_u64().unwrap();
    };
    let number = |range: std::ops::Range<usize>| text[range].parse::<u64>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut days: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30];
    days += lengths.iter().take(usize::try_from(month - 1).unwrap()).sum::<u64>() + day - 1;
    let millis = days * DAY
        + number(11..13) * HOUR
        + number(14..16) * 60_000
        + number(17..19) * 1_000
        + number(20..23);
    if text.ends_with('Z') {
        return millis;
    }
    assert!(text.ends_with("+05:30"), "{text}");
    millis - 5 * HOUR - 30 * 60_000
}

fn uuid_v7_time(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths != [8, 4, 4, 4, 12] || !parts[2].starts_with('7') {
        return None;
    }
    if !parts[3].starts_with(['8', '9', 'a', 'b', 'A', 'B']) {
        return None;
    }
    u64::from_str_radix(&format!("{}{}", parts[0], parts[1]), 16).ok()
}

//! Reports as lines of NDJSON.

use std::io::{self, Write};

use crate::digits::{InstantForm, push_digits, push_hex, push_instant, push_number, push_uuid_v7};
use crate::names::{Device, TERRITORIES, TIERS, push_track};
use crate::plan::{Event, KeyForm, Plan, Play, Report, mark};
use crate::seed::mix;

/// How many bytes are gathered before they are written.
const CHUNK_BYTES: usize = 256 * 1024;
/// How many lines lie between two calls of `progress`.
const PROGRESS_LINES: u64 = 65_536;

/// Gathers lines, writes them in chunks and tells how far it is.
pub(crate) struct LineWriter<'a> {
    out: &'a mut dyn Write,
    progress: &'a mut dyn FnMut(u64),
    bytes: Vec<u8>,
    lines: u64,
}

impl<'a> LineWriter<'a> {
    /// Nothing written yet.
    pub(crate) fn new(out: &'a mut dyn Write, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self { out, progress, bytes: Vec::with_capacity(CHUNK_BYTES + 4_096), lines: 0 }
    }

    /// Writes the line that `fill` appends, without its end.
    #[inline]
    pub(crate) fn line(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        fill(&mut self.bytes);
        self.bytes.push(b'\n');
        self.lines += 1;
        if self.bytes.len() >= CHUNK_BYTES {
            self.out.write_all(&self.bytes)?;
            self.bytes.clear();
        }
        if self.lines.is_multiple_of(PROGRESS_LINES) {
            (self.progress)(self.lines);
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(self) -> io::Result<u64> {
        self.out.write_all(&self.bytes)?;
        self.out.flush()?;
        (self.progress)(self.lines);
        Ok(self.lines)
    }
}

/// Writes the plan's lines in their order.
pub(crate) fn write_plan(plan: &Plan<'_>, writer: &mut LineWriter<'_>) -> io::Result<()> {
    let seed = plan.key_seed();
    for line in &plan.lines {
        let first = line.report as usize;
        let count = usize::from(plan.reports[first].together);
        for report in &plan.reports[first..first + count] {
            let play = &plan.plays[report.play as usize];
            writer.line(|out| push_report(out, plan, play, report, seed))?;
        }
    }
    Ok(())
}

/// Appends the play's key, where it has one.
pub(crate) fn push_play_id(out: &mut Vec<u8>, play: &Play, seed: u64) {
    let digits = mix(seed.wrapping_add(u64::from(play.key)));
    match play.key_form {
        KeyForm::V7 => push_uuid_v7(out, play.key_time, digits),
        KeyForm::V7Upper => {
            let from = out.len();
            push_uuid_v7(out, play.key_time, digits);
            out[from..].make_ascii_uppercase();
        }
        KeyForm::V4 => {
            let from = out.len();
            push_uuid_v7(out, mix(digits), digits);
            out[from + 14] = b'4';
        }
        KeyForm::Hex => {
            push_hex::<16>(out, digits);
            push_hex::<16>(out, mix(digits));
        }
        KeyForm::Short => {
            out.extend_from_slice(b"p_");
            push_number(out, u64::from(play.key));
        }
        KeyForm::Long => {
            out.extend_from_slice(b"Player-4_");
            push_digits::<39>(out, u64::from(play.key));
            push_hex::<16>(out, digits);
        }
        KeyForm::None => {}
    }
}

fn push_report(out: &mut Vec<u8>, plan: &Plan<'_>, play: &Play, report: &Report, seed: u64) {
    let marked = |bit: u16| report.marks & bit != 0;
    out.push(b'{');
    if play.key_form != KeyForm::None {
        out.extend_from_slice(b"\"play_id\":\"");
        push_play_id(out, play, seed);
        out.extend_from_slice(b"\",");
    }
    if !play.anonymous {
        out.extend_from_slice(b"\"user_id\":\"");
        play.listener.push(out, marked(mark::ESCAPED));
        out.extend_from_slice(b"\",");
    }
    out.extend_from_slice(b"\"track_id\":\"");
    let other = marked(mark::OTHER_TRACK);
    push_track(out, if other { plan.next_track(play.track) } else { play.track });
    out.extend_from_slice(b"\",\"duration_listened_ms\":");
    push_number(out, u64::from(report.listened));
    push_times(out, play, report);
    push_event(out, report);
    push_player(out, play, report, seed);
    if report.tier != 0 {
        out.extend_from_slice(b",\"tier\":\"");
        out.extend_from_slice(TIERS[usize::from(report.tier)].as_bytes());
        out.push(b'"');
    }
    if report.territory != 0 {
        out.extend_from_slice(b",\"territory\":\"");
        out.extend_from_slice(TERRITORIES[usize::from(report.territory)].as_bytes());
        out.push(b'"');
    }
    for (name, bit) in [("preview", mark::PREVIEW), ("imported", mark::IMPORTED)] {
        if marked(bit) || marked(mark::EXPLICIT) {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(if marked(bit) { b"\":true" } else { b"\":false" });
        }
    }
    if marked(mark::EXTRA) {
        out.extend_from_slice(
            b",\"app_version\":\"5.2\",\"x_player\":{\"buffered\":[1,{\"ms\":250.5}],\"note\":\"}\\\"\"}",
        );
    }
    out.push(b'}');
}

fn push_times(out: &mut Vec<u8>, play: &Play, report: &Report) {
    let start = play.start + u64::from(report.shift);
    if report.form != InstantForm::Absent {
        out.extend_from_slice(b",\"started_at\":");
        push_instant(out, start, report.form);
    }
    if report.marks & mark::SENT_AT != 0 {
        out.extend_from_slice(b",\"sent_at\":");
        let form = match report.form {
            InstantForm::Absent => InstantForm::Millis,
            form => form,
        };
        let after = u64::from(report.listened) + u64::from(report.sent_after);
        push_instant(out, start + after, form);
    }
}

fn push_event(out: &mut Vec<u8>, report: &Report) {
    let word: &[u8] = match report.event {
        Event::Start => b"play_start",
        Event::Progress => b"progress",
        Event::Complete => b"play_complete",
        Event::End => b"play_end",
        Event::Skip => b"skip",
        Event::Absent => return,
    };
    out.extend_from_slice(b",\"event\":\"");
    out.extend_from_slice(word);
    out.push(b'"');
    if report.marks & mark::COMPLETED != 0 {
        out.extend_from_slice(b",\"completed\":true");
    }
}

// What a player tells of itself. It follows from the session, so that all reports of a
// play tell the same.
fn push_player(out: &mut Vec<u8>, play: &Play, report: &Report, seed: u64) {
    let device = if report.marks & mark::OWN_PHONE != 0 { Device::Own(0) } else { play.device };
    let habit = mix(seed ^ u64::from(play.session));
    if play.session != 0 {
        out.extend_from_slice(b",\"session_id\":\"s-");
        push_hex::<10>(out, habit);
        out.push(b'"');
    }
    if device != Device::None {
        out.extend_from_slice(b",\"device_id\":\"");
        device.push(out, play.listener);
        out.push(b'"');
    }
    if habit & 3 != 0 {
        let quality: &[u8] = match habit >> 60 {
            0..=2 => b"96",
            3..=6 => b"160",
            7..=12 => b"320",
            _ => b"lossless",
        };
        out.extend_from_slice(b",\"quality\":\"");
        out.extend_from_slice(quality);
        out.push(b'"');
    }
    if play.offline {
        out.extend_from_slice(b",\"offline\":true");
    } else if habit & 12 == 0 {
        out.extend_from_slice(b",\"offline\":false");
    }
    if habit & 16 != 0 {
        let kind: &[u8] = if habit & 32 == 0 { b"playlist" } else { b"album" };
        out.extend_from_slice(b",\"context\":{\"type\":\"");
        out.extend_from_slice(kind);
        out.extend_from_slice(b"\",\"id\":\"c");
        push_number(out, habit >> 40 & 0xffff);
        out.extend_from_slice(b"\"}");
    }
}

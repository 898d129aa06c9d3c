//! What no disk does: fields that were changed together with their checksums.
//!
//! A reader may take such a file for sound or refuse it, and must neither panic nor take
//! memory without bounds. Layouts are those that `adapters/segment-log/src/segment.rs` and
//! `closed.rs` and `core/records/src/frame.rs` write down.

use ledgerline_app::ports::Disk as _;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::frame::{FrameHeader, HEADER_BYTES};

use crate::script::Script;

/// The length of a segment's header, its checksum included.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 40;

/// Where a frame stands in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameAt {
    pub(crate) offset: usize,
    pub(crate) header: FrameHeader,
}

impl FrameAt {
    pub(crate) fn end(&self) -> usize {
        self.offset + HEADER_BYTES + self.header.payload_bytes as usize
    }
}

/// The frames of a segment, as far as they are sound.
pub(crate) fn frames_of(segment: &[u8]) -> Vec<FrameAt> {
    let mut frames = Vec::new();
    let mut offset = SEGMENT_HEADER_BYTES;
    while let Some(header) = segment.get(offset..).and_then(|bytes| FrameHeader::decode(bytes).ok())
    {
        let frame = FrameAt { offset, header };
        if frame.end() > segment.len() {
            break;
        }
        frames.push(frame);
        offset = frame.end();
    }
    frames
}

/// A copy of `disk` with a few fields of its files forged.
pub(crate) fn forged(disk: &MemoryDisk, script: &mut Script<'_>) -> MemoryDisk {
    let disk = disk.copy();
    for _ in 0..=script.below(3) {
        let files = disk.files();
        let Some(path) = files.get(script.below(files.len())) else { break };
        let bytes = disk.contents(path).unwrap_or_default();
        if path.ends_with("closed") {
            disk.tamper(path, forged_mark(bytes, script));
            continue;
        }
        match script.below(5) {
            0 | 1 => forge_header(&disk, path, bytes, script),
            2 | 3 => disk.tamper(path, forged_frame(bytes, script)),
            _ => move_far(&disk, path, &bytes, script),
        }
    }
    disk
}

fn forged_mark(mut mark: Vec<u8>, script: &mut Script<'_>) -> Vec<u8> {
    let at = 8 + 8 * script.below(3);
    if mark.len() == 36 {
        mark[at..at + 8].copy_from_slice(&script.number().to_le_bytes());
        let checksum = crc32fast::hash(&mark[..32]);
        mark[32..].copy_from_slice(&checksum.to_le_bytes());
    }
    mark
}

fn forge_header(disk: &MemoryDisk, path: &str, mut bytes: Vec<u8>, script: &mut Script<'_>) {
    let (field, value) = (script.below(7), script.number().to_le_bytes());
    let keep_name = script.flag();
    if bytes.len() < SEGMENT_HEADER_BYTES {
        return;
    }
    let (at, length) = [(4, 2), (6, 2), (8, 2), (10, 2), (12, 8), (20, 8), (28, 8)][field];
    bytes[at..at + length].copy_from_slice(&value[..length]);
    let checksum = crc32fast::hash(&bytes[..36]);
    bytes[36..40].copy_from_slice(&checksum.to_le_bytes());
    // A segment is named for its first position or address, else it is another's.
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let named = format!("{folder}/{:020}.log", u64::from_le_bytes(value));
    if length == 8 && at != 28 && !keep_name {
        disk.remove(path).expect("it is a file");
        disk.tamper(&named, bytes);
    } else {
        disk.tamper(path, bytes);
    }
}

/// Leaves one segment, whose frames follow one another at positions and addresses far on.
fn move_far(disk: &MemoryDisk, path: &str, bytes: &[u8], script: &mut Script<'_>) {
    let (first, first_byte) = (script.number(), script.number());
    if bytes.len() < SEGMENT_HEADER_BYTES {
        return;
    }
    let mut segment = bytes[..SEGMENT_HEADER_BYTES].to_vec();
    segment[12..20].copy_from_slice(&first.to_le_bytes());
    segment[20..28].copy_from_slice(&first_byte.to_le_bytes());
    let checksum = crc32fast::hash(&segment[..36]);
    segment[36..40].copy_from_slice(&checksum.to_le_bytes());
    let mut next = first;
    for frame in frames_of(bytes) {
        let FrameHeader { count, received_at, .. } = frame.header;
        let payload = &bytes[frame.offset + HEADER_BYTES..frame.end()];
        let header = FrameHeader::of(payload, count, Position(next), received_at);
        segment.extend_from_slice(&header.encode());
        segment.extend_from_slice(payload);
        next = next.wrapping_add(u64::from(count));
    }
    for segment in disk.files().iter().filter(|file| file.ends_with(".log")) {
        disk.remove(segment).expect("it is a file");
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let base = if folder.starts_with("reports") { first } else { first_byte };
    disk.tamper(&format!("{folder}/{base:020}.log"), segment);
}

fn forged_frame(mut segment: Vec<u8>, script: &mut Script<'_>) -> Vec<u8> {
    let frames = frames_of(&segment);
    // One behind the last is a frame that is added.
    let chosen = frames.get(script.below(frames.len() + 1)).copied();
    let end = frames.last().map_or(SEGMENT_HEADER_BYTES, FrameAt::end).min(segment.len());
    let next = frames
        .last()
        .map_or(0, |last| last.header.first.0.wrapping_add(u64::from(last.header.count)));
    let (range, mut first, mut count) = match chosen {
        Some(frame) => (frame.offset..frame.end(), frame.header.first.0, frame.header.count),
        None => (end..end, next, 1),
    };
    match script.below(3) {
        0 => first = script.number(),
        1 => count = u32::try_from(script.number()).unwrap_or(u32::MAX),
        _ => {}
    }
    let received_at = UnixMs::new(script.number()).unwrap_or(UnixMs::MAX);
    let length = script.below(64);
    let payload = script.take(length);
    let header = FrameHeader::of(payload, count, Position(first), received_at);
    segment.splice(range, [&header.encode(), payload].concat());
    segment
}

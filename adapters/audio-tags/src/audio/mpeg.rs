//! MP3, and AAC by itself: all that stands between the tags at both ends.

use std::io::{self, Read, Seek};

use super::{Audio, at, id3v2_bytes};

/// More tags than these one behind the other nobody writes.
const TAGS_MAX: usize = 16;

pub(super) fn hash(
    reader: &mut (impl Read + Seek),
    bytes: u64,
    audio: &mut Audio,
) -> io::Result<()> {
    let (start, end) = bounds(reader, bytes)?;
    audio.add_range(reader, start, end)
}

/// Where audio begins and ends.
pub(super) fn bounds(reader: &mut (impl Read + Seek), bytes: u64) -> io::Result<(u64, u64)> {
    let (mut start, mut end) = (0, bytes);
    for _ in 0..TAGS_MAX {
        let tag = id3v2_bytes(reader, start)?;
        let tag = if tag > 0 { tag } else { ape_bytes(reader, start, true)? };
        if tag == 0 {
            break;
        }
        start = (start + tag).min(end);
    }
    for _ in 0..TAGS_MAX {
        let left = end - start;
        let tag = if left >= 128 && at::<3>(reader, end - 128)?.as_ref() == Some(b"TAG") {
            128
        } else if left >= 32 {
            ape_bytes(reader, end - 32, false)?
        } else {
            0
        };
        if tag == 0 || tag > left {
            break;
        }
        end -= tag;
    }
    Ok((start, end))
}

/// How long an APE tag is whose head, or foot, stands at a place; 0 where none does.
fn ape_bytes(reader: &mut (impl Read + Seek), place: u64, is_head: bool) -> io::Result<u64> {
    let Some(item) = at::<32>(reader, place)? else { return Ok(0) };
    if &item[..8] != b"APETAGEX" {
        return Ok(0);
    }
    let number =
        |at: usize| u32::from_le_bytes([item[at], item[at + 1], item[at + 2], item[at + 3]]);
    let (size, flags) = (u64::from(number(12)), number(20));
    // The size is of the items and the foot; the head comes besides.
    let head = if is_head || flags & (1 << 31) != 0 { 32 } else { 0 };
    Ok(size + head)
}

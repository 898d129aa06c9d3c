//! WAV: how the samples are laid out, and the samples.

use std::io::{self, Read, Seek};

use super::{Audio, at};

const CHUNKS_MAX: usize = 4_096;
/// What is said of the samples is never longer.
const FORMAT_BYTES_MAX: u64 = 64;

pub(super) fn hash(
    reader: &mut (impl Read + Seek),
    bytes: u64,
    audio: &mut Audio,
) -> io::Result<()> {
    let mut place = 12;
    for _ in 0..CHUNKS_MAX {
        let Some(head) = at::<8>(reader, place)? else { break };
        let length = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let end = (place + 8).saturating_add(length).min(bytes);
        match &head[..4] {
            b"fmt " => audio.add_range(reader, place + 8, end.min(place + 8 + FORMAT_BYTES_MAX))?,
            b"data" => audio.add_range(reader, place + 8, end)?,
            _ => {}
        }
        // Chunks begin at even places.
        place = end + (length & 1);
        if end >= bytes {
            break;
        }
    }
    Ok(())
}

//! MPEG-4: what stands in the boxes of media data.

use std::io::{self, Read, Seek};

use super::{Audio, at};

/// More boxes at the top nobody writes; of files in pieces, each piece is two.
const BOXES_MAX: usize = 1 << 20;

pub(super) fn is_mp4(reader: &mut (impl Read + Seek)) -> io::Result<bool> {
    Ok(at::<8>(reader, 0)?.is_some_and(|head| &head[4..] == b"ftyp"))
}

pub(super) fn hash(
    reader: &mut (impl Read + Seek),
    bytes: u64,
    audio: &mut Audio,
) -> io::Result<()> {
    let mut place = 0;
    for _ in 0..BOXES_MAX {
        let Some(head) = at::<8>(reader, place)? else { break };
        let short = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        let (head_bytes, length) = match short {
            0 => (8, bytes - place),
            1 => match at::<8>(reader, place + 8)? {
                Some(long) => (16, u64::from_be_bytes(long)),
                None => break,
            },
            _ => (8, short),
        };
        let Some(end) = place.checked_add(length).filter(|_| length >= head_bytes) else { break };
        if &head[4..] == b"mdat" {
            audio.add_range(reader, place + head_bytes, end.min(bytes))?;
        }
        if end >= bytes {
            break;
        }
        place = end;
    }
    Ok(())
}

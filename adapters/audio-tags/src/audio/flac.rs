//! FLAC: the encoder's checksum of the samples, else the frames.

use std::io::{self, Read, Seek};

use super::{Audio, at, id3v2_bytes, mpeg, nothing};

/// More blocks of metadata nobody writes.
const BLOCKS_MAX: usize = 4_096;

pub(super) fn hash(
    reader: &mut (impl Read + Seek),
    bytes: u64,
    audio: &mut Audio,
) -> io::Result<()> {
    let mut place = id3v2_bytes(reader, 0)?;
    if at::<4>(reader, place)?.as_ref() != Some(b"fLaC") {
        return Err(nothing());
    }
    place += 4;
    for number in 0..BLOCKS_MAX {
        let Some(head) = at::<4>(reader, place)? else { return Err(nothing()) };
        let length = u64::from(u32::from_be_bytes([0, head[1], head[2], head[3]]));
        if number == 0 && length == 34 {
            let Some(info) = at::<34>(reader, place + 4)? else { return Err(nothing()) };
            // From the sample rate to the number of samples; then their MD5, which may be left out.
            let (shape, md5) = info[10..].split_at(8);
            if md5.iter().any(|byte| *byte != 0) {
                audio.add(shape);
                audio.add(md5);
                return Ok(());
            }
        }
        place += 4 + length;
        if head[0] & 0x80 != 0 {
            break;
        }
    }
    let (_, end) = mpeg::bounds(reader, bytes)?;
    audio.add_range(reader, place, end.max(place))
}

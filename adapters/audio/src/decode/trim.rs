//! Which frames of an M4A are music: iTunes' comment, else the edit list.

use std::io::{Read, Seek, SeekFrom};

use crate::error::AudioError;
use crate::mp4::boxes::{Boxes, kind_of};

/// Frames to leave out at the beginning, and how many to keep behind those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trim {
    pub(super) skip_frames: u64,
    pub(super) keep_frames: Option<u64>,
}

/// The longest index of an MP4 that is looked at, in bytes: covers stand in it too.
const MOOV_BYTES_MAX: u64 = 64 << 20;
/// The most boxes on the way to it.
const BOXES_MAX: usize = 4_096;

/// What an MP4 says; `None` where it says nothing, or the file is no MP4.
///
/// # Errors
/// [`AudioError::Read`] alone: what is broken in it, its reader finds.
pub(super) fn of_mp4(
    source: &mut (impl Read + Seek),
    length: u64,
) -> Result<Option<Trim>, AudioError> {
    let (mut at, mut first) = (0_u64, true);
    for _ in 0..BOXES_MAX {
        if length.saturating_sub(at) < 8 {
            return Ok(None);
        }
        source.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        source.read_exact(&mut head[..8])?;
        let kind: [u8; 4] = head[4..8].try_into().expect("four bytes");
        if first && &kind != b"ftyp" {
            return Ok(None);
        }
        first = false;
        let (mut size, mut header) =
            (u64::from(u32::from_be_bytes(head[..4].try_into().expect("four bytes"))), 8);
        if size == 1 {
            if length - at < 16 {
                return Ok(None);
            }
            source.read_exact(&mut head[8..])?;
            size = u64::from_be_bytes(head[8..].try_into().expect("eight bytes"));
            header = 16;
        } else if size == 0 {
            size = length - at;
        }
        if size < header || size > length - at {
            return Ok(None);
        }
        if &kind == b"moov" {
            if size > MOOV_BYTES_MAX {
                return Ok(None);
            }
            let mut moov = vec![0; usize::try_from(size - header).expect("some megabytes")];
            source.read_exact(&mut moov)?;
            return Ok(itunes(&moov).or_else(|| edit_list(&moov)));
        }
        at += size;
    }
    Ok(None)
}

/// iTunes' comment: ` 00000000 <delay> <padding> <frames> …` in hexadecimal.
fn itunes(moov: &[u8]) -> Option<Trim> {
    let meta = Boxes::of(moov).find(b"udta")?.boxes().find(b"meta")?;
    let list = Boxes::of(meta.body.get(4..)?).find(b"ilst")?;
    let comment = list.boxes().filter(|entry| kind_of(entry) == b"----").find(|entry| {
        let name = entry.boxes().find(b"name");
        name.is_some_and(|name| name.body.get(4..) == Some(b"iTunSMPB"))
    })?;
    let data = comment.boxes().find(b"data")?;
    let text = std::str::from_utf8(data.body.get(8..)?).ok()?;
    let mut words = text.split_ascii_whitespace().skip(1);
    let mut number = || u64::from_str_radix(words.next()?, 16).ok();
    let (delay, _padding, frames) = (number()?, number()?, number()?);
    (frames > 0 && delay < 1 << 20)
        .then_some(Trim { skip_frames: delay, keep_frames: Some(frames) })
}

/// The first edit that shows something, ISO/IEC 14496-12, section 8.6.6.
fn edit_list(moov: &[u8]) -> Option<Trim> {
    let movie_scale = scale(Boxes::of(moov).find(b"mvhd")?.body)?;
    let track = Boxes::of(moov).filter(|track| kind_of(track) == b"trak").find(|track| {
        let handler = track.boxes().find(b"mdia").and_then(|media| media.boxes().find(b"hdlr"));
        handler.is_some_and(|handler| handler.body.get(8..12) == Some(b"soun"))
    })?;
    let media = track.boxes().find(b"mdia")?.boxes().find(b"mdhd")?.body;
    let media_scale = scale(media)?;
    let list = track.boxes().find(b"edts")?.boxes().find(b"elst")?;
    let wide = *list.body.first()? == 1;
    let entry_bytes = if wide { 20 } else { 12 };
    for entry in list.body.get(8..)?.chunks_exact(entry_bytes).take(16) {
        let (duration, media_time) = if wide {
            let (duration, rest) = entry.split_first_chunk::<8>()?;
            (u64::from_be_bytes(*duration), i64::from_be_bytes(*rest.first_chunk::<8>()?))
        } else {
            let (duration, rest) = entry.split_first_chunk::<4>()?;
            let time = i32::from_be_bytes(*rest.first_chunk::<4>()?);
            (u64::from(u32::from_be_bytes(*duration)), i64::from(time))
        };
        // A negative time is silence in front.
        let Ok(skip_frames) = u64::try_from(media_time) else { continue };
        let frames = u128::from(duration) * u128::from(media_scale) / u128::from(movie_scale);
        let stated = u64::try_from(frames).ok().filter(|frames| *frames > 0);
        // Where the movie's clock is coarser than the media's, the last frames are told by the media's own
        // length, if it is that length at all.
        let coarse = u64::from(media_scale.div_ceil(movie_scale));
        let behind = length_of(media).and_then(|all| all.checked_sub(skip_frames));
        let keep_frames = if coarse <= 1 {
            stated
        } else {
            behind.filter(|behind| stated.is_some_and(|stated| stated.abs_diff(*behind) <= coarse))
        };
        return Some(Trim { skip_frames, keep_frames });
    }
    None
}

/// The clock of a movie's or a media's header, in ticks a second.
fn scale(header: &[u8]) -> Option<u32> {
    let at = if *header.first()? == 1 { 20 } else { 12 };
    let ticks = u32::from_be_bytes(*header.get(at..)?.first_chunk()?);
    (ticks > 0).then_some(ticks)
}

/// The length of a media's header, in its own ticks.
fn length_of(header: &[u8]) -> Option<u64> {
    if *header.first()? == 1 {
        Some(u64::from_be_bytes(*header.get(24..)?.first_chunk()?))
    } else {
        Some(u64::from(u32::from_be_bytes(*header.get(16..)?.first_chunk()?)))
    }
}

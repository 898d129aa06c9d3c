//! Ogg: the packets, but for the second one of a stream, which has the comments.

use std::io::{self, Read, Seek};

use super::Audio;

/// What is at the place where a page should begin is looked through so far for the next one.
const JUNK_BYTES_MAX: usize = 64 << 10;

pub(super) fn hash(reader: &mut (impl Read + Seek), audio: &mut Audio) -> io::Result<()> {
    reader.rewind()?;
    let mut reader = io::BufReader::with_capacity(super::CHUNK_BYTES, reader);
    let mut serial: Option<u32> = None;
    let mut packet = 0_u64;
    let mut body = Vec::new();
    while let Some(page) = next_page(&mut reader)? {
        body.resize(page.segments.iter().map(|length| usize::from(*length)).sum(), 0);
        let whole = reader.read_exact(&mut body).is_ok();
        if page.begins {
            // Of several streams side by side the first one is heard; of such behind each other, all.
            if serial.is_some() {
                continue;
            }
            (serial, packet) = (Some(page.serial), 0);
        }
        if serial != Some(page.serial) {
            continue;
        }
        if !whole {
            break;
        }
        let mut rest = body.as_slice();
        for length in &page.segments {
            let (bytes, after) = rest.split_at(usize::from(*length));
            rest = after;
            if packet != 1 {
                audio.add(bytes);
            }
            packet += u64::from(*length < 255);
        }
        if page.ends {
            // How much of the last packet is heard.
            audio.add(&page.granule);
            serial = None;
        }
    }
    Ok(())
}

struct Page {
    serial: u32,
    granule: [u8; 8],
    begins: bool,
    ends: bool,
    segments: Vec<u8>,
}

fn next_page(reader: &mut impl Read) -> io::Result<Option<Page>> {
    let mut head = [0; 27];
    if !filled(reader, &mut head)? {
        return Ok(None);
    }
    let mut skipped = 0;
    while &head[..4] != b"OggS" {
        skipped += 1;
        if skipped > JUNK_BYTES_MAX {
            return Ok(None);
        }
        head.copy_within(1.., 0);
        if !filled(reader, &mut head[26..])? {
            return Ok(None);
        }
    }
    let mut segments = vec![0; usize::from(head[26])];
    if !filled(reader, &mut segments)? {
        return Ok(None);
    }
    let mut granule = [0; 8];
    granule.copy_from_slice(&head[6..14]);
    Ok(Some(Page {
        serial: u32::from_le_bytes([head[14], head[15], head[16], head[17]]),
        granule,
        begins: head[5] & 2 != 0,
        ends: head[5] & 4 != 0,
        segments,
    }))
}

/// Whether there were bytes enough.
fn filled(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

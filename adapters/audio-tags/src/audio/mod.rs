//! The hash of what is heard, without tags.
//!
//! Two files have one hash where their packets (or, of FLAC, their samples) are the same: after tags were edited, a
//! cover was put in, padding was taken out. It says nothing of files that were encoded anew.
//!
//! - `mpeg`: MP3 and AAC by itself: all that stands between tags
//! - `flac`: the checksum that the encoder made of the samples
//! - `ogg`: packets, but for that of the comments
//! - `mp4`, `wav`: what stands in the boxes and chunks of audio

mod flac;
mod mp4;
mod mpeg;
mod ogg;
mod wav;

use ledgerline_app::ports::library::AudioFormat;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Seek, SeekFrom};

/// So many bytes are hashed at once.
const CHUNK_BYTES: usize = 256 << 10;

/// The hash of what is heard of a file. What its bytes say of lengths is believed only as far as there are bytes.
///
/// # Errors
/// Those of the reader; of kind `InvalidData` where no audio is found.
pub fn audio_sha256(reader: &mut (impl Read + Seek), format: AudioFormat) -> io::Result<[u8; 32]> {
    let bytes = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    let mut audio = Audio::new(format);
    match format {
        AudioFormat::Mp3 => mpeg::hash(reader, bytes, &mut audio)?,
        AudioFormat::Aac if !mp4::is_mp4(reader)? => mpeg::hash(reader, bytes, &mut audio)?,
        AudioFormat::Aac | AudioFormat::Alac => mp4::hash(reader, bytes, &mut audio)?,
        AudioFormat::Flac => flac::hash(reader, bytes, &mut audio)?,
        AudioFormat::Vorbis | AudioFormat::Opus => ogg::hash(reader, &mut audio)?,
        AudioFormat::Wav => wav::hash(reader, bytes, &mut audio)?,
    }
    audio.finish()
}

/// What has been hashed.
struct Audio {
    hasher: Sha256,
    bytes: u64,
    chunk: Vec<u8>,
}

impl Audio {
    fn new(format: AudioFormat) -> Self {
        let hasher = Sha256::new().chain_update(format.word()).chain_update([0]);
        Self { hasher, bytes: 0, chunk: Vec::new() }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Adds what stands from `start` up to `end`, or to the end of what there is.
    fn add_range(
        &mut self,
        reader: &mut (impl Read + Seek),
        start: u64,
        end: u64,
    ) -> io::Result<()> {
        reader.seek(SeekFrom::Start(start))?;
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.resize(CHUNK_BYTES, 0);
        let mut left = end.saturating_sub(start);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
            let read = match reader.read(&mut chunk[..most]) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.add(&chunk[..read]);
            left -= read as u64;
        }
        self.chunk = chunk;
        Ok(())
    }

    fn finish(self) -> io::Result<[u8; 32]> {
        if self.bytes == 0 {
            return Err(nothing());
        }
        Ok(self.hasher.finalize().into())
    }
}

fn nothing() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "there is no audio in it")
}

/// The bytes at a place, or `None` where the file ends before.
fn at<const N: usize>(reader: &mut (impl Read + Seek), place: u64) -> io::Result<Option<[u8; N]>> {
    reader.seek(SeekFrom::Start(place))?;
    let mut bytes = [0; N];
    match reader.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// How long an ID3v2 tag at a place is; 0 where there is none.
fn id3v2_bytes(reader: &mut (impl Read + Seek), place: u64) -> io::Result<u64> {
    let Some(head) = at::<10>(reader, place)? else { return Ok(0) };
    if &head[..3] != b"ID3" || head[6..].iter().any(|byte| *byte >= 0x80) {
        return Ok(0);
    }
    let size = head[6..].iter().fold(0, |size, byte| (size << 7) | u64::from(*byte));
    let footer = if head[5] & 0x10 != 0 { 10 } else { 0 };
    Ok(10 + size + footer)
}

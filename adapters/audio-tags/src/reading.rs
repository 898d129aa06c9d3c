//! One file, from its bytes to what it says.

use ledgerline_app::ports::library::AudioFormat;
use ledgerline_app::ports::music_files::{AudioReader, ReadAudio, Unusable};
use lofty::aac::AacFile;
use lofty::config::{GlobalOptions, ParseOptions, apply_global_options};
use lofty::file::{AudioFile as _, FileType};
use lofty::flac::FlacFile;
use lofty::iff::wav::WavFile;
use lofty::mp4::{Mp4Codec, Mp4File};
use lofty::mpeg::MpegFile;
use lofty::ogg::{OggPictureStorage as _, OpusFile, VorbisFile};
use lofty::picture::PictureType;
use lofty::probe::Probe;
use lofty::properties::FileProperties;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::audio;
use crate::tags::{Found, Tags};
use crate::texts;

/// No picture or other item of tags may be larger.
const ITEM_BYTES_MAX: usize = 32 << 20;
/// No text beside a file may be longer.
const TEXT_BYTES_MAX: u64 = 1 << 20;
/// So long is nothing that one listens to.
const DURATION_MS_MAX: u128 = 7 * 24 * 3_600_000;

/// Files of music of these names are read.
const TAKEN: [&str; 10] = ["flac", "mp3", "ogg", "oga", "opus", "m4a", "m4b", "mp4", "aac", "wav"];
/// These are music too, of kinds that can't be played yet.
const REFUSED: [&str; 14] = [
    "aif", "aiff", "ape", "wma", "wv", "mpc", "dsf", "dff", "mka", "tak", "tta", "spx", "ac3",
    "dts",
];

/// Reads music files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct TagReader;

impl AudioReader for TagReader {
    fn takes(&self, name: &Path) -> Option<bool> {
        let extension = name.extension()?.to_str()?.to_ascii_lowercase();
        if TAKEN.contains(&extension.as_str()) {
            return Some(true);
        }
        REFUSED.contains(&extension.as_str()).then_some(false)
    }

    fn read(&self, path: &Path) -> Result<ReadAudio, Unusable> {
        let file =
            File::open(path).map_err(|error| Unusable(format!("it can't be read: {error}")))?;
        read(BufReader::with_capacity(64 << 10, file), path)
    }

    fn text(&self, path: &Path) -> Result<String, Unusable> {
        let unreadable = |error: std::io::Error| Unusable(format!("it can't be read: {error}"));
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > TEXT_BYTES_MAX {
            return Err(Unusable(format!("it is longer than {TEXT_BYTES_MAX} bytes")));
        }
        Ok(texts::decoded(&bytes))
    }
}

/// Reads a file that is in memory; `name` is what its kind is guessed by where its bytes don't say.
///
/// # Errors
/// [`Unusable`] says why.
pub fn read_bytes(bytes: &[u8], name: &Path) -> Result<ReadAudio, Unusable> {
    read(Cursor::new(bytes), name)
}

fn read(reader: impl Read + Seek, name: &Path) -> Result<ReadAudio, Unusable> {
    // A reader that panics has a defect, which costs this file and nothing else.
    let read = catch_unwind(AssertUnwindSafe(|| read_unguarded(reader, name)));
    read.unwrap_or_else(|_| {
        Err(Unusable("its reader broke off; please report the file as a defect".to_owned()))
    })
}

fn read_unguarded(mut reader: impl Read + Seek, name: &Path) -> Result<ReadAudio, Unusable> {
    apply_global_options(GlobalOptions::new().allocation_limit(ITEM_BYTES_MAX));
    let kind = kind(&mut reader, name)?;
    let (mut found, format) = parsed(&mut reader, kind)?;
    let duration_ms = found.properties.duration().as_millis();
    if duration_ms == 0 {
        return Err(Unusable("there is nothing to hear in it".to_owned()));
    }
    if duration_ms > DURATION_MS_MAX {
        return Err(Unusable(format!("it says that it plays for {duration_ms} milliseconds")));
    }
    let audio_sha256 = audio::audio_sha256(&mut reader, format)
        .map_err(|error| Unusable(format!("what is heard of it can't be found: {error}")))?;
    let picture = found.pictures.iter().position(|it| it.pic_type() == PictureType::CoverFront);
    let picture = match (picture, found.pictures.is_empty()) {
        (Some(at), _) => Some(found.pictures.swap_remove(at)),
        (None, false) => Some(found.pictures.swap_remove(0)),
        (None, true) => None,
    };
    let properties = &found.properties;
    Ok(ReadAudio {
        tags: Tags::of(&found).read(),
        format,
        duration_ms: u64::try_from(duration_ms).unwrap_or(u64::MAX),
        bitrate_kbps: properties.audio_bitrate().or(properties.overall_bitrate()).unwrap_or(0),
        sample_rate_hz: properties.sample_rate().unwrap_or(0),
        channels: properties.channels().map_or(0, u32::from),
        bits_per_sample: properties.bit_depth().map(u32::from),
        audio_sha256,
        picture: picture.map(|picture| picture.into_data()).filter(|bytes| !bytes.is_empty()),
    })
}

fn kind(reader: &mut (impl Read + Seek), name: &Path) -> Result<FileType, Unusable> {
    let unreadable = |error: std::io::Error| Unusable(format!("it can't be read: {error}"));
    reader.rewind().map_err(unreadable)?;
    // The probe takes a reader by value, and gives no borrowed one back.
    let probed = Probe::new(BufReader::new(&mut *reader)).guess_file_type().map_err(unreadable)?;
    let kind = probed.file_type();
    reader.rewind().map_err(unreadable)?;
    let kind = match kind {
        Some(kind) => kind,
        None => name.extension().and_then(FileType::from_ext).ok_or_else(unknown)?,
    };
    match kind {
        FileType::Flac
        | FileType::Mpeg
        | FileType::Vorbis
        | FileType::Opus
        | FileType::Mp4
        | FileType::Aac
        | FileType::Wav => Ok(kind),
        _ => Err(unknown()),
    }
}

fn unknown() -> Unusable {
    Unusable("it is none of FLAC, MP3, Ogg Vorbis, Ogg Opus, MPEG-4, AAC and WAV".to_owned())
}

/// Everything that is in a file, and how it is encoded.
fn parsed(
    reader: &mut (impl Read + Seek),
    kind: FileType,
) -> Result<(Found, AudioFormat), Unusable> {
    let options = ParseOptions::new();
    let broken = |error: lofty::error::LoftyError| Unusable(format!("it is broken: {error}"));
    macro_rules! file {
        ($type:ty) => {
            <$type>::read_from(reader, options).map_err(broken)?
        };
    }
    let mut found = Found::default();
    let format = match kind {
        FileType::Flac => {
            let file = file!(FlacFile);
            found.properties = FileProperties::from(*file.properties());
            found.pictures.extend(file.pictures().iter().map(|(picture, _)| picture.clone()));
            found.vorbis(file.vorbis_comments());
            found.id3v2(file.id3v2());
            AudioFormat::Flac
        }
        FileType::Mpeg => {
            let file = file!(MpegFile);
            found.properties = FileProperties::from(*file.properties());
            found.id3v2(file.id3v2());
            found.tag(file.ape().cloned().map(Into::into));
            found.tag(file.id3v1().cloned().map(Into::into));
            AudioFormat::Mp3
        }
        FileType::Vorbis => {
            let file = file!(VorbisFile);
            found.properties = FileProperties::from(*file.properties());
            found.vorbis(Some(file.vorbis_comments()));
            AudioFormat::Vorbis
        }
        FileType::Opus => {
            let file = file!(OpusFile);
            found.properties = FileProperties::from(*file.properties());
            found.vorbis(Some(file.vorbis_comments()));
            AudioFormat::Opus
        }
        FileType::Mp4 => {
            let file = file!(Mp4File);
            let format = match file.properties().codec() {
                Mp4Codec::AAC => AudioFormat::Aac,
                Mp4Codec::ALAC => AudioFormat::Alac,
                other => return Err(Unusable(format!("its audio is {other:?} in MPEG-4"))),
            };
            if file.properties().is_drm_protected() {
                return Err(Unusable("it is locked by somebody's rights management".to_owned()));
            }
            found.properties = FileProperties::from(file.properties().clone());
            found.tag(file.ilst().cloned().map(Into::into));
            format
        }
        FileType::Aac => {
            let file = file!(AacFile);
            found.properties = FileProperties::from(*file.properties());
            found.id3v2(file.id3v2());
            found.tag(file.id3v1().cloned().map(Into::into));
            AudioFormat::Aac
        }
        FileType::Wav => {
            let file = file!(WavFile);
            found.properties = FileProperties::from(*file.properties());
            found.id3v2(file.id3v2());
            found.tag(file.riff_info().cloned().map(Into::into));
            AudioFormat::Wav
        }
        _ => return Err(unknown()),
    };
    Ok((found, format))
}

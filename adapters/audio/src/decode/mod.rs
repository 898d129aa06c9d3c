//! The samples of a file, exactly those that its encoder was given.
//!
//! Lossy encoders put samples in front and behind; each form says in its own way how many. MP3: the LAME
//! tag; Ogg: pre-skip and the last page's position; M4A: iTunes' comment, else the edit list. WAV and
//! FLAC have none.

mod trim;

use std::io::{Read, Seek, SeekFrom};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known as ids;
use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoder};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::packet::Packet;

use crate::error::{AudioError, Limits, RATE_HZ_MIN};
use crate::isolate::isolated;
use crate::opus::{Decoder as OpusDecoder, OPUS_RATE_HZ, OpusHead};

/// What a file is read from.
pub trait Source: Read + Seek + Send + Sync + 'static {}
impl<S: Read + Seek + Send + Sync + 'static> Source for S {}

/// How a file's samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceCodec {
    /// FLAC.
    Flac,
    /// MPEG-1 or 2, layer 3.
    Mp3,
    /// Vorbis.
    Vorbis,
    /// Opus.
    Opus,
    /// AAC, the low-complexity profile.
    Aac,
    /// Apple's lossless codec.
    Alac,
    /// Samples as they are.
    Pcm,
}

impl SourceCodec {
    /// Its word, as the API has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Flac => "flac",
            Self::Mp3 => "mp3",
            Self::Vorbis => "vorbis",
            Self::Opus => "opus",
            Self::Aac => "aac",
            Self::Alac => "alac",
            Self::Pcm => "pcm",
        }
    }

    /// Whether nothing was lost when it was written.
    #[must_use]
    pub fn is_lossless(self) -> bool {
        matches!(self, Self::Flac | Self::Alac | Self::Pcm)
    }
}

/// What a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFacts {
    /// How its samples are coded.
    pub codec: SourceCodec,
    /// Frames in a second.
    pub rate_hz: u32,
    /// Samples in a frame.
    pub channels: usize,
    /// The bits of a sample, where it has whole ones.
    pub bits: Option<u32>,
}

/// A file that was decoded to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// What it is made of.
    pub facts: SourceFacts,
    /// How many frames it has.
    pub frames: u64,
    /// How many packets of it were damaged and left out; few, or the file is refused.
    pub damaged_packets: u64,
}

impl Decoded {
    /// Its length, rounded down.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.frames.saturating_mul(1_000) / u64::from(self.facts.rate_hz)
    }
}

/// Of so many packets one may be damaged; where more are, the file is refused.
const PACKETS_FOR_A_DAMAGED_ONE: u64 = 50;
/// How far a file may end before the length that it states, in milliseconds.
const SHORTFALL_MS_MAX: u64 = 1_000;

/// Takes a file's frames as they come, interleaved.
pub type Take<'t> = &'t mut dyn FnMut(&SourceFacts, &[f32]) -> Result<(), AudioError>;

/// Decodes a file, handing its frames to `take` in order, interleaved, as many at a time as a packet has.
///
/// `extension` is a hint only: what counts is what stands in the file. An error of `take` is handed on.
///
/// # Errors
/// [`AudioError`]: the file's own faults, its limits, and whatever `take` says.
pub fn decode(
    source: impl Source,
    extension: Option<&str>,
    limits: &Limits,
    take: Take<'_>,
) -> Result<Decoded, AudioError> {
    isolated(|| decode_unguarded(source, extension, limits, take))
}

struct Bytes<S> {
    source: S,
    length: u64,
}

impl<S: Read> Read for Bytes<S> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.source.read(into)
    }
}

impl<S: Seek> Seek for Bytes<S> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.source.seek(to)
    }
}

impl<S: Source> MediaSource for Bytes<S> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

fn decode_unguarded<S: Source>(
    mut source: S,
    extension: Option<&str>,
    limits: &Limits,
    take: Take<'_>,
) -> Result<Decoded, AudioError> {
    let length = source.seek(SeekFrom::End(0))?;
    if length > limits.bytes_max {
        return Err(AudioError::TooLarge {
            what: "a length in bytes",
            found: length,
            max: limits.bytes_max,
        });
    }
    let mp4_trim = trim::of_mp4(&mut source, length)?;
    source.seek(SeekFrom::Start(0))?;
    let stream = MediaSourceStream::new(Box::new(Bytes { source, length }), Default::default());
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, Default::default(), Default::default())
        .map_err(|error| failed(error, true))?;
    let mut track = Track::open(&*format, limits, mp4_trim)?;
    track.run(&mut *format, limits, take)
}

/// What symphonia says, in our words.
fn failed(error: Error, opening: bool) -> AudioError {
    match error {
        Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            if opening {
                AudioError::Unknown
            } else {
                AudioError::Broken("it ends in the middle".to_owned())
            }
        }
        Error::IoError(error) => AudioError::Read(error),
        Error::DecodeError(what) => AudioError::Broken(what.to_owned()),
        Error::Unsupported(_) if opening => AudioError::Unknown,
        Error::Unsupported(what) => AudioError::Unsupported(what.to_owned()),
        Error::LimitError(what) => AudioError::Broken(format!("it goes beyond a limit: {what}")),
        Error::ResetRequired => {
            AudioError::Unsupported("several recordings in one file".to_owned())
        }
        other => AudioError::Broken(other.to_string()),
    }
}

enum Packets {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<OpusDecoder>, f32),
}

struct Track {
    id: u32,
    facts: SourceFacts,
    decoder: Packets,
    /// Frames still to be left out at the beginning.
    skip: u64,
    /// Frames to keep behind those.
    keep: Option<u64>,
    /// How many frames the file says that it has.
    stated: Option<u64>,
    frames: u64,
    samples: Vec<f32>,
}

impl Track {
    fn open(
        format: &dyn FormatReader,
        limits: &Limits,
        mp4_trim: Option<trim::Trim>,
    ) -> Result<Self, AudioError> {
        let track = format.default_track(TrackType::Audio).ok_or(AudioError::Unknown)?;
        let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
            return Err(AudioError::Unsupported("a track without a known codec".to_owned()));
        };
        let codec = codec_of(parameters.codec)
            .ok_or_else(|| AudioError::Unsupported(format!("the codec {}", parameters.codec)))?;
        let mut facts = SourceFacts {
            codec,
            rate_hz: parameters.sample_rate.unwrap_or(0),
            channels: parameters.channels.as_ref().map_or(0, |channels| channels.count()),
            bits: parameters.bits_per_sample.filter(|_| codec.is_lossless()),
        };
        let mut skip = 0;
        let decoder = if codec == SourceCodec::Opus {
            let mp4 = format.format_info().short_name == "isomp4";
            let head = OpusHead::read(parameters.extra_data.as_deref().unwrap_or(&[]), mp4)?;
            (facts.rate_hz, facts.channels) = (OPUS_RATE_HZ, usize::from(head.channels));
            skip = u64::from(head.pre_skip);
            Packets::Opus(Box::new(OpusDecoder::new(&head)?), head.gain)
        } else {
            let decoder = symphonia::default::get_codecs()
                .make_audio_decoder(parameters, &Default::default())
                .map_err(|error| failed(error, false))?;
            Packets::Symphonia(decoder)
        };
        let mut keep = None;
        if let Some(trim) = mp4_trim {
            (skip, keep) = (trim.skip_frames, trim.keep_frames);
        }
        if facts.rate_hz != 0 || facts.channels != 0 {
            check(&facts, limits)?;
        }
        let exact = matches!(codec, SourceCodec::Flac | SourceCodec::Alac | SourceCodec::Pcm);
        let stated = track.num_frames.filter(|_| exact);
        Ok(Self {
            id: track.id,
            facts,
            decoder,
            skip,
            keep,
            stated,
            frames: 0,
            samples: Vec::new(),
        })
    }

    fn run(
        &mut self,
        format: &mut dyn FormatReader,
        limits: &Limits,
        take: Take<'_>,
    ) -> Result<Decoded, AudioError> {
        // A packet may have no bytes, and a file may claim any number of them.
        let packets_max = limits.duration_ms_max.saturating_add(1_000);
        let (mut packets, mut damaged) = (0_u64, 0_u64);
        loop {
            let packet = match format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    break;
                }
                Err(error) => return Err(failed(error, false)),
            };
            packets += 1;
            if packets > packets_max {
                return Err(AudioError::TooLarge {
                    what: "a number of packets",
                    found: packets,
                    max: packets_max,
                });
            }
            if packet.track_id == self.id && !self.packet(&packet, limits, take)? {
                damaged += 1;
            }
        }
        self.judge(packets, damaged)
    }

    /// One packet; whether it was sound.
    fn packet(
        &mut self,
        packet: &Packet,
        limits: &Limits,
        take: Take<'_>,
    ) -> Result<bool, AudioError> {
        self.samples.clear();
        match &mut self.decoder {
            Packets::Symphonia(decoder) => match decoder.decode(packet) {
                Ok(frames) => {
                    let spec = frames.spec();
                    let (rate, channels) = (spec.rate(), spec.channels().count());
                    if self.frames == 0 {
                        // What the decoder found counts more than what the container states.
                        (self.facts.rate_hz, self.facts.channels) = (rate, channels);
                        check(&self.facts, limits)?;
                    } else if (rate, channels) != (self.facts.rate_hz, self.facts.channels) {
                        return Err(AudioError::Unsupported(
                            "a rate or a number of channels that changes".to_owned(),
                        ));
                    }
                    frames.copy_to_vec_interleaved(&mut self.samples);
                }
                Err(Error::DecodeError(_) | Error::IoError(_)) => return Ok(false),
                Err(error) => return Err(failed(error, false)),
            },
            Packets::Opus(decoder, gain) => match decoder.decode(&packet.data) {
                Ok(frames) => {
                    let kept = frames.len() / self.facts.channels;
                    let behind = usize::try_from(packet.trim_end.get()).unwrap_or(usize::MAX);
                    let kept = kept.saturating_sub(behind) * self.facts.channels;
                    self.samples.extend(frames[..kept].iter().map(|sample| sample * *gain));
                }
                Err(_) => return Ok(false),
            },
        }
        self.hand_on(limits, take)?;
        Ok(true)
    }

    fn hand_on(&mut self, limits: &Limits, take: Take<'_>) -> Result<(), AudioError> {
        let channels = self.facts.channels;
        let decoded = (self.samples.len() / channels) as u64;
        let skipped = self.skip.min(decoded);
        self.skip -= skipped;
        let room = self.keep.map_or(u64::MAX, |keep| keep.saturating_sub(self.frames));
        let kept = (decoded - skipped).min(room);
        if kept == 0 {
            return Ok(());
        }
        self.frames += kept;
        let duration_ms = self.frames.saturating_mul(1_000) / u64::from(self.facts.rate_hz);
        if duration_ms > limits.duration_ms_max {
            return Err(AudioError::TooLarge {
                what: "a length in milliseconds",
                found: duration_ms,
                max: limits.duration_ms_max,
            });
        }
        let at = |frames: u64| usize::try_from(frames).expect("within a packet") * channels;
        for sample in &mut self.samples[at(skipped)..at(skipped + kept)] {
            // Floats of foreign files may be anything; encoders and meters want numbers.
            *sample = if sample.is_finite() { sample.clamp(-8.0, 8.0) } else { 0.0 };
        }
        take(&self.facts, &self.samples[at(skipped)..at(skipped + kept)])
    }

    fn judge(&self, packets: u64, damaged: u64) -> Result<Decoded, AudioError> {
        if self.frames == 0 {
            return Err(AudioError::Broken("there is no sound in it".to_owned()));
        }
        // An MP3 may begin in the middle of what a packet before it held.
        if damaged > 2 && damaged > packets / PACKETS_FOR_A_DAMAGED_ONE {
            return Err(AudioError::Broken(format!(
                "{damaged} of its {packets} packets can't be decoded"
            )));
        }
        let short_max = u64::from(self.facts.rate_hz) * SHORTFALL_MS_MAX / 1_000;
        if let Some(stated) = self.stated.filter(|stated| self.frames + short_max < *stated) {
            return Err(AudioError::Broken(format!(
                "it ends after {} of its {stated} frames",
                self.frames
            )));
        }
        Ok(Decoded { facts: self.facts, frames: self.frames, damaged_packets: damaged })
    }
}

fn check(facts: &SourceFacts, limits: &Limits) -> Result<(), AudioError> {
    if facts.rate_hz < RATE_HZ_MIN {
        return Err(AudioError::Unsupported(format!("a rate of {} Hz", facts.rate_hz)));
    }
    if facts.rate_hz > limits.rate_hz_max {
        return Err(AudioError::TooLarge {
            what: "a rate in hertz",
            found: facts.rate_hz.into(),
            max: limits.rate_hz_max.into(),
        });
    }
    if facts.channels == 0 {
        return Err(AudioError::Broken("it has no channels".to_owned()));
    }
    if facts.channels > limits.channels_max {
        return Err(AudioError::TooLarge {
            what: "a number of channels",
            found: facts.channels as u64,
            max: limits.channels_max as u64,
        });
    }
    Ok(())
}

fn codec_of(id: AudioCodecId) -> Option<SourceCodec> {
    // Every codec that isn't listed before is one of those without compression, which alone are built in
    // besides these.
    Some(match id {
        ids::CODEC_ID_FLAC => SourceCodec::Flac,
        ids::CODEC_ID_MP3 => SourceCodec::Mp3,
        ids::CODEC_ID_VORBIS => SourceCodec::Vorbis,
        ids::CODEC_ID_OPUS => SourceCodec::Opus,
        ids::CODEC_ID_AAC => SourceCodec::Aac,
        ids::CODEC_ID_ALAC => SourceCodec::Alac,
        other if is_pcm(other) => SourceCodec::Pcm,
        _ => return None,
    })
}

fn is_pcm(id: AudioCodecId) -> bool {
    (ids::CODEC_ID_PCM_S32LE..=ids::CODEC_ID_PCM_MULAW).contains(&id)
}

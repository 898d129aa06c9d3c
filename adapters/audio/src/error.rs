//! How much a file may ask for, and why one is refused.

/// What one file may ask for. A file beyond any of these is refused, not cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest file in bytes.
    pub bytes_max: u64,
    /// The longest recording in milliseconds. What a pass holds in memory grows with it: about 80 kB for
    /// each second of the usual four rungs, and the lossless one's size.
    pub duration_ms_max: u64,
    /// The most channels.
    pub channels_max: usize,
    /// The highest rate of samples in hertz.
    pub rate_hz_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 4 << 30,
            duration_ms_max: 3 * 60 * 60 * 1_000,
            channels_max: 8,
            rate_hz_max: 384_000,
        }
    }
}

/// The lowest rate that is read, in hertz.
pub(crate) const RATE_HZ_MIN: u32 = 8_000;

/// Why a file isn't read, or isn't encoded.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// The file can't be read.
    #[error("the file can't be read: {0}")]
    Read(#[from] std::io::Error),
    /// Nobody here knows its form.
    #[error(
        "this is no audio file that can be read: FLAC, MP3, Ogg Vorbis, Opus, AAC-LC or ALAC in M4A, and WAV can"
    )]
    Unknown,
    /// Its form is known, and what stands in it isn't.
    #[error("this kind of audio can't be read: {0}; convert it to FLAC or WAV")]
    Unsupported(String),
    /// It is broken.
    #[error("the file is broken: {0}; get a whole copy of it")]
    Broken(String),
    /// It asks for more than one file may.
    #[error("the file has {what} of {found}; {max} is the most")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much of it.
        found: u64,
        /// How much of it one file may have.
        max: u64,
    },
    /// A parser gave up in a way that it shouldn't: a defect of ours or of a library's.
    #[error("reading the file went wrong inside: {0}; please report it with the file")]
    Defect(String),
    /// An encoder refuses what it is given.
    #[error("it can't be encoded: {0}")]
    Encode(String),
}

impl AudioError {
    /// Whether the same file may be read on another day: only where reading it failed.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Read(_))
    }
}

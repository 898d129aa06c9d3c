//! `Content-Encoding`: what a body is packed in, and unpacking it without being blown up.

use std::io::{self, BufRead, Read};

use super::body::BodyError;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// RFC 1952, one member or several.
    Gzip,
    /// RFC 8878, one frame or several, with a window of at most 8 MiB (RFC 9659).
    Zstd,
}

/// 2^23 = 8 MiB: what RFC 9659 allows as the window of zstd as a content encoding.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How much is unpacked at once: between two looks at the limits.
const STEP_BYTES: usize = 64 * 1024;

impl Encoding {
    /// Reads the value of `Content-Encoding`; absent and empty are identity.
    ///
    /// # Errors
    /// [`BodyError::UnsupportedEncoding`] for others, and for more than one.
    pub fn from_header(value: Option<&str>) -> Result<Self, BodyError> {
        let value = value.unwrap_or_default().trim();
        let is = |name: &str| value.eq_ignore_ascii_case(name);
        if value.is_empty() || is("identity") {
            Ok(Self::Identity)
        } else if is("gzip") || is("x-gzip") {
            Ok(Self::Gzip)
        } else if is("zstd") {
            Ok(Self::Zstd)
        } else {
            Err(BodyError::UnsupportedEncoding)
        }
    }

    /// Unpacks `bytes` to at most `limit` bytes. `reserve` is asked before the memory is taken,
    /// and ends it by answering `false`.
    pub(super) fn unpack(
        self,
        bytes: Vec<u8>,
        limit: usize,
        reserve: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Vec<u8>, BodyError> {
        if bytes.is_empty() {
            return Ok(bytes);
        }
        match self {
            Self::Identity if bytes.len() > limit => Err(BodyError::TooLarge { limit }),
            Self::Identity => Ok(bytes),
            Self::Gzip => {
                read_all(flate2::bufread::MultiGzDecoder::new(&bytes[..]), limit, reserve)
            }
            Self::Zstd => read_all(zstd_reader(&bytes[..])?, limit, reserve),
        }
    }
}

fn zstd_reader<'a, R: BufRead + 'a>(bytes: R) -> Result<impl Read + 'a, BodyError> {
    let mut reader =
        zstd::stream::read::Decoder::with_buffer(bytes).map_err(|error| undecodable(&error))?;
    reader.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|error| undecodable(&error))?;
    Ok(reader)
}

fn read_all(
    mut packed: impl Read,
    limit: usize,
    reserve: &mut dyn FnMut(usize) -> bool,
) -> Result<Vec<u8>, BodyError> {
    let mut unpacked = Vec::new();
    loop {
        if !reserve(STEP_BYTES) {
            return Err(BodyError::NoMemory);
        }
        let step = packed.by_ref().take(STEP_BYTES as u64).read_to_end(&mut unpacked);
        let read = step.map_err(|error| undecodable(&error))?;
        if unpacked.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        if read < STEP_BYTES {
            return Ok(unpacked);
        }
    }
}

// What a decoder says of foreign bytes is of no use to their sender.
fn undecodable(error: &io::Error) -> BodyError {
    let cut = error.kind() == io::ErrorKind::UnexpectedEof;
    BodyError::Undecodable { cut }
}

//! A checksummed group of records: the unit that is written and made durable.
//!
//! Little end first:
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic, `LLF1` |
//! | 4 | length of the payload in bytes |
//! | 4 | CRC-32 (IEEE 802.3) of all that follows this field, payload included |
//! | 4 | number of records |
//! | 8 | position of the first record |
//! | 8 | receive time in milliseconds since 1970 |
//! | … | the records, each after its length (LEB128) |

use ledgerline_ids::{Position, UnixMs};

use crate::DecodeError;

/// The length of a frame's header in bytes.
pub const HEADER_BYTES: usize = 32;
/// The most bytes that a frame's payload may have.
pub const PAYLOAD_BYTES_MAX: usize = 64 << 20;
const MAGIC: [u8; 4] = *b"LLF1";

/// Records on their way into a log, each already encoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordGroup {
    payload: Vec<u8>,
    count: u32,
}

impl RecordGroup {
    /// Appends one record that `encode` writes.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time are taken off")]
    pub fn push_with(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        // Most records of a log are about as long as those before them. Room is left for the
        // length of such a one, and the record is moved where its length takes another.
        let start = self.payload.len();
        let average = start / usize::try_from(self.count.max(1)).expect("32 bits");
        let room = if average > 0x80 { 2 } else { 1 };
        self.payload.extend_from_slice(&[0, 0][..room]);
        encode(&mut self.payload);
        let mut length = self.payload.len() - start - room;
        let mut bytes = [0; 10];
        let mut taken = 0;
        loop {
            bytes[taken] = (length & 0x7f) as u8;
            length >>= 7;
            if length == 0 {
                break;
            }
            bytes[taken] |= 0x80;
            taken += 1;
        }
        taken += 1;
        if taken == room {
            self.payload[start..start + taken].copy_from_slice(&bytes[..taken]);
        } else {
            self.payload.splice(start..start + room, bytes[..taken].iter().copied());
        }
        self.count += 1;
    }

    /// Makes room for `bytes` more.
    pub fn reserve(&mut self, bytes: usize) {
        self.payload.reserve(bytes);
    }

    /// Appends all records of `other`.
    pub fn append(&mut self, other: &Self) {
        self.payload.extend_from_slice(&other.payload);
        self.count += other.count;
    }

    /// How many records.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The records' bytes with their lengths.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Empties the group and keeps its memory.
    pub fn clear(&mut self) {
        self.payload.clear();
        self.count = 0;
    }

    /// Whether there is no record in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// What a frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// The length of the payload in bytes.
    pub payload_bytes: u32,
    /// The checksum of the rest of the header and of the payload.
    pub checksum: u32,
    /// How many records.
    pub count: u32,
    /// The position of the first.
    pub first: Position,
    /// When they were received.
    pub received_at: UnixMs,
}

impl FrameHeader {
    /// The header of `payload`, with its checksum.
    ///
    /// # Panics
    /// Where the payload is longer than [`PAYLOAD_BYTES_MAX`].
    #[must_use]
    pub fn of(payload: &[u8], count: u32, first: Position, received_at: UnixMs) -> Self {
        assert!(payload.len() <= PAYLOAD_BYTES_MAX, "a frame's payload is limited by its writer");
        let payload_bytes = u32::try_from(payload.len()).expect("limited to 64 MiB");
        let mut header = Self { payload_bytes, checksum: 0, count, first, received_at };
        header.checksum = header.checksum_of(payload);
        header
    }

    fn checksum_of(&self, payload: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.payload_bytes.to_le_bytes());
        hasher.update(&self.count.to_le_bytes());
        hasher.update(&self.first.0.to_le_bytes());
        hasher.update(&self.received_at.get().to_le_bytes());
        hasher.update(payload);
        hasher.finalize()
    }

    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..4].copy_from_slice(&MAGIC);
        out[4..8].copy_from_slice(&self.payload_bytes.to_le_bytes());
        out[8..12].copy_from_slice(&self.checksum.to_le_bytes());
        out[12..16].copy_from_slice(&self.count.to_le_bytes());
        out[16..24].copy_from_slice(&self.first.0.to_le_bytes());
        out[24..].copy_from_slice(&self.received_at.get().to_le_bytes());
        out
    }

    /// Reads a header. Its checksum covers the payload too: see [`FrameHeader::verify`].
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are too few or don't begin a frame.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or(DecodeError::CutOff)?;
        if bytes[..4] != MAGIC {
            return Err(DecodeError::Field { field: "magic" });
        }
        let four =
            |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let eight =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let header = Self {
            payload_bytes: four(4),
            checksum: four(8),
            count: four(12),
            first: Position(eight(16)),
            received_at: UnixMs::new(eight(24))
                .map_err(|_| DecodeError::Field { field: "received_at" })?,
        };
        if header.payload_bytes as usize > PAYLOAD_BYTES_MAX {
            return Err(DecodeError::Field { field: "payload_bytes" });
        }
        if header.first > Position::LIMIT {
            return Err(DecodeError::Field { field: "first" });
        }
        Ok(header)
    }

    /// Checks `payload` against the checksum.
    ///
    /// # Errors
    /// [`DecodeError::Field`] where a byte of header or payload has changed.
    pub fn verify(&self, payload: &[u8]) -> Result<(), DecodeError> {
        if payload.len() == self.payload_bytes as usize
            && self.checksum_of(payload) == self.checksum
        {
            Ok(())
        } else {
            Err(DecodeError::Field { field: "checksum" })
        }
    }

    /// The whole frame's length in bytes.
    #[must_use]
    pub fn frame_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.payload_bytes)
    }
}

/// Walks over the records of a payload: the offset of each record's bytes, and the bytes.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    payload: &'a [u8],
    offset: usize,
}

impl<'a> Records<'a> {
    /// Of a payload that was verified.
    #[must_use]
    pub fn new(payload: &'a [u8]) -> Self {
        Self { payload, offset: 0 }
    }

    /// Continues at `offset`, where a record's length stands.
    #[must_use]
    pub fn at(payload: &'a [u8], offset: usize) -> Self {
        Self { payload, offset }
    }

    fn take(&mut self) -> Result<(usize, &'a [u8]), DecodeError> {
        let (length, length_bytes) = record_length(&self.payload[self.offset..])?;
        let start = self.offset + length_bytes;
        let record =
            self.payload.get(start..start.saturating_add(length)).ok_or(DecodeError::CutOff)?;
        let offset = self.offset;
        self.offset = start + length;
        Ok((offset, record))
    }
}

impl<'a> Iterator for Records<'a> {
    /// Offset of the record's length in the payload, and the record without its length.
    type Item = Result<(usize, &'a [u8]), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.payload.len() {
            return None;
        }
        let item = self.take();
        if item.is_err() {
            self.offset = self.payload.len();
        }
        Some(item)
    }
}

/// Reads a record's length from the beginning of `bytes`: the length, and how many
/// bytes it stood in.
///
/// # Errors
/// [`DecodeError`] where `bytes` are too few or no length.
pub fn record_length(bytes: &[u8]) -> Result<(usize, usize), DecodeError> {
    let mut length = 0usize;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            // One length, one form: the shortest.
            let only_form = *byte != 0 || index == 0;
            return only_form
                .then_some((length, index + 1))
                .ok_or(DecodeError::Field { field: "length" });
        }
    }
    Err(if bytes.len() < 5 { DecodeError::CutOff } else { DecodeError::Field { field: "length" } })
}

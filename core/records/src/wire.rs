//! The primitives that records are made of: bytes, variable-length integers, texts.

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end inside a field.
    #[error("the record is cut off")]
    CutOff,
    /// More bytes than the record has fields for.
    #[error("the record has {extra} bytes too many")]
    TrailingBytes {
        /// How many.
        extra: usize,
    },
    /// A kind that this version of Ledgerline doesn't know.
    #[error("record kind {kind} is not known to this version; upgrade before reading this log")]
    UnknownKind {
        /// The kind's byte.
        kind: u8,
    },
    /// A version of a known kind that this version of Ledgerline doesn't know.
    #[error(
        "version {version} of record kind {kind} is not known; upgrade before reading this log"
    )]
    UnknownVersion {
        /// The kind's byte.
        kind: u8,
        /// The version's byte.
        version: u8,
    },
    /// A field with a value that its type doesn't allow.
    #[error("the record's field `{field}` is not valid")]
    Field {
        /// Which one.
        field: &'static str,
    },
}

/// Appends fields to a buffer.
pub(crate) struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>, kind: u8, version: u8) -> Self {
        out.push(kind);
        out.push(version);
        Self { out }
    }

    #[inline]
    pub(crate) fn byte(&mut self, value: u8) {
        self.out.push(value);
    }

    /// LEB128, least significant group first.
    #[inline]
    pub(crate) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.out.push((value & 0x7f) as u8);
    }

    /// Six bytes, little end first: instants are always about that long.
    #[inline]
    pub(crate) fn instant(&mut self, value: u64) {
        self.out.extend_from_slice(&value.to_le_bytes()[..6]);
    }

    #[inline]
    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline]
    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        if let Some(text) = text {
            self.text(text);
        }
    }
}

/// A record's fields but its texts, put together before they are appended at once.
pub(crate) struct Head {
    bytes: [u8; Self::BYTES_MAX],
    length: usize,
}

impl Head {
    /// More than the numbers, instants and lengths of any record of this form have.
    pub(crate) const BYTES_MAX: usize = 128;

    #[inline]
    pub(crate) fn new(kind: u8, version: u8) -> Self {
        let mut bytes = [0; Self::BYTES_MAX];
        (bytes[0], bytes[1]) = (kind, version);
        Self { bytes, length: 2 }
    }

    #[inline]
    pub(crate) fn byte(&mut self, value: u8) {
        self.bytes[self.length] = value;
        self.length += 1;
    }

    /// As [`Writer::number`].
    #[inline]
    pub(crate) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.byte((value & 0x7f) as u8);
    }

    /// As [`Writer::instant`].
    #[inline]
    pub(crate) fn instant(&mut self, value: u64) {
        self.bytes[self.length..self.length + 6].copy_from_slice(&value.to_le_bytes()[..6]);
        self.length += 6;
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Takes fields from bytes.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Checks kind and version, then stands at the first field.
    pub(crate) fn new(bytes: &'a [u8], kind: u8, version: u8) -> Result<Self, DecodeError> {
        match bytes {
            [k, v, rest @ ..] if *k == kind && *v == version => Ok(Self { bytes: rest }),
            [k, v, ..] if *k == kind => Err(DecodeError::UnknownVersion { kind, version: *v }),
            [k, _, ..] => Err(DecodeError::UnknownKind { kind: *k }),
            _ => Err(DecodeError::CutOff),
        }
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.bytes.split_first().ok_or(DecodeError::CutOff)?;
        self.bytes = rest;
        Ok(*first)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, DecodeError> {
        // Most numbers are lengths and other small ones.
        if let [byte @ 0..0x80, rest @ ..] = self.bytes {
            self.bytes = rest;
            return Ok(u64::from(*byte));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                // One number, one form: the shortest, and no bit beyond the 64th.
                let only_form = (byte != 0 || shift == 0) && (byte <= 1 || shift < 63);
                if only_form {
                    return Ok(value);
                }
                break;
            }
        }
        Err(DecodeError::Field { field: "number" })
    }

    /// A byte that is 0 or 1.
    pub(crate) fn flag(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Field { field }),
        }
    }

    #[inline]
    pub(crate) fn instant(&mut self) -> Result<u64, DecodeError> {
        let (field, rest) = self.bytes.split_at_checked(6).ok_or(DecodeError::CutOff)?;
        self.bytes = rest;
        let mut wide = [0u8; 8];
        wide[..6].copy_from_slice(field);
        Ok(u64::from_le_bytes(wide))
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = usize::try_from(self.number()?).map_err(|_| DecodeError::CutOff)?;
        let (field, rest) = self.bytes.split_at_checked(length).ok_or(DecodeError::CutOff)?;
        self.bytes = rest;
        std::str::from_utf8(field).map_err(|_| DecodeError::Field { field: "text" })
    }

    #[inline]
    pub(crate) fn text_if(&mut self, present: bool) -> Result<Option<&'a str>, DecodeError> {
        if present { self.text().map(Some) } else { Ok(None) }
    }

    /// The length of a text that stands further behind.
    #[inline]
    pub(crate) fn length(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.number()?).map_err(|_| DecodeError::CutOff)
    }

    #[inline]
    pub(crate) fn length_if(&mut self, present: bool) -> Result<Option<usize>, DecodeError> {
        if present { self.length().map(Some) } else { Ok(None) }
    }

    /// All that is left, as the texts that [`Reader`] has read the lengths of.
    #[inline]
    pub(crate) fn texts(self) -> Result<Texts<'a>, DecodeError> {
        let text =
            std::str::from_utf8(self.bytes).map_err(|_| DecodeError::Field { field: "text" })?;
        Ok(Texts { text })
    }

    pub(crate) fn end(self) -> Result<(), DecodeError> {
        match self.bytes.len() {
            0 => Ok(()),
            extra => Err(DecodeError::TrailingBytes { extra }),
        }
    }
}

/// Takes texts that stand one behind the other.
pub(crate) struct Texts<'a> {
    text: &'a str,
}

impl<'a> Texts<'a> {
    /// The next `length` bytes of text.
    #[inline]
    pub(crate) fn next(&mut self, length: usize) -> Result<&'a str, DecodeError> {
        let (field, rest) = self.text.split_at_checked(length).ok_or(DecodeError::CutOff)?;
        self.text = rest;
        Ok(field)
    }

    #[inline]
    pub(crate) fn next_if(
        &mut self,
        length: Option<usize>,
    ) -> Result<Option<&'a str>, DecodeError> {
        length.map(|length| self.next(length)).transpose()
    }

    pub(crate) fn end(self) -> Result<(), DecodeError> {
        match self.text.len() {
            0 => Ok(()),
            extra => Err(DecodeError::TrailingBytes { extra }),
        }
    }
}

/// Wraps a text field in its type, naming the field where it isn't valid.
macro_rules! typed {
    ($type:ident, $field:literal, $text:expr) => {
        $type::new($text).map_err(|_| $crate::DecodeError::Field { field: $field })
    };
    ($type:ident?, $field:literal, $text:expr) => {
        match $text {
            Some(text) => typed!($type, $field, text).map(Some),
            None => Ok(None),
        }
    };
}
pub(crate) use typed;

/// Reads an instant field.
pub(crate) fn instant(
    reader: &mut Reader<'_>,
    field: &'static str,
) -> Result<ledgerline_ids::UnixMs, DecodeError> {
    ledgerline_ids::UnixMs::new(reader.instant()?).map_err(|_| DecodeError::Field { field })
}

/// Reads an instant field that is there only where `present`.
pub(crate) fn instant_if(
    reader: &mut Reader<'_>,
    present: bool,
    field: &'static str,
) -> Result<Option<ledgerline_ids::UnixMs>, DecodeError> {
    if present { instant(reader, field).map(Some) } else { Ok(None) }
}

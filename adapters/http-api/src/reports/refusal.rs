//! Why a report is refused.

use ledgerline_app::intake::Rejection;

/// What is wrong with a report: the word that a sender's program can rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// More than [`LINE_BYTES_MAX`](super::LINE_BYTES_MAX).
    LineTooLong,
    /// Its bytes are no text.
    InvalidUtf8,
    /// Not JSON, or nested too deep to be read.
    MalformedJson,
    /// JSON, but no object.
    NotAnObject,
    /// A required field is absent or null.
    MissingField,
    /// A field has another JSON type than it must have.
    WrongType,
    /// A number or an instant beyond what is allowed.
    OutOfRange,
    /// A text outside its alphabet, its length or its list of words.
    InvalidValue,
    /// A field stands twice, so that nobody knows which was meant.
    DuplicateField,
}

impl Code {
    /// Every code, in the order in which they are tried.
    pub const ALL: [Self; 9] = [
        Self::LineTooLong,
        Self::InvalidUtf8,
        Self::MalformedJson,
        Self::NotAnObject,
        Self::MissingField,
        Self::WrongType,
        Self::OutOfRange,
        Self::InvalidValue,
        Self::DuplicateField,
    ];

    /// The code in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LineTooLong => "line_too_long",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::MalformedJson => "malformed_json",
            Self::NotAnObject => "not_an_object",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::InvalidValue => "invalid_value",
            Self::DuplicateField => "duplicate_field",
        }
    }
}

/// Why one report can't be kept. Fix it at the sender and send it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct LineError {
    /// The reason as a word.
    pub code: Code,
    /// The reason as a sentence that names the field and says what would be right. It never
    /// repeats what was sent.
    pub detail: String,
}

impl LineError {
    #[cold]
    pub(super) fn new(code: Code, detail: String) -> Self {
        Self { code, detail }
    }

    /// The rejection of the report in line `line`.
    #[must_use]
    pub fn at(self, line: u64) -> Rejection {
        Rejection { line, code: self.code.as_str(), detail: self.detail }
    }
}

//! How a command ends where it doesn't end well: what to say, and the exit code.

use ledgerline_app::ports::StoreError;
use std::error::Error;
use std::fmt;
use std::path::Path;

/// Why a command failed, in words that say what to do.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// It differs or failed: exit code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// Something durable has changed or is gone: exit code 1.
    pub fn damaged(message: impl Into<String>) -> Self {
        Self::failed(message)
    }

    /// The words of the command are off: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// Something that it needs isn't there: exit code 3.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 3 }
    }

    /// A file could not be used.
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        let message = format!("{}: {error}", path.display());
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::missing(message),
            _ => Self::failed(message),
        }
    }

    /// An error with all its causes.
    pub fn from_error(error: &dyn Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Self::failed(message)
    }

    /// The exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::failed(format!("state.db: {error}"))
    }
}

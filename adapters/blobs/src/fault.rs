//! What the errors of `object_store` mean to who called.

use ledgerline_app::ports::BlobError;
use object_store::Error;
use std::error::Error as _;
use std::io::ErrorKind;

/// Whether an operator has to do something, or time may.
pub(crate) fn told(what: String, error: &Error) -> BlobError {
    let detail = in_full(error);
    let refused = match error {
        Error::PermissionDenied { .. }
        | Error::Unauthenticated { .. }
        | Error::InvalidPath { .. }
        | Error::NotSupported { .. }
        | Error::NotImplemented { .. }
        | Error::UnknownConfigurationKey { .. }
        // Where something is put or listed, it is the bucket that isn't there.
        | Error::NotFound { .. } => true,
        _ => by_the_system(error).unwrap_or_else(|| by_the_server(&detail)),
    };
    if refused { BlobError::Refused { what, detail } } else { BlobError::Away { what, detail } }
}

/// Whether a blob isn't there. A bucket that isn't there is another thing.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && !in_full(error).contains("NoSuchBucket")
}

/// Whether this machine's system refuses for good.
fn by_the_system(error: &Error) -> Option<bool> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return Some(is_for_good(error.kind()));
        }
        cause = error.source();
    }
    None
}

/// Whether what the system says stays true until somebody changes something.
pub(crate) fn is_for_good(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::AlreadyExists
            | ErrorKind::InvalidFilename
    )
}

/// Whether a server refuses for good: a status from 400 to 499, but for those that ask to try again.
fn by_the_server(detail: &str) -> bool {
    const SAYS: &str = "status code: ";
    let status = detail.find(SAYS).and_then(|at| detail.get(at + SAYS.len()..at + SAYS.len() + 3));
    let status = status.and_then(|status| status.parse::<u16>().ok());
    status.is_some_and(|status| {
        (400..500).contains(&status) && ![408, 409, 425, 429].contains(&status)
    })
}

/// An error with its causes, each once.
fn in_full(error: &Error) -> String {
    let mut detail = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !detail.contains(&more) {
            detail = format!("{detail}: {more}");
        }
        cause = error.source();
    }
    detail
}

//! A panic in a parser of foreign files is an error of that file.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::AudioError;

/// Does `work`, whose panic becomes [`AudioError::Defect`]. Whatever `work` had half made is dropped
/// with it, so nothing broken is seen afterwards.
pub(crate) fn isolated<T>(work: impl FnOnce() -> Result<T, AudioError>) -> Result<T, AudioError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(panic) => Err(AudioError::Defect(said(&*panic))),
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it panicked without a word".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let failed = isolated::<()>(|| panic!("at byte {}", 7));
        assert!(matches!(failed, Err(AudioError::Defect(said)) if said == "at byte 7"));
        assert_eq!(isolated(|| Ok(1)).unwrap(), 1);
    }
}

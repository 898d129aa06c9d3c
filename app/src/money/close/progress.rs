//! How far a close is, for whoever watches.

use std::sync::Mutex;

/// What is being done, how much of it is done, and of how much (0 where that isn't known).
#[derive(Debug, Default)]
pub struct Progress(Mutex<(String, u64, u64)>);

impl Progress {
    /// Begins something.
    pub fn doing(&self, what: &str, of: u64) {
        self.told(what, 0, of);
    }

    /// Says how far it is.
    pub fn told(&self, what: &str, done: u64, of: u64) {
        if let Ok(mut told) = self.0.lock() {
            if told.0 != what {
                what.clone_into(&mut told.0);
            }
            (told.1, told.2) = (done, of);
        }
    }

    /// What was told last: what, how much, of how much.
    #[must_use]
    pub fn now(&self) -> (String, u64, u64) {
        self.0.lock().map(|told| told.clone()).unwrap_or_default()
    }
}

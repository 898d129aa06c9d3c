//! Each text is kept once, however many plays it turns up in: a listener, a track or a
//! tier is named by thousands of plays, and millions of plays are kept.

use std::collections::HashSet;
use std::sync::Arc;

/// The texts that were kept so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    kept: HashSet<Arc<str>>,
}

impl Texts {
    /// The kept text that equals `text`.
    pub(crate) fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.kept.get(text) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = text.into();
        self.kept.insert(Arc::clone(&kept));
        kept
    }

    /// The same for a text that may be absent.
    pub(crate) fn keep_some(&mut self, text: Option<&str>) -> Option<Arc<str>> {
        text.map(|text| self.keep(text))
    }
}

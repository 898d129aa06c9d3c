//! A copy of the whole database, as it is at one moment.

use ledgerline_app::ports::StoreError;
use std::path::Path;

use super::dialect;
use super::open::SqlStore;
use crate::fault::{Fault, said};

impl SqlStore {
    /// Copies everything that is committed now into a new database file, durably, beside whoever
    /// reads or writes. What was deleted before isn't in the copy, not even in unused pages.
    ///
    /// # Errors
    /// [`StoreError`] where `path` exists, or where the disk refuses; what was written of the
    /// copy is left then.
    pub async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let copied = async {
            let Some(text) = path.to_str() else {
                return said(format!("{} has a name that is no text", path.display()));
            };
            let mut connection = self.reader().await?;
            dialect::copy_into(&mut connection, text).await?;
            dialect::make_durable(path).map_err(sqlx::Error::Io)?;
            Ok::<_, Fault>(())
        };
        copied.await.map_err(|fault| self.error("copying the state", &fault))
    }
}

//! What an administrator has set for the whole deployment, as named texts.

use async_trait::async_trait;
use std::collections::BTreeMap;

use super::StoreError;

/// The folder that music is read from, as an absolute path. Absent where none was named.
pub const MUSIC_FOLDER: &str = "music_folder";
/// The plan that accounts get which nobody gave another one: a word of [`Plan`](super::accounts::Plan).
pub const NEW_PLAN: &str = "new_plan";
/// Whether anybody may make an account: `open` or `invited`.
pub const SIGN_UP: &str = "sign_up";
/// The SHA-256 of the secret that sets the deployment up, in hexadecimal; absent where none is valid.
pub const SET_UP: &str = "set_up";

/// The most bytes of a setting's value.
pub const VALUE_BYTES_MAX: usize = 4096;

/// Where settings are kept. What each means, whoever reads it knows; a name that nobody set is absent.
#[async_trait]
pub trait DeploymentSettings: Send + Sync + 'static {
    /// Every setting, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn settings(&self) -> Result<BTreeMap<String, String>, StoreError>;

    /// One setting.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Sets these, all at once; `None` takes one away.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is changed then.
    async fn set(&self, changes: &[(String, Option<String>)]) -> Result<(), StoreError>;
}

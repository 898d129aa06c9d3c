//! Whether the server answers.

use serde::Serialize;
use utoipa::ToSchema;

/// The server answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// `ok` where it lives, `ready` where it also accepts and counts.
    #[schema(pattern = "^(ok|ready)$")]
    pub status: &'static str,
}

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
    /// What is to be known of it and mends itself, such as reports that wait in the node's spool.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub notes: Vec<String>,
}

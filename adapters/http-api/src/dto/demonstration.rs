//! What the demonstration's buttons did.

use serde::Serialize;
use utoipa::ToSchema;

/// That all of the demonstration's reports were sent again.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemonstrationSent {
    /// Reports that are durable.
    pub accepted: u64,
    /// How long it took.
    pub took_ms: u64,
}

/// That the server is about to kill itself.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemonstrationKilled {
    /// The number of the process that ends.
    pub process: u32,
}

//! Who may fetch which bytes, and which play they are for.
//!
//! What it is for: a URL of audio is signed, so that any node that has the key can tell without a look-up
//! whether to serve it; a stream grant is signed, so that a play counts only where this deployment let
//! somebody listen. The two have different keys: a node at the edge can check URLs, and can't make grants.
//! What it refuses: clocks and randomness, which are arguments; and anything that was changed by a bit.
//!
//! In reading order:
//! - [`keys`]: secrets with an id, several of them valid at once
//! - [`url`]: the signature of a URL
//! - [`grant`]: the stream grant
//! - [`rungs`]: which rung a play begins with
//! - [`delivered`]: whether enough bytes were delivered for what is said to have been heard

pub mod delivered;
pub mod grant;
pub mod keys;
pub mod rungs;
pub mod url;

pub use grant::{GrantRefusal, StreamGrant};
pub use keys::{KeyId, KeyRing, SigningKey};
pub use url::{SignedUrl, UrlRefusal};

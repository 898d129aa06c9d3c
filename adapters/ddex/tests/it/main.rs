//! Files as they are written, as they are checked, and as the trade's public validator sees them.

mod doctored;
mod public_validator;
mod samples;
mod written;

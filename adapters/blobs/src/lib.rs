//! Blobs in a folder of this machine, or in a bucket that is spoken to as S3.
//!
//! What it is for: the port of blobs, for snapshots and the archive. A blob in a folder is synced, and
//! so is its name, before it counts as put; in a bucket it is put by `If-None-Match: *`.
//! What it refuses: replacing a blob, names that a folder couldn't hold, and stores that overwrite
//! where they were told not to. That is tried when a store is opened.
//!
//! In reading order:
//! - [`FolderBlobs`]
//! - `S3Blobs` and its settings, with the feature `s3`
//! - `objects`: what both do by way of `object_store`; `fault`: what its errors mean

mod fault;
mod folder;
mod objects;
#[cfg(feature = "s3")]
mod s3;

pub use folder::FolderBlobs;
#[cfg(feature = "s3")]
pub use s3::{Credentials, CredentialsError, S3Blobs, S3Settings};

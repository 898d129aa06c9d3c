//! Blobs as objects of a bucket.

use async_trait::async_trait;
use ledgerline_app::ports::{BlobError, BlobName, BlobPage, BlobStore, Put};
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::{BackoffConfig, Certificate, ClientOptions, RetryConfig};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::objects::Objects;

/// Where a bucket is, who we are to it, and limits.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Where it is spoken to, such as `https://objects.example:9000`; the region's own where that isn't
    /// said. What begins with `http://` is in the clear.
    pub endpoint: Option<String>,
    /// The region, which is signed along; most stores that aren't the original take `us-east-1`.
    pub region: String,
    /// The bucket, which must be there.
    pub bucket: String,
    /// What stands before each name in it.
    pub prefix: Option<BlobName>,
    /// Who we are.
    pub credentials: Credentials,
    /// Whether the bucket's name stands in the path, and not in the host's name. Where it doesn't and
    /// an endpoint is said, the endpoint's host begins with the bucket's name.
    pub path_style: bool,
    /// A file with certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// How long connecting may take.
    pub connect_max: Duration,
    /// How long one request may take, with all its bytes.
    pub request_max: Duration,
    /// How often a request is tried again that the store was too busy for.
    pub retries_max: usize,
    /// How long a call may take, with all that it tries again.
    pub call_max: Duration,
}

impl S3Settings {
    /// The usual ones, by the environment's credentials.
    #[must_use]
    pub fn new(bucket: &str) -> Self {
        Self {
            endpoint: None,
            region: "us-east-1".to_owned(),
            bucket: bucket.to_owned(),
            prefix: None,
            credentials: Credentials::Environment,
            path_style: false,
            ca_file: None,
            connect_max: Duration::from_secs(5),
            request_max: Duration::from_secs(60),
            retries_max: 5,
            call_max: Duration::from_secs(120),
        }
    }
}

/// Who we are to a bucket.
#[derive(Clone)]
pub enum Credentials {
    /// Whoever `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` say, or the role that
    /// the machine or the container has been given.
    Environment,
    /// A key.
    Key {
        /// Its name.
        id: String,
        /// What nobody else knows.
        secret: String,
        /// What goes with a key that is for a while.
        token: Option<String>,
    },
}

impl fmt::Debug for Credentials {
    /// Without the secret.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => to.write_str("Environment"),
            Self::Key { id, .. } => to.debug_struct("Key").field("id", id).finish_non_exhaustive(),
        }
    }
}

/// Why a file has no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// It can't be read.
    #[error("the file of credentials {file} can't be read: {detail}")]
    Io {
        /// Which.
        file: String,
        /// What the system says.
        detail: String,
    },
    /// It lacks a line.
    #[error(
        "the file of credentials {file} has no line \"{key} = …\" in its section [default], or before any \
         section"
    )]
    Missing {
        /// Which.
        file: String,
        /// What is missing.
        key: &'static str,
    },
}

impl Credentials {
    /// Reads a file as the tools of S3 have it: lines `aws_access_key_id = …`, `aws_secret_access_key = …`
    /// and perhaps `aws_session_token = …`, in the section `[default]` or before any section.
    ///
    /// # Errors
    /// [`CredentialsError`].
    pub fn read(file: &Path) -> Result<Self, CredentialsError> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| CredentialsError::Io {
            file: name.clone(),
            detail: error.to_string(),
        })?;
        let mut ours = true;
        let mut of = [None, None, None];
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                ours = line == "[default]";
            }
            let Some((key, value)) = line.split_once('=').filter(|_| ours) else { continue };
            let place = KEYS.iter().position(|known| *known == key.trim());
            if let Some(place) = place.filter(|_| !value.trim().is_empty()) {
                of[place] = Some(value.trim().to_owned());
            }
        }
        let [id, secret, token] = of;
        let missing =
            |place: usize| CredentialsError::Missing { file: name.clone(), key: KEYS[place] };
        Ok(Self::Key {
            id: id.ok_or_else(|| missing(0))?,
            secret: secret.ok_or_else(|| missing(1))?,
            token,
        })
    }
}

const KEYS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

/// Blobs in a bucket.
pub struct S3Blobs {
    objects: Objects,
}

impl S3Blobs {
    /// Opens a bucket, and refuses one that overwrites where it is told not to.
    ///
    /// # Errors
    /// [`BlobError`]; [`BlobError::Away`] where it doesn't answer now.
    pub async fn open(settings: &S3Settings) -> Result<Self, BlobError> {
        let refused = |detail: String| BlobError::Refused {
            what: format!("opening the bucket {}", settings.bucket),
            detail,
        };
        // A process has one; another one that it has is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = builder(settings).map_err(refused)?.build();
        let store = Arc::new(store.map_err(|error| refused(error.to_string()))?);
        let objects = Objects {
            store,
            prefix: settings.prefix.clone(),
            sorted: true,
            call_max: settings.call_max,
        };
        objects.check().await?;
        Ok(Self { objects })
    }
}

fn builder(settings: &S3Settings) -> Result<AmazonS3Builder, String> {
    let builder = match &settings.credentials {
        Credentials::Environment => AmazonS3Builder::from_env(),
        Credentials::Key { id, secret, token } => {
            let builder =
                AmazonS3Builder::new().with_access_key_id(id).with_secret_access_key(secret);
            match token {
                Some(token) => builder.with_token(token),
                None => builder,
            }
        }
    };
    let clear = settings.endpoint.as_ref().is_some_and(|it| it.starts_with("http://"));
    let mut client = ClientOptions::new()
        .with_allow_http(clear)
        .with_connect_timeout(settings.connect_max)
        .with_timeout(settings.request_max);
    if let Some(file) = &settings.ca_file {
        let wrong = |detail: String| format!("the file {} {detail}", file.display());
        let pem = std::fs::read(file).map_err(|error| wrong(format!("can't be read: {error}")))?;
        let trusted = Certificate::from_pem_bundle(&pem)
            .map_err(|error| wrong(format!("is no PEM file of certificates: {error}")))?;
        if trusted.is_empty() {
            return Err(wrong("has no certificate in it".to_owned()));
        }
        for certificate in trusted {
            client = client.with_root_certificate(certificate);
        }
    }
    let builder = match &settings.endpoint {
        Some(endpoint) => builder.with_endpoint(endpoint),
        None => builder,
    };
    Ok(builder
        .with_region(&settings.region)
        .with_bucket_name(&settings.bucket)
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_client_options(client)
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(5),
                base: 2.0,
            },
            max_retries: settings.retries_max,
            retry_timeout: settings.call_max,
        }))
}

#[async_trait]
impl BlobStore for S3Blobs {
    async fn put(&self, name: &BlobName, bytes: Vec<u8>) -> Result<Put, BlobError> {
        self.objects.put(name, bytes).await
    }

    async fn get(&self, name: &BlobName) -> Result<Option<Vec<u8>>, BlobError> {
        self.objects.get(name).await
    }

    async fn get_range(
        &self,
        name: &BlobName,
        offset: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, BlobError> {
        self.objects.get_range(name, offset, length).await
    }

    async fn list(
        &self,
        folder: Option<&BlobName>,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        self.objects.list(folder, after, limit).await
    }

    async fn delete(&self, name: &BlobName) -> Result<(), BlobError> {
        self.objects.delete(name).await
    }
}

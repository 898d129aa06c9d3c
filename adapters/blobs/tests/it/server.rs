//! A server of S3 in this process, over a folder.

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{CertifiedKey, KeyPair};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use s3s_fs::FileSystem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

pub(crate) const BUCKET: &str = "ledgerline-tests";
pub(crate) const ID: &str = "an-id";
pub(crate) const SECRET: &str = "a-secret";

/// How it behaves.
#[derive(Debug, Default)]
pub(crate) struct Manners {
    /// It overwrites, whatever it is asked.
    pub overwrites: AtomicBool,
    /// So many requests more are answered with 503.
    pub busy: AtomicU32,
}

/// A server, until its runtime ends.
pub(crate) struct Server {
    pub endpoint: String,
    pub manners: Arc<Manners>,
}

/// What its connections share.
struct Shared {
    service: S3Service,
    manners: Arc<Manners>,
    root: PathBuf,
    /// It looks and writes in two steps, which buckets don't.
    one_put: Mutex<()>,
}

impl Server {
    pub(crate) async fn start(root: &Path) -> Self {
        Self::start_with(root, None).await
    }

    /// With TLS, by a certificate of its own for `localhost`.
    pub(crate) async fn start_tls(root: &Path, key: &CertifiedKey<KeyPair>) -> Self {
        let certificates = vec![key.cert.der().clone()];
        let private = PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates, private.into());
        Self::start_with(root, Some(TlsAcceptor::from(Arc::new(config.unwrap())))).await
    }

    async fn start_with(root: &Path, tls: Option<TlsAcceptor>) -> Self {
        std::fs::create_dir_all(root.join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
        builder.set_auth(SimpleAuth::from_single(ID, SECRET));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let endpoint = match tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        let manners = Arc::new(Manners::default());
        let shared = Arc::new(Shared {
            service: builder.build(),
            manners: manners.clone(),
            root: root.to_owned(),
            one_put: Mutex::new(()),
        });
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (shared, tls) = (shared.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => shared.serve(socket).await,
                        // A client that trusts somebody else has gone.
                        Some(tls) => {
                            if let Ok(socket) = tls.accept(socket).await {
                                shared.serve(socket).await;
                            }
                        }
                    }
                });
            }
        });
        Self { endpoint, manners }
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let answer = service_fn(move |request: Request<Incoming>| {
            let shared = self.clone();
            async move { shared.answer(request).await }
        });
        // Whoever broke it off has what it wanted.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), answer).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, HttpError> {
        let less = |left: u32| left.checked_sub(1);
        let (set, get) = (Ordering::SeqCst, Ordering::SeqCst);
        if self.manners.busy.fetch_update(set, get, less).is_ok() {
            return Ok(Response::builder().status(503).body(Body::empty()).unwrap());
        }
        // A folder is no object, which it doesn't know.
        let file = self.root.join(request.uri().path().trim_start_matches('/'));
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        if reads && request.uri().query().is_none() && file.is_dir() {
            return Ok(Response::builder().status(404).body(Body::empty()).unwrap());
        }
        let put = *request.method() == Method::PUT;
        let _alone = if put { Some(self.one_put.lock().await) } else { None };
        if put && self.manners.overwrites.load(Ordering::SeqCst) {
            let _ = std::fs::remove_file(file);
        }
        self.service.call(request.map(Body::from)).await
    }
}

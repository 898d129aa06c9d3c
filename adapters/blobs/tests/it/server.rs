//! A server of S3 in this process, over a folder.

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

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

impl Server {
    pub(crate) async fn start(root: &Path) -> Self {
        std::fs::create_dir_all(root.join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
        builder.set_auth(SimpleAuth::from_single(ID, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let manners = Arc::new(Manners::default());
        let shared = manners.clone();
        // It looks and writes in two steps, which buckets don't.
        let (root, one_put) = (root.to_owned(), Arc::new(Mutex::new(())));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (service, manners, one_put) =
                    (service.clone(), shared.clone(), one_put.clone());
                let root = root.clone();
                let answer = service_fn(move |request: Request<Incoming>| {
                    let (service, manners, one_put) =
                        (service.clone(), manners.clone(), one_put.clone());
                    let root = root.clone();
                    async move {
                        let less = |left: u32| left.checked_sub(1);
                        let (set, get) = (Ordering::SeqCst, Ordering::SeqCst);
                        if manners.busy.fetch_update(set, get, less).is_ok() {
                            let busy = Response::builder().status(503);
                            return Ok(busy.body(s3s::Body::empty()).unwrap());
                        }
                        // A folder is no object, which it doesn't know.
                        let file = root.join(request.uri().path().trim_start_matches('/'));
                        let reads = [Method::GET, Method::HEAD].contains(request.method());
                        if reads && request.uri().query().is_none() && file.is_dir() {
                            let missing = Response::builder().status(404);
                            return Ok(missing.body(s3s::Body::empty()).unwrap());
                        }
                        let put = *request.method() == Method::PUT;
                        let _alone = if put { Some(one_put.lock().await) } else { None };
                        if put && manners.overwrites.load(Ordering::SeqCst) {
                            let _ = std::fs::remove_file(file);
                        }
                        service.call(request.map(s3s::Body::from)).await
                    }
                });
                let connection = http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(socket), answer));
            }
        });
        Self { endpoint, manners }
    }
}

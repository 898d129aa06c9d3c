//! A bucket of S3 in the test's own process, over a folder.

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use s3s_fs::FileSystem;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;

const BUCKET: &str = "ledgerline-tests";
const ID: &str = "an-id";
const SECRET: &str = "a-secret";

/// A server with one bucket, as long as this value is there.
pub struct S3 {
    folder: TempDir,
    endpoint: String,
    _runtime: Runtime,
}

struct Shared {
    service: S3Service,
    root: PathBuf,
    /// It looks and writes in two steps, which buckets don't.
    one_put: Mutex<()>,
}

impl S3 {
    /// With nothing in it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("the folder can be written");
        let credentials =
            format!("[default]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n");
        std::fs::write(folder.path().join("credentials"), credentials).expect("it can be written");
        let files = FileSystem::new(folder.path()).expect("the folder is there");
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ID, SECRET));
        let shared = Arc::new(Shared {
            service: builder.build(),
            root: folder.path().to_owned(),
            one_put: Mutex::default(),
        });
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("the system gives a thread");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)));
        let listener = listener.expect("there is a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it has an address"));
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(shared.clone().serve(socket));
            }
        });
        Self { folder, endpoint, _runtime: runtime }
    }

    /// What a node's configuration says of it.
    pub fn config(&self) -> String {
        format!("[objects]\n{}", self.place())
    }

    /// The same where the archive is there too, under a prefix.
    pub fn config_of_both(&self) -> String {
        format!("{}[archive]\n{}prefix = \"archive\"\n", self.config(), self.place())
    }

    fn place(&self) -> String {
        format!(
            "bucket = \"{BUCKET}\"\nendpoint = \"{}\"\ncredentials = \"{}\"\npath_style = true\n",
            self.endpoint,
            self.folder.path().join("credentials").display()
        )
    }

    /// The folder in which its objects are.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join(BUCKET)
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, socket: TcpStream) {
        let answer = service_fn(move |request: Request<Incoming>| {
            let shared = self.clone();
            async move { shared.answer(request).await }
        });
        // Whoever broke it off has what it wanted.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), answer).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, HttpError> {
        // A folder is no object, which it doesn't know.
        let file = self.root.join(request.uri().path().trim_start_matches('/'));
        let reads = [Method::GET, Method::HEAD].contains(request.method());
        if reads && request.uri().query().is_none() && file.is_dir() {
            let gone = Response::builder().status(404).body(Body::empty());
            return Ok(gone.expect("it is a response"));
        }
        let puts = *request.method() == Method::PUT;
        let _alone = if puts { Some(self.one_put.lock().await) } else { None };
        self.service.call(request.map(Body::from)).await
    }
}

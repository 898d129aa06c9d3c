//! What a command works with: a deployment of its own, or the server that has the folder.
//!
//! Either way it speaks the same API, so its output is the same.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::UnixStream;
use tower::ServiceExt;

use crate::control;
use crate::data_folder::{DataFolder, Held, Opened, must_exist, settings};
use crate::failure::Failure;

/// A deployment to talk to.
pub enum Session {
    /// In this process.
    Own {
        /// The deployment.
        opened: Box<Opened>,
        /// Its API, as the control socket would serve it.
        router: Router,
    },
    /// In the process that has the folder.
    Server {
        /// Its control socket.
        socket: PathBuf,
    },
}

/// An answer of the API.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Vec<u8>,
}

impl Session {
    /// As [`Session::begin`], for commands that only read: there must be a deployment.
    ///
    /// # Errors
    /// [`Failure`] names what is missing or damaged, and the way out.
    pub async fn begin_reading(folder: &Path) -> Result<Self, Failure> {
        must_exist(folder)?;
        Self::begin(folder).await
    }

    /// Opens the folder, or finds the server that has it. A folder that is new becomes a
    /// deployment.
    ///
    /// # Errors
    /// [`Failure`] names what is damaged and the way out.
    pub async fn begin(folder: &Path) -> Result<Self, Failure> {
        Self::begin_signing(folder, None).await
    }

    /// The same, where the ledger's head is signed with a key in a file that was named.
    ///
    /// # Errors
    /// [`Failure`] names what is damaged and the way out.
    pub async fn begin_signing(folder: &Path, key: Option<&Path>) -> Result<Self, Failure> {
        match DataFolder::hold(folder)? {
            Held::Ours(held) => {
                let opened = held.signing_with(key).open(settings()?).await?;
                let deployment = opened.deployment.clone();
                deployment
                    .wait_until_ready()
                    .await
                    .map_err(|error| Failure::failed(error.to_string()))?;
                let router = control::router(deployment);
                Ok(Self::Own { opened: Box::new(opened), router })
            }
            Held::Other(_) => Ok(Self::Server { socket: control::socket_path(folder) }),
        }
    }

    /// Calls the API; any answer but a success is a failure.
    ///
    /// # Errors
    /// [`Failure`] with the problem's detail.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        let answer = self.send(method, path, content_type, body).await?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let detail = problem["detail"].as_str().or(problem["title"].as_str());
        Err(Failure::failed(detail.map_or_else(|| answer.status.to_string(), str::to_owned)))
    }

    /// Calls the API with `GET` and reads the answer as JSON.
    ///
    /// # Errors
    /// [`Failure`] with the problem's detail.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        let body = self.call(Method::GET, path, "", Vec::new()).await?;
        serde_json::from_slice(&body).map_err(|error| Failure::from_error(&error))
    }

    /// Calls the API with `POST` and JSON, and reads the answer as JSON.
    ///
    /// # Errors
    /// [`Failure`] with the problem's detail.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = serde_json::to_vec(body).expect("a value is JSON");
        let answer = self.call(Method::POST, path, "application/json", body).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).map_err(|error| Failure::from_error(&error))
    }

    /// Calls the API.
    ///
    /// # Errors
    /// [`Failure`] where the server doesn't answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(path).header("host", "ledgerline");
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let request = request.body(Body::from(body)).expect("paths are percent-encoded");
        match self {
            Self::Own { router, .. } => {
                let response = router.clone().oneshot(request).await.expect("a router never fails");
                let status = response.status();
                let body = response.into_body().collect().await;
                let body = body.map_err(|error| Failure::from_error(&error))?.to_bytes();
                Ok(Answer { status, body: body.to_vec() })
            }
            Self::Server { socket } => ask(socket, request).await,
        }
    }

    /// Ends the work: a deployment of our own is stopped and snapshots are taken.
    ///
    /// # Errors
    /// [`Failure`] where the store can't be closed.
    pub async fn end(self) -> Result<(), Failure> {
        match self {
            Self::Own { opened, .. } => opened.close().await.map(drop),
            Self::Server { .. } => Ok(()),
        }
    }

    /// The deployment in this process, where it is here.
    #[must_use]
    pub fn deployment(&self) -> Option<&Arc<ledgerline_app::Deployment>> {
        match self {
            Self::Own { opened, .. } => Some(&opened.deployment),
            Self::Server { .. } => None,
        }
    }
}

async fn ask(socket: &Path, request: Request<Body>) -> Result<Answer, Failure> {
    let gone = |why: String| {
        Failure::failed(format!(
            "another process has this data folder but doesn't answer on {} ({why}): a command that \
             is still at work, or a server that is just starting or stopping; try again shortly",
            socket.display()
        ))
    };
    let stream = UnixStream::connect(socket).await.map_err(|error| gone(error.to_string()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| gone(error.to_string()))?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| gone(error.to_string()))?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(|error| gone(error.to_string()))?;
    driver.abort();
    Ok(Answer { status, body: body.to_bytes().to_vec() })
}

//! `serve`: accept playback reports by HTTP and count them.

use ledgerline_app::Deployment;
use ledgerline_app::scan::watch_forever;
use ledgerline_ddex::DsrWriter;
use ledgerline_http_api::{HttpOptions, Outside, Sales, SentAudioLog, router, serve};
use ledgerline_local_disk::{SystemWatcher, raise_open_files_limit};
use ledgerline_payment_files::BankFiles;
use serde_json::json;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::demo;
use crate::bases;
use crate::cluster::{self, config::Role};
use crate::control;
use crate::data_folder::{DataFolder, Held, sales_sender, settings};
use crate::failure::Failure;
use crate::histories::BroughtHistories;
use crate::music;
use crate::output::print;
use crate::sent_audio::AccessLog;

/// How long the control socket's last answers may take at a stop.
const CONTROL_GRACE: Duration = Duration::from_secs(10);

/// Where it listens where nothing is said.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// How it is served.
pub(super) struct Serving<'p> {
    pub behind_proxy: bool,
    /// The folder of music.
    pub music: Option<&'p Path>,
    /// What the demonstration sends again, where the folder is its.
    pub demonstration: Option<&'p Path>,
    /// Whether what it prints is for scripts.
    pub as_json: bool,
    /// Where else audio is served.
    pub cdn: &'p [String],
    /// What audio was sent is written there.
    pub access_log: Option<&'p Path>,
}

pub(super) async fn run(
    data: &Path,
    listen: Option<SocketAddr>,
    signing_key: Option<&Path>,
    how: Serving<'_>,
) -> Result<u8, Failure> {
    let Serving { behind_proxy, music, demonstration, as_json, cdn, access_log } = how;
    let bases = bases::read(cdn)?;
    let sent_audio = access_log.map(AccessLog::open).transpose()?;
    let folder = match DataFolder::hold(data)? {
        Held::Ours(folder) => folder.signing_with(signing_key),
        Held::Other(pid) => {
            let holder =
                pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
            return Err(Failure::failed(format!(
                "{holder} has {}; stop it first, or give this one a folder of its own with --data",
                data.display()
            )));
        }
    };
    let node = cluster::of(data)?;
    let listen = listen.or(node.as_ref().and_then(|node| node.listen)).unwrap_or(LISTEN);
    // A connection is an open file, and so is every segment that is read.
    raise_open_files_limit();
    let listener = listen_on(listen)
        .map_err(|error| Failure::failed(format!("can't listen on {listen}: {error}")))?;
    let opened = folder.open(settings()?).await?;
    let deployment = opened.deployment.clone();
    deployment.delivery().use_bases(bases);
    let looking = tokio::spawn({
        let deployment = deployment.clone();
        async move { deployment.delivery().look_forever().await }
    });
    let warming = tokio::spawn({
        let deployment = deployment.clone();
        async move { deployment.warm_forever().await }
    });
    let (stop, stopped) = watch::channel(false);
    let control = serve_control(data, deployment.clone(), stopped.clone())?;
    let workers = deployment.ingest().map(music::work_forever);
    let ticker = tokio::spawn({
        let deployment = deployment.clone();
        async move { deployment.tick_forever().await }
    });
    let watching = watch_music(&deployment, music).await?;
    let address = listener.local_addr().map_err(|error| Failure::from_error(&error))?;
    let outside = Outside {
        histories: Some(Arc::new(BroughtHistories)),
        demonstration: demonstration.map(|it| demo::Served::of(deployment.clone(), it)),
        sales: Some(Sales { writer: Arc::new(DsrWriter::default()), sender: sales_sender()? }),
        payments: Some(Arc::new(BankFiles)),
        sent_audio: sent_audio.map(|log| Arc::new(log) as Arc<dyn SentAudioLog>),
    };
    let options = HttpOptions {
        behind_proxy,
        demo: demonstration.is_some(),
        takes_reports: node.is_none_or(|node| node.has(Role::Ingest)),
        ..HttpOptions::default()
    };
    let api = router(deployment.clone(), options, outside);
    let server = tokio::spawn(serve(listener, api, until(stopped)));
    // Before it is said that we are here: who reads that may ask us to stop at once.
    let mut signals = Signals::listen()?;
    // The demonstration is nobody's to set up, and only nodes that answer can be.
    let can_be_set_up = demonstration.is_none() && deployment.follows_all();
    let secret = if can_be_set_up { set_up_secret(&deployment).await } else { None };
    let set_up = secret.map(|secret| format!("http://{address}/#/set-up/{secret}"));
    if as_json {
        let told = json!({ "listening": format!("http://{address}"), "set_up": set_up });
        print(&told.to_string())?;
    } else {
        print(&format!("listening on http://{address}"))?;
        if let Some(link) = set_up {
            print(&format!("set up this deployment at {link}"))?;
        }
    }

    if demonstration.is_some() {
        tokio::select! {
            () = signals.wait() => {}
            _ = demo::parent_is_gone() => {}
        }
    } else {
        signals.wait().await;
    }
    // Jobs that are begun are begun again by whoever comes next.
    drop(workers);
    // What was asked before is answered; then everything that was accepted is counted.
    stop.send_replace(true);
    let _ = server.await;
    // A command that is still being answered has as long as a request has.
    let _ = tokio::time::timeout(CONTROL_GRACE, control).await;
    ticker.abort();
    // A scan that goes on is ended by the deployment.
    watching.abort();
    looking.abort();
    warming.abort();
    let _ = std::fs::remove_file(control::socket_path(data));
    opened.close().await?;
    Ok(0)
}

/// The secret that sets the deployment up, as long as there is no account. Where the store takes none now, it
/// serves all the same.
async fn set_up_secret(deployment: &Deployment) -> Option<String> {
    let made = deployment.access().new_set_up_secret(deployment.random()).await;
    made.unwrap_or_else(|error| {
        tracing::error!(%error, "no set-up link can be made; start again when the store can be written");
        None
    })
}

/// How often is looked whether another folder of music was set.
const MUSIC_ASKED_EVERY: Duration = Duration::from_secs(5);

/// Has the folder of music be read now, and whenever it changes: the one that was named, else the one that is set.
async fn watch_music(
    deployment: &Arc<Deployment>,
    named: Option<&Path>,
) -> Result<tokio::task::JoinHandle<()>, Failure> {
    if let (Some(named), Some(scanner)) = (named, deployment.scanner()) {
        // A wrong name is told at once.
        scanner.folder(named).await.map_err(|error| Failure::from_error(&error))?;
    }
    let (deployment, named) = (deployment.clone(), named.map(Path::to_owned));
    Ok(tokio::spawn(async move { follow_music(&deployment, named.as_deref()).await }))
}

async fn follow_music(deployment: &Deployment, named: Option<&Path>) {
    let Some(scanner) = deployment.scanner() else { return };
    let mut refused: Option<PathBuf> = None;
    loop {
        let wanted = wanted_music(deployment, named).await;
        if let Some(path) = wanted.filter(|path| refused.as_ref() != Some(path)) {
            match scanner.folder(&path).await {
                Ok(folder) => tokio::select! {
                    () = watch_forever(scanner, &folder, Some(&SystemWatcher)) => return,
                    () = until_another(deployment, named, &path) => continue,
                },
                Err(error) => {
                    tracing::warn!(%error, "the music folder can't be read; set another one");
                    refused = Some(path);
                }
            }
        }
        tokio::time::sleep(MUSIC_ASKED_EVERY).await;
    }
}

/// Ends once another folder is wanted than this one.
async fn until_another(deployment: &Deployment, named: Option<&Path>, path: &Path) {
    while wanted_music(deployment, named).await.as_deref() == Some(path) {
        tokio::time::sleep(MUSIC_ASKED_EVERY).await;
    }
}

async fn wanted_music(deployment: &Deployment, named: Option<&Path>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    match deployment.access().house().await {
        Ok(house) => house.music_folder.map(PathBuf::from),
        Err(error) => {
            tracing::warn!(%error, "it can't be read where the music is");
            None
        }
    }
}

/// So many clients may wait to be accepted, as far as the system lets them: as many as are served at
/// once. Of a crowd that comes together, the system resets those for whom there is no room.
const WAITING_MAX: u32 = 4096;

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // A server that begins again takes its port back at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_MAX)
}

/// Serves the control socket, which only this user may open.
fn serve_control(
    data: &Path,
    deployment: Arc<Deployment>,
    stopped: watch::Receiver<bool>,
) -> Result<tokio::task::JoinHandle<()>, Failure> {
    let path = control::socket_path(data);
    // We hold the folder's lock: a socket that is there is a dead process's.
    let _ = std::fs::remove_file(&path);
    // Nobody may open it before its mode is set, so it gets its name last.
    let draft = path.with_extension("draft");
    let _ = std::fs::remove_file(&draft);
    let socket = UnixListener::bind(&draft).map_err(|error| Failure::io(&path, &error))?;
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o600))
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(|error| Failure::io(&path, &error))?;
    let router = control::router(deployment);
    Ok(tokio::spawn(async move {
        let served = axum::serve(socket, router).with_graceful_shutdown(until(stopped));
        if let Err(error) = served.await {
            tracing::error!(%error, "the control socket is no longer served");
        }
    }))
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// What asks a server to end.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves.
    pub(super) fn listen() -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::from_error(&error);
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        Ok(Self { terminate, interrupt })
    }

    pub(super) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

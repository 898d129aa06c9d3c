//! `demo --serve`: what was shown, served for a browser, by a server that may be killed.
//!
//! The server is a process of its own with two buttons: it sends everything again, and it kills itself.
//! Whenever it was killed it is started again at once, on the same folder and address.

use ledgerline_app::Deployment;
use ledgerline_http_api::Demonstration;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, waitid};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::commands::serve::Signals;
use crate::data_folder::PUBLIC_ADDRESS;
use crate::failure::Failure;
use crate::feed::{self, FeedClock};
use crate::output::{print, print_json};
use crate::sending::send_blocking;
use crate::session::Session;

/// How long an answer has to leave before the process is killed.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// What is served.
#[derive(Clone, Copy)]
pub(super) struct Folders<'p> {
    /// The data folder.
    pub data: &'p Path,
    /// The file of all that was reported.
    pub reports: &'p Path,
    /// The folder of music.
    pub music: &'p Path,
}

/// Serves the folder until it is told to stop. `object` is what scripts are told, with the address.
pub(super) async fn serve(
    folders: Folders<'_>,
    listen: SocketAddr,
    object: Option<Value>,
) -> Result<u8, Failure> {
    let address = free(listen)
        .map_err(|error| Failure::failed(format!("can't listen on {listen}: {error}")))?;
    let mut signals = Signals::listen()?;
    let mut server = Server::start(folders, address)?;
    let as_json = object.is_some();
    let links = Links::made(folders.data, address).await?;
    say(address, folders.data, object, &links)?;
    loop {
        tokio::select! {
            () = signals.wait() => return server.stop(),
            _ = &mut server.ended => {}
        }
        let status = server.status()?;
        if status.signal() != Some(Signal::KILL.as_raw()) {
            return Err(Failure::failed(format!("the server ended by itself: {status}")));
        }
        server = Server::start(folders, address)?;
        if !as_json {
            print("The server was killed, and is here again: nothing is lost.")?;
        }
    }
}

/// Links that sign in, each once: what there is to see depends on who looks.
struct Links([(&'static str, &'static str, String); 4]);

impl Links {
    /// Has the server that runs make them.
    async fn made(data: &Path, address: SocketAddr) -> Result<Self, Failure> {
        let session = Session::begin(data).await?;
        let mut links = [
            ("admin", "as whoever runs the place", String::new()),
            ("label", "as the label Northern Lights, who sees its own", String::new()),
            ("rights_holder", "as its artist Comet", String::new()),
            (
                "listener",
                "as a listener: choose a name and a password, and press play",
                String::new(),
            ),
        ];
        for (role, _, link) in &mut links {
            let parties: &[&str] = match *role {
                "label" => &["northern-lights"],
                "rights_holder" => &["comet"],
                _ => &[],
            };
            let mut body = json!({ "role": role, "parties": parties, "note": "the demonstration" });
            // Whoever looks at a demonstration wants no account of it; but what is played is somebody's.
            let end = if *role == "listener" {
                body["plan"] = json!("premium");
                ""
            } else {
                "/once"
            };
            let made = session.post("/api/v1/invitations", &body).await?;
            *link = format!("http://{address}{}{end}", made["link"].as_str().unwrap_or_default());
        }
        session.end().await?;
        Ok(Self(links))
    }
}

fn say(
    address: SocketAddr,
    data: &Path,
    object: Option<Value>,
    Links(links): &Links,
) -> Result<(), Failure> {
    let address = format!("http://{address}");
    if let Some(mut object) = object {
        object["serving"] = json!(address);
        for (role, _, link) in links {
            object["invitations"][*role] = json!(link);
        }
        object["data"] = json!(data.display().to_string());
        return print_json(&object);
    }
    let mut text = format!(
        "\nWhat you saw is served on {address} until you press Ctrl-C; then it is removed. Open one \
         of these; each works once:"
    );
    for (_, who, link) in links {
        text += &format!("\n  {who}:\n    {link}");
    }
    text += &format!(
        "\nA further link, in another terminal: ledgerline --data {} invite --role admin --url {address}",
        data.display()
    );
    print(&text)
}

/// The address with a port that is free, where none is named.
fn free(listen: SocketAddr) -> io::Result<SocketAddr> {
    if listen.port() != 0 {
        return Ok(listen);
    }
    TcpListener::bind(listen)?.local_addr()
}

/// The process that serves.
struct Server {
    child: Child,
    ended: oneshot::Receiver<()>,
    // Held, so that it can write as long as it lives.
    _out: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it, and waits until it listens.
    fn start(folders: Folders<'_>, address: SocketAddr) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::failed(format!("starting the server: {error}"));
        let program = std::env::current_exe().map_err(failed)?;
        let mut child = Command::new(program)
            .arg("--data")
            .arg(folders.data)
            .args(["serve", "--listen", &address.to_string(), "--demonstration"])
            .arg(folders.reports)
            .arg("--music")
            .arg(folders.music)
            // So that the lines of papers lead to it.
            .env(PUBLIC_ADDRESS, format!("http://{address}"))
            // It ends when we do, in whatever way: then its input ends.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let out = child.stdout.take().expect("its output is piped");
        let mut out = BufReader::new(out);
        let mut line = String::new();
        out.read_line(&mut line).map_err(failed)?;
        if !line.starts_with("listening on ") {
            let status = child.wait().map_err(failed)?;
            return Err(Failure::failed(format!("the server doesn't start: {status}")));
        }
        let ended = told_of(&child)?;
        Ok(Self { child, ended, _out: out })
    }

    fn status(&mut self) -> Result<ExitStatus, Failure> {
        self.child.wait().map_err(|error| Failure::from_error(&error))
    }

    fn stop(mut self) -> Result<u8, Failure> {
        // It was not waited for, so the number is still its own.
        let _ = kill_process(pid_of(&self.child), Signal::TERM);
        let status = self.status()?;
        if status.success() {
            Ok(0)
        } else {
            Err(Failure::failed(format!("the server ended badly: {status}")))
        }
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Hears of the end of a process, and leaves its number taken.
fn told_of(child: &Child) -> Result<oneshot::Receiver<()>, Failure> {
    let (tell, ended) = oneshot::channel();
    let pid = pid_of(child);
    let wait = move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
        let _ = tell.send(());
    };
    let waiting = std::thread::Builder::new().name("demo-server".to_owned()).spawn(wait);
    waiting.map_err(|error| Failure::from_error(&error))?;
    Ok(ended)
}

/// Ends when the process that started us has ended.
pub(in crate::commands) fn parent_is_gone() -> oneshot::Receiver<()> {
    let (tell, gone) = oneshot::channel();
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut bytes = [0; 64];
        while matches!(input.read(&mut bytes), Ok(1..)) {}
        let _ = tell.send(());
    });
    gone
}

/// The demonstration, in the process that serves it.
pub(in crate::commands) struct Shown {
    deployment: Arc<Deployment>,
    reports: PathBuf,
    runtime: Handle,
}

impl Shown {
    /// Over its deployment, and the file of all that was reported; within the runtime.
    pub fn of(deployment: Arc<Deployment>, reports: &Path) -> Arc<dyn Demonstration> {
        Arc::new(Self { deployment, reports: reports.to_owned(), runtime: Handle::current() })
    }
}

impl Demonstration for Shown {
    fn send_again(&self) -> Result<u64, String> {
        let told = |failure: Failure| failure.to_string();
        let reports = std::fs::read(&self.reports).map_err(|error| error.to_string())?;
        let origin = feed::origin(super::SOURCE, FeedClock::Event).map_err(told)?;
        let sent = send_blocking(&self.deployment, &origin, reports, &self.runtime);
        Ok(sent.map_err(told)?.accepted)
    }

    fn kill(&self) {
        std::thread::spawn(|| {
            #[expect(clippy::disallowed_methods, reason = "nothing says when an answer has left")]
            std::thread::sleep(LAST_WORDS);
            let _ = kill_process(getpid(), Signal::KILL);
        });
    }
}

//! A TCP proxy in front of PostgreSQL, which can cut what goes through it.

use super::DEADLINE;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing.
    Nothing,
    /// Every connection; new ones get no answer.
    Everything,
    /// The connection on which the next commit goes through: it arrives, and its answer doesn't.
    AfterCommit,
}

/// A proxy; its threads end with this value, as far as anything goes through.
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    to: SocketAddr,
    state: Mutex<State>,
    cut: Condvar,
}

struct State {
    cut: Cut,
    cuts: u64,
    over: bool,
}

/// So long a read waits until it looks whether it is to be cut.
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl Proxy {
    /// In front of the server of `url`.
    pub fn to(url: &str) -> Self {
        let (head, tail) = url.split_once('@').expect("user and password");
        let (place, path) = tail.split_once('/').expect("a database");
        let to = place.parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let here = listener.local_addr().expect("it has an address");
        let state = Mutex::new(State { cut: Cut::Nothing, cuts: 0, over: false });
        let shared = Arc::new(Shared { to, state, cut: Condvar::new() });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.is_over() {
                    return;
                }
                let shared = accepting.clone();
                std::thread::spawn(move || shared.carry(&client));
            }
        });
        Self { url: format!("{head}@{here}/{path}"), shared }
    }

    /// The address of the database through it.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// From now on.
    pub fn cut(&self, cut: Cut) {
        let mut state = self.shared.state.lock().expect("no thread panics");
        (state.cut, state.cuts) = (cut, 0);
    }

    /// Everything goes through again.
    pub fn mend(&self) {
        self.cut(Cut::Nothing);
    }

    /// Waits a while for a commit that is cut off; how many were.
    pub fn wait_for_cut(&self) -> u64 {
        let state = self.shared.state.lock().expect("no thread panics");
        let wait = DEADLINE / 60;
        let waited = self.shared.cut.wait_timeout_while(state, wait, |state| state.cuts == 0);
        waited.expect("no thread panics").0.cuts
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state.lock().expect("no thread panics").over = true;
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.state.lock().expect("no thread panics").over
    }

    fn carry(&self, client: &TcpStream) {
        let Ok(server) = TcpStream::connect(self.to) else { return };
        let streams = [client, &server];
        if streams.iter().any(|it| it.set_read_timeout(Some(LOOK_EVERY)).is_err()) {
            return;
        }
        std::thread::scope(|scope| {
            scope.spawn(|| self.pump(client, &server, true));
            scope.spawn(|| self.pump(&server, client, false));
        });
    }

    /// Carries one way, until something is cut.
    fn pump(&self, mut from: &TcpStream, mut to: &TcpStream, asks: bool) {
        let mut bytes = [0; 16 << 10];
        loop {
            let read = match from.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    0
                }
                Err(_) => break,
            };
            let mut state = self.state.lock().expect("no thread panics");
            if state.over || state.cut == Cut::Everything {
                break;
            }
            if read == 0 {
                continue;
            }
            let is_commit = asks && bytes[..read].windows(7).any(|seven| seven == b"COMMIT\0");
            if is_commit && state.cut == Cut::AfterCommit && state.cuts == 0 {
                // Both ends go once it has arrived; what is answered has nowhere to go.
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.write_all(&bytes[..read]);
                state.cuts += 1;
                self.cut.notify_all();
                return;
            }
            drop(state);
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}

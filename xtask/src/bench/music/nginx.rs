//! nginx serving a folder, set to be at its fastest: `sendfile`, open files remembered, connections that
//! stay, no log.

use crate::bench::ask;
use crate::programs::answer;
use crate::server::signal;
use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A start that takes longer hangs.
const START_MAX: Duration = Duration::from_secs(20);

/// A running nginx; it doesn't outlive this value.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    address: SocketAddr,
}

/// Its version, where it is here.
pub fn version() -> Option<String> {
    let said = Command::new("nginx").arg("-v").stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    said.trim().rsplit_once('/').map(|(_, version)| version.to_owned())
}

impl Nginx {
    /// Serves `files`; what it writes itself goes into `folder`, which is there.
    ///
    /// # Errors
    /// A sentence: it doesn't start.
    pub fn start(folder: &Path, files: &Path) -> Result<Nginx, String> {
        let cannot = |error: std::io::Error| format!("nginx: {error}");
        // The port is free again when the listener has gone; nobody else here asks for one meanwhile.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let address = address.map_err(cannot)?;
        let settings = folder.join("nginx.conf");
        fs::write(&settings, configuration(folder, files, address)).map_err(cannot)?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(&settings).arg("-e").arg(folder.join("errors"));
        let child = command.stdin(Stdio::null()).spawn().map_err(cannot)?;
        let nginx = Nginx { child, address };
        ask::until(START_MAX, "nginx doesn't answer", || Ok(ask::get(address, "/").is_ok()))?;
        Ok(nginx)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its first process, whose children serve.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its children end with it only where it is asked.
        signal("-TERM", self.child.id());
        let _ = self.child.wait();
    }
}

/// `tcp_nopush`, which is often named beside `sendfile`, is off: with it the end of an answer of 64 KiB over a connection
/// that stays waited 40 ms for the client's acknowledgement, in every answer.
fn configuration(folder: &Path, files: &Path, address: SocketAddr) -> String {
    let (folder, files) = (folder.display(), files.display());
    let mut text = String::from("daemon off;\nworker_processes auto;\n");
    // Where root starts it, its children would be nobody, who may read nothing of ours.
    if answer("id", &["-u"]).as_deref() == Some("0") {
        text += "user root;\n";
    }
    // Writing to a string can't fail.
    let _ = write!(
        text,
        "pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush off;
  tcp_nodelay on;
  keepalive_timeout 300;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=300s;
  open_file_cache_valid 300s;
  types {{ audio/mp4 mp4; }}
  default_type audio/mp4;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen {address};
    root {files};
    location / {{ add_header Cache-Control \"public, max-age=31536000, immutable\"; }}
  }}
}}
"
    );
    text
}

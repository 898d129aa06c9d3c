//! The words of `serve`.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where and how it serves.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen, 127.0.0.1:8080 where neither this nor the configuration says it; port 0
    /// takes a free one, and the first line printed says which.
    #[arg(long)]
    pub listen: Option<SocketAddr>,
    /// The file of the key that signs the ledger; `keys/ledger.ed25519` in the data folder
    /// where it isn't said.
    #[arg(long, env = "LEDGERLINE_SIGNING_KEY")]
    pub signing_key: Option<PathBuf>,
    /// Every request comes through a proxy, which says for whom as X-Forwarded-For: limits of
    /// signing in go by that address then. Whoever reaches the server otherwise could lie.
    #[arg(long, env = "LEDGERLINE_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// The folder of the music that there is to hear: read at the start, and whenever it changes.
    #[arg(long, env = "LEDGERLINE_MUSIC")]
    pub music: Option<PathBuf>,
    /// Other places that serve audio, the best first, such as https://cdn.example: players fetch there, and here
    /// where these don't answer. Each needs the key that `keys export-signing` prints.
    #[arg(long, env = "LEDGERLINE_CDN", value_delimiter = ',')]
    pub cdn: Vec<String>,
    /// Write what audio was sent to this file, a line of JSON for each answer; `deliveries read` reads it.
    #[arg(long, env = "LEDGERLINE_ACCESS_LOG")]
    pub access_log: Option<PathBuf>,
    /// The folder is the demonstration's: it may be asked to send all reports of this file again,
    /// and to kill itself.
    #[arg(long, hide = true)]
    pub demonstration: Option<PathBuf>,
}

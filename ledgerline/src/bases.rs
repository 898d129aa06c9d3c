//! Other places that serve audio, as they are configured, and whether they answer.

use ledgerline_app::delivery::bases::{BASES_MAX, Base, BaseClient, Bases};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

use crate::failure::Failure;

/// A place that doesn't take a connection within this time doesn't answer.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// A place that sends nothing for this long has stopped.
const SILENT_MAX: Duration = Duration::from_secs(10);

/// Reads bases as they were configured.
///
/// # Errors
/// [`Failure`] names the one that is none.
pub fn read(texts: &[String]) -> Result<Bases, Failure> {
    if texts.len() > BASES_MAX {
        return Err(Failure::usage(format!("--cdn: {BASES_MAX} places are the most")));
    }
    let bases: Result<Vec<Base>, _> = texts.iter().map(|text| Base::new(text)).collect();
    let bases = bases.map_err(|error| Failure::usage(format!("--cdn: {error}")))?;
    Ok(Bases::new(bases, Some(Arc::new(OverHttp::new()?))))
}

/// Asks places over HTTP.
struct OverHttp {
    client: reqwest::Client,
}

impl OverHttp {
    fn new() -> Result<Self, Failure> {
        // The second one to say so is refused, and needs nothing else.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_MAX)
            .read_timeout(SILENT_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let client = client.map_err(|error| Failure::from_error(&error))?;
        Ok(Self { client })
    }
}

#[async_trait::async_trait]
impl BaseClient for OverHttp {
    /// Looks whether a place takes connections. Players notice the rest themselves, within a second.
    async fn answers(&self, base: &str) -> bool {
        let Some((scheme, rest)) = base.split_once("://") else { return false };
        let host = rest.split('/').next().unwrap_or_default();
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let port = if scheme == "https" { 443 } else { 80 };
        let address = if has_port { host.to_owned() } else { format!("{host}:{port}") };
        let connected = tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await;
        matches!(connected, Ok(Ok(_)))
    }

    async fn fetch(&self, base: &str, path: &str) -> Result<u64, String> {
        // The address is a permission, and no error needs to repeat it.
        let said = |error: reqwest::Error| error.without_url().to_string();
        let mut response = self.client.get(format!("{base}{path}")).send().await.map_err(said)?;
        if !response.status().is_success() {
            return Err(format!("it answered {}", response.status()));
        }
        let mut bytes = 0;
        while let Some(part) = response.chunk().await.map_err(said)? {
            bytes += part.len() as u64;
        }
        Ok(bytes)
    }
}

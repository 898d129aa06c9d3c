//! Other places that serve audio, as they are configured, and whether they answer.

use ledgerline_app::delivery::bases::{BASES_MAX, Base, BaseProbe, Bases};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

use crate::failure::Failure;

/// A place that doesn't take a connection within this time doesn't answer.
const CONNECT_MAX: Duration = Duration::from_secs(1);

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
    Ok(Bases::new(bases, Some(Arc::new(Connects))))
}

/// Looks whether a place takes connections. Players notice the rest themselves, within a second.
struct Connects;

#[async_trait::async_trait]
impl BaseProbe for Connects {
    async fn answers(&self, base: &str) -> bool {
        let Some((scheme, rest)) = base.split_once("://") else { return false };
        let host = rest.split('/').next().unwrap_or_default();
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let port = if scheme == "https" { 443 } else { 80 };
        let address = if has_port { host.to_owned() } else { format!("{host}:{port}") };
        let connected = tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await;
        matches!(connected, Ok(Ok(_)))
    }
}

//! Ports of this machine that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};

/// Below what systems give to outgoing connections: one of those must not have the port when a
/// server that was killed comes back to it.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// `count` different ones.
///
/// # Errors
/// A sentence, where there are too few.
pub fn free(count: usize) -> Result<Vec<u16>, String> {
    // Two that look at the same time begin at different places.
    let begin = std::process::id().wrapping_mul(37) % u32::from(COUNT);
    let begin = u16::try_from(begin).expect("less than COUNT");
    let candidates = (0..COUNT).map(|step| FIRST + (begin + step) % COUNT);
    let ports: Vec<u16> = candidates.filter(|port| is_free(*port)).take(count).collect();
    if ports.len() == count { Ok(ports) } else { Err("no port is free".to_owned()) }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_listens_on_is_not_free() {
        let ports = free(3).unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, ports[1])).unwrap();
        assert!(!is_free(ports[1]));
        let others = free(3).unwrap();
        assert!(!others.contains(&ports[1]), "{others:?}");
        drop(taken);
        assert!(free(usize::from(COUNT) + 1).is_err());
    }
}

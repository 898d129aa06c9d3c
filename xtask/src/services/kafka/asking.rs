//! Asks a broker which brokers it knows, in Kafka's own protocol: a port that is open says little.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// An answer that takes longer is asked for again.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// An answer about brokers and no topics is far smaller.
const ANSWER_BYTES_MAX: u32 = 1 << 20;

/// How many brokers the one on `port` knows; it knows itself once it serves.
///
/// # Errors
/// It doesn't answer, or not in this protocol.
pub fn brokers_known(port: u16) -> Result<usize> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.write_all(&request())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > ANSWER_BYTES_MAX {
        return Err(Error::new(ErrorKind::InvalidData, "no answer of Kafka's"));
    }
    let mut answer = Vec::new();
    stream.take(u64::from(length)).read_to_end(&mut answer)?;
    brokers_in(&answer).ok_or_else(|| Error::new(ErrorKind::InvalidData, "no answer of Kafka's"))
}

/// Metadata (3), version 5, of no topic. Big end first, after its length.
fn request() -> Vec<u8> {
    let client = b"ledgerline-xtask";
    let mut body = Vec::new();
    body.extend_from_slice(&3i16.to_be_bytes());
    body.extend_from_slice(&5i16.to_be_bytes());
    // The number of the request.
    body.extend_from_slice(&1i32.to_be_bytes());
    body.extend_from_slice(&16i16.to_be_bytes());
    body.extend_from_slice(client);
    // No topics, and none is to be made.
    body.extend_from_slice(&0i32.to_be_bytes());
    body.push(0);
    let length = i32::try_from(body.len()).expect("a few bytes");
    [length.to_be_bytes().to_vec(), body].concat()
}

/// The request's number, how long it was held back, and then how many brokers follow.
fn brokers_in(answer: &[u8]) -> Option<usize> {
    let number: [u8; 4] = answer.get(..4)?.try_into().ok()?;
    let count: [u8; 4] = answer.get(8..12)?.try_into().ok()?;
    (i32::from_be_bytes(number) == 1).then_some(())?;
    usize::try_from(i32::from_be_bytes(count)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_counted() {
        let answer = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 9, 9];
        assert_eq!(brokers_in(&answer), Some(3));
        assert_eq!(brokers_in(&answer[..11]), None);
        assert_eq!(brokers_in(&[0; 14]), None);
    }

    #[test]
    fn a_request_says_its_length() {
        let request = request();
        let length = u32::from_be_bytes(request[..4].try_into().unwrap());
        assert_eq!(length as usize, request.len() - 4);
    }
}

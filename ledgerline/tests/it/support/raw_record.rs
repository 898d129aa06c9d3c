//! Puts a record on a topic by Kafka's own protocol, as somebody would who doesn't know what belongs there.

use super::DEADLINE;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

/// Appends `value` to partition 0 of `topic`, which the broker at `address` must lead.
pub fn put(address: &str, topic: &str, value: &[u8]) {
    let mut stream = TcpStream::connect(address).expect("the broker listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("it is a socket");
    stream.write_all(&request(topic, value)).expect("the broker takes it");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("the broker answers");
    let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).expect("short")];
    stream.read_exact(&mut answer).expect("the broker answers whole");
    // The request's number, one topic by its name, one partition by its number, then the error's code.
    let at = 4 + 4 + 2 + topic.len() + 4 + 4;
    assert_eq!(answer[at..at + 2], [0, 0], "Kafka's error code");
}

/// Produce (0), version 3; numbers big end first.
fn request(topic: &str, value: &[u8]) -> Vec<u8> {
    let batch = batch(value);
    let mut body = Vec::new();
    for short in [0_i16, 3] {
        body.extend(short.to_be_bytes());
    }
    body.extend(1_i32.to_be_bytes());
    push_text(&mut body, "raw");
    // No transaction; all copies; within so many milliseconds.
    body.extend((-1_i16).to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend(10_000_i32.to_be_bytes());
    body.extend(1_i32.to_be_bytes());
    push_text(&mut body, topic);
    body.extend(1_i32.to_be_bytes());
    body.extend(0_i32.to_be_bytes());
    body.extend(i32::try_from(batch.len()).expect("short").to_be_bytes());
    body.extend(batch);
    let length = i32::try_from(body.len()).expect("short");
    [length.to_be_bytes().to_vec(), body].concat()
}

fn push_text(to: &mut Vec<u8>, text: &str) {
    to.extend(i16::try_from(text.len()).expect("short").to_be_bytes());
    to.extend(text.as_bytes());
}

/// A batch (version 2) of one record without a key.
fn batch(value: &[u8]) -> Vec<u8> {
    #[expect(clippy::disallowed_methods, reason = "Kafka refuses a record of long ago")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    let now = i64::try_from(now.as_millis()).expect("it is not that late");
    // Numbers of a record are zigzag and short here: attributes, time, offset, no key, the value, no headers.
    let length = u8::try_from(value.len()).ok().filter(|length| *length < 32).expect("short");
    let mut record = vec![0, 0, 0, 1, length * 2];
    record.extend(value);
    record.push(0);
    let mut checked = Vec::new();
    // Attributes, the last offset's distance, first and last time, no producer, one record.
    checked.extend(0_i16.to_be_bytes());
    checked.extend(0_i32.to_be_bytes());
    checked.extend(now.to_be_bytes());
    checked.extend(now.to_be_bytes());
    checked.extend((-1_i64).to_be_bytes());
    checked.extend((-1_i16).to_be_bytes());
    checked.extend((-1_i32).to_be_bytes());
    checked.extend(1_i32.to_be_bytes());
    checked.push(u8::try_from(record.len()).expect("short") * 2);
    checked.extend(record);
    let mut batch = Vec::new();
    batch.extend(0_i64.to_be_bytes());
    // What comes behind the length: epoch, version, checksum, and what is checked.
    batch.extend(i32::try_from(4 + 1 + 4 + checked.len()).expect("short").to_be_bytes());
    batch.extend((-1_i32).to_be_bytes());
    batch.push(2);
    batch.extend(crc32c(&checked).to_be_bytes());
    batch.extend(checked);
    batch
}

/// Castagnoli's checksum, a bit at a time (RFC 3720, appendix B.4, has its polynomial).
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    })
}

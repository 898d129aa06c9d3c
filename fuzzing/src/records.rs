//! Records of both logs.

use ledgerline_records::play::PlayRecord;
use ledgerline_records::{DecodeError, LogRecord};

use crate::memory::within;

/// Bytes are one record or none: what is read is written as the same bytes again, and a byte
/// more or less makes it none.
pub fn records(bytes: &[u8]) {
    // Records borrow from their bytes: reading one takes no memory at all.
    let (log, play) = within(0, || (LogRecord::decode(bytes), PlayRecord::decode(bytes)));
    if let Ok(record) = &log {
        let mut again = Vec::new();
        record.encode(&mut again);
        // A record of an earlier version is written as one of this version.
        let [_, version, ..] = *again else { panic!("a record has kind and version") };
        if bytes[1] == version {
            assert_eq!(again, bytes, "{record:?}");
        } else {
            assert_eq!(LogRecord::decode(&again).as_ref(), Ok(record));
        }
        check_length(bytes, |bytes| LogRecord::decode(bytes).map(drop));
    }
    if let Ok(record) = &play {
        let mut again = Vec::new();
        record.encode(&mut again);
        assert_eq!(again, bytes, "{record:?}");
        check_length(bytes, |bytes| PlayRecord::decode(bytes).map(drop));
        if let Some(counted) = record.counts_as() {
            assert_eq!(counted, record.attributes());
        }
    }
    assert!(log.is_err() || play.is_err(), "one record of two logs: {log:?}, {play:?}");
}

fn check_length(bytes: &[u8], decode: impl Fn(&[u8]) -> Result<(), DecodeError>) {
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err(), "cut to {length} of {bytes:?}");
    }
    let longer = [bytes, &[0]].concat();
    assert_eq!(decode(&longer), Err(DecodeError::TrailingBytes { extra: 1 }), "{bytes:?}");
}

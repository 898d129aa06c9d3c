//! Contract files, as people write them.

use ledgerline_contract_files::{read, write};
use std::str::from_utf8;

/// A contract that reads holds by itself, and reads as the same from the file that we write of it.
/// Every fault lies in the file and says something.
pub fn contract(bytes: &[u8]) {
    match read("c.toml", bytes) {
        Ok(contract) => {
            assert_eq!(contract.faults(), Vec::new());
            let text = write(&contract);
            assert_eq!(read("c.toml", text.as_bytes()), Ok(contract), "{text}");
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "a refusal says why");
            let lines = from_utf8(bytes).map_or(usize::MAX, |text| text.matches('\n').count() + 1);
            for fault in faults {
                assert!((1..=lines).contains(&fault.line) && fault.column >= 1, "{fault}");
                assert!(!fault.what.is_empty() && !fault.what.ends_with('\n'), "{fault}");
            }
        }
    }
}

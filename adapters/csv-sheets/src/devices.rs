//! A list of bot devices: one id a line.

use ledgerline_ids::{DeviceId, IdError};

/// Why a file is no list of devices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DevicesError {
    /// Save it as UTF-8.
    #[error("{0}")]
    NotText(#[from] std::str::Utf8Error),
    /// Mend the line.
    #[error("line {line}: a device id {why}")]
    Wrong {
        /// Which one, from 1.
        line: usize,
        /// What an id must be.
        why: IdError,
    },
}

/// Reads device ids, one a line; blank lines and those that begin with `#` are passed over.
///
/// # Errors
/// [`DevicesError`] for the first line that is no device id.
pub fn read_devices(bytes: &[u8]) -> Result<Vec<String>, DevicesError> {
    let text = std::str::from_utf8(bytes)?;
    // Editors on Windows put one before the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut devices = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let device = text.trim();
        if device.is_empty() || device.starts_with('#') {
            continue;
        }
        DeviceId::new(device).map_err(|why| DevicesError::Wrong { line, why })?;
        devices.push(device.to_owned());
    }
    Ok(devices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_and_the_rest_passed_over() {
        let read = |text: &str| read_devices(text.as_bytes());
        assert_eq!(
            read("\u{feff}d1\r\n\n  # a farm\n d 2 \n"),
            Ok(vec!["d1".into(), "d 2".into()])
        );
        assert_eq!(read(""), Ok(Vec::new()));
        let error = read("d1\nd\u{7}\n").expect_err("a bell is no part of an id");
        assert!(error.to_string().starts_with("line 2: a device id "), "{error}");
        assert!(matches!(read_devices(b"\xe9"), Err(DevicesError::NotText(_))));
    }
}

//! Old encodings: what was written in one and read in another.

/// The text of bytes: UTF-8, UTF-16 with its mark, else Windows' Western letters.
pub(crate) fn decoded(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let latin: String = bytes.iter().map(|byte| windows_1252(*byte)).collect();
                repaired(&latin)
            }
        },
    }
}

/// A text whose bytes were taken for Latin letters, one each, and which were something else: UTF-8, or
/// Cyrillic letters of Windows. Any other text as it is.
pub(crate) fn repaired(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let Some(bytes) = latin_bytes(text) else { return text.to_owned() };
    if let Ok(utf8) = std::str::from_utf8(&bytes) {
        return utf8.to_owned();
    }
    if looks_cyrillic(&bytes) {
        return bytes.iter().map(|byte| windows_1251(*byte)).collect();
    }
    text.to_owned()
}

/// The bytes that these letters would have been read from, if they were.
fn latin_bytes(text: &str) -> Option<Vec<u8>> {
    let byte = |letter: char| {
        u8::try_from(u32::from(letter)).ok().or_else(|| {
            let at = WINDOWS_1252.iter().position(|it| *it == letter)?;
            u8::try_from(at + 0x80).ok()
        })
    };
    text.chars().map(byte).collect()
}

/// Words of nothing but letters that Western languages strew in: three in a row never happen there, and words
/// of Cyrillic letters have nothing else.
fn looks_cyrillic(bytes: &[u8]) -> bool {
    let is_letter = |byte: u8| byte >= 0xc0 || byte == 0xa8 || byte == 0xb8;
    let words = bytes.split(|byte| !is_letter(*byte) && !byte.is_ascii_alphabetic());
    let words: Vec<&[u8]> = words.filter(|word| word.len() >= 3).collect();
    let whole = words.iter().filter(|word| word.iter().all(|byte| is_letter(*byte))).count();
    let mixed = words.iter().any(|word| {
        word.iter().any(|byte| is_letter(*byte)) && !word.iter().all(|byte| is_letter(*byte))
    });
    whole > 0 && !mixed
}

fn windows_1251(byte: u8) -> char {
    match byte {
        0xc0..=0xff => char::from_u32(0x410 + u32::from(byte - 0xc0)).unwrap_or('\u{fffd}'),
        0xa8 => 'Ё',
        0xb8 => 'ё',
        0xb9 => '№',
        0x85 => '…',
        0x96 => '–',
        0x97 => '—',
        _ => char::from(byte),
    }
}

/// From 0x80 to 0x9f: where Windows has letters and Latin-1 has none.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_the_wrong_encoding_are_repaired() {
        let as_latin =
            |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
        for (text, expected) in [
            ("Zoë".to_owned(), "Zoë"),
            (as_latin("Zoë".as_bytes()), "Zoë"),
            (as_latin("日本".as_bytes()), "日本"),
            // Cyrillic letters of Windows.
            (as_latin(&[0xcf, 0xe5, 0xf1, 0xed, 0xff]), "Песня"),
            ("Mötley Crüe".to_owned(), "Mötley Crüe"),
            ("Ágætis byrjun".to_owned(), "Ágætis byrjun"),
            ("Für Élise".to_owned(), "Für Élise"),
            ("Привет".to_owned(), "Привет"),
            ("Don’t".to_owned(), "Don’t"),
        ] {
            assert_eq!(repaired(&text), expected);
        }
    }

    #[test]
    fn texts_of_every_encoding_are_decoded() {
        for (bytes, expected) in [
            ("Zoë".as_bytes().to_vec(), "Zoë"),
            (b"\xef\xbb\xbfZo\xc3\xab".to_vec(), "Zoë"),
            (b"\xff\xfeZ\0o\0\xeb\0".to_vec(), "Zoë"),
            (b"\xfe\xff\0Z\0o\0\xeb".to_vec(), "Zoë"),
            (b"Zo\xeb \x93hi\x94".to_vec(), "Zoë “hi”"),
            (b"".to_vec(), ""),
        ] {
            assert_eq!(decoded(&bytes), expected);
        }
    }
}

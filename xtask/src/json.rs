//! JSON as far as xtask reads it: what our own programs print.

use std::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// Any number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, in the order in which it was written.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value.
    ///
    /// # Errors
    /// A sentence with the place where it stops being JSON.
    pub fn parse(text: &str) -> Result<Json, String> {
        let mut reader = Reader { text: text.as_bytes(), at: 0, depth: 0 };
        let value = reader.value()?;
        reader.skip_space();
        if reader.at == text.len() { Ok(value) } else { Err(reader.unexpected()) }
    }

    /// The value at a path such as `plays.counted`.
    pub fn at(&self, path: &str) -> Option<&Json> {
        path.split('.').try_fold(self, |value, name| match value {
            Json::Object(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, v)| v),
            _ => None,
        })
    }

    /// The number at a path.
    ///
    /// # Errors
    /// A sentence that names the path.
    pub fn number(&self, path: &str) -> Result<f64, String> {
        match self.at(path) {
            Some(Json::Number(number)) => Ok(*number),
            other => Err(format!("`{path}` is no number but {other:?}")),
        }
    }

    /// The whole number at a path; 0 where there is nothing.
    ///
    /// # Errors
    /// A sentence that names the path.
    pub fn count(&self, path: &str) -> Result<u64, String> {
        match self.at(path) {
            None => Ok(0),
            Some(Json::Number(number)) if *number >= 0.0 && number.fract() == 0.0 => {
                // Numbers up to 2^53 are exact, and nothing here is counted that far.
                format!("{number:.0}").parse().map_err(|_| format!("`{path}` is too large"))
            }
            Some(other) => Err(format!("`{path}` is no count but {other}")),
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(number) if number.is_finite() => write!(f, "{number}"),
            Json::Number(_) => f.write_str("null"),
            Json::Text(text) => write_text(f, text),
            Json::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Json::Object(fields) => {
                f.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_text(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// Deeper nesting is none of ours.
const DEPTH_MAX: usize = 64;

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Json, String> {
        self.skip_space();
        match self.text.get(self.at) {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.digits(),
            _ => {
                for (word, value) in
                    [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
                {
                    if self.text[self.at..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.unexpected())
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, String>) -> Result<Json, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("JSON nested more than {DEPTH_MAX} deep"));
        }
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Json, String> {
        let mut fields = Vec::new();
        while !self.closes(b'}', fields.is_empty())? {
            self.skip_space();
            let name = self.string()?;
            self.skip_space();
            self.expect(b':')?;
            fields.push((name, self.value()?));
        }
        Ok(Json::Object(fields))
    }

    fn list(&mut self) -> Result<Json, String> {
        let mut items = Vec::new();
        while !self.closes(b']', items.is_empty())? {
            items.push(self.value()?);
        }
        Ok(Json::List(items))
    }

    /// Whether the closing byte comes next; otherwise takes the comma, where one is due.
    fn closes(&mut self, byte: u8, first: bool) -> Result<bool, String> {
        self.skip_space();
        if self.text.get(self.at) == Some(&byte) {
            self.at += 1;
            return Ok(true);
        }
        if !first {
            self.expect(b',')?;
        }
        Ok(false)
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect(b'"')?;
        let mut bytes = Vec::new();
        loop {
            let byte = *self.text.get(self.at).ok_or_else(|| self.unexpected())?;
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.escaped(&mut bytes)?,
                byte => bytes.push(byte),
            }
        }
        String::from_utf8(bytes).map_err(|_| "a JSON string that is no UTF-8".to_owned())
    }

    fn escaped(&mut self, bytes: &mut Vec<u8>) -> Result<(), String> {
        let byte = *self.text.get(self.at).ok_or_else(|| self.unexpected())?;
        self.at += 1;
        bytes.push(match byte {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'"' | b'\\' | b'/' => byte,
            b'u' => {
                let hex = self
                    .text
                    .get(self.at..self.at + 4)
                    .and_then(|hex| u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
                // Half of a pair stands for a letter that none of our programs writes.
                let letter = hex.and_then(char::from_u32).ok_or_else(|| self.unexpected())?;
                self.at += 4;
                bytes.extend_from_slice(letter.to_string().as_bytes());
                return Ok(());
            }
            _ => return Err(self.unexpected()),
        });
        Ok(())
    }

    fn digits(&mut self) -> Result<Json, String> {
        let start = self.at;
        while matches!(self.text.get(self.at), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
        {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        text.parse().map(Json::Number).map_err(|_| format!("`{text}` is no number"))
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.text.get(self.at) == Some(&byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self) -> String {
        format!("no JSON at byte {}", self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = r#"{"a":[1,-2.5,true,null],"b":{"c":"x\"\\\u0007é"},"d":[],"e":{}}"#;
        let value = Json::parse(text).unwrap();
        assert_eq!(value.to_string(), text);
        assert_eq!(value.at("b.c"), Some(&Json::Text("x\"\\\u{7}é".to_owned())));
        assert_eq!(value.at("b.x"), None);
        let spaced = Json::parse(" { \"n\" : 7 , \"m\" : 1e3 }\n").unwrap();
        assert_eq!(
            (spaced.count("n"), spaced.count("x"), spaced.number("m")),
            (Ok(7), Ok(0), Ok(1000.0))
        );
        assert!(spaced.number("x").is_err());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\"}", "\"a", "1 2", "nul", "[1 2]", "\"\\u12\""] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        assert!(Json::parse(&"[".repeat(100)).is_err());
    }
}

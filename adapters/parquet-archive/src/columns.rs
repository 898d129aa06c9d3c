//! Columns in memory, and what they are called in a schema.

use ledgerline_ids::UnixMs;
use parquet::data_type::ByteArray;
use std::fmt::Write as _;

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// UTF-8.
    Text,
    /// Any bytes.
    Blob,
    /// A signed number of 32 bits.
    Small,
    /// An unsigned number of 64 bits.
    Count,
    /// Milliseconds since 1970, UTC.
    Instant,
    /// True or false.
    Flag,
}

impl Form {
    fn declared(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("BYTE_ARRAY", " (STRING)"),
            Self::Blob => ("BYTE_ARRAY", ""),
            Self::Small => ("INT32", ""),
            Self::Count => ("INT64", " (INTEGER(64,false))"),
            Self::Instant => ("INT64", " (TIMESTAMP(MILLIS,true))"),
            Self::Flag => ("BOOLEAN", ""),
        }
    }

    fn empty(self) -> Values {
        match self {
            Self::Text | Self::Blob => Values::Bytes(Vec::new()),
            Self::Small => Values::Small(Vec::new()),
            Self::Count | Self::Instant => Values::Long(Vec::new()),
            Self::Flag => Values::Flags(Vec::new()),
        }
    }
}

/// The values that are there, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Bytes(Vec<ByteArray>),
    Small(Vec<i32>),
    Long(Vec<i64>),
    Flags(Vec<bool>),
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub name: &'static str,
    pub form: Form,
    pub values: Values,
    /// For each row 1 where it has a value and 0 where not; `None` where all must have one.
    pub there: Option<Vec<i16>>,
}

impl Column {
    /// One in which every row has a value.
    pub(crate) fn required(name: &'static str, form: Form) -> Self {
        Self { name, form, values: form.empty(), there: None }
    }

    /// One in which rows may have none.
    pub(crate) fn optional(name: &'static str, form: Form) -> Self {
        Self { there: Some(Vec::new()), ..Self::required(name, form) }
    }

    /// One without rows, of the same name and form.
    pub(crate) fn emptied(&self) -> Self {
        let there = self.there.as_ref().map(|_| Vec::new());
        Self { values: self.form.empty(), there, ..*self }
    }

    fn is_there(&mut self, there: bool) -> bool {
        match &mut self.there {
            Some(rows) => rows.push(i16::from(there)),
            None => assert!(there, "a required column has a value in each row"),
        }
        there
    }

    pub(crate) fn bytes(&mut self, value: Option<ByteArray>) {
        if self.is_there(value.is_some())
            && let (Values::Bytes(values), Some(value)) = (&mut self.values, value)
        {
            values.push(value);
        }
    }

    pub(crate) fn text(&mut self, value: Option<&str>) {
        self.bytes(value.map(ByteArray::from));
    }

    pub(crate) fn small(&mut self, value: Option<i32>) {
        if self.is_there(value.is_some())
            && let (Values::Small(values), Some(value)) = (&mut self.values, value)
        {
            values.push(value);
        }
    }

    /// All 64 bits: the schema says that they have no sign.
    pub(crate) fn count(&mut self, value: Option<u64>) {
        if self.is_there(value.is_some())
            && let (Values::Long(values), Some(value)) = (&mut self.values, value)
        {
            values.push(value.cast_signed());
        }
    }

    pub(crate) fn instant(&mut self, value: Option<UnixMs>) {
        self.count(value.map(UnixMs::get));
    }

    pub(crate) fn flag(&mut self, value: Option<bool>) {
        if self.is_there(value.is_some())
            && let (Values::Flags(values), Some(value)) = (&mut self.values, value)
        {
            values.push(value);
        }
    }
}

/// The schema of a file with these columns, in Parquet's own notation.
pub(crate) fn schema_text(columns: &[Column]) -> String {
    let mut text = String::from("message ledgerline {\n");
    for column in columns {
        let must = if column.there.is_some() { "OPTIONAL" } else { "REQUIRED" };
        let (kind, logical) = column.form.declared();
        writeln!(text, "  {must} {kind} {}{logical};", column.name)
            .expect("a String takes everything");
    }
    text.push('}');
    text
}

/// Walks over the rows of a column that was read.
pub(crate) struct Rows<'c> {
    column: &'c Column,
    row: usize,
    value: usize,
}

impl<'c> Rows<'c> {
    pub(crate) fn of(column: &'c Column) -> Self {
        Self { column, row: 0, value: 0 }
    }

    // The number of the next row's value; `None` where it has none, or there are no more.
    fn next_value(&mut self) -> Option<usize> {
        let there = self.column.there.as_ref().is_none_or(|there| there.get(self.row) == Some(&1));
        self.row += 1;
        there.then(|| {
            self.value += 1;
            self.value - 1
        })
    }

    pub(crate) fn bytes(&mut self) -> Option<&'c [u8]> {
        let at = self.next_value()?;
        match &self.column.values {
            Values::Bytes(values) => values.get(at).map(ByteArray::data),
            _ => None,
        }
    }

    /// `None` also where it isn't UTF-8.
    pub(crate) fn text(&mut self) -> Option<&'c str> {
        self.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    pub(crate) fn small(&mut self) -> Option<i32> {
        let at = self.next_value()?;
        match &self.column.values {
            Values::Small(values) => values.get(at).copied(),
            _ => None,
        }
    }

    pub(crate) fn count(&mut self) -> Option<u64> {
        let at = self.next_value()?;
        match &self.column.values {
            Values::Long(values) => values.get(at).copied().map(i64::cast_unsigned),
            _ => None,
        }
    }

    pub(crate) fn instant(&mut self) -> Option<UnixMs> {
        self.count().and_then(|millis| UnixMs::new(millis).ok())
    }
}

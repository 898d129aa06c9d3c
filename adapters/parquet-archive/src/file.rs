//! A file of columns: written, read, and held against its checksum.
//!
//! Besides what every Parquet file has, the footer of one of ours says (keys of its metadata):
//!
//! | key | value |
//! |---|---|
//! | `ledgerline.format` | the version of the form, [`FORMAT`] |
//! | `ledgerline.kind` | `reports` or `changes` |
//! | `ledgerline.partition`, `.first`, `.end` | the run: partition, first position, the one behind the last |
//! | `ledgerline.number` | of reports how many changes they caused; of changes which part this is |
//! | `ledgerline.key_fingerprint` | whose deployment |
//! | `ledgerline.columns_bytes`, `.columns_sha256` | the length and SHA-256 of all that stands before the footer |

use ledgerline_app::ports::{ArchiveFileError, RunHead};
use ledgerline_ids::{PartitionId, Position};
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::reader::ColumnReader;
use parquet::column::writer::ColumnWriter;
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::columns::{Column, Values, schema_text};

/// The version of the form that files are written in. An older one is read for ever.
pub const FORMAT: u32 = 1;
/// So many rows are one group: what a reader can leave out by its least and greatest values.
const GROUP_ROWS: usize = 1 << 16;
/// More rows than this no file of ours has: nothing is set aside for more, whatever a footer says.
const ROWS_MAX: u64 = 1 << 24;
const ZSTD_LEVEL: i32 = 3;

pub(crate) const REPORTS: &str = "reports";
pub(crate) const CHANGES: &str = "changes";

/// Writes a file. `number` is of reports how many changes they caused, of changes which part.
pub(crate) fn write(
    kind: &str,
    head: &RunHead,
    number: u64,
    columns: &[Column],
) -> Result<Vec<u8>, ArchiveFileError> {
    write_by(kind, head, number, columns)
        .map_err(|error| ArchiveFileError::Unwritable(error.to_string()))
}

fn write_by(
    kind: &str,
    head: &RunHead,
    number: u64,
    columns: &[Column],
) -> Result<Vec<u8>, ParquetError> {
    let schema = Arc::new(parse_message_type(&schema_text(columns))?);
    // Nothing here may depend on the machine, the day or a library's version.
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(format!("ledgerline archive format {FORMAT}"))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let rows = rows_of(&columns[0]);
    let mut cursors: Vec<usize> = vec![0; columns.len()];
    let mut first = 0;
    while first < rows {
        let until = rows.min(first + GROUP_ROWS);
        let mut group = writer.next_row_group()?;
        for (column, cursor) in columns.iter().zip(&mut cursors) {
            let mut into = group.next_column()?.expect("the schema has just these columns");
            write_rows(into.untyped(), column, first..until, cursor)?;
            into.close()?;
        }
        group.close()?;
        first = until;
    }
    // Every byte so far is of a column, and what comes behind is the footer.
    let columns_sha256 = hex(&Sha256::digest(writer.inner()));
    let columns_bytes = writer.inner().len();
    for (key, value) in [
        ("format", FORMAT.to_string()),
        ("kind", kind.to_owned()),
        ("partition", head.partition.0.to_string()),
        ("first", head.first.0.to_string()),
        ("end", head.end.0.to_string()),
        ("number", number.to_string()),
        ("key_fingerprint", head.key_fingerprint.clone()),
        ("columns_bytes", columns_bytes.to_string()),
        ("columns_sha256", columns_sha256),
    ] {
        writer.append_key_value_metadata(KeyValue::new(format!("ledgerline.{key}"), value));
    }
    writer.into_inner()
}

fn rows_of(column: &Column) -> usize {
    match (&column.there, &column.values) {
        (Some(there), _) => there.len(),
        (None, Values::Bytes(values)) => values.len(),
        (None, Values::Small(values)) => values.len(),
        (None, Values::Long(values)) => values.len(),
        (None, Values::Flags(values)) => values.len(),
    }
}

// `cursor` is the first value of these rows, and moves behind their last one.
fn write_rows(
    into: &mut ColumnWriter<'_>,
    column: &Column,
    rows: std::ops::Range<usize>,
    cursor: &mut usize,
) -> Result<(), ParquetError> {
    let there = column.there.as_ref().map(|there| &there[rows.clone()]);
    let values = there.map_or(rows.len(), |it| it.iter().filter(|there| **there == 1).count());
    let from = *cursor;
    *cursor += values;
    let values = from..*cursor;
    match (into, &column.values) {
        (ColumnWriter::ByteArrayColumnWriter(to), Values::Bytes(of)) => {
            to.write_batch(&of[values], there, None)?
        }
        (ColumnWriter::Int32ColumnWriter(to), Values::Small(of)) => {
            to.write_batch(&of[values], there, None)?
        }
        (ColumnWriter::Int64ColumnWriter(to), Values::Long(of)) => {
            to.write_batch(&of[values], there, None)?
        }
        (ColumnWriter::BoolColumnWriter(to), Values::Flags(of)) => {
            to.write_batch(&of[values], there, None)?
        }
        _ => unreachable!("the schema is made of these columns"),
    };
    Ok(())
}

/// A file whose checksum was right.
pub(crate) struct Opened {
    reader: SerializedFileReader<bytes::Bytes>,
    pub head: RunHead,
    pub number: u64,
    pub rows: usize,
}

/// Opens a file of a kind, and holds it against its checksum.
pub(crate) fn open(file: Vec<u8>, kind: &str) -> Result<Opened, ArchiveFileError> {
    let file = bytes::Bytes::from(file);
    let reader = SerializedFileReader::new(file.clone())
        .map_err(|error| damaged(format!("no footer of a Parquet file can be read ({error})")))?;
    let said = Said { metadata: reader.metadata() };
    let format = u32::try_from(said.number("format")?).unwrap_or(u32::MAX);
    if format > FORMAT {
        return Err(ArchiveFileError::Newer { format, known: FORMAT });
    }
    if format == 0 {
        return Err(damaged("its format is 0".to_owned()));
    }
    if said.text("kind")? != kind {
        return Err(damaged(format!("it has {} where {kind} should be", said.text("kind")?)));
    }
    let columns = usize::try_from(said.number("columns_bytes")?).unwrap_or(usize::MAX);
    let columns = file.get(..columns).ok_or_else(|| damaged("it is cut".to_owned()))?;
    if hex(&Sha256::digest(columns)) != said.text("columns_sha256")? {
        return Err(damaged("its columns aren't what their checksum says".to_owned()));
    }
    let partition = u16::try_from(said.number("partition")?)
        .map_err(|_| damaged("its partition is no such number".to_owned()))?;
    let head = RunHead {
        partition: PartitionId(partition),
        first: Position(said.number("first")?),
        end: Position(said.number("end")?),
        key_fingerprint: said.text("key_fingerprint")?.to_owned(),
    };
    let number = said.number("number")?;
    let rows = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(u64::MAX);
    let right = rows <= ROWS_MAX
        && head.first < head.end
        && head.end <= Position::LIMIT
        && (kind != REPORTS || rows == head.end.0 - head.first.0);
    let rows = usize::try_from(rows).ok().filter(|_| right);
    let rows = rows.ok_or_else(|| damaged("its footer contradicts itself".to_owned()))?;
    Ok(Opened { reader, head, number, rows })
}

impl Opened {
    /// Reads columns, each into one of the given form.
    pub(crate) fn read(&self, wanted: &[Column]) -> Result<Vec<Column>, ArchiveFileError> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let expected = parse_message_type(&schema_text(wanted)).expect("our own notation");
        if *schema.root_schema() != expected {
            return Err(damaged("it has other columns than its format".to_owned()));
        }
        let mut columns: Vec<Column> = wanted.iter().map(Column::emptied).collect();
        for group in 0..self.reader.num_row_groups() {
            let group = self.reader.get_row_group(group).map_err(|error| unreadable(&error))?;
            let rows = group.metadata().num_rows();
            let rows = usize::try_from(rows).ok().filter(|rows| *rows <= self.rows);
            let rows = rows.ok_or_else(|| damaged("a group has too many rows".to_owned()))?;
            for (at, column) in columns.iter_mut().enumerate() {
                read_rows(&*group, at, column, rows)?;
            }
        }
        for column in &columns {
            if rows_of(column) != self.rows {
                let name = column.name;
                return Err(damaged(format!("its column {name} has not as many rows as it has")));
            }
        }
        Ok(columns)
    }

    /// Whether it has just these columns: whoever reads one of them sees what the records say.
    pub(crate) fn must_hold(&self, columns: &[Column]) -> Result<(), ArchiveFileError> {
        let read = self.read(columns)?;
        match read.iter().zip(columns).find(|(read, column)| read != column) {
            None => Ok(()),
            Some((column, _)) => {
                let name = column.name;
                Err(damaged(format!("its column {name} says something else than its records")))
            }
        }
    }
}

fn read_rows(
    group: &dyn RowGroupReader,
    at: usize,
    column: &mut Column,
    rows: usize,
) -> Result<(), ArchiveFileError> {
    let there = &mut column.there;
    let mut left = rows;
    let mut reader = group.get_column_reader(at).map_err(|error| unreadable(&error))?;
    while left > 0 {
        let there = there.as_mut();
        let read = match (&mut reader, &mut column.values) {
            (ColumnReader::ByteArrayColumnReader(from), Values::Bytes(to)) => {
                from.read_records(left, there, None, to)
            }
            (ColumnReader::Int32ColumnReader(from), Values::Small(to)) => {
                from.read_records(left, there, None, to)
            }
            (ColumnReader::Int64ColumnReader(from), Values::Long(to)) => {
                from.read_records(left, there, None, to)
            }
            (ColumnReader::BoolColumnReader(from), Values::Flags(to)) => {
                from.read_records(left, there, None, to)
            }
            _ => return Err(damaged("a column is of another type".to_owned())),
        };
        let (read, ..) = read.map_err(|error| unreadable(&error))?;
        if read == 0 {
            return Err(damaged(format!("its column {} ends too soon", column.name)));
        }
        left -= read;
    }
    Ok(())
}

/// What the footer says of the file.
struct Said<'m> {
    metadata: &'m ParquetMetaData,
}

impl<'m> Said<'m> {
    fn text(&self, key: &str) -> Result<&'m str, ArchiveFileError> {
        let pairs = self.metadata.file_metadata().key_value_metadata();
        let is_it = |pair: &&KeyValue| pair.key.strip_prefix("ledgerline.") == Some(key);
        let found = pairs.and_then(|pairs| pairs.iter().find(is_it));
        found
            .and_then(|pair| pair.value.as_deref())
            .ok_or_else(|| damaged(format!("its footer doesn't say ledgerline.{key}")))
    }

    fn number(&self, key: &str) -> Result<u64, ArchiveFileError> {
        let wrong = |_| damaged(format!("its footer's ledgerline.{key} is no number"));
        self.text(key)?.parse().map_err(wrong)
    }
}

/// Reads a file; what its bytes make a parser of others do is damage, and no more.
pub(crate) fn guarded<T>(
    read: impl FnOnce() -> Result<T, ArchiveFileError>,
) -> Result<T, ArchiveFileError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(damaged("reading it was broken off; the log says why".to_owned())))
}

pub(crate) fn damaged(detail: String) -> ArchiveFileError {
    ArchiveFileError::Damaged(detail)
}

fn unreadable(error: &ParquetError) -> ArchiveFileError {
    damaged(error.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}

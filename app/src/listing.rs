//! Lists of plays by their status, a page at a time.

use ledgerline_ids::PartitionId;
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::verdict::Status;

use crate::counts::AppliedTo;
use crate::deployment::ReadError;
use crate::plays::{PlayView, view_of};
use crate::ports::drive::{Drive, apart};
use crate::reading::Readers;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What to ask for the next one with; `None` on the last.
    pub next: Option<String>,
}

/// Which plays are wanted: of one of the statuses, and of a recording that `of` says yes to.
pub(crate) struct Wanted<F> {
    pub statuses: &'static [Status],
    pub of: F,
}

/// The plays that are wanted, in the order of their partitions and of their newest records;
/// `after` is a former page's [`Page::next`].
pub(crate) async fn list(
    drive: &dyn Drive,
    readers: &Readers,
    of: &[AppliedTo],
    wanted: Wanted<impl Fn(&str) -> bool + Send + 'static>,
    limit: usize,
    after: Option<&str>,
) -> Result<Page<PlayView>, ReadError> {
    let (readers, of) = (readers.clone(), of.to_vec());
    let begin = after.and_then(cursor);
    let listed = apart(drive, move || {
        let mut items = Vec::new();
        for applied in of {
            let first = match begin {
                Some((partition, _)) if applied.partition < partition => continue,
                Some((partition, address)) if applied.partition == partition => address.0 + 1,
                _ => 0,
            };
            let statuses = wanted.statuses;
            let standing = readers.standing_at(applied.partition, applied.plays_bytes, statuses)?;
            for (address, bytes) in standing.range(PlayAddress(first)..) {
                let play = PlayRecord::decode(bytes).expect("it was just encoded");
                if !(wanted.of)(play.track.as_str()) {
                    continue;
                }
                if items.len() == limit {
                    return Ok(page(items));
                }
                items.push((applied.partition, *address, view_of(&play, applied.partition)));
            }
        }
        Ok(Page { items: items.into_iter().map(|(.., view)| view).collect(), next: None })
    });
    listed.await.unwrap_or_else(|| Err(ReadError::broken_off()))
}

fn page(items: Vec<(PartitionId, PlayAddress, PlayView)>) -> Page<PlayView> {
    let next = items.last().map(|(partition, address, _)| format!("{}-{}", partition.0, address.0));
    Page { items: items.into_iter().map(|(.., view)| view).collect(), next }
}

fn cursor(text: &str) -> Option<(PartitionId, PlayAddress)> {
    let (partition, address) = text.split_once('-')?;
    Some((PartitionId(partition.parse().ok()?), PlayAddress(address.parse().ok()?)))
}

//! A statement as a paper, with the names that the catalogue of its close has.

use ledgerline_catalog::Catalogue;
use ledgerline_ids::Period;
use std::sync::Arc;
use tokio::sync::Semaphore;

use crate::Deployment;
use crate::money::close::CloseError;
use crate::money::close::reading::ClosedMonth;
use crate::ports::drive::apart;
use crate::ports::{PaperNames, PrintError, RecordingName, StatementPaper, StatementPrinter};

/// So many papers are made at once; each takes some megabytes.
const PRINTED_AT_ONCE: usize = 2;

/// What makes papers, and the turns at it.
pub struct Papers {
    printer: Arc<dyn StatementPrinter>,
    turns: Semaphore,
}

impl std::fmt::Debug for Papers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Papers(..)")
    }
}

impl Papers {
    /// Over what makes them.
    #[must_use]
    pub fn new(printer: Arc<dyn StatementPrinter>) -> Self {
        Self { printer, turns: Semaphore::new(PRINTED_AT_ONCE) }
    }
}

impl Deployment {
    /// A payee's statement of a closed month as a paper.
    ///
    /// # Errors
    /// [`PrintError`].
    pub async fn printed_statement(
        &self,
        payee: &str,
        period: Period,
    ) -> Result<Vec<u8>, PrintError> {
        let papers = self.money().papers();
        let _turn = papers.turns.acquire().await.expect("turns never end");
        let month = self.closed_month(period).await?;
        let catalogue = self.money().rights().at(month.record().revisions.rights).await?;
        let (printer, payee) = (papers.printer.clone(), payee.to_owned());
        let printed = apart(&*self.drive, move || printed(&*printer, &month, &catalogue, &payee));
        printed.await.unwrap_or(Err(CloseError::BrokenOff.into()))
    }
}

fn printed(
    printer: &dyn StatementPrinter,
    month: &ClosedMonth,
    catalogue: &Catalogue,
    payee: &str,
) -> Result<Vec<u8>, PrintError> {
    let statement = month.statement(payee)?;
    let lines = |from, limit| month.lines(payee, from, limit);
    let names = NamesOf { catalogue };
    printer.print(&StatementPaper { statement: &statement, names: &names, lines: &lines })
}

struct NamesOf<'a> {
    catalogue: &'a Catalogue,
}

impl PaperNames for NamesOf<'_> {
    fn party(&self, id: &str) -> Option<String> {
        let party = self.catalogue.find_party(id)?;
        Some(self.catalogue.party(party).name.to_string())
    }

    fn recording(&self, track_id: &str) -> Option<RecordingName> {
        let recording = self.catalogue.find_recording(track_id)?;
        let artists = self.catalogue.artists_of(recording);
        let artists = artists.map(|(party, _)| self.catalogue.party(party).name.to_string());
        let title = self.catalogue.title(recording).to_owned();
        Some(RecordingName { title, artists: artists.collect() })
    }
}

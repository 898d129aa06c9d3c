//! A licensor's sales of a month: its statement's own lines, told with the catalogue, the revenue and
//! the terms that the close was computed from.
//!
//! A report is of one recipient, one territory and one profile: masters go into the financial one,
//! mechanical and performance rights into the basic audio one. Its sums are those of the statement.

use ledgerline_catalog::{Catalogue, RecordingNo, TerritoryCode};
use ledgerline_ids::Period;
use ledgerline_money::{Currency, Fraction, Micros, MoneyError};
use ledgerline_royalty::revenue::RevenueRow;
use ledgerline_royalty::statement::{Cause, StatementLine};
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::Use;
use std::collections::{BTreeMap, BTreeSet};

use crate::Deployment;
use crate::deployment::ReadError;
use crate::money::close::reading::ClosedMonth;
use crate::money::close::{CloseError, Known};
use crate::money::sales_report::{
    CommercialModel, Sale, SalesParty, SalesProfile, SalesReport, SalesSummary, SoldRecording,
    SoldRelease, SoldWork,
};
use crate::ports::drive::apart;

/// What a service says of itself in its reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesRequest {
    /// The service.
    pub sender: SalesParty,
    /// Its name in the reports.
    pub service: String,
    /// Only for this payee.
    pub payee: Option<String>,
    /// All lines in this profile.
    pub profile: Option<SalesProfile>,
    /// Only of this territory, as a report names it.
    pub territory: Option<String>,
    /// The most lines of one recipient's statement; at most [`LINES_MAX`].
    pub lines_max: usize,
}

/// Somebody whom sales of a month can be reported to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesRecipient {
    /// The payee.
    pub payee: String,
    /// Where its reports go.
    pub party: SalesParty,
    /// How many lines its statement has.
    pub lines: u64,
}

/// The most lines of one recipient's statement that become reports at once.
pub const LINES_MAX: usize = 5_000_000;
/// What a report says of lines that are of any territory.
const ANYWHERE: &str = "Worldwide";
/// How many statements or lines are read at once.
const AT_ONCE: usize = 10_000;

/// Why sales can't be told.
#[derive(Debug, thiserror::Error)]
pub enum SalesError {
    /// Nobody is to be told.
    #[error(
        "no payee of {0} that has a DPID has a line: give parties their dpid with `catalog rights import`"
    )]
    Nobody(Period),
    /// The payee can't be sent a report.
    #[error("{0} has no DPID in the catalogue of the close, and a sales report is sent to one")]
    NoDpid(String),
    /// More than one report holds.
    #[error(
        "the statement of {payee} has {lines} lines, and {lines_max} are reported here at most: run `ledgerline royalty dsr export`"
    )]
    TooMany {
        /// Whose.
        payee: String,
        /// How many lines it has.
        lines: u64,
        /// How many it may have.
        lines_max: usize,
    },
    /// The payee has no line in that territory and profile.
    #[error("{payee} has no sales of {period} in {territory}")]
    NotThere {
        /// Whose.
        payee: String,
        /// Of which month.
        period: Period,
        /// Where.
        territory: String,
    },
    /// Revenue that would have to be exchanged.
    #[error(
        "revenue of {territory} is in {revenue}, the licence {licence} in {currency}: sales reports with an exchange are not written"
    )]
    OtherCurrency {
        /// Where.
        territory: String,
        /// The revenue's.
        revenue: Currency,
        /// Which.
        licence: String,
        /// The licence's.
        currency: Currency,
    },
    /// The month can't be read.
    #[error(transparent)]
    Close(#[from] CloseError),
    /// A sum is too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Deployment {
    /// The sales reports of a closed month, by recipient, territory and profile.
    ///
    /// # Errors
    /// [`SalesError`].
    pub async fn sales_reports(
        &self,
        period: Period,
        request: SalesRequest,
    ) -> Result<Vec<SalesReport>, SalesError> {
        let (month, known) = self.month_with_facts(period).await?;
        let told = apart(&*self.drive, move || {
            Telling { month: &month, known: &known, request: &request }.all()
        });
        told.await.unwrap_or_else(|| Err(CloseError::from(ReadError::broken_off()).into()))
    }

    /// Who has lines in a closed month and a DPID, so that sales can be reported to them: of `own`
    /// parties alone where some are given, behind the payee `after`, at most `limit`. And the payee
    /// to go on behind, where there may be more.
    ///
    /// # Errors
    /// [`SalesError`].
    pub async fn sales_recipients(
        &self,
        period: Period,
        own: Option<Vec<String>>,
        (after, limit): (String, usize),
    ) -> Result<(Vec<SalesRecipient>, Option<String>), SalesError> {
        let (month, known) = self.month_with_facts(period).await?;
        let read = apart(&*self.drive, move || {
            let statements = match &own {
                None => month.statements(&after, limit)?,
                Some(own) => month.statements_of(own, &after, limit)?,
            };
            let next = statements.last().filter(|_| statements.len() == limit);
            let next = next.map(|last| last.payee.clone());
            let recipients = statements.into_iter().filter(|statement| statement.lines > 0);
            let recipients = recipients.filter_map(|statement| {
                let party = recipient_of(&known.catalogue, &statement.payee)?;
                Some(SalesRecipient { payee: statement.payee, party, lines: statement.lines })
            });
            Ok((recipients.collect(), next))
        });
        read.await.unwrap_or_else(|| Err(CloseError::from(ReadError::broken_off()).into()))
    }

    /// A closed month, and what it was computed from.
    async fn month_with_facts(&self, period: Period) -> Result<(ClosedMonth, Known), SalesError> {
        let month = self.closed_month(period).await?;
        let sources = self.money().closes().sources();
        let revisions = month.record().revisions;
        let known = sources.known(revisions, &BTreeSet::from([period]), None).await;
        Ok((month, known.map_err(CloseError::from)?))
    }
}

/// Where reports to a payee go; `None` without a DPID.
fn recipient_of(catalogue: &Catalogue, payee: &str) -> Option<SalesParty> {
    let party = catalogue.party(catalogue.find_party(payee)?);
    Some(SalesParty { dpid: party.dpid?.to_string(), name: party.name.to_string() })
}

struct Telling<'a> {
    month: &'a ClosedMonth,
    known: &'a Known,
    request: &'a SalesRequest,
}

/// What tells summaries apart: right, tier, licence, currency.
type SummaryKey = (u8, Option<String>, String, Currency);
/// What tells sales apart: month, cause, recording, summary.
type SaleKey = (Period, Option<Cause>, String, SummaryKey);

/// Sales of one key, added up.
#[derive(Default)]
struct Sold {
    plays: i64,
    amount: Micros,
    line: u64,
}

impl Telling<'_> {
    fn all(&self) -> Result<Vec<SalesReport>, SalesError> {
        let mut reports = Vec::new();
        if let Some(payee) = &self.request.payee {
            let lines = self.month.statement(payee)?.lines;
            let recipient = recipient_of(&self.known.catalogue, payee);
            let recipient = recipient.ok_or_else(|| SalesError::NoDpid(payee.clone()))?;
            self.recipient((payee, lines), &recipient, &mut reports)?;
            if let (true, Some(territory)) = (reports.is_empty(), &self.request.territory) {
                return Err(SalesError::NotThere {
                    payee: payee.clone(),
                    period: self.month.record().period,
                    territory: territory.clone(),
                });
            }
            return Ok(reports);
        }
        let mut after = String::new();
        loop {
            let statements = self.month.statements(&after, AT_ONCE)?;
            let Some(last) = statements.last() else { break };
            after.clone_from(&last.payee);
            for statement in &statements {
                if let Some(recipient) = recipient_of(&self.known.catalogue, &statement.payee) {
                    let of = (&*statement.payee, statement.lines);
                    self.recipient(of, &recipient, &mut reports)?;
                }
            }
        }
        if reports.is_empty() {
            return Err(SalesError::Nobody(self.month.record().period));
        }
        Ok(reports)
    }

    /// All reports of one recipient.
    fn recipient(
        &self,
        (payee, lines): (&str, u64),
        recipient: &SalesParty,
        reports: &mut Vec<SalesReport>,
    ) -> Result<(), SalesError> {
        let lines_max = self.request.lines_max.min(LINES_MAX);
        if lines > lines_max as u64 {
            return Err(SalesError::TooMany { payee: payee.to_owned(), lines, lines_max });
        }
        let mut by_file: BTreeMap<(Option<String>, SalesProfile), Vec<StatementLine>> =
            BTreeMap::new();
        let mut from = 1;
        loop {
            let found = self.month.lines(payee, from, AT_ONCE)?;
            let Some(last) = found.last() else { break };
            from = last.number + 1;
            for line in found {
                let wanted = self.request.territory.as_deref();
                if wanted.is_some_and(|it| it != line.territory.as_deref().unwrap_or(ANYWHERE)) {
                    continue;
                }
                let profile = match line.right {
                    Right::Master => SalesProfile::Financial,
                    Right::Mechanical | Right::Performance => SalesProfile::BasicAudio,
                };
                let profile = self.request.profile.unwrap_or(profile);
                by_file.entry((line.territory.clone(), profile)).or_default().push(line);
            }
        }
        for ((territory, profile), lines) in by_file {
            let report = self.report(payee, recipient, (territory.as_deref(), profile), &lines)?;
            reports.push(report);
        }
        Ok(())
    }

    fn report(
        &self,
        payee: &str,
        recipient: &SalesParty,
        (territory, profile): (Option<&str>, SalesProfile),
        lines: &[StatementLine],
    ) -> Result<SalesReport, SalesError> {
        let mut sold: BTreeMap<SaleKey, Sold> = BTreeMap::new();
        let mut firsts: BTreeMap<SummaryKey, &StatementLine> = BTreeMap::new();
        for line in lines {
            let summary =
                (line.right as u8, line.tier.clone(), line.licence.clone(), line.currency);
            firsts.entry(summary.clone()).or_insert(line);
            let key = (line.period, line.cause, line.track_id.clone(), summary);
            let sold = sold.entry(key).or_default();
            // The ways of one payee to one pool's recording all state the recording's plays.
            if line.plays.abs() > sold.plays.abs() || sold.line == 0 {
                (sold.plays, sold.line) = (line.plays, line.number);
            }
            sold.amount = sold.amount.plus(line.amount)?;
        }
        let mut summaries: Vec<SalesSummary> = Vec::with_capacity(firsts.len());
        let mut numbers: BTreeMap<&SummaryKey, usize> = BTreeMap::new();
        for (key, first) in &firsts {
            numbers.insert(key, summaries.len());
            summaries.push(self.summary(payee, first)?);
        }
        let mut sales = Vec::with_capacity(sold.len());
        for ((period, _, track_id, summary), sold) in &sold {
            let number = numbers[summary];
            let total = &mut summaries[number];
            total.plays += sold.plays;
            total.amount = total.amount.plus(sold.amount)?;
            let right = total.right;
            sales.push(Sale {
                row: usize::try_from(sold.line).unwrap_or(usize::MAX),
                summary: number,
                recording: self.recording(track_id),
                period: *period,
                plays: sold.plays,
                amount: sold.amount,
                share: self.share(payee, right, (*period, territory), track_id),
            });
        }
        let record = self.month.record();
        let place = territory.unwrap_or(ANYWHERE).to_owned();
        Ok(SalesReport {
            profile,
            sender: self.request.sender.clone(),
            recipient: recipient.clone(),
            service: self.request.service.clone(),
            period: record.period,
            message_id: format!("{}.{payee}.{place}.{}", record.period, profile.word()),
            territory: place,
            // The same report is the same file, whenever it is written. The name of a file doesn't
            // tell profiles apart, so the second one of a recipient and territory is a second later.
            created_at: match profile {
                SalesProfile::Financial => record.booked_at,
                SalesProfile::BasicAudio => record.booked_at.plus(1_000),
            },
            works_by_service: true,
            summaries,
            sales,
        })
    }

    /// A summary without its sales.
    fn summary(&self, payee: &str, line: &StatementLine) -> Result<SalesSummary, SalesError> {
        let (_, pool) = self.month.line(payee, line.number)?;
        let service_plays = if line.cause.is_none() { pool.plays } else { 0 };
        Ok(SalesSummary {
            right: line.right,
            model: CommercialModel::AsPerContract,
            usage_use: Use::OnDemand,
            tier: line.tier.clone(),
            subscribers: None,
            currency: line.currency,
            service_plays,
            plays: 0,
            net_revenue: self.net_revenue(line)?,
            amount: Micros::ZERO,
        })
    }

    /// Net revenue of the territory and tier of a line.
    fn net_revenue(&self, line: &StatementLine) -> Result<Micros, SalesError> {
        let period = self.month.record().period;
        let rows = self.known.months.get(&period).map_or(&[][..], |month| &month.revenue);
        let of_line = |row: &&RevenueRow| {
            row.territory.as_deref() == line.territory.as_deref()
                && row.tier.as_deref() == line.tier.as_deref()
        };
        let mut sum = Micros::ZERO;
        for row in rows.iter().filter(of_line) {
            if row.currency != line.currency {
                return Err(SalesError::OtherCurrency {
                    territory: line.territory.clone().unwrap_or_else(|| "*".to_owned()),
                    revenue: row.currency,
                    licence: line.licence.clone(),
                    currency: line.currency,
                });
            }
            sum = sum.plus(row.net().ok_or(MoneyError::TooLarge)?)?;
        }
        Ok(sum)
    }

    fn share(
        &self,
        payee: &str,
        right: Right,
        (period, territory): (Period, Option<&str>),
        track_id: &str,
    ) -> Fraction {
        let catalogue = &*self.known.catalogue;
        let found = || {
            let (recording, party) =
                (catalogue.find_recording(track_id)?, catalogue.find_party(payee)?);
            let territory = territory.and_then(|code| TerritoryCode::parse(code).ok());
            let holders = catalogue.holders(recording, right, period.last_day(), territory).ok()?;
            holders.into_iter().find(|(holder, _)| *holder == party).map(|(_, share)| share)
        };
        // Whoever is paid by agreement holds no share itself: then all that it is paid is its own.
        found().unwrap_or(Fraction::ONE)
    }

    fn recording(&self, track_id: &str) -> SoldRecording {
        let catalogue = &*self.known.catalogue;
        match catalogue.find_recording(track_id) {
            Some(recording) => recording_of(catalogue, recording),
            None => SoldRecording {
                track_id: track_id.to_owned(),
                isrc: None,
                title: track_id.to_owned(),
                artist: String::new(),
                duration_ms: None,
                release: None,
                works: Vec::new(),
            },
        }
    }
}

fn recording_of(catalogue: &Catalogue, recording: RecordingNo) -> SoldRecording {
    let name = |party| catalogue.party(party).name.to_string();
    let artists: Vec<String> =
        catalogue.artists_of(recording).map(|(party, _)| name(party)).collect();
    let artist = artists.join(", ");
    let release = catalogue.releases_of(recording).next().map(|number| {
        let release = catalogue.release(number);
        let label = release.label.as_deref().and_then(|id| catalogue.find_party(id));
        SoldRelease {
            release_id: release.id.to_string(),
            upc: release.upc.map(|upc| upc.to_string()),
            grid: None,
            title: release.title.to_string(),
            artist: artist.clone(),
            label: label.map(name),
        }
    });
    let works = catalogue.works_of(recording).unwrap_or_default();
    let works = works.into_iter().map(|(number, _)| {
        let work = catalogue.work(number);
        let writers = work.writers.iter().filter_map(|writer| catalogue.find_party(&writer.party));
        SoldWork {
            work_id: work.id.to_string(),
            iswc: work.iswc.map(|iswc| iswc.to_string()),
            title: work.title.to_string(),
            writers: writers.map(name).collect(),
            publishers: Vec::new(),
        }
    });
    SoldRecording {
        track_id: catalogue.track_id(recording).to_owned(),
        isrc: catalogue.isrc(recording).map(|isrc| isrc.to_string()),
        title: catalogue.title(recording).to_owned(),
        artist,
        duration_ms: catalogue.duration_ms(recording),
        release,
        works: works.collect(),
    }
}

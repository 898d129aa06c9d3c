//! A body of reports on its way into the log.

use ledgerline_counting::identity;
use ledgerline_ids::{
    DeviceId, HourNo, PartitionId, SessionId, SourceName, Territory, Tier, UnixMs, UserId,
};
use ledgerline_records::frame::RecordGroup;
use ledgerline_records::report::{GrantCheck, Producer, ReportRecord, TrackStamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

use super::{Intake, IntakeError, Origin, PlaybackReport, Rejection};
use crate::catalogue::CatalogueView;
use crate::delivery::judging::{GrantView, Judged};
use crate::ports::{AppendError, Appended};
use crate::privacy::pseudonyms::{Pseudonym, PseudonymView, Whose};
use crate::spool::{Keeping, Where};

const HEX: &str = "a pseudonym is hex digits";

/// Reports of one body, stamped and encoded, by partition.
pub struct Batch<'i> {
    origin: Arc<Origin>,
    // Held until everything is queued: what is stamped with an older revision of the
    // catalogue stands in the log before the facts of a newer one.
    catalogue: CatalogueView<'i>,
    // Of a source that is pseudonymised. Held as long: an erasure waits for it.
    pseudonyms: Option<PseudonymView<'i>>,
    unknown: BTreeSet<Box<str>>,
    // Of a listener's player: what its grants are judged by.
    grants: Option<GrantView>,
    grants_found: GrantsFound,
    filling: Filling<'i>,
}

/// What the grants of a batch turned out to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GrantsFound {
    /// Reports whose grant holds.
    pub good: u64,
    /// Reports without one, or with one that doesn't.
    pub bad: u64,
    /// Whether one is of a place that the listener has left since.
    pub moved: bool,
}

struct Filling<'i> {
    intake: &'i Intake,
    groups: Vec<RecordGroup>,
    count: u64,
    overactive: u64,
    now: UnixMs,
}

impl<'i> Batch<'i> {
    pub(super) fn new(
        intake: &'i Intake,
        origin: Arc<Origin>,
        pseudonyms: Option<PseudonymView<'i>>,
    ) -> Self {
        let partitions = usize::from(intake.log.partitions());
        Self {
            origin,
            catalogue: intake.catalogue.view(),
            pseudonyms,
            unknown: BTreeSet::new(),
            grants: None,
            grants_found: GrantsFound::default(),
            filling: Filling {
                intake,
                groups: vec![RecordGroup::default(); partitions],
                count: 0,
                overactive: 0,
                now: intake.clock.now(),
            },
        }
    }

    /// The same, for a listener's player, whose grants are judged by this.
    #[must_use]
    pub fn granting(self, grants: Option<GrantView>) -> Self {
        Self { grants, ..self }
    }

    /// What the grants of the reports turned out to be.
    #[must_use]
    pub fn grants_found(&self) -> GrantsFound {
        self.grants_found
    }

    fn judge(&mut self, report: &PlaybackReport<'_>) -> Option<Judged> {
        if self.origin.producer != Producer::Player {
            return None;
        }
        let grants = self.grants.as_ref()?;
        let judged = grants.judge(report.grant, report.track, report.play_id, report.listened_ms);
        let good = matches!(judged.check, GrantCheck::Valid { .. });
        self.grants_found.good += u64::from(good);
        self.grants_found.bad += u64::from(!good);
        self.grants_found.moved |= judged.moved;
        Some(judged)
    }

    /// Stamps and encodes one report that is received now.
    ///
    /// # Errors
    /// A [`Rejection`] that names why the report isn't taken; the others of the body are.
    pub fn add(&mut self, line: u64, report: &PlaybackReport<'_>) -> Result<(), Rejection> {
        self.add_received(line, report, None)
    }

    /// Stamps and encodes one report of a backfill, with the receive time that it has.
    ///
    /// # Errors
    /// A [`Rejection`] that names why the report isn't taken; the others of the body are.
    pub fn add_backfilled(
        &mut self,
        line: u64,
        report: &PlaybackReport<'_>,
        received_at: UnixMs,
    ) -> Result<(), Rejection> {
        self.add_received(line, report, Some(received_at))
    }

    fn add_received(
        &mut self,
        line: u64,
        report: &PlaybackReport<'_>,
        backfilled_at: Option<UnixMs>,
    ) -> Result<(), Rejection> {
        if let Some(prefix) = &self.origin.user_prefix
            && !report.user.is_some_and(|user| user.as_str().starts_with(&**prefix))
        {
            let detail = format!("this key may only report users that begin with \"{prefix}\"");
            return Err(Rejection { line, code: "user_not_allowed", detail });
        }
        let origin = self.origin.clone();
        let report = &of_listener(*report, &origin);
        let stamp = self.catalogue.stamp(report.track.as_str());
        let judged = self.judge(report);
        let report = &as_granted(*report, judged.as_ref());
        let grant = judged.as_ref().map(|judged| judged.check);
        if self.pseudonyms.is_some() {
            return self.add_pseudonymised(line, report, (stamp, grant), backfilled_at);
        }
        let record = stamped(report, &self.origin, (stamp, grant), backfilled_at);
        self.filling.add(line, &record, self.origin.limited)
    }

    /// Puts pseudonyms in the place of what says who it was.
    fn add_pseudonymised(
        &mut self,
        line: u64,
        report: &PlaybackReport<'_>,
        stamps: (TrackStamp, Option<GrantCheck>),
        backfilled_at: Option<UnixMs>,
    ) -> Result<(), Rejection> {
        let pseudonyms = self.pseudonyms.as_ref().expect("the source is pseudonymised");
        let origin = &*self.origin;
        let listener = match pseudonyms.whose(&origin.source, report) {
            Whose::Nobody => None,
            Whose::Known(tie, _) if pseudonyms.is_erased(tie, report) => {
                let detail = "this play was reported before its listener was erased; it stays as \
                              it was counted then, and is not taken again"
                    .to_owned();
                return Err(Rejection { line, code: "listener_erased", detail });
            }
            Whose::Known(_, listener) => Some(listener),
            Whose::Unknown => {
                self.unknown.extend(report.user.map(|user| Box::from(user.as_str())));
                self.filling.count += 1;
                return Ok(());
            }
        };
        let key = pseudonyms.place_key(listener);
        let user = listener.map(|listener| Pseudonym::listener(listener.id));
        let session = report.session.map(|session| Pseudonym::session(&key, session.as_str()));
        let device = report.device.filter(|device| !pseudonyms.is_bot(device.as_str()));
        let device = device.map(|device| Pseudonym::device(&key, device.as_str()));
        let mut record = stamped(report, origin, stamps, backfilled_at);
        if let Some(user) = &user {
            record.user = Some(UserId::new(user.as_str()).expect(HEX));
        }
        if let Some(session) = &session {
            record.session = Some(SessionId::new(session.as_str()).expect(HEX));
        }
        if let Some(device) = &device {
            record.device = Some(DeviceId::new(device.as_str()).expect(HEX));
        }
        self.filling.add(line, &record, origin.limited)
    }

    /// Makes room for the reports of so many bytes of JSON.
    pub fn reserve(&mut self, json_bytes: usize) {
        // A record has about half of its report's bytes.
        let groups = &mut self.filling.groups;
        let each = json_bytes / 2 / groups.len();
        groups.iter_mut().for_each(|group| group.reserve(each));
    }

    /// The users who must be introduced before the body can be queued: it is begun again then.
    /// Empty nearly always.
    #[must_use]
    pub fn unknown(self) -> BTreeSet<Box<str>> {
        self.unknown
    }

    /// Whether there are such users.
    #[must_use]
    pub fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// How many reports were added.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.filling.count
    }

    /// Whether none was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.filling.count == 0
    }

    /// Queues everything for the log. What comes back is to be waited for.
    ///
    /// # Errors
    /// [`IntakeError`] where a limit is reached or the server is stopping; nothing is
    /// queued then.
    pub fn queue(self) -> Result<Queued<'i>, IntakeError> {
        assert!(self.unknown.is_empty(), "listeners are introduced before they are queued");
        let Filling { intake, groups, count, overactive, now } = self.filling;
        if intake.closing.load(Ordering::Acquire) {
            return Err(IntakeError::Closing);
        }
        if count == 0 && overactive > 0 {
            intake.metrics.limited.fetch_add(1, Ordering::Relaxed);
            let hour_ends = now.hour().start().plus(HourNo::MS);
            return Err(IntakeError::TooManyPlays {
                retry_after_s: hour_ends.since(now).div_ceil(1000).max(1),
            });
        }
        if self.origin.limited {
            let rate = self.origin.reports_per_second.unwrap_or(intake.default_rate);
            let elapsed = intake.clock.elapsed();
            intake.rates.take(&self.origin.key_id, rate, count, elapsed).map_err(
                |retry_after_s| {
                    intake.metrics.limited.fetch_add(1, Ordering::Relaxed);
                    IntakeError::RateLimited { retry_after_s }
                },
            )?;
        }
        let mut receipts = Vec::with_capacity(groups.len());
        for (partition, group) in groups.into_iter().enumerate() {
            if !group.is_empty() {
                let partition =
                    u16::try_from(partition).expect("partitions are counted in 16 bits");
                receipts.push(Receipt::of(intake, PartitionId(partition), group, now));
            }
        }
        Ok(Queued { intake, receipts, count })
    }

    /// Queues everything and waits until all of it is durable.
    ///
    /// # Errors
    /// [`IntakeError`]; nothing of the body is acknowledged then.
    pub fn finish(self) -> impl Future<Output = Result<Acknowledged, IntakeError>> + Send + 'i {
        let queued = self.queue();
        async move { queued?.durable().await }
    }
}

impl Filling<'_> {
    #[inline]
    fn add(
        &mut self,
        line: u64,
        record: &ReportRecord<'_>,
        limited: bool,
    ) -> Result<(), Rejection> {
        let Self { intake, groups, .. } = self;
        if limited && is_overactive(intake, record, self.now) {
            self.overactive += 1;
            let detail = "this listener started more plays this hour than anyone does; \
                          send the report again when the hour is over"
                .to_owned();
            return Err(Rejection { line, code: "too_many_plays", detail });
        }
        #[cfg(feature = "canary-dedup-before-log")]
        if intake.has_seen(record) {
            self.count += 1;
            return Ok(());
        }
        let listener = identity::listener_hash(&intake.key, record);
        let partitions = u16::try_from(groups.len()).expect("as many as the log has");
        let partition = listener.shard().partition(partitions);
        groups[usize::from(partition.0)].push_with(|out| record.encode_as(intake.form, out));
        self.count += 1;
        Ok(())
    }
}

fn is_overactive(intake: &Intake, record: &ReportRecord<'_>, now: UnixMs) -> bool {
    let overactive = &intake.overactive;
    if overactive.is_empty() {
        return false;
    }
    let listener = record.user.map(|user| identity::book_hash_of(&intake.key, record.source, user));
    listener.is_some_and(|listener| overactive.is_closed(listener, now))
}

/// A report with what an account is known for in the place of what its player says.
fn of_listener<'r>(report: PlaybackReport<'r>, origin: &'r Origin) -> PlaybackReport<'r> {
    let Some(listener) = &origin.listener else { return report };
    let territory = listener.territory.as_deref();
    PlaybackReport {
        user: Some(UserId::new(&listener.account_id).expect("an account's id is a user's")),
        tier: Some(Tier::new(listener.plan.as_str()).expect("a plan's word is a tier's")),
        territory: territory
            .map(|code| Territory::new(code).expect("it was checked when it was set")),
        imported: false,
        ..report
    }
}

/// A report with what its grant was given by: the plan and the country of that moment, and whether only the
/// preview was to be heard.
fn as_granted<'r>(report: PlaybackReport<'r>, judged: Option<&'r Judged>) -> PlaybackReport<'r> {
    let Some(judged) = judged.filter(|it| matches!(it.check, GrantCheck::Valid { .. })) else {
        return report;
    };
    PlaybackReport {
        tier: judged.tier.as_deref().and_then(|tier| Tier::new(tier).ok()),
        territory: judged.territory.as_deref().and_then(|land| Territory::new(land).ok()),
        preview: report.preview || judged.preview,
        ..report
    }
}

/// The record of a report, with what the intake knows besides.
#[inline]
fn stamped<'r>(
    report: &PlaybackReport<'r>,
    origin: &'r Origin,
    (stamp, grant): (TrackStamp, Option<GrantCheck>),
    backfilled_at: Option<UnixMs>,
) -> ReportRecord<'r> {
    ReportRecord {
        source: SourceName::new(&origin.source).expect("checked when it was made"),
        producer: origin.producer,
        user: report.user,
        play_id: report.play_id,
        track: report.track,
        listened_ms: report.listened_ms,
        started_at: report.started_at,
        sent_at: report.sent_at,
        event: report.event,
        completed: report.completed,
        session: report.session,
        device: report.device,
        quality: report.quality,
        offline: report.offline,
        context: report.context,
        tier: report.tier,
        territory: report.territory,
        preview: report.preview,
        imported: report.imported,
        grant: match origin.producer {
            Producer::Trusted | Producer::Backfill => GrantCheck::NotNeeded,
            Producer::Player => grant.unwrap_or(GrantCheck::Missing),
        },
        stamp,
        backfilled_at,
    }
}

/// A body that is queued for the log.
pub struct Queued<'i> {
    intake: &'i Intake,
    receipts: Vec<Receipt>,
    count: u64,
}

/// What is acknowledged of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// How many reports are durable.
    pub reports: u64,
    /// Where.
    pub kept: Kept,
}

/// Where acknowledged reports are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// All in the report log.
    Log,
    /// Some in the spool of the node that was asked, which sends them to the log once it can: they are as safe as
    /// that node's volume.
    Spool,
}

impl Queued<'_> {
    /// Waits until all of it is durable. Says how many reports, and where.
    ///
    /// # Errors
    /// [`IntakeError`]; nothing of the body is acknowledged then.
    pub async fn durable(self) -> Result<Acknowledged, IntakeError> {
        let mut outcome = Ok(Acknowledged { reports: self.count, kept: Kept::Log });
        for receipt in self.receipts {
            // A log that went away without an answer may have kept the group or not: it is
            // not acknowledged.
            match receipt.durable().await {
                Ok(Where::Shared) => {}
                Ok(Where::Spool) => {
                    outcome = outcome.map(|of| Acknowledged { kept: Kept::Spool, ..of });
                }
                Err(error) => {
                    let error = error.unwrap_or_else(|| unanswered(self.intake));
                    outcome = Err(IntakeError::from(error));
                }
            }
        }
        let metrics = &self.intake.metrics;
        match &outcome {
            Ok(of) => metrics.accepted.fetch_add(of.reports, Ordering::Relaxed),
            Err(IntakeError::Busy { .. }) => metrics.busy.fetch_add(1, Ordering::Relaxed),
            Err(_) => metrics.storage.fetch_add(1, Ordering::Relaxed),
        };
        outcome
    }
}

/// A group of it that is queued.
enum Receipt {
    Log(oneshot::Receiver<Result<Appended, AppendError>>),
    Spooled(Keeping),
}

impl Receipt {
    fn of(
        intake: &Intake,
        partition: PartitionId,
        group: RecordGroup,
        received_at: UnixMs,
    ) -> Self {
        match &intake.spool {
            None => Self::Log(intake.log.append(partition, group)),
            Some(spool) => Self::Spooled(spool.append(partition, group, received_at)),
        }
    }

    async fn durable(self) -> Result<Where, Option<AppendError>> {
        match self {
            Self::Log(answer) => match answer.await {
                Ok(Ok(_)) => Ok(Where::Shared),
                Ok(Err(error)) => Err(Some(error)),
                Err(_) => Err(None),
            },
            Self::Spooled(keeping) => keeping.durable().await,
        }
    }
}

/// Why the log gave no answer: it is being closed, or its disk failed in between.
fn unanswered(intake: &Intake) -> AppendError {
    if intake.closing.load(Ordering::Acquire) {
        AppendError::Closing
    } else {
        AppendError::Failed("whether the reports are on disk is not known".to_owned())
    }
}

//! The record types that a file may hold, and their cells, in order.
//!
//! Source: DSR part 8 (record type definitions) and the profiles of parts 3 (Basic Audio 1.2) and 9
//! (Financial Reporting to Record Companies 1.0). The first cell, the record's type, stands in
//! every record and isn't repeated here.

use crate::cell::Kind::{
    self, Boolean, Currency, Date, DateTime, Decimal, Dpid, Duration, Grid, Icpn, Integer, Isrc,
    Iswc, Namespaced, Territory, Text, Token, Version, Word,
};

/// A cell of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    /// Its name in the standard.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may not be empty.
    pub required: bool,
    /// Whether several values may stand in it.
    pub repeated: bool,
}

impl Cell {
    const fn many(mut self) -> Self {
        self.repeated = true;
        self
    }
}

const fn must(name: &'static str, kind: Kind) -> Cell {
    Cell { name, kind, required: true, repeated: false }
}

const fn may(name: &'static str, kind: Kind) -> Cell {
    Cell { name, kind, required: false, repeated: false }
}

/// A kind of record.
#[derive(Debug)]
pub(crate) struct RecordType {
    /// What its first cell says.
    pub name: &'static str,
    /// Its other cells.
    pub cells: &'static [Cell],
}

impl RecordType {
    /// The record type of a first cell; of `HEAD`, `SY…`, … any.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|record| record.name == name)
    }

    /// Where a cell stands among [`Self::cells`].
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.cells.iter().position(|cell| cell.name == name)
    }
}

/// How consumers paid. The allowed values that a streaming service has a use for.
const COMMERCIAL_MODELS: &[&str] = &[
    "AdvertisementSupportedModel",
    "AsPerContract",
    "DeviceFeeModel",
    "FreeOfChargeModel",
    "PayAsYouGoModel",
    "PerformanceRoyaltiesModel",
    "RightsClaimModel",
    "SubscriptionModel",
    "Unknown",
    "UserDefined",
];
/// How recordings were used, likewise.
const USES: &[&str] = &[
    "AsPerContract",
    "Broadcast",
    "ConditionalDownload",
    "ContentInfluencedStream",
    "Download",
    "NonInteractiveStream",
    "OnDemandStream",
    "PermanentDownload",
    "Playback",
    "Podcast",
    "Simulcast",
    "Stream",
    "TetheredDownload",
    "TimeInfluencedStream",
    "Unknown",
    "UserDefined",
    "Webcast",
];
/// Kinds of releases, likewise.
const RELEASE_TYPES: &[&str] = &[
    "Album",
    "AsPerContract",
    "Bundle",
    "ClassicalAlbum",
    "DjMix",
    "EP",
    "PlayList",
    "Single",
    "SingleResourceRelease",
    "TrackRelease",
    "UserDefined",
];
/// Kinds of resources, likewise.
const RESOURCE_TYPES: &[&str] = &["SoundRecording", "UserDefinedResource", "Video"];
/// Copyrights.
const RIGHTS: &[&str] = &[
    "MakeAvailableRight",
    "MechanicalRight",
    "PerformingRight",
    "PrintRight",
    "ReproductionRight",
    "SynchronizationRight",
    "UserDefined",
];
/// The profiles that this room knows.
const PROFILES: &[&str] = &["BasicAudioProfile", "FinancialReportingToRecordCompaniesProfileSRB"];

/// `HEAD`.
pub(crate) static HEAD: RecordType = RecordType {
    name: "HEAD",
    cells: &[
        must("MessageVersion", Version),
        must("Profile", Word(PROFILES)),
        must("ProfileVersion", Text),
        must("MessageId", Text),
        must("MessageCreatedDateTime", DateTime),
        must("FileNumber", Integer),
        must("NumberOfFiles", Integer),
        must("UsageStartDate", Date),
        must("UsageEndDate", Date),
        must("SenderPartyId", Dpid),
        must("SenderName", Text),
        may("ServiceDescription", Token),
        may("RecipientPartyId", Dpid),
        may("RecipientName", Text),
        may("RepresentedRepertoire", Text).many(),
    ],
};
/// `SY01.01`.
pub(crate) static SY0101: RecordType = RecordType {
    name: "SY01.01",
    cells: &[
        must("SummaryRecordId", Text),
        may("DistributionChannel", Text),
        may("DistributionChannelDPID", Dpid),
        must("CommercialModel", Word(COMMERCIAL_MODELS)),
        must("UseType", Word(USES)),
        must("Territory", Territory),
        may("ServiceDescription", Token),
        must("Usages", Integer),
        may("Subscribers", Decimal),
        must("CurrencyOfReporting", Currency),
        must("NetRevenue", Decimal),
        may("IndirectNetRevenue", Decimal),
        may("CurrencyOfTransaction", Currency),
        may("ExchangeRate", Decimal),
    ],
};
/// `SY02.02`.
pub(crate) static SY0202: RecordType = RecordType {
    name: "SY02.02",
    cells: &[
        must("SummaryRecordId", Text),
        may("DistributionChannel", Text),
        may("DistributionChannelDPID", Dpid),
        must("CommercialModel", Word(COMMERCIAL_MODELS)),
        must("UseType", Word(USES)),
        must("Territory", Territory),
        must("ServiceDescription", Token),
        must("Usages", Integer),
        may("Users", Integer),
        must("CurrencyOfReporting", Currency),
        must("NetRevenue", Decimal),
        may("RightsController", Text),
        may("RightsControllerPartyId", Namespaced),
        may("AllocatedUsages", Decimal).many(),
        may("AllocatedRevenue", Decimal).many(),
        may("AllocatedNetRevenue", Decimal),
        may("RightsType", Word(RIGHTS)),
        must("ContentCategory", Text),
        may("CurrencyOfTransaction", Currency),
        may("ExchangeRate", Decimal),
        may("RightsTypePercentage", Decimal),
    ],
};
/// `SY04.01`.
pub(crate) static SY0401: RecordType = RecordType {
    name: "SY04.01",
    cells: &[
        must("SummaryRecordId", Text),
        may("DistributionChannel", Text),
        may("DistributionChannelDPID", Dpid),
        must("CommercialModel", Word(COMMERCIAL_MODELS)),
        must("UseType", Word(USES)),
        must("Territory", Territory),
        must("ServiceDescription", Token),
        must("SubscriberType", Text),
        must("Subscribers", Decimal),
        may("SubPeriodStartDate", Date),
        may("SubPeriodEndDate", Date),
        may("UsagesInSubPeriod", Integer),
        may("UsagesInReportingPeriod", Integer),
        must("CurrencyOfReporting", Currency),
        may("CurrencyOfTransaction", Currency),
        may("ExchangeRate", Decimal),
        must("ConsumerPaidUnitPrice", Decimal),
        must("NetRevenue", Decimal),
        must("MusicUsagePercentage", Decimal),
    ],
};
/// `SY05.02`.
pub(crate) static SY0502: RecordType = RecordType {
    name: "SY05.02",
    cells: &[
        must("SummaryRecordId", Text),
        may("DistributionChannel", Text),
        may("DistributionChannelDPID", Dpid),
        must("CommercialModel", Word(COMMERCIAL_MODELS)),
        must("UseType", Word(USES)),
        must("Territory", Territory),
        may("ServiceDescription", Token),
        may("RightsController", Text),
        may("RightsControllerPartyId", Namespaced),
        must("RightsType", Word(RIGHTS)),
        may("TotalUsages", Integer),
        may("AllocatedUsages", Decimal).many(),
        may("MusicUsageRatio", Decimal),
        may("AllocatedNetRevenue", Decimal).many(),
        may("AllocatedRevenue", Decimal),
        may("RightsControllerMarketShare", Decimal),
        may("CurrencyOfReporting", Currency),
        may("CurrencyOfTransaction", Currency),
        may("ExchangeRate", Decimal),
        may("SubscriberType", Text),
        may("SubPeriodStartDate", Date),
        may("SubPeriodEndDate", Date),
        must("ContentCategory", Text),
        may("RightsTypePercentage", Decimal),
    ],
};
/// `AS01.01`.
pub(crate) static AS0101: RecordType = RecordType {
    name: "AS01.01",
    cells: &[
        must("BlockId", Integer),
        must("ResourceReference", Text),
        must("DspResourceId", Text),
        may("ISRC", Isrc).many(),
        must("Title", Text),
        may("SubTitle", Text),
        must("DisplayArtistName", Text),
        may("DisplayArtistPartyId", Namespaced),
        may("Duration", Duration),
        must("ResourceType", Word(RESOURCE_TYPES)),
        may("IsMasterRecording", Boolean),
    ],
};
/// `AS02.02`.
pub(crate) static AS0202: RecordType = RecordType {
    name: "AS02.02",
    cells: &[
        must("BlockId", Integer),
        must("ResourceReference", Text),
        must("DspResourceId", Text),
        may("ISRC", Isrc).many(),
        must("Title", Text),
        may("SubTitle", Text),
        must("DisplayArtistName", Text),
        may("DisplayArtistPartyId", Namespaced),
        may("Duration", Duration),
        must("ResourceType", Word(RESOURCE_TYPES)),
        may("ISWC", Iswc),
        may("ComposerAuthor", Text).many(),
        may("ComposerAuthorPartyId", Namespaced).many(),
        may("Arranger", Text).many(),
        may("ArrangerPartyId", Namespaced).many(),
        may("MusicPublisher", Text).many(),
        may("MusicPublisherPartyId", Namespaced).many(),
        may("WorkContributor", Text).many(),
        may("WorkContributorPartyId", Namespaced).many(),
        may("ProprietaryWorkId", Namespaced),
        may("IsMasterRecording", Boolean),
    ],
};
/// `MW01.01`.
pub(crate) static MW0101: RecordType = RecordType {
    name: "MW01.01",
    cells: &[
        must("BlockId", Integer),
        must("DspWorkId", Text),
        may("ISWC", Iswc),
        must("Title", Text),
        may("SubTitle", Text),
        may("ComposerAuthor", Text).many(),
        may("ComposerAuthorPartyId", Namespaced).many(),
        may("Arranger", Text).many(),
        may("ArrangerPartyId", Namespaced).many(),
        may("MusicPublisher", Text).many(),
        may("MusicPublisherPartyId", Namespaced).many(),
        may("WorkContributor", Text).many(),
        may("WorkContributorPartyId", Namespaced).many(),
        may("DataProvider", Text),
        may("ProprietaryWorkId", Namespaced),
    ],
};
/// `RE01`.
pub(crate) static RE01: RecordType = RecordType {
    name: "RE01",
    cells: &[
        must("BlockId", Integer),
        must("ReleaseReference", Text),
        must("DspReleaseId", Text),
        may("ProprietaryReleaseId", Namespaced).many(),
        may("CatalogNumber", Text),
        may("ICPN", Icpn),
        must("DisplayArtistName", Text),
        may("DisplayArtistPartyId", Namespaced),
        must("Title", Text),
        may("SubTitle", Text),
        may("ReleaseType", Word(RELEASE_TYPES)),
        may("Label", Text),
        may("PLine", Text),
        may("DataProvider", Text),
    ],
};
/// `RE02`.
pub(crate) static RE02: RecordType = RecordType {
    name: "RE02",
    cells: &[
        must("BlockId", Integer),
        must("ReleaseReference", Text),
        must("DspSubReleaseId", Text),
        may("ProprietarySubReleaseId", Namespaced).many(),
        must("UsedResources", Text).many(),
    ],
};
/// `SU01`.
pub(crate) static SU01: RecordType = RecordType {
    name: "SU01",
    cells: &[
        must("BlockId", Integer),
        must("SummaryRecordId", Text),
        must("SalesTransactionId", Text),
        may("TransactedRelease", Text),
        may("TransactedResource", Text),
        must("IsRoyaltyBearing", Boolean),
        must("SalesUpgrade", Boolean),
        must("Usages", Integer),
        must("Returns", Integer),
        may("PriceConsumerPaidExcSalesTax", Decimal),
        may("PromotionalActivity", Text),
    ],
};
/// `SU02`.
pub(crate) static SU02: RecordType = RecordType {
    name: "SU02",
    cells: &[
        must("BlockId", Integer),
        must("SummaryRecordId", Text),
        must("SalesTransactionId", Text),
        may("TransactedRelease", Text),
        may("TransactedResource", Text),
        may("IsRoyaltyBearing", Boolean),
        must("NumberOfStreams", Integer),
        may("PriceConsumerPaidExcSalesTax", Decimal),
        may("PromotionalActivity", Text),
    ],
};
/// `FOOT`.
pub(crate) static FOOT: RecordType = RecordType {
    name: "FOOT",
    cells: &[
        must("NumberOfLinesInFile", Integer),
        may("NumberOfLinesInReport", Integer),
        must("NumberOfSummaryRecords", Integer),
        must("NumberOfBlocksInFile", Integer),
        may("NumberOfBlocksInReport", Integer),
    ],
};
/// `SY10`.
pub(crate) static SY10: RecordType = RecordType {
    name: "SY10",
    cells: &[
        must("SummaryRecordId", Text),
        may("DistributionChannelName", Text),
        may("DistributionChannelDPID", Dpid),
        must("CommercialModel", Word(COMMERCIAL_MODELS)),
        must("UseType", Word(USES)),
        must("ReportingPeriodStartDate", Date),
        must("ReportingPeriodEndDate", Date),
        may("SubscriberType", Text),
        may("Subscribers", Decimal),
        may("ActiveSubscribers", Decimal),
        may("PromotionalActivity", Text),
        must("Territory", Territory),
        may("ServiceDescription", Token),
        may("OfferType", Text),
        may("Quality", Text),
        must("Usages", Decimal),
        must("AllocatedUsages", Decimal),
        must("Returns", Decimal),
        must("MusicUsageRatio", Decimal),
        must("CurrencyOfTransaction", Currency),
        must("CurrencyOfAccounting", Currency),
        must("ExchangeRate", Decimal),
        may("ExchangeRateSource", Text),
        may("DateOfCurrencyExchange", DateTime),
        may("GrossRevenueInCurrencyOfTransaction", Decimal),
        may("GrossRevenueInCurrencyOfAccounting", Decimal),
        may("CalculationType", Text).many(),
        may("CalculationValue", Decimal).many(),
        may("DeductionType", Text).many(),
        must("DeductionsInCurrencyOfTransaction", Decimal).many(),
        must("DeductionsInCurrencyOfAccounting", Decimal).many(),
        must("NetRevenueInCurrencyOfTransaction", Decimal),
        must("NetRevenueInCurrencyOfAccounting", Decimal),
        must("AllocatedRevenueInCurrencyOfTransaction", Decimal),
        must("AllocatedRevenueInCurrencyOfAccounting", Decimal),
        must("AllocatedNetRevenueInCurrencyOfTransaction", Decimal),
        must("AllocatedNetRevenueInCurrencyOfAccounting", Decimal),
        may("RightsControllerMarketShare", Decimal),
        may("SubscriptionFeeInCurrencyOfTransaction", Decimal),
        must("SubscriptionFeeInCurrencyOfAccounting", Decimal),
        may("UsageIndependentFeeType", Text).many(),
        may("UsageIndependentFeeInCurrencyOfTransaction", Decimal).many(),
        may("UsageIndependentFeeInCurrencyOfAccounting", Decimal).many(),
        must("FinalTotalAmountInCurrencyOfTransaction", Decimal),
        must("FinalTotalAmountInCurrencyOfAccounting", Decimal),
    ],
};
/// `SR08`.
pub(crate) static SR08: RecordType = RecordType {
    name: "SR08",
    cells: &[
        must("SalesTransactionId", Text),
        may("ReleaseGRid", Grid),
        may("ReleaseICPN", Icpn),
        must("DspReleaseId", Text),
        may("LabelReleaseId", Text),
        may("ProprietaryReleaseId", Namespaced).many(),
        may("ReleaseContextReleaseGRid", Grid),
        may("ReleaseType", Word(RELEASE_TYPES)),
        may("ReleaseTitle", Text),
        may("ReleaseSubTitle", Text),
        may("ReleaseDisplayArtistName", Text),
        may("ReleaseDisplayArtistPartyId", Namespaced),
        may("ResourceISRC", Isrc),
        may("ResourceISAN", Text),
        may("DspResourceId", Text),
        may("LabelResourceId", Text),
        may("ProprietaryResourceId", Namespaced).many(),
        may("ResourceContextReleaseGRid", Grid),
        may("ResourceType", Word(RESOURCE_TYPES)),
        may("ResourceTitle", Text),
        may("ResourceSubTitle", Text),
        may("ResourceDisplayArtistName", Text),
        may("ResourceDisplayArtistPartyId", Namespaced),
        must("SummaryRecordId", Text),
        must("SalesTransactionDate", Date),
        must("TotalUsages", Decimal),
        must("Returns", Integer),
        must("NetUsage", Decimal),
        may("WholesalePriceInCurrencyOfTransaction", Decimal),
        may("WholesalePriceInCurrencyOfAccounting", Decimal),
        may("SuggestedConsumerPriceInCurrencyOfTransaction", Decimal),
        may("SuggestedConsumerPriceInCurrencyOfAccounting", Decimal),
        may("PriceType", Text),
        may("PriceRangeType", Text),
        may("PriceConsumerPaidExcSalesTaxInCurrencyOfTransaction", Decimal),
        may("PriceConsumerPaidExcSalesTaxInCurrencyOfAccounting", Decimal),
        may("DeductionType", Text).many(),
        may("DeductionsInCurrencyOfTransaction", Decimal).many(),
        may("DeductionsInCurrencyOfAccounting", Decimal).many(),
        must("RightSharePercentage", Decimal),
        must("CalculatedUnitPriceInCurrencyOfTransaction", Decimal),
        must("CalculatedUnitPriceInCurrencyOfAccounting", Decimal),
        must("AllocatedRevenueInCurrencyOfTransaction", Decimal),
        must("AllocatedRevenueInCurrencyOfAccounting", Decimal),
        must("AllocatedNetRevenueInCurrencyOfTransaction", Decimal),
        must("AllocatedNetRevenueInCurrencyOfAccounting", Decimal),
        must("CopyrightObligationWithDSP", Boolean),
    ],
};
/// `DE01`.
pub(crate) static DE01: RecordType =
    RecordType { name: "DE01", cells: &[must("DealSpecificCell", Text).many()] };
/// `SRFO`.
pub(crate) static SRFO: RecordType = RecordType {
    name: "SRFO",
    cells: &[must("NumberOfLinesInReport", Integer), must("NumberOfSummaryRecords", Integer)],
};
static ALL: [&RecordType; 17] = [
    &HEAD, &SY0101, &SY0202, &SY0401, &SY0502, &AS0101, &AS0202, &MW0101, &RE01, &RE02, &SU01,
    &SU02, &FOOT, &SY10, &SR08, &DE01, &SRFO,
];

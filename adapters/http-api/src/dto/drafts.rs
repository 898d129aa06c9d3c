//! Spreadsheets of deals, on their way to contracts.

use std::collections::BTreeMap;

use ledgerline_app::ports::{DealField, DraftedContracts};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A spreadsheet of deals, and what its columns are: one row, one payee of one deal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftTermsRequest {
    /// The sheet's name; faults are named by it.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// The sheet: CSV with a line of headings; commas, semicolons or tabs between cells.
    #[schema(max_length = 4194304)]
    pub text: String,
    /// The heading of the column of each field; `sheet_fields` of the templates are the fields.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// What every row says alike, by field, where its column says nothing.
    #[serde(default)]
    pub fixed: BTreeMap<String, String>,
}

/// Contracts that a spreadsheet became: to be read, then proposed. Nothing is stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftedTerms {
    /// Their files, by the contracts' ids.
    pub files: Vec<DraftedTermsFile>,
    /// Names that are no ids, with the ids that were made of them.
    pub renamed: Vec<RenamedParty>,
}

/// A contract file that a spreadsheet became.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftedTermsFile {
    /// Its name.
    pub name: String,
    /// What stands in it: TOML.
    pub text: String,
}

/// A name of a sheet that is no id.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamedParty {
    /// As the sheet has it.
    pub name: String,
    /// As the contracts have it.
    pub id: String,
}

/// What a column of a spreadsheet of deals may be.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsSheetField {
    /// The field's name.
    pub name: &'static str,
    /// What it means.
    pub what: &'static str,
    /// Whether every row must say it.
    pub needed: bool,
}

impl From<DraftedContracts> for DraftedTerms {
    fn from(drafted: DraftedContracts) -> Self {
        let file = |(name, text): (String, String)| DraftedTermsFile { name, text };
        let renamed = |(name, id): (String, String)| RenamedParty { name, id };
        Self {
            files: drafted.files.into_iter().map(file).collect(),
            renamed: drafted.renamed.into_iter().map(renamed).collect(),
        }
    }
}

impl From<DealField> for TermsSheetField {
    fn from(field: DealField) -> Self {
        let DealField { name, what, is_needed } = field;
        Self { name, what, needed: is_needed }
    }
}

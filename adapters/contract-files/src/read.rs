//! A file's text to a contract, or every fault with its place.

use crate::shape::ContractFile;
use crate::sheet::{self, Mapping};
use crate::templates::{TEMPLATES, Template};
use crate::write::{file_name, write};
use ledgerline_app::ports::{
    ContractFault, ContractReader, ContractTemplate, DealField, DealMapping, DraftedContracts,
};
use ledgerline_royalty::terms::Contract;
use ledgerline_royalty::validity::Fault;
use toml::de::{DeTable, DeValue};

/// A contract file is at most so long.
pub const BYTES_MAX: usize = 4 << 20;

/// Reads one contract. `file` is its name in the faults.
///
/// # Errors
/// All faults that were found, in the order of the file; a text that is no TOML or has fields of
/// another shape has one.
pub fn read(file: &str, bytes: &[u8]) -> Result<Contract, Vec<ContractFault>> {
    let at = |text: &str, offset: usize, what: String| {
        let (line, column) = place(text, offset);
        ContractFault { file: file.to_owned(), line, column, what }
    };
    if bytes.len() > BYTES_MAX {
        let what = format!("a contract file is at most {BYTES_MAX} bytes long: make several of it");
        return Err(vec![at("", 0, what)]);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let sound = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let what = "is not UTF-8: save the file as UTF-8".to_owned();
            return Err(vec![at(sound, sound.len(), what)]);
        }
    };
    let shape: ContractFile = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        vec![at(text, offset, said(text, offset, error.message()))]
    })?;
    shape.contract().map_err(|faults| {
        let tree = DeTable::parse(text).ok();
        let tree = tree.as_ref().map(|table| table.get_ref());
        let mut placed: Vec<ContractFault> = faults
            .into_iter()
            .map(|fault| {
                let offset = tree.map_or(0, |tree| offset(tree, &fault));
                at(text, offset, fault.what)
            })
            .collect();
        placed.sort();
        placed.dedup();
        placed
    })
}

/// What the TOML reader says; where it took a text without quotes for something else, what to write.
fn said(text: &str, offset: usize, message: &str) -> String {
    let (before, behind) = text.split_at_checked(offset).unwrap_or((text, ""));
    let begins = before.trim_end_matches(' ').ends_with(['=', '[', ',']);
    let found = behind.chars().next().unwrap_or(' ');
    let guessed =
        ["invalid float", "invalid boolean", "invalid integer", "unquoted", "string values"];
    let bare = found.is_alphanumeric() && guessed.iter().any(|one| message.contains(one));
    if begins && bare {
        return "texts stand in quotes, as do shares and amounts, such as \"52%\"".to_owned();
    }
    message.trim_end().to_owned()
}

/// Contracts in TOML.
#[derive(Debug, Clone, Copy, Default)]
pub struct TomlContracts;

impl ContractReader for TomlContracts {
    fn read(&self, file: &str, text: &str) -> Result<Contract, Vec<ContractFault>> {
        read(file, text.as_bytes())
    }

    fn templates(&self) -> Vec<ContractTemplate> {
        let template = |it: &Template| {
            let Template { name, what, text } = *it;
            ContractTemplate { name, what, text }
        };
        TEMPLATES.iter().map(template).collect()
    }

    fn deal_fields(&self) -> Vec<DealField> {
        sheet::deal_fields()
    }

    fn draft(
        &self,
        file: &str,
        text: &str,
        mapping: &DealMapping,
    ) -> Result<DraftedContracts, Vec<ContractFault>> {
        let mapping = Mapping::of(mapping).map_err(|what| {
            vec![ContractFault { file: file.to_owned(), line: 1, column: 1, what }]
        })?;
        let drafted = sheet::draft(file, text.as_bytes(), &mapping)?;
        let files = drafted.contracts.iter().map(|it| (file_name(&it.id), write(it)));
        Ok(DraftedContracts { files: files.collect(), renamed: drafted.renamed })
    }
}

/// Where a fault's field stands, else its term, else the beginning.
fn offset(tree: &DeTable<'_>, fault: &Fault) -> usize {
    let account = tree.get("account").and_then(|account| account.get_ref().as_table());
    let Some(number) = fault.term else {
        let field = tree.get(fault.field);
        let field = field.or_else(|| account.and_then(|account| account.get(fault.field)));
        return field.map_or(0, |value| value.span().start);
    };
    let terms = tree.get("terms").map(|terms| terms.get_ref());
    let Some(DeValue::Array(terms)) = terms else { return 0 };
    let Some(term) = terms.get(number) else { return 0 };
    let field = term.get_ref().as_table().and_then(|term| term.get(fault.field));
    // A table that is spread over lines of its own begins where its term does.
    field.map_or(term.span().start, |value| value.span().start.max(term.span().start))
}

/// Line and column, from 1, of a byte's offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[begin..].chars().count() + 1)
}

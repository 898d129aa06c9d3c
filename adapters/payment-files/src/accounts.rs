//! Where to: a sheet of accounts, given with each export and stored nowhere.
//!
//! Columns: `payee`, `name`, `iban`, and `bic` where the bank asks for it. Sources: IBAN and its
//! check digits ISO 13616-1 and ISO 7064 MOD 97-10; BIC ISO 9362.

use std::collections::BTreeMap;
use std::fmt;

/// An international bank account number, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iban(String);

/// A bank's identifier code, checked by its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bic(String);

/// Why a text is no IBAN or BIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Not in the form of an IBAN.
    #[error("must be an IBAN: a country, two check digits and 11 to 30 letters or digits")]
    Iban,
    /// A character was mistyped.
    #[error("is no IBAN: its check digits say that a character was mistyped")]
    IbanCheck,
    /// Not in the form of a BIC.
    #[error("must be a BIC: eight or eleven letters and digits, such as DEUTDEFF")]
    Bic,
}

impl Iban {
    /// Reads one, with or without spaces, in upper or lower case.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let plain: String = text.split_whitespace().collect::<String>().to_ascii_uppercase();
        let bytes = plain.as_bytes();
        let form = (15..=34).contains(&bytes.len())
            && bytes.iter().all(u8::is_ascii_alphanumeric)
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..4].iter().all(u8::is_ascii_digit);
        if !form {
            return Err(AccountError::Iban);
        }
        // Letters are 10 to 35; the first four characters go to the end; the remainder must be 1.
        let turned = bytes[4..].iter().chain(&bytes[..4]);
        let remainder = turned.fold(0_u32, |remainder, byte| match byte {
            b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
            _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
        });
        if remainder == 1 { Ok(Self(plain)) } else { Err(AccountError::IbanCheck) }
    }

    /// Without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Bic {
    /// Reads one, in upper or lower case.
    ///
    /// # Errors
    /// [`AccountError::Bic`].
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let plain = text.trim().to_ascii_uppercase();
        let bytes = plain.as_bytes();
        let form = matches!(bytes.len(), 8 | 11)
            && bytes[..4].iter().all(u8::is_ascii_alphanumeric)
            && bytes[4..6].iter().all(u8::is_ascii_uppercase)
            && bytes[6..].iter().all(u8::is_ascii_alphanumeric);
        if form { Ok(Self(plain)) } else { Err(AccountError::Bic) }
    }

    /// In upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A payee's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Who holds it; at most 140 characters.
    pub name: String,
    /// Its number.
    pub iban: Iban,
    /// Its bank, where that is to be named.
    pub bic: Option<Bic>,
}

/// A row that is no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRow {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl fmt::Display for WrongRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Why a file is no sheet of accounts.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// Not CSV in UTF-8.
    #[error("{0}")]
    NotCsv(#[from] csv::Error),
    /// Name the columns in the first line.
    #[error(
        "the first line must name the columns payee, name and iban (and bic where it is needed)"
    )]
    Columns,
    /// Mend these rows.
    #[error("{} rows are no accounts{}", .0.len(), listed(.0))]
    Wrong(Vec<WrongRow>),
}

fn listed(wrong: &[WrongRow]) -> String {
    wrong.iter().take(20).map(|row| format!("\n  {row}")).collect()
}

/// The most characters of a name (ISO 20022, `Max140Text`).
pub(crate) const NAME_CHARS_MAX: usize = 140;

/// Reads a sheet of accounts, by payee.
///
/// # Errors
/// [`AccountsError`]; a row that isn't valid, or a payee that stands there twice, spoils the sheet.
pub fn read_accounts(bytes: &[u8]) -> Result<BTreeMap<String, Account>, AccountsError> {
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let (Some(payee), Some(name), Some(iban)) = (column("payee"), column("name"), column("iban"))
    else {
        return Err(AccountsError::Columns);
    };
    let bic = column("bic");
    let (mut accounts, mut wrong) = (BTreeMap::new(), Vec::new());
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or("");
        match account(cell(Some(name)), cell(Some(iban)), cell(bic)) {
            _ if cell(Some(payee)).is_empty() => {
                wrong.push(WrongRow { line, why: "payee is missing".to_owned() });
            }
            Ok(account) => {
                if accounts.insert(cell(Some(payee)).to_owned(), account).is_some() {
                    wrong.push(WrongRow { line, why: "the payee stands there twice".to_owned() });
                }
            }
            Err(why) => wrong.push(WrongRow { line, why }),
        }
    }
    if wrong.is_empty() { Ok(accounts) } else { Err(AccountsError::Wrong(wrong)) }
}

fn account(name: &str, iban: &str, bic: &str) -> Result<Account, String> {
    let good = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    if !good || name.chars().any(char::is_control) {
        return Err(format!("name must have 1 to {NAME_CHARS_MAX} characters"));
    }
    let iban = Iban::parse(iban).map_err(|error| format!("iban {error}"))?;
    let bic = (!bic.is_empty()).then(|| Bic::parse(bic).map_err(|error| format!("bic {error}")));
    Ok(Account { name: name.to_owned(), iban, bic: bic.transpose()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the standard's registry; they belong to nobody.
    #[test]
    fn account_numbers() {
        for good in ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "no9386011117947"] {
            assert!(Iban::parse(good).is_ok(), "{good}");
        }
        for (bad, error) in [
            ("DE89 3704 0044 0532 0130 01", AccountError::IbanCheck),
            ("GB29NWBK60161331926891", AccountError::IbanCheck),
            ("DE89", AccountError::Iban),
            ("8937040044053201300000", AccountError::Iban),
            ("DE89-3704-0044-0532-0130-00", AccountError::Iban),
        ] {
            assert_eq!(Iban::parse(bad), Err(error), "{bad}");
        }
        assert!(Bic::parse("deutdeff").is_ok() && Bic::parse("NEDSZAJJXXX").is_ok());
        assert!(Bic::parse("DEUTDEF").is_err() && Bic::parse("DEUT1EFF").is_err());
    }

    #[test]
    fn a_sheet_is_read_as_a_whole_or_not() {
        let good = "bic,IBAN,payee,name\n,DE89 3704 0044 0532 0130 00,pty_1,A Label\n";
        let accounts = read_accounts(good.as_bytes()).expect("good");
        assert_eq!(accounts["pty_1"].iban.as_str(), "DE89370400440532013000");
        for (sheet, says) in [
            ("payee,name\n", "must name the columns"),
            ("payee,name,iban\np,n,DE00\n", "line 2: iban must be an IBAN"),
            ("payee,name,iban\n,n,GB29NWBK60161331926819\n", "line 2: payee is missing"),
            ("payee,name,iban\np,,GB29NWBK60161331926819\n", "line 2: name must have"),
            (
                "payee,name,iban\np,n,GB29NWBK60161331926819\np,n,GB29NWBK60161331926819\n",
                "line 3: the payee stands there twice",
            ),
        ] {
            let error = read_accounts(sheet.as_bytes()).expect_err(says).to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}

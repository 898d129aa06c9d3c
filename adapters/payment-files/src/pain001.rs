//! The credit transfer: ISO 20022 `pain.001.001.09`, one message, one payment block a currency.
//!
//! Source: the message definition report of Payments Initiation, message
//! CustomerCreditTransferInitiationV09: names and order of the elements, lengths of their texts.

use ledgerline_ids::{DayNo, UnixMs};
use ledgerline_money::{Currency, Micros, MoneyError};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::collections::BTreeMap;
use std::io;

use crate::accounts::{Account, Bic, Iban, NAME_CHARS_MAX};
use crate::payout::{Payout, end_to_end_id, message_id, totals};

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debtor {
    /// The name.
    pub name: String,
    /// The account that is debited.
    pub iban: Iban,
    /// Its bank.
    pub bic: Bic,
}

/// Why no file was made. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// There is nothing to pay.
    #[error("there is nothing to pay")]
    Nothing,
    /// The debtor's name doesn't fit.
    #[error("the debtor's name must have 1 to {NAME_CHARS_MAX} characters")]
    DebtorName,
    /// Complete the sheet of accounts.
    #[error("the sheet of accounts has none for {}", .0.join(", "))]
    NoAccount(Vec<String>),
    /// An amount that no bank can pay.
    #[error(
        "{payee} is to be paid {amount} {currency}, which is not a positive number of minor units"
    )]
    Amount {
        /// Whom.
        payee: String,
        /// How much.
        amount: Micros,
        /// In which currency.
        currency: Currency,
    },
    /// The sum is beyond what an amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The text could not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

type Xml = Writer<Vec<u8>>;

/// Writes the credit transfer of `payouts`, to be carried out on `on`. The same payouts give the same
/// ids, whenever it is written.
///
/// # Errors
/// [`PaymentError`].
pub fn credit_transfer(
    payouts: &[Payout],
    accounts: &BTreeMap<String, Account>,
    debtor: &Debtor,
    (created_at, on): (UnixMs, DayNo),
) -> Result<String, PaymentError> {
    check(payouts, accounts, debtor)?;
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let document = BytesStart::new("Document").with_attributes([("xmlns", NAMESPACE)]);
    xml.write_event(Event::Start(document))?;
    inside(&mut xml, "CstmrCdtTrfInitn", |xml| {
        let sums = totals(payouts)?;
        inside(xml, "GrpHdr", |xml| {
            text(xml, "MsgId", &message_id(payouts))?;
            let created = created_at.to_string();
            text(xml, "CreDtTm", &format!("{}Z", &created[..19]))?;
            text(xml, "NbOfTxs", &payouts.len().to_string())?;
            let all = Micros::sum(sums.iter().map(|total| total.amount))?;
            text(xml, "CtrlSum", &plain(all))?;
            inside(xml, "InitgPty", |xml| text(xml, "Nm", &debtor.name))
        })?;
        for total in &sums {
            let mine: Vec<&Payout> =
                payouts.iter().filter(|payout| payout.currency == total.currency).collect();
            inside(xml, "PmtInf", |xml| payment(xml, &mine, (total.amount, on), accounts, debtor))?;
        }
        Ok(())
    })?;
    xml.write_event(Event::End(BytesEnd::new("Document")))?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(String::from_utf8(bytes).expect("text was written"))
}

fn check(
    payouts: &[Payout],
    accounts: &BTreeMap<String, Account>,
    debtor: &Debtor,
) -> Result<(), PaymentError> {
    if payouts.is_empty() {
        return Err(PaymentError::Nothing);
    }
    if !(1..=NAME_CHARS_MAX).contains(&debtor.name.chars().count()) {
        return Err(PaymentError::DebtorName);
    }
    let missing = payouts.iter().filter(|payout| !accounts.contains_key(&payout.payee));
    let missing: Vec<String> = missing.map(|payout| payout.payee.clone()).collect();
    if !missing.is_empty() {
        return Err(PaymentError::NoAccount(missing));
    }
    for Payout { payee, currency, amount, .. } in payouts {
        let whole = amount.get() > 0 && amount.get() % currency.minor_micros() == 0;
        if !whole {
            let (payee, amount, currency) = (payee.clone(), *amount, *currency);
            return Err(PaymentError::Amount { payee, amount, currency });
        }
    }
    Ok(())
}

/// One currency's payments, debited together.
fn payment(
    xml: &mut Xml,
    payouts: &[&Payout],
    (sum, on): (Micros, DayNo),
    accounts: &BTreeMap<String, Account>,
    debtor: &Debtor,
) -> Result<(), PaymentError> {
    let first = payouts.first().expect("a currency is of some payout");
    let euro = first.currency.code() == "EUR";
    text(xml, "PmtInfId", &format!("{}.{}", first.period, first.currency))?;
    text(xml, "PmtMtd", "TRF")?;
    text(xml, "NbOfTxs", &payouts.len().to_string())?;
    text(xml, "CtrlSum", &plain(sum))?;
    if euro {
        inside(xml, "PmtTpInf", |xml| inside(xml, "SvcLvl", |xml| text(xml, "Cd", "SEPA")))?;
    }
    inside(xml, "ReqdExctnDt", |xml| text(xml, "Dt", &on.to_string()))?;
    inside(xml, "Dbtr", |xml| text(xml, "Nm", &debtor.name))?;
    account(xml, "DbtrAcct", &debtor.iban)?;
    agent(xml, "DbtrAgt", &debtor.bic)?;
    text(xml, "ChrgBr", if euro { "SLEV" } else { "SHAR" })?;
    for payout in payouts {
        let to = &accounts[&payout.payee];
        inside(xml, "CdtTrfTxInf", |xml| transfer(xml, payout, to))?;
    }
    Ok(())
}

fn transfer(xml: &mut Xml, payout: &Payout, to: &Account) -> Result<(), PaymentError> {
    inside(xml, "PmtId", |xml| text(xml, "EndToEndId", &end_to_end_id(payout)))?;
    inside(xml, "Amt", |xml| {
        let instructed =
            BytesStart::new("InstdAmt").with_attributes([("Ccy", payout.currency.code())]);
        xml.write_event(Event::Start(instructed))?;
        let amount = minor(payout.amount, payout.currency);
        xml.write_event(Event::Text(BytesText::new(&amount)))?;
        xml.write_event(Event::End(BytesEnd::new("InstdAmt")))?;
        Ok(())
    })?;
    if let Some(bic) = &to.bic {
        agent(xml, "CdtrAgt", bic)?;
    }
    inside(xml, "Cdtr", |xml| text(xml, "Nm", &to.name))?;
    account(xml, "CdtrAcct", &to.iban)?;
    inside(xml, "RmtInf", |xml| {
        text(xml, "Ustrd", &format!("Royalties {} {}", payout.period, end_to_end_id(payout)))
    })
}

fn account(xml: &mut Xml, name: &str, iban: &Iban) -> Result<(), PaymentError> {
    inside(xml, name, |xml| inside(xml, "Id", |xml| text(xml, "IBAN", iban.as_str())))
}

fn agent(xml: &mut Xml, name: &str, bic: &Bic) -> Result<(), PaymentError> {
    inside(xml, name, |xml| inside(xml, "FinInstnId", |xml| text(xml, "BICFI", bic.as_str())))
}

fn inside(
    xml: &mut Xml,
    name: &str,
    fill: impl FnOnce(&mut Xml) -> Result<(), PaymentError>,
) -> Result<(), PaymentError> {
    xml.write_event(Event::Start(BytesStart::new(name)))?;
    fill(xml)?;
    xml.write_event(Event::End(BytesEnd::new(name)))?;
    Ok(())
}

fn text(xml: &mut Xml, name: &str, value: &str) -> Result<(), PaymentError> {
    inside(xml, name, |xml| Ok(xml.write_event(Event::Text(BytesText::new(value)))?))
}

/// With the digits of the currency's minor unit: `33.33`, `4000` of yen.
pub(crate) fn minor(amount: Micros, currency: Currency) -> String {
    let all = amount.to_string();
    let digits = usize::from(currency.minor_digits());
    let cut = all.len() - 6 + digits;
    all[..cut].trim_end_matches('.').to_owned()
}

/// Without zeros at the end.
fn plain(amount: Micros) -> String {
    amount.to_string().trim_end_matches('0').trim_end_matches('.').to_owned()
}

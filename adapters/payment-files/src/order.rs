//! The app's orders as files.

use ledgerline_app::money::papers::payment_order::{
    OrderPart, OrderRefused, PaymentFiles, PaymentForm, PaymentOrder,
};
use std::collections::BTreeMap;
use std::fmt::Display;

use crate::accounts::{Bic, Iban, read_accounts};
use crate::pain001::{Debtor, credit_transfer};
use crate::payout::Payout;
use crate::sheet::payout_sheet;

/// Writes orders as credit transfers or sheets.
#[derive(Debug, Clone, Copy, Default)]
pub struct BankFiles;

impl PaymentFiles for BankFiles {
    fn write(&self, order: &PaymentOrder) -> Result<String, OrderRefused> {
        let payout = |row: &ledgerline_app::money::papers::payouts::PayoutRow| Payout {
            period: order.period,
            payee: row.payee.clone(),
            currency: row.currency,
            amount: row.amount,
        };
        let payouts: Vec<Payout> = order.payouts.iter().map(payout).collect();
        let accounts = match &order.accounts {
            None => BTreeMap::new(),
            Some(sheet) => {
                read_accounts(sheet).map_err(|why| refused(OrderPart::Accounts, &why))?
            }
        };
        match order.form {
            PaymentForm::Csv => Ok(payout_sheet(&payouts, &accounts)),
            PaymentForm::Pain001 => {
                let iban = Iban::parse(&order.debtor.iban)
                    .map_err(|why| refused(OrderPart::DebtorIban, &why))?;
                let bic = Bic::parse(&order.debtor.bic)
                    .map_err(|why| refused(OrderPart::DebtorBic, &why))?;
                let debtor = Debtor { name: order.debtor.name.clone(), iban, bic };
                let when = (order.created_at, order.on);
                credit_transfer(&payouts, &accounts, &debtor, when)
                    .map_err(|why| refused(OrderPart::Payouts, &why))
            }
        }
    }
}

fn refused(part: OrderPart, why: &dyn Display) -> OrderRefused {
    OrderRefused { part, why: why.to_string() }
}

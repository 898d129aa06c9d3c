//! `royalty payouts`: what is to be paid, as a file for the bank, and what was paid.

use serde_json::Value;
use std::fs;
use std::path::Path;

use crate::cli::papers::{PayoutsAction, PayoutsExport, PayoutsFormat};
use crate::control::papers::{PaidBody, PaidBodyRow};
use crate::failure::Failure;
use crate::output::{print, print_json, table};
use crate::session::Session;
use ledgerline_app::money::papers::payment_order::{
    DebtorWords, OrderPart, OrderRefused, PaymentFiles, PaymentForm, PaymentOrder,
};
use ledgerline_app::money::papers::payouts::PayoutRow;
use ledgerline_app::ports::Clock;
use ledgerline_ids::{DayNo, Period};
use ledgerline_local_disk::SystemClock;
use ledgerline_money::{Currency, Micros};
use ledgerline_payment_files::{BankFiles, Payout, read_paid, totals};

pub(super) async fn run(data: &Path, action: PayoutsAction, as_json: bool) -> Result<u8, Failure> {
    let session = Session::begin_reading(data).await?;
    let done = match action {
        PayoutsAction::List { period } => list(&session, period, as_json).await,
        PayoutsAction::Export(args) => export(&session, &args, as_json).await,
        PayoutsAction::Paid { file, on } => paid(&session, &file, on, as_json).await,
    };
    session.end().await?;
    done.map(|()| 0)
}

async fn month(session: &Session, period: Period) -> Result<Value, Failure> {
    session.get(&format!("/control/v1/payouts/{period}")).await
}

async fn list(session: &Session, period: Period, as_json: bool) -> Result<(), Failure> {
    let found = month(session, period).await?;
    if as_json {
        return print_json(&found);
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut rows = vec![["payee", "currency", "amount", "paid"].map(str::to_owned).to_vec()];
    for payout in found["payouts"].as_array().into_iter().flatten() {
        let paid = payout["paid_by"].as_u64().map_or("no".to_owned(), |seq| format!("entry {seq}"));
        rows.push(vec![
            text(&payout["payee"]),
            text(&payout["currency"]),
            text(&payout["amount"]),
            paid,
        ]);
    }
    print(&table(&rows))?;
    for total in found["totals"].as_array().into_iter().flatten() {
        print(&format!(
            "{} {} in all, {} of it to be paid; the ledger owes {} with what is carried",
            text(&total["amount"]),
            text(&total["currency"]),
            text(&total["open"]),
            text(&total["payable"]),
        ))?;
    }
    Ok(())
}

/// What is still to be paid.
fn open(found: &Value) -> Result<Vec<PayoutRow>, Failure> {
    let odd = || Failure::failed("the answer is not one of this version");
    let rows = found["payouts"].as_array().ok_or_else(odd)?;
    let rows = rows.iter().filter(|row| row["paid_by"].is_null()).map(|row| {
        let text = |field: &str| row[field].as_str().ok_or_else(odd);
        Ok(PayoutRow {
            payee: text("payee")?.to_owned(),
            currency: Currency::parse(text("currency")?).map_err(|_| odd())?,
            amount: Micros::parse(text("amount")?).map_err(|_| odd())?,
            paid_by: None,
            paid_on: None,
        })
    });
    rows.collect()
}

async fn export(session: &Session, args: &PayoutsExport, as_json: bool) -> Result<(), Failure> {
    let payouts = open(&month(session, args.period).await?)?;
    let accounts = match &args.accounts {
        None => None,
        Some(path) => Some(fs::read(path).map_err(|error| Failure::io(path, &error))?),
    };
    let now = SystemClock::new().now();
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let order = PaymentOrder {
        period: args.period,
        payouts,
        form: match args.format {
            PayoutsFormat::Csv => PaymentForm::Csv,
            PayoutsFormat::Pain001 => PaymentForm::Pain001,
        },
        accounts,
        debtor: DebtorWords {
            name: given(&args.debtor),
            iban: given(&args.debtor_iban),
            bic: given(&args.debtor_bic),
        },
        created_at: now,
        on: args.on.unwrap_or(DayNo(now.day().0 + 1)),
    };
    let text = BankFiles.write(&order).map_err(|refused| {
        let OrderRefused { part, why } = refused;
        match (part, &args.accounts) {
            (OrderPart::DebtorIban, _) => Failure::usage(format!("--debtor-iban {why}")),
            (OrderPart::DebtorBic, _) => Failure::usage(format!("--debtor-bic {why}")),
            (OrderPart::Accounts, Some(path)) => {
                Failure::failed(format!("{}: {why}", path.display()))
            }
            _ => Failure::failed(why),
        }
    })?;
    fs::write(&args.out, text).map_err(|error| Failure::io(&args.out, &error))?;
    told(args, &order.payouts, as_json)
}

/// Says what was written, and what it comes to.
fn told(args: &PayoutsExport, rows: &[PayoutRow], as_json: bool) -> Result<(), Failure> {
    let payout = |row: &PayoutRow| Payout {
        period: args.period,
        payee: row.payee.clone(),
        currency: row.currency,
        amount: row.amount,
    };
    let payouts: Vec<Payout> = rows.iter().map(payout).collect();
    let sums = totals(&payouts).map_err(|error| Failure::failed(error.to_string()))?;
    if as_json {
        let sums = sums.iter().map(|total| {
            serde_json::json!({
                "currency": total.currency.code(),
                "payouts": total.payouts,
                "amount": total.amount.to_string(),
            })
        });
        let (file, sums) = (args.out.display().to_string(), sums.collect::<Vec<Value>>());
        return print_json(&serde_json::json!({ "file": file, "totals": sums }));
    }
    print(&format!("{}: {} payouts", args.out.display(), payouts.len()))?;
    for total in sums {
        print(&format!("  {} {} to {} payees", total.amount, total.currency, total.payouts))?;
    }
    Ok(())
}

async fn paid(
    session: &Session,
    file: &Path,
    on: Option<DayNo>,
    as_json: bool,
) -> Result<(), Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::io(file, &error))?;
    let rows = read_paid(&bytes)
        .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
    let paid = rows.into_iter().map(|row| PaidBodyRow {
        period: row.period.to_string(),
        payee: row.payee,
        currency: row.currency.to_string(),
        amount: row.amount.to_string(),
    });
    let on = on.unwrap_or_else(|| SystemClock::new().now().day());
    let body = PaidBody { on: on.to_string(), paid: paid.collect() };
    let body = serde_json::to_value(body).expect("texts are JSON");
    let answer = session.post("/control/v1/payouts/paid", &body).await?;
    if as_json {
        return print_json(&answer);
    }
    print(&format!(
        "{} payouts booked as paid, {} were before",
        answer["booked"], answer["already"]
    ))
}

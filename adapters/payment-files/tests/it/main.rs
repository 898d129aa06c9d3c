//! Files of payments, read back by other code than wrote them.

use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_money::{Currency, Micros};
use ledgerline_payment_files::{
    Account, Bic, Debtor, Iban, PaymentError, Payout, credit_transfer, end_to_end_id, message_id,
    payout_sheet, read_accounts, read_paid, totals,
};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;

fn payout(payee: &str, currency: &str, micros: i64) -> Payout {
    Payout {
        period: Period::parse("2026-10").expect("a month"),
        payee: payee.to_owned(),
        currency: Currency::parse(currency).expect("a currency"),
        amount: Micros::new(micros),
    }
}

fn payouts() -> Vec<Payout> {
    vec![
        payout("pty_1", "EUR", 33_330_000),
        payout("pty_2", "EUR", 10_000),
        payout("=pty_3", "JPY", 4_000_000_000),
    ]
}

fn accounts() -> BTreeMap<String, Account> {
    let sheet = "payee,name,iban,bic\n\
                 pty_1,A & B <Label>,DE89370400440532013000,DEUTDEFF\n\
                 pty_2,=An Artist,GB29NWBK60161331926819,\n\
                 =pty_3,Zoë Ltd,NO9386011117947,\n";
    read_accounts(sheet.as_bytes()).expect("good accounts")
}

fn debtor() -> Debtor {
    Debtor {
        name: "A Service".to_owned(),
        iban: Iban::parse("DE89370400440532013000").expect("an IBAN"),
        bic: Bic::parse("DEUTDEFF").expect("a BIC"),
    }
}

fn written(payouts: &[Payout]) -> Result<String, PaymentError> {
    let at = UnixMs::parse_rfc3339("2026-11-15T09:30:00Z").expect("an instant");
    let on = DayNo::parse("2026-11-16").expect("a day");
    credit_transfer(payouts, &accounts(), &debtor(), (at, on))
}

/// Every text of the message with the way to it, as a parser sees it.
fn texts(xml: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(xml);
    let (mut way, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().expect("well formed") {
            Event::Start(start) => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).expect("UTF-8");
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.expect("an attribute");
                    String::from_utf8(attribute.value.to_vec()).expect("UTF-8")
                });
                let attributes: Vec<String> = attributes.collect();
                way.push(format!("{name}{}", attributes.join("")));
                found.push((way.join("/"), String::new()));
            }
            Event::End(_) => drop(way.pop()),
            Event::Text(text) => {
                let text = text.decode().expect("text").into_owned();
                if !text.trim().is_empty() {
                    found.last_mut().expect("inside an element").1 += &text;
                }
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().expect("a name");
                found.last_mut().expect("inside an element").1 += &format!("&{name};");
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

/// The order in which the message's definition wants the elements of each block.
const ORDER: &[(&str, &[&str])] = &[
    ("CstmrCdtTrfInitn", &["GrpHdr", "PmtInf"]),
    ("GrpHdr", &["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"]),
    (
        "PmtInf",
        &[
            "PmtInfId",
            "PmtMtd",
            "NbOfTxs",
            "CtrlSum",
            "PmtTpInf",
            "ReqdExctnDt",
            "Dbtr",
            "DbtrAcct",
            "DbtrAgt",
            "ChrgBr",
            "CdtTrfTxInf",
        ],
    ),
    ("CdtTrfTxInf", &["PmtId", "Amt", "CdtrAgt", "Cdtr", "CdtrAcct", "RmtInf"]),
];

#[test]
fn elements_stand_in_the_order_of_the_message() {
    let xml = written(&payouts()).expect("good");
    let all = texts(&xml);
    for (block, order) in ORDER {
        let mut last = 0;
        let mut seen = 0;
        for (way, _) in &all {
            let parts: Vec<&str> = way.split('/').collect();
            if parts.last() == Some(block) {
                last = 0;
            }
            if let [.., parent, name] = parts[..]
                && parent == *block
            {
                let at = order.iter().position(|known| known == &name);
                let at = at.unwrap_or_else(|| panic!("{name} doesn't belong into {block}"));
                assert!(at >= last, "{name} stands too late in {block}");
                (last, seen) = (at, seen + 1);
            }
        }
        assert!(seen > 0, "{block} is there");
    }
}

#[test]
fn sums_and_ids_are_those_of_the_payouts() {
    let xml = written(&payouts()).expect("good");
    let all = texts(&xml);
    let values = |end: &str| -> Vec<&str> {
        all.iter().filter(|(way, _)| way.ends_with(end)).map(|(_, text)| text.as_str()).collect()
    };
    assert_eq!(values("GrpHdr/NbOfTxs"), ["3"]);
    assert_eq!(values("GrpHdr/CtrlSum"), ["4033.34"]);
    assert_eq!(values("PmtInf/CtrlSum"), ["33.34", "4000"]);
    assert_eq!(values("PmtInf/NbOfTxs"), ["2", "1"]);
    assert_eq!(values("Amt/InstdAmtEUR"), ["33.33", "0.01"]);
    assert_eq!(values("Amt/InstdAmtJPY"), ["4000"]);
    assert_eq!(values("SvcLvl/Cd"), ["SEPA"]);
    assert_eq!(values("Cdtr/Nm"), ["A &amp; B &lt;Label&gt;", "=An Artist", "Zoë Ltd"]);
    let ids: Vec<String> = payouts().iter().map(end_to_end_id).collect();
    assert_eq!(values("PmtId/EndToEndId"), ids);
    assert!(values("GrpHdr/MsgId")[0] == message_id(&payouts()));
    for id in ids.iter().chain([&message_id(&payouts())]) {
        assert!((1..=35).contains(&id.len()), "{id}");
    }
    // In any order the same message; with another amount another.
    let mut turned = payouts();
    turned.reverse();
    assert_eq!(message_id(&turned), message_id(&payouts()));
    turned[0].amount = Micros::new(1_000_000);
    assert_ne!(message_id(&turned), message_id(&payouts()));
    let sums: Vec<_> = totals(&payouts()).expect("small").into_iter().map(|t| t.amount).collect();
    assert_eq!(sums, [Micros::new(33_340_000), Micros::new(4_000_000_000)]);
}

#[test]
fn what_a_bank_cant_pay_is_refused() {
    for (payouts, says) in [
        (vec![], "nothing to pay"),
        (vec![payout("pty_9", "EUR", 10_000)], "none for pty_9"),
        (vec![payout("pty_1", "EUR", 10_001)], "0.010001 EUR"),
        (vec![payout("pty_1", "EUR", 0)], "0.000000 EUR"),
        (vec![payout("pty_1", "JPY", 500_000)], "0.500000 JPY"),
    ] {
        let error = written(&payouts).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_sheet_is_harmless_and_is_read_back() {
    let sheet = payout_sheet(&payouts(), &accounts());
    let lines: Vec<&str> = sheet.split("\r\n").collect();
    assert_eq!(lines[0], "period,payee,currency,amount,end_to_end_id,name,iban,bic");
    assert!(lines[1].starts_with("2026-10,pty_1,EUR,33.33,2026-10.EUR."), "{sheet}");
    assert!(lines[2].contains(",'=An Artist,"), "{sheet}");
    assert!(lines[3].starts_with("2026-10,'=pty_3,JPY,4000,"), "{sheet}");
    let paid = read_paid(sheet.as_bytes()).expect("our own sheet");
    let same = paid.iter().zip(&payouts()).all(|(paid, payout)| {
        (&paid.payee, paid.currency, paid.amount) == (&payout.payee, payout.currency, payout.amount)
    });
    assert!(same && paid.len() == 3, "{paid:?}");
    for (sheet, says) in [
        ("payee,amount\n", "must name the columns"),
        ("period,payee,currency,amount\n2026-13,p,EUR,1\n", "line 2: period"),
        ("period,payee,currency,amount\n2026-10,p,EURO,1\n", "line 2: currency"),
        ("period,payee,currency,amount\n2026-10,p,EUR,1e3\n", "line 2: amount"),
        ("period,payee,currency,amount\n2026-10,,EUR,1\n", "line 2: payee is missing"),
    ] {
        let error = read_paid(sheet.as_bytes()).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
    }
}

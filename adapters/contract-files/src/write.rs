//! A contract to a file's text.

use ledgerline_money::Fraction;
use ledgerline_royalty::terms::{
    AccountTerms, Commission, Contract, Model, Parties, PassedOn, PoolRule, Right, Rule, Term,
    UsMechanical,
};
use ledgerline_royalty::usage::Use;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The name of a contract's file: an id may hold `/` and `:`, a file's name had better not.
#[must_use]
pub fn file_name(id: &str) -> String {
    let plain =
        |one: char| if one.is_ascii_alphanumeric() || "_-.@+".contains(one) { one } else { '_' };
    let name: String = id.chars().map(plain).collect();
    // Two ids could become one name: the rest of it tells them apart.
    let tail =
        if name == id { String::new() } else { format!("-{:08x}", crc32fast::hash(id.as_bytes())) };
    format!("{}{tail}.toml", name.trim_start_matches('.'))
}

/// A file that reads as `contract`, with its fields in the order in which people look for them.
#[must_use]
pub fn write(contract: &Contract) -> String {
    let mut out = String::new();
    let mut put = |key: &str, value: &str| line(&mut out, key, value);
    put("id", &text(&contract.id));
    if contract.title != contract.id {
        put("title", &text(&contract.title));
    }
    match &contract.parties {
        Parties::Licence { licensor } => {
            put("kind", "\"licence\"");
            licensor.iter().for_each(|licensor| put("licensor", &text(licensor)));
        }
        Parties::Agreement { grantor } => {
            put("kind", "\"agreement\"");
            put("grantor", &text(grantor));
        }
    }
    put("signed_on", &text(&contract.signed_on.to_string()));
    put("from", &text(&contract.dates.from.to_string()));
    contract.dates.until.iter().for_each(|day| put("until", &text(&day.to_string())));
    put("currency", &text(contract.currency.code()));
    for term in &contract.terms {
        out.push_str("\n[[terms]]\n");
        write_term(&mut out, contract, term);
    }
    write_account(&mut out, &contract.account);
    out
}

fn line(out: &mut String, key: &str, value: &str) {
    writeln!(out, "{key} = {value}").expect("a text takes everything");
}

fn write_term(out: &mut String, contract: &Contract, term: &Term) {
    line(out, "id", &text(&term.id));
    line(out, "rights", &list(term.rights.iter().map(|right| Right::word(*right))));
    let scope = &term.scope;
    let sets: [(&str, &BTreeSet<String>); 6] = [
        ("recordings", &scope.recordings),
        ("releases", &scope.releases),
        ("artists", &scope.artists),
        ("labels", &scope.labels),
        ("territories", &scope.territories),
        ("tiers", &scope.tiers),
    ];
    for (key, set) in sets.into_iter().filter(|(_, set)| !set.is_empty()) {
        line(out, key, &list(set.iter().map(String::as_str)));
    }
    if !scope.uses.is_empty() {
        line(out, "uses", &list(scope.uses.iter().map(|one| Use::word(*one))));
    }
    if term.dates.from != contract.dates.from {
        line(out, "from", &text(&term.dates.from.to_string()));
    }
    if let Some(until) = term.dates.until.filter(|until| contract.dates.until != Some(*until)) {
        line(out, "until", &text(&until.to_string()));
    }
    match &term.rule {
        Rule::Pool(rule) => write_pool(out, rule),
        Rule::PassOn(parts) => {
            let parts: Vec<String> = parts.iter().map(passed_on).collect();
            line(out, "pass_on", &format!("[\n    {},\n]", parts.join(",\n    ")));
        }
    }
}

fn write_pool(out: &mut String, rule: &PoolRule) {
    let (key, value) = model(&rule.model);
    line(out, key, &value);
    rule.per_play_minimum.iter().for_each(|rate| line(out, "per_play_minimum", &exact(*rate)));
    rule.eligible_plays_min
        .iter()
        .for_each(|plays| line(out, "eligible_plays_min", &plays.to_string()));
    if let Some(noise) = rule.noise {
        let (weight, duration) = (exact(noise.weight), noise.duration_ms_min);
        line(out, "noise", &format!("{{ weight = {weight}, duration_ms_min = {duration} }}"));
    }
    rule.guarantee.iter().for_each(|amount| line(out, "guarantee", &text(&amount.to_string())));
}

fn model(model: &Model) -> (&'static str, String) {
    match model {
        Model::ProRata { share } => ("pro_rata", format!("{{ share = {} }}", exact(*share))),
        Model::UserCentric { share } => {
            ("user_centric", format!("{{ share = {} }}", exact(*share)))
        }
        Model::ArtistCentric { share, artist_boost, listener_plays_max } => {
            let mut fields = vec![format!("share = {}", exact(*share))];
            if let Some(boost) = artist_boost {
                fields.push(format!(
                    "boost = {{ factor = {}, plays_min = {}, listeners_min = {} }}",
                    exact(boost.factor),
                    boost.plays_min,
                    boost.listeners_min
                ));
            }
            fields.extend(listener_plays_max.map(|max| format!("listener_plays_max = {max}")));
            ("artist_centric", format!("{{ {} }}", fields.join(", ")))
        }
        Model::FixedPerPlay { rate } => {
            ("fixed_per_play", format!("{{ rate = {} }}", exact(*rate)))
        }
        Model::Bands { rates } => {
            let bands: Vec<String> = rates
                .iter()
                .map(|(from, rate)| format!("{{ from_ms = {from}, rate = {} }}", exact(*rate)))
                .collect();
            ("bands", format!("[\n    {},\n]", bands.join(",\n    ")))
        }
        Model::Ladder { steps } => {
            let steps: Vec<String> = steps.iter().map(|step| exact(*step)).collect();
            ("ladder", format!("{{ steps = [{}] }}", steps.join(", ")))
        }
        Model::UsMechanical(us) => ("us_mechanical", us_mechanical(us)),
    }
}

fn us_mechanical(us: &UsMechanical) -> String {
    let mut fields = vec![
        format!("revenue_share = {}", exact(us.revenue_share)),
        format!("content_cost_share = {}", exact(us.content_cost_share)),
    ];
    fields.extend(us.content_cost_cap.map(|cap| format!("content_cost_cap = {}", exact(cap))));
    let floor = us.subscriber_floor;
    fields.extend(floor.map(|floor| format!("subscriber_floor = {}", exact(floor))));
    if !us.plan_weights.is_empty() {
        let weights = us.plan_weights.iter();
        let weights: Vec<String> =
            weights.map(|(plan, weight)| format!("{} = {}", plan.word(), exact(*weight))).collect();
        fields.push(format!("plan_weights = {{ {} }}", weights.join(", ")));
    }
    format!("{{ {} }}", fields.join(", "))
}

fn passed_on(part: &PassedOn) -> String {
    let one = |payee: &str, share| format!("payee = {}, share = {}", text(payee), exact(share));
    let mut fields = one(&part.payee, part.share);
    if !part.commissions.is_empty() {
        let commission =
            |Commission { payee, share }: &Commission| format!("{{ {} }}", one(payee, *share));
        let commissions: Vec<String> = part.commissions.iter().map(commission).collect();
        write!(fields, ", commissions = [{}]", commissions.join(", "))
            .expect("a text takes everything");
    }
    format!("{{ {fields} }}")
}

fn write_account(out: &mut String, account: &AccountTerms) {
    if *account == AccountTerms::default() {
        return;
    }
    out.push_str("\n[account]\n");
    account.recoup_share.iter().for_each(|share| line(out, "recoup_share", &exact(*share)));
    account.costs_share.iter().for_each(|share| line(out, "costs_share", &exact(*share)));
    if let Some(reserve) = account.reserve {
        let (share, periods) = (exact(reserve.share), reserve.periods);
        line(out, "reserve", &format!("{{ share = {share}, periods = {periods} }}"));
    }
    if !account.withholding.is_empty() {
        let rates = account.withholding.iter();
        let rates: Vec<String> =
            rates.map(|(territory, share)| format!("{territory} = {}", exact(*share))).collect();
        line(out, "withholding", &format!("{{ {} }}", rates.join(", ")));
    }
    account
        .minimum_payout
        .iter()
        .for_each(|amount| line(out, "minimum_payout", &text(&amount.to_string())));
    account
        .accounting_months
        .iter()
        .for_each(|months| line(out, "accounting_months", &months.to_string()));
}

fn exact(fraction: Fraction) -> String {
    text(&fraction.to_string())
}

fn list<'a>(values: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", values.map(text).collect::<Vec<_>>().join(", "))
}

/// A TOML basic string.
fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for one in text.chars() {
        match one {
            '"' | '\\' => out.extend(['\\', one]),
            control if control.is_control() => {
                write!(out, "\\u{:04X}", u32::from(control)).expect("a text takes everything");
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

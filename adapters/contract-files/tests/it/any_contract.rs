//! Any contract is written as a file that reads as the same contract.

use ledgerline_contract_files::{read, write};
use ledgerline_ids::Period;
use ledgerline_money::{Currency, Fraction, Micros};
use ledgerline_royalty::revenue::Plan;
use ledgerline_royalty::terms::{
    AccountTerms, ArtistBoost, Commission, Contract, Dates, Model, NoiseRule, Parties, PassedOn,
    PoolRule, Reserve, Right, Rule, Scope, Term, UsMechanical,
};
use ledgerline_royalty::usage::Use;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

fn share() -> impl Strategy<Value = Fraction> {
    (0..=1000_i128, 1000..3000_i128).prop_map(|(over, under)| Fraction::new(over, under).unwrap())
}

fn rate() -> impl Strategy<Value = Fraction> {
    (0..1_000_000_i128).prop_map(|over| Fraction::new(over, 100_000).unwrap())
}

fn amount() -> impl Strategy<Value = Micros> {
    (0..10_000_000_000_i64).prop_map(Micros::new)
}

fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.:/@+-]{1,20}"
}

fn names(name: &'static str) -> impl Strategy<Value = std::collections::BTreeSet<String>> {
    btree_set(name, 0..3)
}

fn dates() -> impl Strategy<Value = Dates> {
    (1..12_u32, of(2028..2040_u32)).prop_map(|(month, until)| Dates {
        from: Period::new(2026, month).unwrap().first_day(),
        until: until.map(|year| Period::new(year, 1).unwrap().first_day()),
    })
}

fn scope() -> impl Strategy<Value = Scope> {
    let sets = (
        // Track ids may be anything but control characters.
        names("[ -~äß☺\u{202e}]{1,12}"),
        names("[a-z0-9.-]{1,9}"),
        names("[a-z0-9.-]{1,9}"),
        names("[a-z0-9.-]{1,9}"),
        names("[A-Z]{2}"),
        names("[a-z_-]{1,9}"),
        subsequence(Use::ALL.to_vec(), 0..=2),
    );
    sets.prop_map(|(recordings, releases, artists, labels, territories, tiers, uses)| Scope {
        recordings,
        releases,
        artists,
        labels,
        territories,
        tiers,
        uses: uses.into_iter().collect(),
    })
}

fn model() -> impl Strategy<Value = Model> {
    let boost = (rate(), any::<u32>(), any::<u32>()).prop_map(|(factor, plays, listeners)| {
        ArtistBoost { factor, plays_min: plays.into(), listeners_min: listeners.into() }
    });
    prop_oneof![
        share().prop_map(|share| Model::ProRata { share }),
        share().prop_map(|share| Model::UserCentric { share }),
        (share(), of(boost), of(1..5000_u64)).prop_map(
            |(share, artist_boost, listener_plays_max)| {
                Model::ArtistCentric { share, artist_boost, listener_plays_max }
            }
        ),
        rate().prop_map(|rate| Model::FixedPerPlay { rate }),
        btree_map(any::<u32>(), rate(), 1..4).prop_map(|rates| Model::Bands { rates }),
        vec(rate(), 1..9).prop_map(|steps| Model::Ladder { steps }),
    ]
}

fn us_mechanical() -> impl Strategy<Value = Model> {
    let weights = btree_map(select(Plan::ALL.to_vec()), rate(), 0..4);
    (share(), rate(), of(rate()), of(rate()), weights).prop_map(|(a, b, c, d, plan_weights)| {
        Model::UsMechanical(UsMechanical {
            revenue_share: a,
            content_cost_share: b,
            content_cost_cap: c,
            subscriber_floor: d,
            plan_weights,
        })
    })
}

fn pool(model: impl Strategy<Value = Model>) -> impl Strategy<Value = Rule> {
    let noise = (share(), any::<u32>())
        .prop_map(|(weight, duration)| NoiseRule { weight, duration_ms_min: duration.into() });
    (model, of(rate()), of(0..100_000_u64), of(noise), of(amount())).prop_map(
        |(model, per_play_minimum, eligible_plays_min, noise, guarantee)| {
            let rule = PoolRule { model, per_play_minimum, eligible_plays_min, noise, guarantee };
            Rule::Pool(Box::new(rule))
        },
    )
}

fn pass_on() -> impl Strategy<Value = Rule> {
    let quarter = (0..=250_i128).prop_map(|over| Fraction::new(over, 1000).unwrap());
    let commissions = vec(share(), 0..3);
    vec((quarter, commissions), 1..4).prop_map(|parts| {
        let parts = parts.into_iter().enumerate().map(|(at, (share, commissions))| PassedOn {
            payee: format!("payee-{at}"),
            share,
            commissions: commissions
                .into_iter()
                .enumerate()
                .map(|(step, share)| Commission { payee: format!("agent-{step}"), share })
                .collect(),
        });
        Rule::PassOn(parts.collect())
    })
}

fn account() -> impl Strategy<Value = AccountTerms> {
    let reserve = (share(), 1..36_u8).prop_map(|(share, periods)| Reserve { share, periods });
    let withholding = btree_map("[A-Z]{2}", share(), 0..3);
    let months = of(select(vec![1_u8, 3, 6, 12]));
    (of(share()), of(share()), of(reserve), withholding, of(amount()), months).prop_map(
        |(recoup_share, costs_share, reserve, withholding, minimum_payout, accounting_months)| {
            AccountTerms {
                recoup_share,
                costs_share,
                reserve,
                withholding,
                minimum_payout,
                accounting_months,
            }
        },
    )
}

fn contract() -> impl Strategy<Value = Contract> {
    let parties = prop_oneof![
        of(id()).prop_map(|licensor| Parties::Licence { licensor }),
        id().prop_map(|grantor| Parties::Agreement { grantor }),
    ];
    let head = (id(), parties, "[ -~äß☺\u{2028}\"\\\\]{0,30}", dates(), 0..20_000_u32);
    let rules = (vec(pool(model()), 1..4), pool(us_mechanical()), vec(pass_on(), 1..4));
    let scopes = vec((scope(), of(1..12_u32)), 5);
    (head, rules, scopes, account()).prop_map(|(head, (mut pools, us, pass_on), scopes, account)| {
        let (id, parties, title, dates, signed_on) = head;
        pools.push(us);
        let licence = matches!(parties, Parties::Licence { .. });
        let rules = if licence { pools } else { pass_on };
        let terms = rules.into_iter().zip(scopes).enumerate();
        let terms = terms.map(|(at, (rule, (scope, months)))| {
            let us = matches!(&rule, Rule::Pool(pool) if matches!(pool.model, Model::UsMechanical(_)));
            let later = months.map(|month| Period::new(2027, month).unwrap().first_day());
            Term {
                id: format!("t{at}"),
                rights: if us { [Right::Mechanical].into() } else { Right::ALL.into() },
                scope,
                dates: Dates { from: later.unwrap_or(dates.from), until: dates.until },
                rule,
            }
        });
        Contract {
            terms: terms.collect(),
            id,
            parties,
            title,
            signed_on: ledgerline_ids::DayNo(signed_on),
            dates,
            currency: Currency::parse("SEK").unwrap(),
            account,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_contract_reads_as_it_was_written(contract in contract()) {
        prop_assert_eq!(contract.faults(), Vec::new());
        let text = write(&contract);
        let again = read("f.toml", text.as_bytes());
        prop_assert_eq!(again.as_ref(), Ok(&contract), "{}", text);
        prop_assert_eq!(write(&again.unwrap()), text);
    }
}

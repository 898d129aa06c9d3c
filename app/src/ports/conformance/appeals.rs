//! The suite of [`AppealStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::UnixMs;

use crate::ports::appeals::{
    Appeal, AppealDecision, AppealStore, AppealSubject, AppealedPlay, Decided, Finding, NewAppeal,
    Outcome, RuleFinding,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: AppealStore>(fresh: impl AsyncFn() -> S) {
    gives_back_what_was_opened(&fresh().await).await;
    lists_by_number(&fresh().await).await;
    the_first_decision_stands(&fresh().await).await;
    a_subject_waits_once(&fresh().await).await;
    remembers_what_is_to_be_applied(&fresh().await).await;
}

/// Every field, by its number.
pub async fn gives_back_what_was_opened(store: &dyn AppealStore) {
    assert_eq!(store.appeal(1).await.expect("reads"), None);
    assert_eq!(store.appeal(0).await.expect("reads"), None);
    let line = NewAppeal {
        subject: AppealSubject::StatementLine {
            period: "2026-10".to_owned(),
            track_id: "trk_1".to_owned(),
            payee: "pty_1".to_owned(),
        },
        plays: Vec::new(),
        unnamed: 7,
        ..new("p1")
    };
    for (number, opened) in (1..).zip([new("p0"), line]) {
        let appeal = Appeal { number, opened: opened.clone(), decision: None, applied_at: None };
        assert_eq!(store.open(opened).await.expect("stores"), (appeal.clone(), true));
        assert_eq!(store.appeal(number).await.expect("reads"), Some(appeal));
    }
}

/// In order, a page at a time; without the decided ones where that is asked.
pub async fn lists_by_number(store: &dyn AppealStore) {
    for play in ["a", "b", "c", "d"] {
        store.open(new(play)).await.expect("stores");
    }
    store.decide(2, decision(Outcome::Uphold)).await.expect("stores");
    let numbers = async |after, limit, waiting| -> Vec<u64> {
        let appeals = store.appeals(after, limit, waiting).await.expect("reads");
        appeals.iter().map(|appeal| appeal.number).collect()
    };
    assert_eq!(numbers(0, 10, false).await, [1, 2, 3, 4]);
    assert_eq!(numbers(1, 2, false).await, [2, 3]);
    assert_eq!(numbers(0, 2, true).await, [1, 3]);
    assert_eq!(numbers(4, 2, false).await, Vec::<u64>::new());
}

/// Whoever decides the same again is told so; whoever decides otherwise too.
pub async fn the_first_decision_stands(store: &dyn AppealStore) {
    let (appeal, _) = store.open(new("a")).await.expect("stores");
    let first = decision(Outcome::Reinstate);
    assert_eq!(store.decide(9, first.clone()).await.expect("answers"), Decided::NoSuch);
    let decided = Box::new(Appeal { decision: Some(first.clone()), ..appeal });
    let stands = Decided::Stands(decided.clone());
    assert_eq!(store.decide(1, first.clone()).await.expect("stores"), stands);
    let again = AppealDecision { reason: "another".to_owned(), ..first };
    assert_eq!(store.decide(1, again).await.expect("answers"), stands);
    let otherwise = store.decide(1, decision(Outcome::Uphold)).await.expect("answers");
    assert_eq!(otherwise, Decided::Otherwise(decided.clone()));
    assert_eq!(store.appeal(1).await.expect("reads"), Some(*decided));
}

/// The same appeal comes back until it is decided; then there may be another.
pub async fn a_subject_waits_once(store: &dyn AppealStore) {
    let (first, made) = store.open(new("a")).await.expect("stores");
    assert!(made);
    let other = NewAppeal { grounds: "others".to_owned(), ..new("a") };
    assert_eq!(store.open(other.clone()).await.expect("answers"), (first, false));
    store.decide(1, decision(Outcome::Uphold)).await.expect("stores");
    let (second, made) = store.open(other.clone()).await.expect("stores");
    assert!(made);
    assert_eq!((second.number, second.opened), (2, other));
}

/// Decided and not yet applied, until it is.
pub async fn remembers_what_is_to_be_applied(store: &dyn AppealStore) {
    for play in ["a", "b", "c"] {
        store.open(new(play)).await.expect("stores");
    }
    for number in [3, 1] {
        store.decide(number, decision(Outcome::Reinstate)).await.expect("stores");
    }
    let numbers = async |limit| -> Vec<u64> {
        let appeals = store.unapplied(limit).await.expect("reads");
        appeals.iter().map(|appeal| appeal.number).collect()
    };
    assert_eq!(numbers(10).await, [1, 3]);
    assert_eq!(numbers(1).await, [1]);
    store.applied(1, at(3_000)).await.expect("stores");
    store.applied(1, at(4_000)).await.expect("answers");
    assert_eq!(numbers(10).await, [3]);
    let applied = store.appeal(1).await.expect("reads").expect("it is there");
    assert_eq!(applied.applied_at, Some(at(3_000)));
}

fn new(play: &str) -> NewAppeal {
    let finding = Finding {
        rule_version: 1,
        position: u64::from(u32::MAX),
        rules: vec![RuleFinding {
            rule: "loop".to_owned(),
            holds: true,
            figures: vec![("plays_in_a_row".to_owned(), 120)],
            limits: vec![("plays_in_a_row_held".to_owned(), 100)],
            sentence: "120 plays in a row; 100 are held".to_owned(),
        }],
        plays: 120,
        evidence_sha256: "00".repeat(32),
    };
    let appealed = AppealedPlay {
        source: "web".to_owned(),
        user_id: "Zoë".to_owned(),
        play_id: play.to_owned(),
        track_id: "trk_1".to_owned(),
        started_at: at(1_000).to_string(),
        status: "held".to_owned(),
        kept_back_at: at(1_500).to_string(),
        rules_then: vec!["loop".to_owned()],
        then: finding.clone(),
        now: Finding { rules: Vec::new(), ..finding },
    };
    NewAppeal {
        subject: AppealSubject::Play {
            source: "web".to_owned(),
            user_id: "Zoë".to_owned(),
            play_id: play.to_owned(),
        },
        appellant: "An Artist".to_owned(),
        grounds: "we were on a \"tour\"\nthere".to_owned(),
        plays: vec![appealed],
        unnamed: 0,
        by: "key_1".to_owned(),
        at: at(1_000),
    }
}

fn decision(outcome: Outcome) -> AppealDecision {
    AppealDecision { outcome, reason: "a reason".to_owned(), by: "key_2".to_owned(), at: at(2_000) }
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}

//! The suites of [`ProposalStore`] and [`AuditStore`]. Every case wants a store that nothing was
//! written to.

use ledgerline_ids::UnixMs;

use crate::ports::audit::{AuditStore, Deed, NumberedDeed};
use crate::ports::proposals::{
    NewProposal, Proposal, ProposalDecision, ProposalStore, ProposedFile,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: ProposalStore + AuditStore>(fresh: impl AsyncFn() -> S) {
    proposals_come_back_newest_first(&fresh().await).await;
    a_proposal_is_decided_once(&fresh().await).await;
    deeds_come_back_newest_first(&fresh().await).await;
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("an instant")
}

fn new(text: &str) -> NewProposal {
    let file = |id: &str| ProposedFile {
        id: id.to_owned(),
        name: format!("{id}.toml"),
        text: text.to_owned(),
    };
    let note = "why 'ever' \u{2028} ☺".to_owned();
    NewProposal { files: vec![file("a"), file("b")], note, by: "key_1".to_owned(), at: at(7) }
}

fn decision(approved: Option<u64>) -> ProposalDecision {
    ProposalDecision { approved, note: String::new(), by: "key_2".to_owned(), at: at(9) }
}

/// As they were stored, whatever stands in them.
pub async fn proposals_come_back_newest_first(store: &dyn ProposalStore) {
    assert_eq!(store.proposals(u64::MAX >> 1, 10).await.expect("reads"), []);
    assert_eq!(store.proposal(1).await.expect("reads"), None);
    let mut stored = Vec::new();
    for text in ["one", "two\r\n\"quoted\"\n", "three"] {
        stored.push(store.propose(new(text)).await.expect("is stored"));
    }
    let numbers: Vec<u64> = stored.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(stored[1].proposed, new("two\r\n\"quoted\"\n"));
    let listed = |from, limit| store.proposals(from, limit);
    let newest_first: Vec<Proposal> = stored.iter().rev().cloned().collect();
    assert_eq!(listed(u64::MAX >> 1, 10).await.expect("reads"), newest_first);
    assert_eq!(listed(2, 1).await.expect("reads"), newest_first[1..2]);
    assert_eq!(store.proposal(3).await.expect("reads").as_ref(), stored.last());
}

/// The first decision stands.
pub async fn a_proposal_is_decided_once(store: &dyn ProposalStore) {
    store.propose(new("one")).await.expect("is stored");
    store.propose(new("two")).await.expect("is stored");
    let decide = |number, approved| store.decide_proposal(number, decision(approved));
    assert!(decide(1, Some(4)).await.expect("is stored"));
    assert!(!decide(1, None).await.expect("is looked at"));
    assert!(decide(2, None).await.expect("is stored"));
    assert!(!decide(9, None).await.expect("is looked at"), "there is none");
    for (number, approved) in [(1, Some(4)), (2, None)] {
        let known = store.proposal(number).await.expect("reads").expect("it is there");
        assert_eq!(known.decision, Some(decision(approved)), "{number}");
    }
}

/// As they were noted.
pub async fn deeds_come_back_newest_first(store: &dyn AuditStore) {
    let deed = |millis: u64, object: Option<&str>| Deed {
        at: at(millis),
        who: format!("key_{millis}"),
        role: object.map(|_| "finance".to_owned()),
        method: "POST".to_owned(),
        path: "/api/v1/royalty/closes/{period}".to_owned(),
        object: object.map(str::to_owned),
        status: 409,
    };
    let noted = [deed(1, None), deed(2, Some("2026-10")), deed(3, Some("☺ 'x'"))];
    for one in &noted {
        store.note(one.clone()).await.expect("is noted");
    }
    let numbered =
        (1..).zip(&noted).map(|(number, deed)| NumberedDeed { number, deed: deed.clone() });
    let mut newest_first: Vec<NumberedDeed> = numbered.collect();
    newest_first.reverse();
    assert_eq!(store.deeds(u64::MAX >> 1, 10).await.expect("reads"), newest_first);
    assert_eq!(store.deeds(2, 1).await.expect("reads"), newest_first[1..2]);
    assert_eq!(store.deeds(0, 10).await.expect("reads"), []);
}

//! The suite of [`ContractStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::UnixMs;

use crate::ports::{ContractStore, ContractText, ContractsError, NewContract};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: ContractStore>(fresh: impl AsyncFn() -> S) {
    an_empty_store_answers(&fresh().await).await;
    every_field_comes_back(&fresh().await).await;
    every_revision_stays_as_it_was(&fresh().await).await;
    whoever_is_slower_changes_nothing(&fresh().await).await;
    many_contracts_are_one_revision(&fresh().await).await;
}

fn new(id: &str, text: &str) -> NewContract {
    let mut sha256 = [7; 32];
    sha256[0] = u8::try_from(text.len() % 256).expect("a byte");
    NewContract { id: id.to_owned(), file: format!("{id}.toml"), sha256, text: text.to_owned() }
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("an instant")
}

fn text(revision: u64, millis: u64, new: &NewContract) -> ContractText {
    let NewContract { id, file, sha256, text } = new.clone();
    ContractText { id, revision, at: at(millis), file, sha256, text }
}

/// Nothing, in every way of asking.
pub async fn an_empty_store_answers(store: &dyn ContractStore) {
    assert_eq!(store.contracts_revision().await.expect("reads"), 0);
    assert_eq!(store.contracts(0).await.expect("reads"), []);
    assert_eq!(store.contracts(u64::MAX >> 1).await.expect("reads"), []);
    assert_eq!(store.contract_history("a").await.expect("reads"), []);
}

/// As it was stored, also what is long, or full of quotes and line ends.
pub async fn every_field_comes_back(store: &dyn ContractStore) {
    let odd = new("a:b/c@d+e.f", "id = \"x\"\r\n# 'Überweisung' \u{2028} ☺\n\n");
    let long = new(&"z".repeat(96), &"# long\n".repeat(150_000));
    let revision = store.change_contracts(&[long.clone(), odd.clone()], 0, at(1)).await;
    assert_eq!(revision.expect("is stored"), 1);
    let expected = [text(1, 1, &odd), text(1, 1, &long)];
    assert_eq!(store.contracts(1).await.expect("reads"), expected, "sorted by id");
    assert_eq!(store.contract_history(&odd.id).await.expect("reads"), [text(1, 1, &odd)]);
}

/// What a close paid by can be read again, whatever came later.
pub async fn every_revision_stays_as_it_was(store: &dyn ContractStore) {
    let (a1, b1, a2, c3) = (new("a", "1"), new("b", "1"), new("a", "22"), new("c", "333"));
    for (known, changed) in
        [vec![a1.clone(), b1.clone()], vec![a2.clone()], vec![c3.clone()]].iter().enumerate()
    {
        let known = known as u64;
        let revision = store.change_contracts(changed, known, at(10 + known)).await;
        assert_eq!(revision.expect("is stored"), known + 1);
    }
    let (a1, b1) = (text(1, 10, &a1), text(1, 10, &b1));
    let (a2, c3) = (text(2, 11, &a2), text(3, 12, &c3));
    assert_eq!(store.contracts(0).await.expect("reads"), []);
    assert_eq!(store.contracts(1).await.expect("reads"), [a1.clone(), b1.clone()]);
    assert_eq!(store.contracts(2).await.expect("reads"), [a2.clone(), b1.clone()]);
    let newest = [a2.clone(), b1, c3];
    assert_eq!(store.contracts(3).await.expect("reads"), newest);
    assert_eq!(store.contracts(99).await.expect("reads"), newest);
    assert_eq!(store.contract_history("a").await.expect("reads"), [a2, a1]);
    assert_eq!(store.contracts_revision().await.expect("reads"), 3);
}

/// Two who judged against the same revision: one of them wins, whole.
pub async fn whoever_is_slower_changes_nothing(store: &dyn ContractStore) {
    store.change_contracts(&[new("a", "1")], 0, at(1)).await.expect("is stored");
    let slower = store.change_contracts(&[new("b", "1"), new("a", "2")], 0, at(2)).await;
    assert!(matches!(slower, Err(ContractsError::Moved { known: 0, now: 1 })), "{slower:?}");
    assert_eq!(store.contracts(9).await.expect("reads").len(), 1);
    assert_eq!(store.contracts_revision().await.expect("reads"), 1);
}

/// Some hundreds at once.
pub async fn many_contracts_are_one_revision(store: &dyn ContractStore) {
    let many: Vec<NewContract> = (0..700).map(|at| new(&format!("c{at:04}"), "x")).collect();
    assert_eq!(store.change_contracts(&many, 0, at(1)).await.expect("is stored"), 1);
    let expected: Vec<ContractText> = many.iter().map(|new| text(1, 1, new)).collect();
    assert_eq!(store.contracts(1).await.expect("reads"), expected);
}

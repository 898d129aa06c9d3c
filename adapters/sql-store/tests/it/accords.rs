//! What programs that share a state have alike: the first says it, and nobody overwrites it by starting.

use ledgerline_app::ports::LeaseStore;
use ledgerline_app::ports::leases::NodeId;
use ledgerline_sql_store::SqlStore;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

/// `name=value` with spaces, as a map.
pub fn values(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn the_first_decides_and_nothing_is_written_where_something_differs() {
    let folder = TempDir::new().unwrap();
    let store = SqlStore::open(&folder.path().join("state.db")).await.unwrap();
    for (offered, agreed) in [
        ("key=a", "key=a"),
        ("key=a partitions=4", "key=a partitions=4"),
        ("key=b topic=t", "key=a partitions=4"),
        ("topic=t", "key=a partitions=4 topic=t"),
        ("", "key=a partitions=4 topic=t"),
    ] {
        assert_eq!(store.agree(&values(offered)).await.unwrap(), values(agreed), "{offered}");
    }
    let node = NodeId::new("one").unwrap();
    store.beat(&node, &[], &BTreeSet::new(), 60_000).await.unwrap();
    assert_eq!(store.agree_anew(&values("topic=u")).await.unwrap(), ["one"]);
    assert_eq!(store.accords().await.unwrap(), values("key=a partitions=4 topic=t"));
    // What needn't be alike is said whoever is there.
    store.say(&values("standbys=1")).await.unwrap();
    store.say(&values("standbys=0")).await.unwrap();
    let said = "key=a partitions=4 standbys=0 topic=t";
    assert_eq!(store.accords().await.unwrap(), values(said));
    store.leave(&node).await.unwrap();
    assert_eq!(store.agree_anew(&values("topic=u")).await.unwrap(), Vec::<String>::new());
    let agreed = "key=a partitions=4 standbys=0 topic=u";
    assert_eq!(store.accords().await.unwrap(), values(agreed));
    store.close().await.unwrap();
}

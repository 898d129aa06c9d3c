//! A partition that is held up, and a listener and a recording that are much hotter than others: whoever else
//! is heard is counted as ever.

use super::crowd::{Halves, Node, partitions, wait_until, wait_until_counted};
use crate::support::cluster::{ALL, Cluster, Held};
use serde_json::Value;

const SCOPES: &str = "reports:write,counts:read";

/// Those that are judged and committed to the end of their log.
fn at_their_end(view: &Value) -> Vec<String> {
    let is_there =
        |of: &&Value| of["committed"] == of["log_end"] && of["log_end"].as_u64() > Some(0);
    let name = |of: &Value| of["partition"].as_str().expect("a name").to_owned();
    partitions(view).iter().filter(is_there).map(name).collect()
}

#[test]
fn a_partition_whose_commits_hang_holds_no_other_up() {
    let Some(cluster) = Cluster::start() else { return };
    let one = Node::start(&cluster, "one", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    wait_until("it counts", || one.owns() == 4);
    let mut work = Halves::new(71, 3_000);
    let hangs = Held::row(&cluster.postgres, "partition_commits", "partition = 1");
    work.send_rest(&api);
    let others = ["p000", "p002", "p003"];
    wait_until("the others are counted", || at_their_end(&one.view()) == others);
    // Leases are renewed all the while, that of the partition that hangs too.
    assert_eq!(one.owns(), 4, "{}", one.view());
    drop(hangs);
    wait_until_counted(&[&one]);
    work.check(&one, &api);
    one.end();
}

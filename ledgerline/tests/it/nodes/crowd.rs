//! Nodes that run, clients that send to them, and what must come of it.

use crate::faults::kills::counted_of;
use crate::support::cluster::Cluster;
use crate::support::load::{Batch, Clients, Sent, Work};
use crate::support::{Api, DEADLINE, Folder, Server};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A node that runs.
pub struct Node {
    pub folder: Folder,
    pub server: Server,
}

impl Node {
    pub fn start(cluster: &Cluster, name: &str, roles: &str) -> Self {
        Self::start_in(cluster.node(name, roles))
    }

    /// On a folder that is there already.
    #[track_caller]
    pub fn start_in(folder: Folder) -> Self {
        let server = Server::start(&folder);
        Self { folder, server }
    }

    /// Ends it as a power cut would; its folder stays.
    pub fn kill(self) -> Folder {
        self.server.kill();
        self.folder
    }

    /// Asks it to end, which it must do well.
    #[track_caller]
    pub fn end(self) -> Folder {
        self.server.end();
        self.folder
    }

    /// Who owns what, as this node sees it.
    pub fn view(&self) -> Value {
        self.folder.json(&["nodes"])
    }

    /// How many partitions it counts.
    pub fn owns(&self) -> usize {
        let view = self.view();
        partitions(&view).iter().filter(|of| of["owned_here"] == true).count()
    }

    /// How many plays of each listener count, as it says by HTTP.
    pub fn counted(&self, api: &Api) -> BTreeMap<String, u64> {
        let api = Api { address: self.server.address(), ..api.clone() };
        let counts = api.get("/api/v1/counts?by=user").is(200);
        assert!(counts["waits"].is_null(), "counting waits: {}; {}", counts["waits"], self.view());
        let rows = counts["rows"].as_array().expect("rows").iter();
        let row = |row: &Value| {
            let user = row["user_id"].as_str().expect("a listener").to_owned();
            (user, row["counted"].as_u64().expect("a number"))
        };
        rows.map(row).collect()
    }
}

pub fn partitions(view: &Value) -> &[Value] {
    view["partitions"].as_array().map_or(&[], Vec::as_slice)
}

/// Waits until that is so; how long it took.
#[track_caller]
pub fn wait_until(what: &str, so: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
    }
    began.elapsed()
}

/// Waits until every partition is counted by one of these, to the end of its log.
#[track_caller]
pub fn wait_until_counted(nodes: &[&Node]) -> Duration {
    let place = |of: &Value| of["partition"].as_str().expect("a name").to_owned();
    wait_until("everything is counted by somebody", || {
        let mut counted = BTreeMap::new();
        for view in nodes.iter().map(|node| node.view()) {
            for of in partitions(&view) {
                let here = of["owned_here"] == true && of["read_to"] == of["log_end"];
                *counted.entry(place(of)).or_insert(false) |= here;
            }
        }
        !counted.is_empty() && counted.into_values().all(|so| so)
    })
}

/// Work, half of which was sent to one node and half to another.
pub struct Halves {
    pub sents: [Sent; 2],
    pub expected: BTreeMap<String, u64>,
    pub plays: u64,
}

impl Halves {
    pub fn new(seed: u64, plays: u64) -> Self {
        let Work { mut batches, expected, plays } = Work::new(seed, plays);
        let rest = batches.split_off(batches.len() / 2);
        let waits = |waiting| Sent { waiting, acknowledged: Vec::new() };
        Self { sents: [batches, rest].map(waits), expected, plays }
    }

    /// Has clients send each half to its node.
    pub fn send(&mut self, apis: [&Api; 2]) -> [Clients; 2] {
        let [one, two] = &mut self.sents;
        [(one, apis[0]), (two, apis[1])]
            .map(|(sent, api)| Clients::start(api, std::mem::take(sent), 2))
    }

    /// What became of it.
    pub fn take_back(&mut self, clients: [Clients; 2]) {
        self.sents = clients.map(Clients::join);
    }

    /// Everything that had no answer is sent again, to this node.
    pub fn send_rest(&mut self, api: &Api) {
        for sent in &mut self.sents {
            *sent = Clients::start(api, std::mem::take(sent), 2).join();
            assert!(sent.waiting.is_empty(), "everything is acknowledged in the end");
        }
    }

    /// What counts is what was played: on this node, and by the recount.
    #[track_caller]
    pub fn check(&self, node: &Node, api: &Api) -> Value {
        let acknowledged = self.sents.iter().flat_map(|sent| sent.acknowledged.iter());
        assert_eq!(counted_of(acknowledged), self.expected);
        check(node, api, &self.expected, self.plays)
    }
}

#[track_caller]
fn check(node: &Node, api: &Api, expected: &BTreeMap<String, u64>, plays: u64) -> Value {
    assert_eq!(&node.counted(api), expected);
    let audit = node.folder.balanced();
    let statuses = audit["plays"].as_object().into_iter().flatten();
    let sum: u64 = statuses.filter_map(|(_, number)| number.as_u64()).sum();
    assert_eq!(sum, plays, "{audit}");
    audit
}

/// Work that is sent a portion at a time, by clients that don't give up, while something happens.
pub struct Portions {
    work: Work,
    acknowledged: Vec<Batch>,
}

impl Portions {
    pub fn new(seed: u64, plays: u64) -> Self {
        Self { work: Work::new(seed, plays), acknowledged: Vec::new() }
    }

    /// How many batches wait.
    pub fn left(&self) -> usize {
        self.work.batches.len()
    }

    /// Sends so many batches to these nodes, and does something once some of them are acknowledged. All are
    /// when this returns.
    #[track_caller]
    pub fn send(&mut self, batches: usize, to: &[&Api], meanwhile: impl FnOnce()) {
        let batches = batches.min(self.left());
        let mut each: Vec<Sent> = to.iter().map(|_| Sent::default()).collect();
        for (number, batch) in self.work.batches.drain(..batches).enumerate() {
            each[number % to.len()].waiting.push_back(batch);
        }
        let clients: Vec<Clients> =
            to.iter().zip(each).map(|(api, sent)| Clients::steadfast(api, sent, 2)).collect();
        clients[0].wait_for((batches / to.len() / 4) as u64);
        meanwhile();
        for clients in clients {
            let sent = clients.join();
            assert!(sent.waiting.is_empty(), "everything is acknowledged in the end");
            self.acknowledged.extend(sent.acknowledged);
        }
    }

    /// As [`Halves::check`].
    #[track_caller]
    pub fn check(&self, node: &Node, api: &Api) -> Value {
        self.check_besides(node, api, &BTreeMap::new())
    }

    /// The same where plays of other listeners were sent besides, all of which count.
    #[track_caller]
    pub fn check_besides(&self, node: &Node, api: &Api, others: &BTreeMap<String, u64>) -> Value {
        assert_eq!(self.left(), 0, "all was sent");
        assert_eq!(counted_of(self.acknowledged.iter()), self.work.expected);
        let mut expected = self.work.expected.clone();
        expected.extend(others.clone());
        check(node, api, &expected, self.work.plays + others.values().sum::<u64>())
    }
}

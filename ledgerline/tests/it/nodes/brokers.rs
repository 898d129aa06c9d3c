//! Three brokers, of which one goes: what two have is acknowledged, and goes on.

use super::crowd::{Node, Portions, wait_until, wait_until_counted};
use crate::support::Api;
use crate::support::cluster::{ALL, Cluster, told};
use crate::support::own_services::OwnKafka;

const SCOPES: &str = "reports:write,counts:read";
const PORTION: usize = 60;

#[test]
fn a_broker_of_three_is_killed_and_comes_back_and_another_is() {
    let Some((mut kafka, postgres)) = OwnKafka::start(3).zip(told("LEDGERLINE_TEST_POSTGRES"))
    else {
        return;
    };
    let Some(cluster) = Cluster::start_copied(kafka.brokers(), &postgres, 3) else { return };
    let one = Node::start(&cluster, "one", ALL);
    let two = Node::start(&cluster, "two", ALL);
    let api = one.server.api(&one.folder, SCOPES);
    let other = Api { address: two.server.address(), ..api.clone() };
    wait_until("each has its share", || one.owns() == 2 && two.owns() == 2);
    wait_until("the key is known", || other.get("/api/v1/counts?by=user").status == 200);
    let mut work = Portions::new(61, 6_000);
    let apis = [&api, &other];
    work.send(PORTION, &apis, || kafka.kill(0));
    // While it is away, what two of three have is acknowledged and counted.
    work.send(PORTION, &apis, || ());
    wait_until_counted(&[&one, &two]);
    work.send(PORTION, &apis, || kafka.start_again());
    work.send(work.left(), &apis, || kafka.kill(1));
    wait_until_counted(&[&one, &two]);
    kafka.start_again();
    work.check(&one, &api);
    work.check(&two, &api);
    one.end();
    two.end();
}

//! Those who guess wait: tries to sign in, limited by where they come from.
//!
//! A secret has 256 random bits, so nobody guesses one; the limits keep whoever tries from costing
//! much, and from filling logs. Nothing waits inside: who comes too early is told when to come again.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::time::Duration;

/// So many tries a minute, right or wrong.
const TRIES_PER_MINUTE: u32 = 60;
/// So many wrong ones cost nothing more; each further one doubles the wait.
const FREE_FAILURES: u32 = 5;
/// The longest wait, from the last wrong try on.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// Whoever was quiet for so long begins anew.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);
/// So many addresses are remembered; beyond it those that were quiet for longest are forgotten.
const ADDRESSES_MAX: usize = 10_000;
const MINUTE: Duration = Duration::from_secs(60);

/// What is remembered of the tries.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// By address; those without one (a Unix socket) are one.
    known: Mutex<BTreeMap<Option<IpAddr>, Tries>>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    /// Wrong ones since the last right one.
    failures: u32,
    failed_at: Duration,
    /// Tries since the minute began.
    tries: u32,
    minute_began: Duration,
    last: Duration,
}

impl Throttle {
    /// Takes a try at `now`, of a clock that never goes back; or says after how many seconds to
    /// come again.
    pub(super) fn take(&self, from: Option<IpAddr>, now: Duration) -> Result<(), u64> {
        let from = from.map(network);
        let mut known = self.known.lock().expect("no holder panics");
        if known.len() >= ADDRESSES_MAX && !known.contains_key(&from) {
            make_room(&mut known);
        }
        let fresh = Tries { failures: 0, failed_at: now, tries: 0, minute_began: now, last: now };
        let tries = known.entry(from).or_insert(fresh);
        if now.saturating_sub(tries.last) >= FORGOTTEN_AFTER {
            *tries = fresh;
        }
        if now.saturating_sub(tries.minute_began) >= MINUTE {
            (tries.tries, tries.minute_began) = (0, now);
        }
        let until = tries.failed_at + wait_after(tries.failures);
        if now < until {
            return Err(seconds(until - now));
        }
        if tries.tries >= TRIES_PER_MINUTE {
            return Err(seconds((tries.minute_began + MINUTE).saturating_sub(now)));
        }
        tries.tries += 1;
        tries.last = now;
        Ok(())
    }

    /// The try that was taken was wrong.
    pub(super) fn failed(&self, from: Option<IpAddr>, now: Duration) {
        let mut known = self.known.lock().expect("no holder panics");
        if let Some(tries) = known.get_mut(&from.map(network)) {
            tries.failures = tries.failures.saturating_add(1);
            tries.failed_at = now;
        }
    }

    /// The try that was taken was right.
    pub(super) fn succeeded(&self, from: Option<IpAddr>) {
        let mut known = self.known.lock().expect("no holder panics");
        if let Some(tries) = known.get_mut(&from.map(network)) {
            tries.failures = 0;
        }
    }
}

/// How long after the last of so many wrong tries the next one may come.
fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES) {
        None => Duration::ZERO,
        Some(further) => Duration::from_secs(1_u64 << further.min(20)).min(WAIT_MAX),
    }
}

/// Whose address it is: of IPv6 everybody has a whole network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Forgets the tenth that was quiet for longest.
fn make_room(known: &mut BTreeMap<Option<IpAddr>, Tries>) {
    let mut ages: Vec<Duration> = known.values().map(|tries| tries.last).collect();
    ages.sort_unstable();
    let limit = ages[ages.len() / 10];
    known.retain(|_, tries| tries.last > limit);
}

fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn waits_double_and_end() {
        let throttle = Throttle::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..16 {
            if let Err(wait) = throttle.take(address(1), at(now)) {
                waits.push(wait);
                assert_eq!(throttle.take(address(1), at(now + wait - 1)), Err(1));
                now += wait;
                assert_eq!(throttle.take(address(1), at(now)), Ok(()));
            }
            throttle.failed(address(1), at(now));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(throttle.take(address(2), at(now)), Ok(()), "others don't wait");
        assert_eq!(throttle.take(address(1), at(now + 3600)), Ok(()), "it is forgotten");
        throttle.failed(address(1), at(now + 3600));
        assert_eq!(throttle.take(address(1), at(now + 3600)), Ok(()));
    }

    #[test]
    fn who_is_right_begins_anew() {
        let throttle = Throttle::default();
        for _ in 0..FREE_FAILURES {
            assert_eq!(throttle.take(address(1), at(1)), Ok(()));
            throttle.failed(address(1), at(1));
        }
        assert_eq!(throttle.take(address(1), at(2)), Ok(()));
        throttle.succeeded(address(1));
        throttle.failed(address(1), at(2));
        assert_eq!(throttle.take(address(1), at(2)), Ok(()));
    }

    #[test]
    fn so_many_a_minute() {
        let throttle = Throttle::default();
        for _ in 0..TRIES_PER_MINUTE {
            assert_eq!(throttle.take(None, at(10)), Ok(()));
            throttle.succeeded(None);
        }
        assert_eq!(throttle.take(None, at(11)), Err(59));
        assert_eq!(throttle.take(address(1), at(11)), Ok(()));
        assert_eq!(throttle.take(None, at(70)), Ok(()));
    }

    #[test]
    fn a_network_of_ipv6_is_one_and_a_mapped_address_is_itself() {
        let throttle = Throttle::default();
        let parse = |text: &str| Some(text.parse::<IpAddr>().expect("an address"));
        for (one, other, same) in [
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
            ("2001:db8:0:2::1", "2001:db8:0:3::1", false),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
            ("192.0.2.8", "192.0.2.9", false),
        ] {
            for _ in 0..FREE_FAILURES {
                assert_eq!(throttle.take(parse(one), at(0)), Ok(()));
                throttle.failed(parse(one), at(0));
            }
            assert_eq!(throttle.take(parse(other), at(0)).is_err(), same, "{one} {other}");
        }
    }

    #[test]
    fn no_more_addresses_than_are_remembered() {
        let throttle = Throttle::default();
        for number in 0..2 * u32::try_from(ADDRESSES_MAX).expect("small") {
            let from = Some(IpAddr::from(number.to_be_bytes()));
            assert_eq!(throttle.take(from, at(u64::from(number))), Ok(()));
        }
        let known = throttle.known.lock().expect("no holder panics");
        assert!(known.len() <= ADDRESSES_MAX && known.len() > ADDRESSES_MAX / 2, "{}", known.len());
    }
}

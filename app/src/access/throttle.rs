//! Those who guess wait: tries to sign in, limited by where they come from, and by whose password they guess.
//!
//! A secret has 256 random bits, so nobody guesses one; the limits keep whoever tries from costing
//! much, and from filling logs. A password can be guessed: there they keep the tries few, also where they
//! come from many addresses. Nothing waits inside: who comes too early is told when to come again, whether
//! or not there is such a name. Addresses are in memory only.

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

/// Of a name: so many wrong ones cost nothing more, and this is the longest wait. It is short, since whoever
/// guesses makes others wait too who have that name and come from where nobody knows them.
const FREE_FAILURES_OF_A_NAME: u32 = 10;
const WAIT_MAX_OF_A_NAME: Duration = Duration::from_secs(30);
/// So many accounts an hour are made from one address, and from all of them.
const SIGN_UPS_PER_HOUR: u32 = 20;
const SIGN_UPS_PER_HOUR_OF_ALL: u32 = 2_000;
const HOUR: Duration = Duration::from_secs(3600);

/// Where somebody comes from; those without an address (a Unix socket) are one.
type From = Option<IpAddr>;
/// The hash of a name, whether or not anybody has it.
type Name = [u8; 32];
/// Since when, and how many.
type Hour = (Duration, u32);

/// What is remembered of the tries.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    known: Mutex<BTreeMap<From, Tries>>,
    names: Mutex<BTreeMap<Name, Tries>>,
    /// From where a name was signed in with its password, and when: nobody else's tries count there.
    at_home: Mutex<BTreeMap<(Name, From), Duration>>,
    /// Accounts that were made this hour, from where; and all of them.
    sign_ups: Mutex<BTreeMap<Whose, Hour>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    One(From),
    All,
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

impl Tries {
    fn begin(now: Duration) -> Self {
        Self { failures: 0, failed_at: now, tries: 0, minute_began: now, last: now }
    }

    /// Takes a try, or says how long it must wait.
    fn take(&mut self, now: Duration, wait: Duration) -> Result<(), u64> {
        if now.saturating_sub(self.minute_began) >= MINUTE {
            (self.tries, self.minute_began) = (0, now);
        }
        let until = self.failed_at + wait;
        if now < until {
            return Err(seconds(until - now));
        }
        if self.tries >= TRIES_PER_MINUTE {
            return Err(seconds((self.minute_began + MINUTE).saturating_sub(now)));
        }
        self.tries += 1;
        self.last = now;
        Ok(())
    }
}

impl Throttle {
    /// Takes a try at `now`, of a clock that never goes back; or says after how many seconds to
    /// come again.
    pub(super) fn take(&self, from: Option<IpAddr>, now: Duration) -> Result<(), u64> {
        let mut known = self.known.lock().expect("no holder panics");
        let tries = tries_of(&mut known, from.map(network), now);
        tries.take(now, wait_after(tries.failures, FREE_FAILURES, WAIT_MAX))
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

    /// Takes a try of a name's password. It counts as wrong until [`Self::name_succeeded`], so that
    /// tries which are under way together don't go for one.
    pub(super) fn take_name(
        &self,
        name: [u8; 32],
        from: Option<IpAddr>,
        now: Duration,
    ) -> Result<(), u64> {
        let at_home = self.at_home.lock().expect("no holder panics");
        if at_home.contains_key(&(name, from.map(network))) {
            return Ok(());
        }
        drop(at_home);
        let mut names = self.names.lock().expect("no holder panics");
        let tries = tries_of(&mut names, name, now);
        tries.take(now, wait_after(tries.failures, FREE_FAILURES_OF_A_NAME, WAIT_MAX_OF_A_NAME))?;
        tries.failures = tries.failures.saturating_add(1);
        tries.failed_at = now;
        Ok(())
    }

    /// The password was right. Of the wrong ones from there one is forgiven, not all: whoever has an
    /// account of his own must not begin anew with it.
    pub(super) fn name_succeeded(&self, name: [u8; 32], from: Option<IpAddr>, now: Duration) {
        let from = from.map(network);
        self.forgive_name(name);
        let mut known = self.known.lock().expect("no holder panics");
        if let Some(tries) = known.get_mut(&from) {
            tries.failures = tries.failures.saturating_sub(1);
        }
        drop(known);
        let mut at_home = self.at_home.lock().expect("no holder panics");
        if at_home.len() >= ADDRESSES_MAX && !at_home.contains_key(&(name, from)) {
            let mut ages: Vec<Duration> = at_home.values().copied().collect();
            ages.sort_unstable();
            let limit = ages[ages.len() / 10];
            at_home.retain(|_, last| *last > limit);
        }
        at_home.insert((name, from), now);
    }

    /// The password was right, of somebody who is in already.
    pub(super) fn forgive_name(&self, name: [u8; 32]) {
        let mut names = self.names.lock().expect("no holder panics");
        if let Some(tries) = names.get_mut(&name) {
            tries.failures = tries.failures.saturating_sub(1);
        }
    }

    /// Takes the making of an account, or says after how many seconds to come again.
    pub(super) fn take_sign_up(&self, from: Option<IpAddr>, now: Duration) -> Result<(), u64> {
        let mut sign_ups = self.sign_ups.lock().expect("no holder panics");
        if sign_ups.len() >= ADDRESSES_MAX {
            sign_ups.retain(|_, (began, _)| now.saturating_sub(*began) < HOUR);
        }
        let limits = [
            (Whose::One(from.map(network)), SIGN_UPS_PER_HOUR),
            (Whose::All, SIGN_UPS_PER_HOUR_OF_ALL),
        ];
        for (whose, most) in limits {
            let (began, made) = sign_ups.entry(whose).or_insert((now, 0));
            if now.saturating_sub(*began) >= HOUR {
                (*began, *made) = (now, 0);
            }
            if *made >= most {
                return Err(seconds((*began + HOUR).saturating_sub(now)));
            }
        }
        for (whose, _) in limits {
            sign_ups.entry(whose).and_modify(|(_, made)| *made += 1);
        }
        Ok(())
    }
}

/// The tries of one, which begin anew after a while.
fn tries_of<K: Ord + Copy>(known: &mut BTreeMap<K, Tries>, whose: K, now: Duration) -> &mut Tries {
    if known.len() >= ADDRESSES_MAX && !known.contains_key(&whose) {
        make_room(known);
    }
    let tries = known.entry(whose).or_insert_with(|| Tries::begin(now));
    if now.saturating_sub(tries.last) >= FORGOTTEN_AFTER {
        *tries = Tries::begin(now);
    }
    tries
}

/// How long after the last of so many wrong tries the next one may come.
fn wait_after(failures: u32, free: u32, most: Duration) -> Duration {
    match failures.checked_sub(free) {
        None => Duration::ZERO,
        Some(further) => Duration::from_secs(1_u64 << further.min(20)).min(most),
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
fn make_room<K: Ord>(known: &mut BTreeMap<K, Tries>) {
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
    fn a_name_that_is_guessed_from_everywhere_waits_and_its_home_does_not() {
        let throttle = Throttle::default();
        let (name, other) = ([1; 32], [2; 32]);
        assert_eq!(throttle.take_name(name, address(200), at(0)), Ok(()));
        throttle.name_succeeded(name, address(200), at(0));
        let mut taken = 0;
        for from in 0..100 {
            taken += u32::from(throttle.take_name(name, address(from), at(1)).is_ok());
        }
        assert_eq!(taken, FREE_FAILURES_OF_A_NAME, "also while they are under way together");
        let mut now = 1;
        let mut waits = Vec::new();
        for from in 0..8 {
            if let Err(wait) = throttle.take_name(name, address(from), at(now)) {
                waits.push(wait);
                now += wait;
                assert_eq!(throttle.take_name(name, address(from), at(now)), Ok(()));
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(throttle.take_name(name, address(200), at(now)), Ok(()), "it is known there");
        assert_eq!(throttle.take_name(other, address(1), at(now)), Ok(()), "others don't wait");
    }

    #[test]
    fn an_account_of_ones_own_forgives_one_guess() {
        let throttle = Throttle::default();
        for _ in 0..FREE_FAILURES + 3 {
            throttle.failed(address(1), at(0));
            let _ = throttle.take(address(1), at(0));
            throttle.failed(address(1), at(0));
            throttle.name_succeeded([9; 32], address(1), at(0));
        }
        assert!(throttle.take(address(1), at(0)).is_err(), "guesses in between add up");
    }

    #[test]
    fn so_many_accounts_an_hour() {
        let throttle = Throttle::default();
        for _ in 0..SIGN_UPS_PER_HOUR {
            assert_eq!(throttle.take_sign_up(address(1), at(10)), Ok(()));
        }
        assert_eq!(throttle.take_sign_up(address(1), at(11)), Err(3599));
        assert_eq!(throttle.take_sign_up(address(2), at(11)), Ok(()));
        assert_eq!(throttle.take_sign_up(address(1), at(3610)), Ok(()));
        let throttle = Throttle::default();
        for number in 0..SIGN_UPS_PER_HOUR_OF_ALL {
            let from = Some(IpAddr::from((number / 2).to_be_bytes()));
            assert_eq!(throttle.take_sign_up(from, at(0)), Ok(()));
        }
        assert_eq!(throttle.take_sign_up(address(1), at(0)), Err(3600));
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

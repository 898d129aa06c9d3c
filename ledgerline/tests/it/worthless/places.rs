//! Two devices at once, on the plan that has one place.

use super::{House, LONG, OTHER, ask_at, in_database, listener_of, renew, report, send, worthless};
use crate::support::guest::Guest;
use crate::support::reports::now_ms;
use serde_json::{Value, json};

fn counted() -> (String, Value) {
    ("counted".to_owned(), Value::Null)
}

/// Has the listener's places have begun at these times, the last of them being the one that holds.
fn places(house: &House, listener: &str, places: &[(&str, u64)]) {
    let number = |at: u64| i64::try_from(at).expect("small");
    in_database(&house.folder, async |connection| {
        for forget in [
            "DELETE FROM active_devices WHERE listener = $1",
            "DELETE FROM place_changes WHERE listener = $1",
        ] {
            let forgot = sqlx::query(forget).bind(listener).execute(&mut *connection).await;
            assert!(forgot.expect("it is written").rows_affected() > 0, "{forget}");
        }
        for (_, at) in places {
            let change = sqlx::query("INSERT INTO place_changes (listener, at) VALUES ($1, $2)");
            let change = change.bind(listener).bind(number(*at));
            change.execute(&mut *connection).await.expect("it is written");
        }
        let (device, since) = places.last().expect("there is one");
        let active = "INSERT INTO active_devices (listener, device, since) VALUES ($1, $2, $3)";
        let active = sqlx::query(active).bind(listener).bind(device).bind(number(*since));
        active.execute(&mut *connection).await.expect("it is written");
    });
}

#[track_caller]
fn offer(guest: &Guest, track: &str, device: &str) -> Value {
    ask_at(guest, track, device, "").is(200)
}

#[test]
fn what_sounds_beside_a_second_device_counts_for_nothing() {
    let house = House::new();
    let before = house.honest();
    let ann = house.guest("ann", "free");
    let now = now_ms();
    let (first, second) = (now - 60_000, now - 50_000);
    let at_phone = [LONG, OTHER].map(|track| house.made_at(&offer(&ann, track, "phone"), first));
    let at_laptop = house.made_at(&offer(&ann, LONG, "laptop"), second);
    let listener = listener_of(&at_laptop);
    places(&house, &listener, &[("phone", first), ("laptop", second)]);

    // Half a minute on the phone: twenty seconds of it were beside the laptop.
    let told = send(&ann, &report(&at_phone[0], 31_000));
    assert_eq!(told["elsewhere"], true, "its player learns why: {told}");
    assert_eq!(house.stands(&listener, &at_phone[0]["play_id"]), worthless("no_grant"));
    assert_eq!(house.worth(), before);
    // What had sounded there until then is as good as ever, and the laptop's counts.
    send(&ann, &report(&at_phone[1], 9_000));
    let play = house.play(&listener, &at_phone[1]["play_id"]);
    assert_eq!((&play["status"], &play["listened_ms"]), (&json!("pending"), &json!(9_000)));
    let told = send(&ann, &report(&at_laptop, 31_000));
    assert_eq!(told["elsewhere"], Value::Null, "{told}");
    assert_eq!(house.stands(&listener, &at_laptop["play_id"]), counted());
    assert_eq!(house.worth().0[LONG], 1);
    for offer in &at_phone {
        renew(&ann, offer).refused(409, "plays_elsewhere");
    }
    renew(&ann, &at_laptop).is(200);
    house.end();
}

/// Going there and back makes no second place of the first.
#[test]
fn who_comes_back_did_not_play_here_meanwhile() {
    let house = House::new();
    house.honest();
    let ann = house.guest("ann", "free");
    let now = now_ms();
    let times = [now - 90_000, now - 75_000, now - 40_000];
    let [phone, laptop, again] = ["phone", "laptop", "phone"].map(|at| offer(&ann, LONG, at));
    let made_at = |offer: &Value, at| house.made_at(offer, times[at]);
    let (phone, laptop, again) = (made_at(&phone, 0), made_at(&laptop, 1), made_at(&again, 2));
    let listener = listener_of(&phone);
    places(&house, &listener, &[("phone", times[0]), ("laptop", times[1]), ("phone", times[2])]);
    // It all comes in after the way back: 15 s on the phone, 35 on the laptop, 40 on the phone.
    let told = json!([report(&phone, 31_000), report(&laptop, 31_000), report(&again, 31_000)]);
    assert_eq!(send(&ann, &told)["elsewhere"], true);
    assert_eq!(house.stands(&listener, &phone["play_id"]), worthless("no_grant"));
    assert_eq!(house.stands(&listener, &laptop["play_id"]), counted());
    assert_eq!(house.stands(&listener, &again["play_id"]), counted());
    assert_eq!(house.worth().0[LONG], 2);
    house.end();
}

#[test]
fn other_plans_may_play_in_two_places() {
    let house = House::new();
    house.honest();
    let ann = house.guest("ann", "premium");
    let now = now_ms();
    let [phone, laptop] = ["phone", "laptop"].map(|at| offer(&ann, LONG, at));
    let (phone, laptop) =
        (house.made_at(&phone, now - 60_000), house.made_at(&laptop, now - 50_000));
    let told = send(&ann, &json!([report(&phone, 31_000), report(&laptop, 31_000)]));
    assert_eq!(told["elsewhere"], Value::Null, "{told}");
    for offer in [&phone, &laptop] {
        assert_eq!(house.stands(&listener_of(offer), &offer["play_id"]), counted());
        renew(&ann, offer).is(200);
    }
    ask_at(&ann, LONG, "tv", "?follows=true").is(200);
    house.end();
}

/// What a player asks for ahead, by itself.
#[test]
fn what_follows_takes_nobodys_place() {
    let house = House::new();
    let ann = house.guest("ann", "free");
    let ahead = |device: &str| ask_at(&ann, OTHER, device, "?follows=true");
    let phone = offer(&ann, LONG, "phone");
    ahead("phone").is(200);
    let refused = ahead("laptop");
    refused.refused(409, "plays_elsewhere");
    assert_eq!(refused.json()["grant"], Value::Null, "nothing is granted");
    renew(&ann, &phone).is(200);
    ahead("phone").is(200);
    assert_eq!(house.metric("ledgerline_device_changes_total"), 0);
    // On purpose it goes on there, and the phone's player doesn't take it back.
    let laptop = offer(&ann, LONG, "laptop");
    assert_eq!(house.metric("ledgerline_device_changes_total"), 1);
    ahead("phone").refused(409, "plays_elsewhere");
    renew(&ann, &phone).refused(409, "plays_elsewhere");
    renew(&ann, &laptop).is(200);
    ahead("laptop").is(200);
    ask_at(&ann, OTHER, "phone", "?follows=false").is(200);
    ahead("laptop").refused(409, "plays_elsewhere");
    // Where nobody plays there is nobody's place to take.
    let bo = house.guest("bo", "free");
    ask_at(&bo, OTHER, "phone", "?follows=true").is(200);
    ask_at(&bo, OTHER, "laptop", "?follows=true").refused(409, "plays_elsewhere");
    ask_at(&bo, OTHER, "phone", "?follows=perhaps").refused(400, "invalid_parameter");
    house.end();
}

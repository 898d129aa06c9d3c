//! The suite of [`SignInStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::UnixMs;

use crate::ports::accounts::{Plan, Subscription};
use crate::ports::sign_in::{
    Invitation, NewInvitation, NewWebSession, Role, SignInStore, Standing, WebSession,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: SignInStore>(fresh: impl AsyncFn() -> S) {
    lists_the_newest_first(&fresh().await).await;
    refuses_an_id_or_a_secret_twice(&fresh().await).await;
    limits_what_is_open(&fresh().await).await;
    an_invitation_opens_once(&fresh().await).await;
    counts_what_is_open_into_a_family(&fresh().await).await;
    an_invitation_ends(&fresh().await).await;
    revoking_ends_the_session(&fresh().await).await;
    keys_have_so_many_sessions(&fresh().await).await;
    expired_sessions_are_removed(&fresh().await).await;
    a_session_is_seen_and_ended(&fresh().await).await;
}

/// Every field comes back as it was stored; at most so many.
pub async fn lists_the_newest_first(store: &dyn SignInStore) {
    assert_eq!(store.invitations(10).await.expect("reads"), []);
    let plain = NewInvitation { role: Role::Finance, ..invitation("inv_b", 1, 1000) };
    let full = NewInvitation {
        role: Role::Label,
        parties: vec!["label:a/eu".to_owned(), "label-b".to_owned()],
        note: "Zoë's\nlabel".to_owned(),
        subscription: Some(Subscription {
            plan: Plan::Family,
            until: Some(at(5000)),
            family_of: Some("acc_1".to_owned()),
        }),
        expires_at: UnixMs::MAX,
        ..invitation("inv_a", 2, 2000)
    };
    let same_time = invitation("inv_c", 3, 2000);
    for new in [&plain, &full, &same_time] {
        assert!(store.invite(new.clone(), 10).await.expect("stores"));
    }
    let expected = [same_time, full, plain].map(|invited| Invitation {
        invited,
        used_at: None,
        revoked_at: None,
    });
    assert_eq!(store.invitations(10).await.expect("reads"), expected);
    assert_eq!(store.invitations(2).await.expect("reads"), expected[..2]);
    let one = store.invitation("inv_a").await.expect("reads");
    assert_eq!(one.as_ref(), Some(&expected[1]));
    assert_eq!(store.invitation("inv_").await.expect("reads"), None);
}

/// Neither takes the place of the other.
pub async fn refuses_an_id_or_a_secret_twice(store: &dyn SignInStore) {
    assert!(store.invite(invitation("inv_a", 1, 1000), 10).await.expect("stores"));
    store.invite(invitation("inv_a", 2, 1000), 10).await.expect_err("the id is taken");
    store.invite(invitation("inv_b", 1, 1000), 10).await.expect_err("the secret is taken");
    store.begin_with_key("key_a", session(1, 1000), 8).await.expect("stores");
    store.begin_with_key("key_b", session(1, 1000), 8).await.expect_err("the secret is taken");
    store.begin_as_guest(&[1; 32], session(1, 1000)).await.expect_err("the secret is taken");
    let unused = store.invitations(10).await.expect("reads");
    assert_eq!(unused.len(), 1);
    assert_eq!(unused[0].used_at, None, "it is not used up by a session that was refused");
}

/// Used, revoked and expired ones don't count.
pub async fn limits_what_is_open(store: &dyn SignInStore) {
    for number in 1..=3 {
        let new = invitation(&format!("inv_{number}"), number, 1000);
        assert!(store.invite(new, 3).await.expect("stores"));
    }
    assert!(!store.invite(invitation("inv_4", 4, 1000), 3).await.expect("answers"));
    store.begin_as_guest(&[1; 32], session(1, 1000)).await.expect("stores").expect("opens");
    assert!(store.invite(invitation("inv_4", 4, 1000), 3).await.expect("stores"));
    assert!(!store.invite(invitation("inv_5", 5, 1000), 3).await.expect("answers"));
    assert!(store.revoke_invitation("inv_2", at(1000)).await.expect("answers"));
    assert!(store.invite(invitation("inv_5", 5, 1000), 3).await.expect("stores"));
    assert!(!store.invite(invitation("inv_6", 6, LATER_MS - 1), 3).await.expect("answers"));
    assert!(store.invite(invitation("inv_6", 6, LATER_MS), 3).await.expect("stores"));
}

/// The second time there is nothing, and of the first there is the session.
pub async fn an_invitation_opens_once(store: &dyn SignInStore) {
    let invited = invitation("inv_a", 1, 1000);
    store.invite(invited.clone(), 10).await.expect("stores");
    assert_eq!(store.begin_as_guest(&[9; 32], session(9, 2000)).await.expect("answers"), None);
    let begun = store.begin_as_guest(&[1; 32], session(2, 2000)).await.expect("stores");
    let used = Invitation { invited, used_at: Some(at(2000)), revoked_at: None };
    let expected = WebSession {
        begun: session(2, 2000),
        standing: Standing::Invitation(Box::new(used.clone())),
        seen_at: at(2000),
        device: String::new(),
    };
    assert_eq!(begun, Some(expected.clone()));
    assert_eq!(store.session(&[2; 32]).await.expect("reads"), Some(expected));
    assert_eq!(store.begin_as_guest(&[1; 32], session(3, 2001)).await.expect("answers"), None);
    assert_eq!(store.session(&[3; 32]).await.expect("reads"), None);
    assert_eq!(store.invitations(10).await.expect("reads"), [used]);
}

/// Open ones only, and of this family.
pub async fn counts_what_is_open_into_a_family(store: &dyn SignInStore) {
    let into = |number: u8, owner: &str| NewInvitation {
        subscription: Some(Subscription {
            plan: Plan::Family,
            until: None,
            family_of: Some(owner.to_owned()),
        }),
        ..invitation(&format!("inv_{number}"), number, 1000)
    };
    for new in [into(1, "acc_1"), into(2, "acc_1"), into(3, "acc_2"), invitation("inv_4", 4, 1000)]
    {
        assert!(store.invite(new, 10).await.expect("stores"));
    }
    assert_eq!(store.open_into_family("acc_1", at(2000)).await.expect("reads"), 2);
    assert!(store.revoke_invitation("inv_1", at(2000)).await.expect("answers"));
    assert_eq!(store.open_into_family("acc_1", at(2000)).await.expect("reads"), 1);
    assert_eq!(store.open_into_family("acc_1", at(LATER_MS)).await.expect("reads"), 0);
}

/// From its end on it opens nothing.
pub async fn an_invitation_ends(store: &dyn SignInStore) {
    for number in 1..=2 {
        let new = invitation(&format!("inv_{number}"), number, 1000);
        store.invite(new, 10).await.expect("stores");
    }
    let before = store.begin_as_guest(&[1; 32], session(1, LATER_MS - 1)).await.expect("stores");
    assert!(before.is_some());
    let after = store.begin_as_guest(&[2; 32], session(2, LATER_MS)).await.expect("answers");
    assert_eq!(after, None);
}

/// The first revocation stands; a session of it is gone, others stay.
pub async fn revoking_ends_the_session(store: &dyn SignInStore) {
    for number in 1..=3 {
        let new = invitation(&format!("inv_{number}"), number, 1000);
        store.invite(new, 10).await.expect("stores");
    }
    for number in 1..=2 {
        let begun = store.begin_as_guest(&[number; 32], session(number, 2000)).await;
        assert!(begun.expect("stores").is_some());
    }
    assert!(!store.revoke_invitation("inv_9", at(3000)).await.expect("answers"), "no such one");
    assert!(store.revoke_invitation("inv_1", at(3000)).await.expect("answers"));
    assert!(!store.revoke_invitation("inv_1", at(4000)).await.expect("answers"), "it was before");
    assert!(store.revoke_invitation("inv_3", at(3000)).await.expect("answers"));
    assert_eq!(store.session(&[1; 32]).await.expect("reads"), None);
    assert!(store.session(&[2; 32]).await.expect("reads").is_some());
    let opened = store.begin_as_guest(&[3; 32], session(3, 3001)).await.expect("answers");
    assert_eq!(opened, None, "a revoked one opens nothing");
    let all = store.invitations(10).await.expect("reads");
    let revoked: Vec<_> = all.iter().map(|one| (&*one.invited.id, one.revoked_at)).collect();
    let expected = [("inv_3", Some(at(3000))), ("inv_2", None), ("inv_1", Some(at(3000)))];
    assert_eq!(revoked, expected);
}

/// The oldest of the same key ends; those of other keys and of guests don't.
pub async fn keys_have_so_many_sessions(store: &dyn SignInStore) {
    store.invite(invitation("inv_a", 1, 1000), 10).await.expect("stores");
    store.begin_as_guest(&[1; 32], session(1, 1000)).await.expect("stores").expect("opens");
    store.begin_with_key("key_b", session(2, 1000), 2).await.expect("stores");
    for number in 3..=5 {
        let begun = session(number, 1000 + u64::from(number));
        store.begin_with_key("key_a", begun, 2).await.expect("stores");
    }
    let mut there = Vec::new();
    for number in 1..=5 {
        if let Some(found) = store.session(&[number; 32]).await.expect("reads") {
            there.push(number);
            let expected = match number {
                1 => continue,
                2 => "key_b",
                _ => "key_a",
            };
            assert_eq!(found.standing, Standing::Key(expected.to_owned()));
        }
    }
    assert_eq!(there, [1, 2, 4, 5]);
    assert_eq!(store.end_sessions_of_key("key_a").await.expect("answers"), 2);
    assert_eq!(store.end_sessions_of_key("key_a").await.expect("answers"), 0);
    assert_eq!(store.session(&[5; 32]).await.expect("reads"), None);
    assert!(store.session(&[2; 32]).await.expect("reads").is_some());
}

/// Whenever another begins.
pub async fn expired_sessions_are_removed(store: &dyn SignInStore) {
    store.begin_with_key("key_a", session(1, 1000), 8).await.expect("stores");
    store.begin_with_key("key_a", session(2, 1001), 8).await.expect("stores");
    assert!(store.session(&[1; 32]).await.expect("reads").is_some());
    let later = session(3, 1000 + LATER_MS);
    store.begin_with_key("key_b", later, 8).await.expect("stores");
    assert_eq!(store.session(&[1; 32]).await.expect("reads"), None);
    assert!(store.session(&[2; 32]).await.expect("reads").is_some());
}

/// Only later times are noted, and only an existing session ends.
pub async fn a_session_is_seen_and_ended(store: &dyn SignInStore) {
    store.begin_with_key("key_a", session(1, 1000), 8).await.expect("stores");
    store.begin_with_key("key_a", session(2, 1000), 8).await.expect("stores");
    for (when, expected) in [(3000, 3000), (2000, 3000), (4000, 4000)] {
        store.seen(&[1; 32], at(when)).await.expect("notes");
        let found = store.session(&[1; 32]).await.expect("reads").expect("is there");
        assert_eq!((found.seen_at, found.begun), (at(expected), session(1, 1000)));
    }
    store.seen(&[9; 32], at(5000)).await.expect("there is none to note it of");
    assert!(store.end_session(&[1; 32]).await.expect("answers"));
    assert!(!store.end_session(&[1; 32]).await.expect("answers"));
    assert_eq!(store.session(&[1; 32]).await.expect("reads"), None);
    let other = store.session(&[2; 32]).await.expect("reads").expect("is there");
    assert_eq!(other.seen_at, at(1000));
}

/// How long everything here is valid.
const LATER_MS: u64 = 1_000_000;

/// Whatever its time, an invitation ends at [`LATER_MS`], or so much after that.
fn invitation(id: &str, secret: u8, created_ms: u64) -> NewInvitation {
    let ends_ms = if created_ms < LATER_MS { LATER_MS } else { created_ms + LATER_MS };
    NewInvitation {
        id: id.to_owned(),
        secret_hash: [secret; 32],
        role: Role::Admin,
        parties: Vec::new(),
        note: String::new(),
        subscription: None,
        created_by: "key_a".to_owned(),
        created_at: at(created_ms),
        expires_at: at(ends_ms),
    }
}

fn session(secret: u8, created_ms: u64) -> NewWebSession {
    NewWebSession {
        secret_hash: [secret; 32],
        created_at: at(created_ms),
        expires_at: at(created_ms + LATER_MS),
    }
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}

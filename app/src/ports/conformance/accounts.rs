//! The suite of [`AccountStore`] and [`DeploymentSettings`], with the stores that they live beside. Every case
//! wants stores that nothing was written to.

use ledgerline_ids::UnixMs;
use std::sync::Arc;

use crate::ports::accounts::{
    ACCOUNTS, Account, AccountChange, AccountQuery, AccountStore, Added, AppPassword, Changed,
    NewAccount, NewAppPassword, OpenedBy, Plan, Subscription,
};
use crate::ports::listeners::{Erasure, Listener, Tie};
use crate::ports::settings::SET_UP;
use crate::ports::sign_in::{NewInvitation, NewWebSession, Role, Standing};
use crate::ports::{DeploymentSettings, ListenerStore, SignInStore};

/// The stores that accounts are made of.
pub struct People {
    /// Accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// Invitations and sessions.
    pub sign_ins: Arc<dyn SignInStore>,
    /// Settings.
    pub settings: Arc<dyn DeploymentSettings>,
    /// Who accounts are in the logs.
    pub listeners: Arc<dyn ListenerStore>,
}

/// Runs every case, each on stores of its own.
pub async fn every_case(fresh: impl AsyncFn() -> People) {
    what_is_stored_comes_back(&fresh().await).await;
    a_name_is_one_accounts(&fresh().await).await;
    lists_by_name(&fresh().await).await;
    settings_are_set_together(&fresh().await).await;
    the_set_up_happens_once(&fresh().await).await;
    an_invitation_makes_one_account(&fresh().await).await;
    changes(&fresh().await).await;
    somebody_lets_others_in(&fresh().await).await;
    a_family_has_so_many_places(&fresh().await).await;
    sessions_of_an_account(&fresh().await).await;
    app_passwords(&fresh().await).await;
    who_is_erased_is_gone(&fresh().await).await;
}

/// Every field, and the tie.
async fn what_is_stored_comes_back(people: &People) {
    let store = &people.accounts;
    let full = NewAccount {
        name: "Zoë.Lind".to_owned(),
        folded: "zoë.lind".to_owned(),
        email: Some("zoe@example.org".to_owned()),
        role: Role::Label,
        parties: vec!["label:a/eu".to_owned(), "label-b".to_owned()],
        subscription: Subscription { plan: Plan::Student, until: Some(at(9000)), family_of: None },
        territory: Some("SE".to_owned()),
        ..new("zoë.lind", 1)
    };
    let plain = new("bo", 2);
    for account in [&full, &plain] {
        let expected =
            Account { made: account.clone(), disabled_at: None, sessions_since: UnixMs::default() };
        let added = store.add_account(account.clone(), &OpenedBy::Permission).await;
        assert_eq!(added.expect("stores"), Added::Added(Box::new(expected.clone())));
        let found = store.account(&account.account_id).await.expect("reads");
        assert_eq!(found.as_ref(), Some(&expected));
        assert_eq!(store.account_named(&account.folded).await.expect("reads"), Some(expected));
        let ties = people.listeners.ties_of(&account.account_id).await.expect("reads");
        assert_eq!(ties, [tie(account)]);
    }
    assert_eq!(store.account("acc_9").await.expect("reads"), None);
    assert_eq!(store.account_named("zoë").await.expect("reads"), None);
}

async fn a_name_is_one_accounts(people: &People) {
    add(people, new("anna", 1)).await;
    let again = people.accounts.add_account(new("anna", 2), &OpenedBy::Permission).await;
    assert_eq!(again.expect("answers"), Added::NameTaken);
    let ties = people.listeners.ties_of("acc_2").await.expect("reads");
    assert_eq!(ties, [], "nobody is tied then");
    let same_id = NewAccount { account_id: "acc_1".to_owned(), ..new("bo", 3) };
    let refused = people.accounts.add_account(same_id, &OpenedBy::Permission).await;
    refused.expect_err("an id is unique");
}

async fn lists_by_name(people: &People) {
    for (name, number) in [("cleo", 3), ("anna", 1), ("bo%", 2), ("annabel", 4)] {
        add(people, new(name, number)).await;
    }
    for (containing, after, limit, expected) in [
        (None, None, 10, &["anna", "annabel", "bo%", "cleo"][..]),
        (None, Some("anna"), 2, &["annabel", "bo%"]),
        (Some("anna"), None, 10, &["anna", "annabel"]),
        (Some("%"), None, 10, &["bo%"]),
        (Some("_"), None, 10, &[]),
        (Some("!"), None, 10, &[]),
    ] {
        let listed = people.accounts.accounts(AccountQuery { containing, after, limit }).await;
        let listed = listed.expect("reads");
        let names: Vec<&str> = listed.iter().map(|account| &*account.made.folded).collect();
        assert_eq!(names, expected, "{containing:?} {after:?}");
    }
}

async fn settings_are_set_together(people: &People) {
    let store = &people.settings;
    let of = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    assert!(store.settings().await.expect("reads").is_empty());
    store.set(&[of("a", Some("1")), of("b", Some("Zoë's\nfolder"))]).await.expect("stores");
    store.set(&[of("a", Some("2")), of("c", None)]).await.expect("stores");
    assert_eq!(store.setting("a").await.expect("reads").as_deref(), Some("2"));
    assert_eq!(store.setting("c").await.expect("reads"), None);
    store.set(&[of("a", None)]).await.expect("stores");
    let all: Vec<_> = store.settings().await.expect("reads").into_iter().collect();
    assert_eq!(all, [("b".to_owned(), "Zoë's\nfolder".to_owned())]);
}

/// By the newest secret, while there is no account; with what is set then, or without either.
async fn the_set_up_happens_once(people: &People) {
    let set_up = |secret: u8| OpenedBy::SetUp {
        secret_hash: [secret; 32],
        settings: vec![("sign_up".to_owned(), Some("open".to_owned()))],
    };
    let try_it = async |account, secret| {
        people.accounts.add_account(account, &set_up(secret)).await.expect("answers")
    };
    let secret_is = |secret: u8| (SET_UP.to_owned(), Some(format!("{secret:02x}").repeat(32)));
    assert_eq!(try_it(new("anna", 1), 1).await, Added::OpensNothing, "no secret is valid yet");
    people.settings.set(&[secret_is(1)]).await.expect("stores");
    people.settings.set(&[secret_is(2)]).await.expect("stores");
    assert_eq!(try_it(new("anna", 1), 1).await, Added::OpensNothing, "a newer one is");
    assert_eq!(people.settings.setting("sign_up").await.expect("reads"), None);
    assert!(matches!(try_it(new("anna", 1), 2).await, Added::Added(_)));
    assert_eq!(people.settings.setting("sign_up").await.expect("reads").as_deref(), Some("open"));
    assert_eq!(people.settings.setting(SET_UP).await.expect("reads"), None, "it is used");
    people.settings.set(&[secret_is(3)]).await.expect("stores");
    assert_eq!(try_it(new("bo", 2), 3).await, Added::OpensNothing, "there is an account");
    add(people, new("bo", 2)).await;
    assert_eq!(people.settings.setting(SET_UP).await.expect("reads"), None);
}

/// With what the invitation says, whatever else is said.
async fn an_invitation_makes_one_account(people: &People) {
    let subscription = Subscription { plan: Plan::Student, until: Some(at(5000)), family_of: None };
    let invited = NewInvitation {
        role: Role::Label,
        parties: vec!["label-a".to_owned()],
        subscription: Some(subscription.clone()),
        ..invitation(1)
    };
    for invitation in
        [invited, invitation(2), NewInvitation { expires_at: at(100), ..invitation(3) }]
    {
        assert!(people.sign_ins.invite(invitation, 10).await.expect("stores"));
    }
    let by = |secret| OpenedBy::Invitation { secret_hash: [secret; 32] };
    let try_it = async |account, secret| {
        people.accounts.add_account(account, &by(secret)).await.expect("answers")
    };
    let Added::Added(anna) = try_it(new("anna", 1), 1).await else { panic!("it opens") };
    assert_eq!((anna.made.role, &anna.made.subscription), (Role::Label, &subscription));
    assert_eq!(anna.made.parties, ["label-a"]);
    assert_eq!(people.accounts.account("acc_1").await.expect("reads"), Some(*anna));
    assert_eq!(try_it(new("bo", 2), 1).await, Added::OpensNothing, "it was used");
    assert_eq!(try_it(new("bo", 2), 3).await, Added::OpensNothing, "it has expired");
    assert_eq!(try_it(new("bo", 2), 9).await, Added::OpensNothing, "there is none");
    assert_eq!(try_it(new("anna", 2), 2).await, Added::NameTaken);
    let unused = people.sign_ins.invitation("inv_2").await.expect("reads").expect("is there");
    assert_eq!(unused.used_at, None, "what made no account isn't used up");
    let guest = people.sign_ins.begin_as_guest(&[2; 32], session(7, 1000)).await;
    assert_eq!(guest.expect("answers"), None, "nobody listens without an account");
    let Added::Added(bo) = try_it(new("bo", 2), 2).await else { panic!("it opens") };
    assert_eq!(bo.made.subscription, Subscription::of(Plan::Free), "as it was asked for");
    let used = people.sign_ins.invitation_by_hash(&[2; 32]).await.expect("reads");
    assert_eq!(used.and_then(|one| one.used_at), Some(at(1000)));
}

/// What isn't named stays.
async fn changes(people: &People) {
    let account = add(people, new("anna", 1)).await;
    add(people, new("admin", 2).with_role(Role::Admin)).await;
    let mut expected = account.clone();
    let plan = Subscription { plan: Plan::Premium, until: Some(at(7000)), family_of: None };
    for (change, effect) in [
        (
            AccountChange { email: Some(Some("a@b".to_owned())), ..AccountChange::default() },
            (|it: &mut Account, _| it.made.email = Some("a@b".to_owned()))
                as fn(&mut Account, UnixMs),
        ),
        (
            AccountChange {
                role: Some((Role::Finance, Vec::new())),
                subscription: Some(plan.clone()),
                territory: Some(Some("NO".to_owned())),
                ..AccountChange::default()
            },
            |it, _| {
                it.made.role = Role::Finance;
                it.made.subscription.plan = Plan::Premium;
                it.made.subscription.until = Some(at(7000));
                it.made.territory = Some("NO".to_owned());
            },
        ),
        (
            AccountChange { password_hash: Some("$other".to_owned()), ..AccountChange::default() },
            |it, now| {
                it.made.password_hash = "$other".to_owned();
                it.sessions_since = now;
            },
        ),
        (AccountChange { enabled: Some(false), ..AccountChange::default() }, |it, now| {
            it.disabled_at = Some(now);
            it.sessions_since = now;
        }),
        // It was disabled before: since when stays.
        (AccountChange { enabled: Some(false), ..AccountChange::default() }, |_, _| {}),
        (AccountChange { enabled: Some(true), ..AccountChange::default() }, |it, _| {
            it.disabled_at = None;
        }),
        (
            AccountChange { email: Some(None), territory: Some(None), ..AccountChange::default() },
            |it, _| {
                it.made.email = None;
                it.made.territory = None;
            },
        ),
    ] {
        let now = at(expected.sessions_since.get() + 2000);
        effect(&mut expected, now);
        let changed = people.accounts.change_account("acc_1", &change, now).await;
        assert_eq!(changed.expect("stores"), Changed::Changed(Box::new(expected.clone())));
        let found = people.accounts.account("acc_1").await.expect("reads");
        assert_eq!(found.as_ref(), Some(&expected));
    }
    let none = people.accounts.change_account("acc_9", &AccountChange::default(), at(1)).await;
    assert_eq!(none.expect("answers"), Changed::NoAccount);
}

/// The last one who does can neither be disabled nor become something else.
async fn somebody_lets_others_in(people: &People) {
    add(people, new("anna", 1).with_role(Role::Admin)).await;
    add(people, new("bo", 2)).await;
    let disabled = AccountChange { enabled: Some(false), ..AccountChange::default() };
    let demoted =
        AccountChange { role: Some((Role::Listener, Vec::new())), ..AccountChange::default() };
    for change in [&disabled, &demoted] {
        let refused = people.accounts.change_account("acc_1", change, at(2000)).await;
        assert_eq!(refused.expect("answers"), Changed::LastAdmin);
    }
    assert!(people.accounts.is_last_admin("acc_1").await.expect("reads"));
    assert!(!people.accounts.is_last_admin("acc_2").await.expect("reads"));
    let promoted =
        AccountChange { role: Some((Role::Admin, Vec::new())), ..AccountChange::default() };
    change(people, "acc_2", &promoted).await;
    assert!(!people.accounts.is_last_admin("acc_1").await.expect("reads"));
    change(people, "acc_1", &disabled).await;
    assert!(people.accounts.is_last_admin("acc_2").await.expect("reads"));
    assert!(!people.accounts.is_last_admin("acc_1").await.expect("reads"));
}

/// Five besides the owner; and who was of it is free once it is none.
async fn a_family_has_so_many_places(people: &People) {
    let member = |name: &str, number, owner: &str| NewAccount {
        subscription: Subscription {
            plan: Plan::Family,
            until: None,
            family_of: Some(owner.to_owned()),
        },
        ..new(name, number)
    };
    let try_it = async |account| {
        people.accounts.add_account(account, &OpenedBy::Permission).await.expect("answers")
    };
    add(people, new("single", 8)).await;
    assert_eq!(try_it(member("a", 2, "acc_8")).await, Added::NoPlace, "it has no family");
    assert_eq!(try_it(member("a", 2, "acc_9")).await, Added::NoPlace, "it isn't there");
    let owner = Subscription::of(Plan::Family);
    add(people, NewAccount { subscription: owner, ..new("owner", 1) }).await;
    for (name, number) in [("a", 2), ("b", 3), ("c", 4), ("d", 5), ("e", 6)] {
        assert!(matches!(try_it(member(name, number, "acc_1")).await, Added::Added(_)), "{name}");
    }
    assert_eq!(try_it(member("f", 7, "acc_1")).await, Added::NoPlace);
    assert_eq!(try_it(member("f", 7, "acc_2")).await, Added::NoPlace, "a member has none");
    let joins = AccountChange {
        subscription: Some(member("x", 0, "acc_1").subscription),
        ..AccountChange::default()
    };
    let refused = people.accounts.change_account("acc_8", &joins, at(2000)).await;
    assert_eq!(refused.expect("answers"), Changed::NoPlace);
    let leaves = AccountChange {
        subscription: Some(Subscription::of(Plan::Free)),
        ..AccountChange::default()
    };
    change(people, "acc_6", &leaves).await;
    change(people, "acc_8", &joins).await;
    let names = async || {
        let members = people.accounts.members_of("acc_1").await.expect("reads");
        members.into_iter().map(|one| one.made.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["a", "b", "c", "d", "single"]);
    change(people, "acc_1", &leaves).await;
    assert_eq!(names().await, [""; 0]);
    let was = people.accounts.account("acc_2").await.expect("reads").expect("is there");
    assert_eq!(was.made.subscription, Subscription::of(Plan::Free));
}

/// They are told apart, so many, and end.
async fn sessions_of_an_account(people: &People) {
    for (name, number) in [("anna", 1), ("bo", 2)] {
        add(people, new(name, number)).await;
    }
    let sign_ins = &people.sign_ins;
    sign_ins.begin_with_key("key_a", session(9, 1000), 1).await.expect("stores");
    sign_ins.begin_with_account("acc_2", session(8, 1000), "Bo's", 2).await.expect("stores");
    for number in 1..=3 {
        let begun = session(number, 1000 + u64::from(number));
        sign_ins.begin_with_account("acc_1", begun, "Firefox", 2).await.expect("stores");
    }
    let own = sign_ins.sessions_of_account("acc_1").await.expect("reads");
    let own: Vec<_> = own.iter().map(|one| (one.begun.secret_hash, &*one.device)).collect();
    assert_eq!(own, [([3; 32], "Firefox"), ([2; 32], "Firefox")], "the newest first");
    let found = sign_ins.session(&[3; 32]).await.expect("reads").expect("is there");
    assert_eq!(found.standing, Standing::Account("acc_1".to_owned()));
    assert_eq!(sign_ins.end_sessions_of_account("acc_1", at(1003)).await.expect("answers"), 1);
    assert!(sign_ins.session(&[3; 32]).await.expect("reads").is_some());
    assert_eq!(sign_ins.end_sessions_of_account("acc_1", at(1004)).await.expect("answers"), 1);
    for others in [[8; 32], [9; 32]] {
        assert!(sign_ins.session(&others).await.expect("reads").is_some());
    }
}

async fn app_passwords(people: &People) {
    let store = &people.accounts;
    for (name, number) in [("anna", 1), ("bo", 2)] {
        add(people, new(name, number)).await;
    }
    let made = |id: &str, account: &str, created| NewAppPassword {
        id: id.to_owned(),
        account_id: account.to_owned(),
        secret_hash: [7; 32],
        label: "Zoë's phone".to_owned(),
        created_at: at(created),
    };
    let first = made("app_a", "acc_1", 1000);
    assert!(store.add_app_password(first.clone(), 2).await.expect("stores"));
    store.add_app_password(made("app_a", "acc_2", 1), 2).await.expect_err("the id is taken");
    assert!(store.add_app_password(made("app_b", "acc_1", 2000), 2).await.expect("stores"));
    assert!(!store.add_app_password(made("app_c", "acc_1", 3000), 2).await.expect("answers"));
    assert!(!store.add_app_password(made("app_c", "acc_9", 3000), 2).await.expect("answers"));
    for (when, expected) in [(5000, 5000), (4000, 5000), (6000, 6000)] {
        store.app_password_used("app_a", at(when)).await.expect("notes");
        let found = store.app_password("app_a").await.expect("reads");
        assert_eq!(found, Some(AppPassword { made: first.clone(), used_at: Some(at(expected)) }));
    }
    store.app_password_used("app_9", at(1)).await.expect("there is none to note it of");
    let own = store.app_passwords("acc_1").await.expect("reads");
    let ids: Vec<&str> = own.iter().map(|one| &*one.made.id).collect();
    assert_eq!(ids, ["app_b", "app_a"]);
    assert!(!store.remove_app_password("acc_2", "app_a").await.expect("answers"), "not Bo's");
    assert!(store.remove_app_password("acc_1", "app_a").await.expect("answers"));
    assert_eq!(store.app_password("app_a").await.expect("reads"), None);
}

/// At once; and the sweep leaves nothing of it, and its name to others.
async fn who_is_erased_is_gone(people: &People) {
    let store = &people.accounts;
    let owner = NewAccount { subscription: Subscription::of(Plan::Family), ..new("anna", 1) };
    add(people, owner.clone()).await;
    let of = Subscription { plan: Plan::Family, until: None, family_of: Some("acc_1".to_owned()) };
    add(people, NewAccount { subscription: of, ..new("bo", 2) }).await;
    people.sign_ins.begin_with_account("acc_1", session(1, 1000), "", 2).await.expect("stores");
    let password = NewAppPassword {
        id: "app_a".to_owned(),
        account_id: "acc_1".to_owned(),
        secret_hash: [7; 32],
        label: "phone".to_owned(),
        created_at: at(1000),
    };
    assert!(store.add_app_password(password, 2).await.expect("stores"));
    assert_eq!(store.sweep().await.expect("answers"), 0);
    let erasure = Erasure { erased_at: at(2000), tie_hash: 5 };
    assert!(people.listeners.erase(&tie(&owner), erasure, &[]).await.expect("erases"));
    assert_eq!(store.account("acc_1").await.expect("reads"), None);
    assert_eq!(store.account_named("anna").await.expect("reads"), None);
    assert_eq!(store.sweep().await.expect("answers"), 1);
    assert_eq!(store.sweep().await.expect("answers"), 0);
    assert_eq!(people.sign_ins.session(&[1; 32]).await.expect("reads"), None);
    assert_eq!(store.app_password("app_a").await.expect("reads"), None);
    let was = store.account("acc_2").await.expect("reads").expect("is there");
    assert_eq!(was.made.subscription, Subscription::of(Plan::Free));
    add(people, new("anna", 3)).await;
}

async fn add(people: &People, account: NewAccount) -> Account {
    match people.accounts.add_account(account, &OpenedBy::Permission).await.expect("stores") {
        Added::Added(account) => *account,
        other => panic!("{other:?}"),
    }
}

async fn change(people: &People, account_id: &str, change: &AccountChange) {
    let changed = people.accounts.change_account(account_id, change, at(2000)).await;
    assert!(matches!(changed.expect("stores"), Changed::Changed(_)));
}

impl NewAccount {
    fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

fn new(name: &str, number: u8) -> NewAccount {
    NewAccount {
        account_id: format!("acc_{number}"),
        listener: Listener { id: u128::MAX - u128::from(number), secret: [number; 16] },
        name: name.to_owned(),
        folded: name.to_owned(),
        email: None,
        password_hash: "$argon2id$".to_owned(),
        role: Role::Listener,
        parties: Vec::new(),
        subscription: Subscription::of(Plan::Free),
        territory: None,
        created_at: at(1000),
    }
}

fn tie(account: &NewAccount) -> Tie {
    Tie {
        source: ACCOUNTS.to_owned(),
        user_id: account.account_id.clone(),
        listener: account.listener,
    }
}

fn invitation(secret: u8) -> NewInvitation {
    NewInvitation {
        id: format!("inv_{secret}"),
        secret_hash: [secret; 32],
        role: Role::Listener,
        parties: Vec::new(),
        note: String::new(),
        subscription: None,
        created_by: "key_a".to_owned(),
        created_at: at(1),
        expires_at: at(100_000),
    }
}

fn session(secret: u8, created_ms: u64) -> NewWebSession {
    NewWebSession {
        secret_hash: [secret; 32],
        created_at: at(created_ms),
        expires_at: at(created_ms + 100_000),
    }
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}

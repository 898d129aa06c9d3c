//! Two labels on one server: neither sees a line of the other's, whatever it asks for, and it can't
//! tell what is the other's from what doesn't exist.
//!
//! Everything that is of a label has its name in it, so that one word finds whatever leaks.

use crate::support::guest::Guest;
use crate::support::reports::with;
use crate::support::{Answer, Folder, Server};
use serde_json::{Value, json};

/// The labels, each with what of the other's must never be seen.
const LABELS: [(&str, &str); 2] = [("aurora", "boreal"), ("boreal", "aurora")];

const PARTIES: &str = "party_id,name,kinds,dpid,payout_currency,minimum_payout\n\
    aurora,Aurora Records,label,PADPIDA20070627029,EUR,1\n\
    boreal,Boreal Records,label,PADPIDA2013020802I,EUR,1\n\
    aurora-artist,An Artist of Aurora,artist,,EUR,\n\
    boreal-artist,An Artist of Boreal,artist,,EUR,\n";
const RECORDINGS: &str = "track_id,title,duration_ms,label,artists\n\
    aurora-1,Aurora One,200000,aurora,aurora-artist\n\
    aurora-2,Aurora Two,200000,aurora,aurora-artist\n\
    boreal-1,Boreal One,200000,boreal,boreal-artist\n\
    boreal-2,Boreal Two,200000,boreal,boreal-artist\n";
const SHARES: &str = "right,track_id,holder,share\n\
    master,aurora-1,aurora,100%\n\
    master,aurora-2,aurora,100%\n\
    master,boreal-1,boreal,100%\n\
    master,boreal-2,boreal,100%\n";
const REVENUE: &str = "period,territory,tier,plan,subscribers,currency,gross,tax\n\
    2024-03,*,premium,individual,70,EUR,700.00,0.00\n\
    2024-04,*,premium,individual,70,EUR,700.00,0.00\n";
const LICENCE: &str = "id = \"licence\"\nkind = \"licence\"\nsigned_on = \"2023-12-01\"\n\
    from = \"2024-01-01\"\ncurrency = \"EUR\"\n\n[[terms]]\nid = \"all\"\nrights = [\"master\"]\n\
    pro_rata = { share = \"50%\" }\n";

fn deal(label: &str) -> String {
    format!(
        "id = \"{label}-deal\"\nkind = \"agreement\"\ngrantor = \"{label}\"\n\
         signed_on = \"2023-12-01\"\nfrom = \"2024-01-01\"\ncurrency = \"EUR\"\n\n\
         [[terms]]\nid = \"all\"\nrights = [\"master\"]\nartists = [\"{label}-artist\"]\n\
         pass_on = [{{ payee = \"{label}-artist\", share = \"25%\" }}]\n"
    )
}

/// Both labels' plays of March: some counted, some of a device that is a bot's; and one of April.
fn plays() -> String {
    const MARCH: u64 = 1_709_251_200_000;
    const DAY: u64 = 24 * 3600 * 1000;
    let mut lines = String::new();
    for (label, counted) in [("aurora", 21), ("boreal", 13)] {
        for number in 0..counted + 4 {
            let bot = number >= counted;
            let further = json!({
                "started_at": MARCH + (600 + number * 7) * 60_000,
                "territory": "SE",
                "tier": "premium",
                "device_id": format!("{label}-{}", if bot { "bot" } else { "phone" }),
            });
            let play = format!("{label}-play-{number}");
            let user = format!("{label}-fan-{}", number % 5);
            lines += &with(&play, &user, &format!("{label}-1"), 40_000, &further);
        }
        let april = json!({ "started_at": MARCH + 40 * DAY, "territory": "SE", "tier": "premium" });
        let (play, user) = (format!("{label}-april"), format!("{label}-fan-0"));
        lines += &with(&play, &user, &format!("{label}-2"), 40_000, &april);
    }
    lines
}

/// A server on which March is closed, with an appeal of each label.
fn service() -> (Folder, Server) {
    let folder = Folder::new();
    let import = |words: &[&str], name: &str, text: &str| {
        let file = folder.write(name, text);
        folder.ok(&[words, &[&file]].concat());
    };
    for (name, text) in
        [("parties.csv", PARTIES), ("recordings.csv", RECORDINGS), ("shares.csv", SHARES)]
    {
        import(&["catalog", "rights", "import"], name, text);
    }
    for (name, text) in [
        ("licence.toml", LICENCE.to_owned()),
        ("aurora.toml", deal("aurora")),
        ("boreal.toml", deal("boreal")),
    ] {
        import(&["royalty", "terms", "import"], name, &text);
    }
    import(&["royalty", "revenue", "import"], "revenue.csv", REVENUE);
    import(&["catalog", "devices", "add"], "bots.txt", "aurora-bot\nboreal-bot\n");
    let args = ["replay", "-", "--clock", "event"];
    folder.run_with_input(&args, plays().as_bytes()).good(&args);
    folder.ok(&["royalty", "close", "--period", "2024-03"]);
    let sender = [
        ("LEDGERLINE_DSR_SENDER_DPID", "PADPIDA2013020802I"),
        ("LEDGERLINE_DSR_SENDER_NAME", "A Service"),
    ];
    let server = Server::spawn_with(&folder, &sender).listening().expect("it starts");
    (folder, server)
}

/// Paths of what is a label's, with a name that isn't a label's to compare the answers with.
fn own_paths(of: &str) -> Vec<String> {
    [
        "/api/v1/plays/{}-fan-0/{}-play-0",
        "/api/v1/royalty/plays/{}-fan-0/{}-play-0",
        "/api/v1/catalog/rights?id={}",
        "/api/v1/catalog/rights?id={}-1",
        "/api/v1/royalty/closes/2024-03/statements/{}",
        "/api/v1/royalty/closes/2024-03/statements/{}/lines",
        "/api/v1/royalty/closes/2024-03/statements/{}/lines/1",
        "/api/v1/royalty/closes/2024-03/statements/{}/lines?by=right&key=master",
        "/api/v1/royalty/closes/2024-03/dsr/{}/Worldwide.financial.tsv",
        "/api/v1/royalty/statements/2024-03/{}.json",
        "/api/v1/royalty/statements/2024-03/{}.csv",
        "/api/v1/royalty/earnings?period=2024-03&party={}",
        "/api/v1/royalty/earnings?period=2024-04&party={}&by=release",
        "/api/v1/royalty/earnings/days?period=2024-03&party={}",
        "/api/v1/royalty/earnings/days?period=2024-04&party={}",
    ]
    .iter()
    .map(|path| path.replace("{}", of))
    .collect()
}

/// Lists, and what they hold of a label.
fn lists(of: &str) -> Vec<String> {
    [
        "/api/v1/ledger/entries?party={}",
        "/api/v1/ledger/entries?account=party:{}/EUR/payable",
        "/api/v1/ledger/balances?party={}",
        "/api/v1/royalty/payouts?party={}",
        "/api/v1/royalty/estimates?period=2024-04&payee={}",
    ]
    .iter()
    .map(|path| path.replace("{}", of))
    .collect()
}

/// Lists of everything that somebody sees.
const WHOLE_LISTS: [&str; 12] = [
    "/api/v1/royalty/payouts",
    "/api/v1/royalty/payouts?period=2024-03&limit=1",
    "/api/v1/royalty/closes/2024-03/dsr",
    "/api/v1/fraud",
    "/api/v1/fraud?limit=1",
    "/api/v1/appeals",
    "/api/v1/ledger/entries?limit=1000",
    "/api/v1/ledger/balances?limit=1000",
    "/api/v1/royalty/closes",
    "/api/v1/royalty/closes/2024-03",
    "/api/v1/royalty/closes/2024-03/statements",
    "/api/v1/royalty/estimates?period=2024-04",
];

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[track_caller]
fn has_nothing_of(other: &str, path: &str, answer: &Answer) {
    let body = text(answer).to_lowercase();
    assert!(!body.contains(other), "{path}: {body}");
}

fn items(answer: &Value) -> usize {
    let list = answer["items"].as_array().or(answer["payees"].as_array());
    list.map_or(0, Vec::len)
}

#[test]
fn neither_label_sees_a_line_of_the_others() {
    let (folder, server) = service();
    let finance = Guest::invited(&folder, &server, "finance", &[]);
    for (label, other) in LABELS {
        let artist = format!("{label}-artist");
        let guest = Guest::invited(&folder, &server, "label", &[label, &artist]);
        for path in own_paths(label) {
            let answer = guest.get(&path);
            assert_eq!(answer.status, 200, "{path}: {}", text(&answer));
            assert!(text(&answer).contains(label), "{path}: {}", text(&answer));
            has_nothing_of(other, &path, &answer);
        }
        // What is the other's, and what is nobody's, are answered the same but for the name.
        for (theirs, nobodys) in own_paths(other).into_iter().zip(own_paths("nobody")) {
            let (theirs_answer, answer) = (guest.get(&theirs), guest.get(&nobodys));
            assert_eq!(theirs_answer.status, 404, "{theirs}: {}", text(&theirs_answer));
            assert_eq!(text(&theirs_answer).replace(other, "nobody"), text(&answer), "{theirs}");
            assert_eq!(finance.get(&theirs).status, 200, "{theirs} is there");
        }
        for path in lists(label) {
            let answer = guest.get(&path);
            assert!(items(&answer.is(200)) > 0, "{path}");
            has_nothing_of(other, &path, &answer);
        }
        for (theirs, nobodys) in lists(other).into_iter().zip(lists("nobody")) {
            let (theirs_answer, answer) = (guest.get(&theirs), guest.get(&nobodys));
            assert_eq!(items(&theirs_answer.is(200)), 0, "{theirs}");
            assert_eq!(items(&answer.is(200)), 0, "{nobodys}");
            has_nothing_of(other, &theirs, &theirs_answer);
            assert!(items(&finance.get(&theirs).is(200)) > 0, "{theirs} is there");
        }
        for path in WHOLE_LISTS {
            let answer = guest.get(path);
            answer.is(200);
            has_nothing_of(other, path, &answer);
        }
        let statements = guest.get("/api/v1/royalty/closes/2024-03/statements").is(200);
        let payees = statements["items"].as_array().expect("a list");
        let payees: Vec<_> = payees.iter().map(|statement| &statement["payee"]).collect();
        assert_eq!(payees, [label, &artist]);
        let held = guest.get("/api/v1/fraud").is(200);
        assert_eq!(items(&held), 4, "{held}");
        let closes = guest.get("/api/v1/royalty/closes").is(200);
        assert_eq!(closes["items"][0]["summary"], Value::Null, "no totals: {closes}");
        assert_ne!(
            finance.get("/api/v1/royalty/closes").is(200)["items"][0]["summary"],
            Value::Null
        );
    }
    let both = text(&finance.get("/api/v1/fraud"));
    assert!(both.contains("aurora") && both.contains("boreal"));
    server.end();
}

#[test]
fn an_artist_sees_its_own_statement_and_not_its_labels() {
    let (folder, server) = service();
    let guest = Guest::invited(&folder, &server, "rights_holder", &["aurora-artist"]);
    let statements = "/api/v1/royalty/closes/2024-03/statements";
    guest.get(&format!("{statements}/aurora-artist/lines")).is(200);
    guest.get(&format!("{statements}/aurora")).refused(404, "statement_not_found");
    let line = guest.get(&format!("{statements}/aurora-artist/lines/1"));
    let explained = line.is(200);
    has_nothing_of("boreal", "the line", &line);
    let play = &explained["plays"][0];
    let (user, name) = (play["user_id"].as_str().unwrap(), play["play_id"].as_str().unwrap());
    let money = guest.get(&format!("/api/v1/royalty/plays/{user}/{name}")).is(200);
    let payees = money["lines"].as_array().expect("lines").iter().map(|line| &line["payee"]);
    assert_eq!(payees.collect::<Vec<_>>(), ["aurora-artist"]);
    // The device says nothing to who is paid.
    let play = guest.get(&format!("/api/v1/plays/{user}/{name}")).is(200);
    assert_eq!(play["device_id"], Value::Null);
    assert!(!play["reports"].as_array().expect("reports").is_empty());
    // Whoever has nothing sees nothing.
    let stranger = Guest::invited(&folder, &server, "label", &["stranger"]);
    for path in WHOLE_LISTS {
        let answer = stranger.get(path);
        answer.is(200);
        has_nothing_of("aurora", path, &answer);
        has_nothing_of("boreal", path, &answer);
    }
    server.end();
}

#[test]
fn appeals_are_the_appellants() {
    let (folder, server) = service();
    let guests = LABELS.map(|(label, _)| Guest::invited(&folder, &server, "label", &[label]));
    let against = |of: &str, number: u64| {
        json!({
            "user_id": format!("{of}-fan-{}", number % 5),
            "play_id": format!("{of}-play-{number}"),
            "appellant": format!("the people of {of}"),
            "grounds": format!("grounds of {of}: <script>alert(1)</script>"),
        })
    };
    let line = |of: &str, payee: &str| {
        json!({
            "period": "2024-03", "track_id": format!("{of}-1"), "payee": payee,
            "appellant": "somebody", "grounds": "some",
        })
    };
    let mut numbers = Vec::new();
    for ((label, other), guest) in LABELS.into_iter().zip(&guests) {
        let held = if label == "aurora" { 21 } else { 13 };
        let others = if other == "aurora" { 21 } else { 13 };
        let refused = guest.post("/api/v1/appeals", &against(other, others));
        refused.refused(404, "play_not_found");
        let none = guest.post("/api/v1/appeals", &against("nobody", others));
        assert_eq!(text(&refused), text(&none), "there or not, it is the same");
        guest.post("/api/v1/appeals", &line(other, other)).refused(404, "statement_not_found");
        guest.post("/api/v1/appeals", &line(other, label)).refused(409, "not_kept_back");
        guest.post("/api/v1/appeals", &line("nobody", label)).refused(409, "not_kept_back");
        let opened = guest.post("/api/v1/appeals", &against(label, held)).is(201);
        assert!(opened["grounds"].as_str().is_some_and(|text| text.contains("<script>")));
        numbers.push(opened["number"].as_u64().expect("a number"));
        guest.post("/api/v1/appeals", &line(label, label)).is(201);
    }
    for (at, (_, other)) in LABELS.into_iter().enumerate() {
        let guest = &guests[at];
        let list = guest.get("/api/v1/appeals");
        assert_eq!(items(&list.is(200)), 2);
        has_nothing_of(other, "the list", &list);
        assert_eq!(items(&guest.get("/api/v1/appeals?limit=1").is(200)), 1);
        guest.get(&format!("/api/v1/appeals/{}", numbers[at])).is(200);
        let theirs = guest.get(&format!("/api/v1/appeals/{}", numbers[1 - at]));
        theirs.refused(404, "appeal_not_found");
        let decision = json!({ "outcome": "reinstate", "reason": "ours" });
        let path = format!("/api/v1/appeals/{}/decision", numbers[at]);
        guest.post(&path, &decision).refused(403, "forbidden");
    }
    // Another guest of the same party goes on where the first one was; the artist doesn't read along.
    let colleague = Guest::invited(&folder, &server, "label", &["aurora"]);
    assert_eq!(items(&colleague.get("/api/v1/appeals").is(200)), 2);
    let artist = Guest::invited(&folder, &server, "rights_holder", &["aurora-artist"]);
    assert_eq!(items(&artist.get("/api/v1/appeals").is(200)), 0);
    let same = artist.post("/api/v1/appeals", &against("aurora", 21));
    same.refused(409, "already_appealed");
    has_nothing_of("grounds of", "the refusal", &same);
    server.end();
}

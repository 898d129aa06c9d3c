//! How the inputs are made.

use flate2::Compression;
use flate2::write::GzEncoder;
use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Position, SourceName, Territory, Tier, TrackId, UnixMs, UserId,
};
use ledgerline_population::{Population, Profile, ZIPF_HUNDREDTHS};
use ledgerline_records::LogRecord;
use ledgerline_records::control::{Adjudicated, DeviceFact, FraudRuling, Tick, TrackFact};
use ledgerline_records::frame::{FrameHeader, RecordGroup};
use ledgerline_records::play::{CountedAs, PlayAddress, PlayIdentity, PlayKey, PlayRecord};
use ledgerline_records::report::{
    Context, GrantCheck, PlaybackEvent, Producer, ReportRecord, TrackStamp,
};
use ledgerline_records::verdict::{Decision, FraudRule, FraudRules, Reason, Ruling, Status};
use std::io::Write as _;

use super::music;
use crate::exports::zip_of;
use crate::mutator::Random;
use crate::sealed_index::manifest;

/// The inputs of a target; none where there is no such target.
pub(super) fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "report_line" => report_lines(),
        "report_body" => report_bodies(),
        "records" => records(),
        "frames" => frames(),
        "report_log" => scripts(&[0, 1, 2, 3, 4, 5, 6, 8, 9]),
        "plays_log" => scripts(&[0, 1, 2, 3]),
        "sealed_index" => sealed_indexes(),
        "spotify_account" => account_files(),
        "spotify_extended" => extended_files(),
        "listenbrainz" => listens_files(),
        "export_zip" => zips(),
        "catalogue" => catalogues(),
        "contract" => contracts(),
        "sheets" => sheets(),
        "audio_file" => music::audio_files(),
        "segment_index" => music::rendition_heads(),
        "audio_marks" => music::audio_marks(),
        "audio_tags" => music::tagged_files(),
        "picture" => music::pictures(),
        "signed_address" => music::signed_addresses(),
        "stream_grant" => music::stream_grants(),
        _ => Vec::new(),
    }
}

/// Lines of a small synthetic population.
fn population(reports: usize) -> Vec<Vec<u8>> {
    let population = Population {
        seed: 9,
        reports: 20_000,
        listeners: 200,
        tracks: 200,
        zipf_hundredths: ZIPF_HUNDREDTHS,
        listener_zipf_hundredths: None,
        start: 1_767_225_600_000,
        days: 9,
        shuffle: Some(3),
        windows: false,
        profile: Profile::Service,
    };
    let mut out = Vec::new();
    population.generate(&mut out, &mut |_| {}).expect("such a population fits together");
    // All kinds of lines are in it; equally spaced ones show most of them.
    let lines: Vec<&[u8]> =
        out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    lines.iter().step_by(lines.len() / reports).take(reports).map(|line| line.to_vec()).collect()
}

fn report_lines() -> Vec<Vec<u8>> {
    let full = r#"{"play_id":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f","user_id":"L1","track_id":"T\u00fc\ud83c\udfb5","duration_listened_ms":31000,"started_at":"2026-03-01T12:34:56.789Z","sent_at":1772368496789,"event":"play_end","completed":true,"session_id":"S","device_id":"D","quality":"320","offline":false,"context":{"type":"playlist","id":"p"},"tier":"free","territory":"SE","preview":false,"imported":true,"grant":"g"}"#;
    let texts = [
        full,
        r#"{"track_id":"t","duration_listened_ms":1}"#,
        r#" { "x" : [ { "y" : null } , -1.5e-3 ] , "track_id" : "t" , "duration_listened_ms" : 0 } "#,
        r#"{"track_id":"t","track_id":"t","duration_listened_ms":604800001}"#,
        r#"{"track_id":null,"duration_listened_ms":"1","started_at":"2026-02-30T00:00:00Z"}"#,
        r#"{"track_id":"t","duration_listened_ms":1,"started_at":"2026-03-01T13:34:56.789999+01:00"}"#,
        r#"{"track_id":"\ud800","duration_listened_ms":1,"context":{"id":1}}"#,
        "[1,\"a\",{}]",
    ];
    // One level more than is read, and as many as are read, an object innermost.
    let nested = |arrays: usize| {
        format!(
            r#"{{"x":{}{{"y":1}}{},"track_id":"t","duration_listened_ms":1}}"#,
            "[".repeat(arrays),
            "]".repeat(arrays)
        )
        .into_bytes()
    };
    let made = texts.iter().map(|text| text.as_bytes().to_vec());
    made.chain([nested(64), nested(63)]).chain(population(12)).collect()
}

/// The two bytes that say how the body is to be taken, then the body.
fn body(choice: u8, cut: u8, content: &[u8]) -> Vec<u8> {
    [&[choice, cut], content].concat()
}

fn report_bodies() -> Vec<Vec<u8>> {
    let lines = population(6);
    let ndjson = lines.join(&b'\n');
    let array = [b"[", lines.join(&b',').as_slice(), b"]\n"].concat();
    let few = lines[..2].join(&b'\n');
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&few).expect("a Vec takes everything");
    let gzip = gzip.finish().expect("a Vec takes everything");
    let zstd = zstd::encode_all(few.as_slice(), 3).expect("a Vec takes everything");
    // Two MiB of spaces in a few bytes.
    let bomb =
        zstd::encode_all(vec![b' '; 2 << 20].as_slice(), 19).expect("a Vec takes everything");
    vec![
        body(0, 0, &lines[0]),
        body(0, 100, &array),
        body(1, 0, &ndjson),
        body(1, 0, &[b"\xef\xbb\xbf", few.as_slice(), b"\r\n\r\n"].concat()),
        body(2, 77, &array),
        body(3, 200, &ndjson),
        body(4, 130, &array),
        body(5, 250, &ndjson),
        body(0x83, 0, &gzip),
        body(0x83, 0, &[gzip.as_slice(), &gzip].concat()),
        body(0x85, 0, &zstd),
        body(0x85, 0, &bomb),
        body(0, 0, b"[]"),
        body(1, 0, b"\n \n"),
        body(0, 10, b"[1,{\"a\":[]},\"b\",null]"),
        body(0, 200, format!("[{}1{}]", "[{\"y\":".repeat(40), "}]".repeat(40)).as_bytes()),
    ]
}

fn contracts() -> Vec<Vec<u8>> {
    let templates = ledgerline_contract_files::templates::TEMPLATES.iter();
    templates.map(|template| template.text.as_bytes().to_vec()).collect()
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}

fn full_report() -> ReportRecord<'static> {
    ReportRecord {
        source: SourceName::new("web").expect("valid"),
        producer: Producer::Player,
        user: Some(UserId::new("L1").expect("valid")),
        play_id: Some(PlayId::new("P1").expect("valid")),
        track: TrackId::new("T1").expect("valid"),
        listened_ms: 31_000,
        started_at: Some(at(1_772_368_496_789)),
        sent_at: Some(at(1_772_368_527_789)),
        event: Some(PlaybackEvent::Skip),
        completed: Some(false),
        session: None,
        device: Some(DeviceId::new("D1").expect("valid")),
        quality: None,
        offline: Some(true),
        context: Some(context()),
        tier: Some(Tier::new("free").expect("valid")),
        territory: Some(Territory::new("SE").expect("valid")),
        preview: true,
        imported: false,
        grant: GrantCheck::Valid {
            issued_at: at(1_772_368_490_000),
            valid_until: at(1_772_400_000_000),
        },
        stamp: TrackStamp { revision: 300, known: true, length_ms: Some(180_000) },
        backfilled_at: Some(at(1_772_368_527_900)),
    }
}

fn context() -> Context<'static> {
    Context {
        kind: ContextPart::new("playlist").expect("valid"),
        id: ContextPart::new("p").expect("valid"),
    }
}

fn identities() -> [PlayIdentity<'static>; 3] {
    let source = SourceName::new("web").expect("valid");
    let track = TrackId::new("T1").expect("valid");
    let user = Some(UserId::new("L1").expect("valid"));
    let started_at = at(1_772_368_496_789);
    [
        PlayIdentity { source, user, key: PlayKey::Keyed(PlayId::new("P1").expect("valid")) },
        PlayIdentity {
            source,
            user,
            key: PlayKey::Started { track, place: Some("S"), started_at },
        },
        PlayIdentity {
            source,
            user: None,
            key: PlayKey::Window { track, place: None, opened_at: started_at, ordinal: 200 },
        },
    ]
}

fn play(identity: PlayIdentity<'static>) -> PlayRecord<'static> {
    let report = full_report();
    PlayRecord {
        identity,
        producer: Producer::Trusted,
        number: 2,
        amendment: 1,
        rule_version: 1,
        from: Some(Status::Counted),
        to: Status::Held,
        reason: Some(Reason::TooOld),
        counted_as: Some(CountedAs {
            track: report.track,
            started_at: at(1_772_368_496_000),
            listened_ms: 30_500,
            tier: report.tier,
            territory: None,
        }),
        previous: Some(PlayAddress(70_000)),
        cause: Position(123_456),
        received_at: at(1_772_368_527_900),
        first_received_at: at(1_772_368_500_000),
        track: report.track,
        preview: false,
        imported: true,
        conflict: false,
        listened_ms: 31_000,
        started_at: at(1_772_368_496_789),
        in_time: true,
        too_old: false,
        least_ms: 30_000,
        tier: report.tier,
        territory: report.territory,
        device: report.device,
        context: Some(context()),
        stamp: report.stamp,
        sound: true,
        impossible_time: false,
        rules: FraudRules::NONE.with(FraudRule::Loop).with(FraudRule::BotDevice),
        ruling: Some(Ruling::Hold),
        decision: Some(Decision::Accept),
    }
}

fn log_records() -> Vec<LogRecord<'static>> {
    let full = full_report();
    let [keyed, started, window] = identities();
    let decided_at = at(1_772_400_000_000);
    let bare = ReportRecord {
        user: None,
        play_id: None,
        started_at: None,
        sent_at: None,
        event: None,
        completed: None,
        device: None,
        offline: None,
        context: None,
        tier: None,
        territory: None,
        grant: GrantCheck::NotNeeded,
        stamp: TrackStamp::default(),
        backfilled_at: None,
        ..full
    };
    vec![
        LogRecord::Report(full),
        LogRecord::Report(bare),
        LogRecord::Tick(Tick { at: decided_at }),
        LogRecord::TrackFact(TrackFact { track: full.track, stamp: full.stamp }),
        LogRecord::DeviceFact(DeviceFact {
            device: DeviceId::new("D1").expect("valid"),
            listed: true,
        }),
        LogRecord::Adjudicated(Adjudicated {
            play: keyed,
            decision: Decision::Refuse,
            by: "key_1",
            note: "at sea",
            at: decided_at,
        }),
        LogRecord::FraudRuling(FraudRuling {
            play: started,
            ruling: Ruling::Exclude,
            by: "key_1",
            note: "",
            at: decided_at,
        }),
        LogRecord::FraudRuling(FraudRuling {
            play: window,
            ruling: Ruling::Reinstate,
            by: "key_1",
            note: "",
            at: decided_at,
        }),
    ]
}

fn encoded(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    bytes
}

fn records() -> Vec<Vec<u8>> {
    let log = log_records().into_iter().map(|record| encoded(|out| record.encode(out)));
    let plays = identities().map(|identity| encoded(|out| play(identity).encode(out)));
    log.chain(plays).collect()
}

fn frames() -> Vec<Vec<u8>> {
    let mut group = RecordGroup::default();
    for record in log_records().iter().skip(1).take(4) {
        group.push_with(|out| record.encode(out));
    }
    let header =
        FrameHeader::of(group.payload(), group.count(), Position(5), at(1_772_368_527_900));
    let frame = [&header.encode(), group.payload()].concat();
    let mut long = RecordGroup::default();
    long.push_with(|out| out.resize(300, 7));
    long.push_with(|_| {});
    vec![frame, group.payload().to_vec(), long.payload().to_vec(), Vec::new()]
}

/// A script for each choice, and one that ends early.
fn scripts(choices: &[u8]) -> Vec<Vec<u8>> {
    let mut random = Random::new(4);
    let mut script = |choice: u8, length: usize| {
        let decisions = (0..length).map(|_| random.byte());
        [choice].into_iter().chain(decisions).collect::<Vec<u8>>()
    };
    choices.iter().flat_map(|choice| [script(*choice, 70), script(*choice, 12)]).collect()
}

fn sealed_indexes() -> Vec<Vec<u8>> {
    let manifest = serde_json::to_vec(&manifest(123, 32, 32)).expect("numbers and texts");
    // What a manifest of the first format was like.
    let older = br#"{"format":1,"partition":2}"#.to_vec();
    let bodies = [manifest, older, b"{}".to_vec()].map(|body| [b"\x02", body.as_slice()].concat());
    scripts(&[0, 1, 3]).into_iter().chain(bodies).collect()
}

fn account_files() -> Vec<Vec<u8>> {
    let row = |end: &str, artist: &str, track: &str, played: &str| {
        format!(
            r#"{{"endTime":"{end}","artistName":"{artist}","trackName":"{track}","msPlayed":{played}}}"#
        )
    };
    let one = row("2024-05-01 12:01", "Anna", "One", "61000");
    let files = [
        format!("[{one},{one},\n{}]", row("2024-05-01 12:05", "A/B%", "T\\u00fc", "0")),
        format!(
            "\u{feff}[ {} ]\n",
            one.replace("artistName", "podcastName").replace("trackName", "episodeName")
        ),
        format!(
            "[{},{}]",
            row("2024-02-30 12:01", "A", "B", "1"),
            row("1970-01-01 00:00", "A", "B", "604800000")
        ),
        format!("[{},null,[1],{{\"endTime\":1}}]", row("2024-05-01 12:01", "", "", "-1")),
        // Names that make a longer id than a track's may be.
        format!("[{}]", row("2024-05-01 12:01", &"ö/".repeat(60), &"T".repeat(120), "1")),
        "[]".to_owned(),
    ];
    files.into_iter().map(String::into_bytes).collect()
}

fn extended_files() -> Vec<Vec<u8>> {
    let row = |more: &str| format!(r#"{{"ts":"2024-05-01T12:00:01Z","ms_played":61000{more}}}"#);
    let files = [
        format!(
            "[{},{}]",
            row(
                r#","spotify_track_uri":"spotify:track:1","conn_country":"SE","reason_end":"trackdone","skipped":false,"offline":true"#
            ),
            row(
                r#","master_metadata_track_name":"One","master_metadata_album_artist_name":"Anna","skipped":null"#
            )
        ),
        format!(
            "[{},{}]",
            row(
                r#","episode_name":"E","episode_show_name":"S","spotify_episode_uri":"spotify:episode:2""#
            ),
            row(
                r#","audiobook_title":"B","audiobook_chapter_title":"C","audiobook_chapter_uri":"""#
            )
        ),
        format!("[{},{},{}]", row(""), row(""), row("").replace("61000", "1e9")),
        format!("[{}", row("")),
    ];
    files.into_iter().map(String::into_bytes).collect()
}

fn listens_files() -> Vec<Vec<u8>> {
    let listen = |at: &str, info: &str| {
        format!(
            r#"{{"listened_at":{at},"inserted_at":1.5,"track_metadata":{{"artist_name":"Anna","track_name":"One","additional_info":{info}}}}}"#
        )
    };
    let files = [
        [
            listen("1714564800", r#"{"duration_ms":200000}"#),
            listen("1714564800", r#"{"duration_ms":200000}"#),
        ]
        .join("\n"),
        [
            listen(
                "1714564801.000000",
                r#"{"duration":"222.5","recording_mbid":"98255a8c-017a-4bc7-8dd6-1fa36124572b"}"#,
            ),
            listen("1714564802", r#"{"ms_played":1000}"#),
            String::new(),
            "no JSON".to_owned(),
            listen("1714564803", "null"),
        ]
        .join("\r\n"),
        "{}\n[]\n1\n".to_owned(),
    ];
    files.into_iter().map(String::into_bytes).collect()
}

fn zips() -> Vec<Vec<u8>> {
    let account = &account_files()[0];
    let longer = [account.as_slice(), b" "].concat();
    vec![
        zip_of("MyData/StreamingHistory0.json", account),
        zip_of("MyData/StreamingHistory_music_1.json", &longer),
        zip_of("endsong_0.json", &extended_files()[0]),
        zip_of("listens/2024/5.jsonl", &listens_files()[1]),
        zip_of("read me.txt", b"nothing"),
    ]
}

fn sheets() -> Vec<Vec<u8>> {
    let files = [
        "party_id,name,kinds,country,ipi,isni,dpid,tax_country,tax_treaty,payout_currency,minimum_payout\n\
         a,\"A, the first\",artist; label,SE,00045620792,000000012150090X,PADPIDA2013020802I,GB,yes,EUR,12.50\n",
        "work_id,iswc,title,writers\nw1,T-034.524.680-1,One,\nw2,,Two,\n",
        "track_id,isrc,title,duration_ms,kind,label,artists,works\nt1,SE-ABC-26-00001,One,61000,noise,,,\n",
        "release_id,upc,title,label,released_on,tracks\nr1,036000291452,One,,2026-01-01,\n",
        "right,track_id,work_id,holder,share,from,until,territories\n\
         master,t1,,a,1/3,2026-01-01,2026-07-01,SE; DE\nmechanical,,w1,a,50%,,,\n",
        "{\"parties\": [{\"party_id\": \"a\", \"kinds\": [\"artist\"]}], \"works\": [{\"work_id\": \"w\", \
         \"writers\": [{\"party\": \"a\", \"role\": \"composer\"}]}], \"recordings\": [{\"track_id\": \"t\", \
         \"artists\": [\"a\"], \"works\": [{\"work\": \"w\", \"weight\": \"1\"}]}], \"releases\": [{\"release_id\": \
         \"r\", \"tracks\": [\"t\"]}], \"shares\": [{\"right\": \"master\", \"track_id\": \"t\", \"holder\": \"a\", \
         \"share\": \"1\", \"territories\": [\"US\"]}]}",
        "period,territory,tier,listener,plan,subscribers,currency,gross,tax,store_fee,refunds,correction\n\
         2026-10,SE,premium,,family,12,EUR,120.00,20,3,1.5,\n2026-10,*,,anna,,,EUR,-1,,,,mistake\n",
        "base,quote,day,rate,inverse,source\nEUR,SEK,2026-10-31,11.4321,yes,a bank\n",
        "period,track_id,territory,tier,use,listener,plays\n2026-10,t1,SE,premium,radio,anna,3\n",
    ];
    files.iter().map(|file| file.as_bytes().to_vec()).collect()
}

fn catalogues() -> Vec<Vec<u8>> {
    let files = [
        "track_id,duration_ms,title,artists,isrc\nt1,20000,One,Anna;Bo,DEA123456789\nt2,,,,\n",
        "\u{feff}ISRC,Title,TRACK_ID,Artists,duration_ms,label\r\nde-a12-34-56789,\"Blue, \"\"live\"\"\",t3,\"Bo; Čeněk, the 2nd\",61000,X\r\n",
        "track_id,duration_ms\nt1,0\nt1,604800001\n,1\nt2,1\nt2,1\n",
        "title\nx\n",
        "# a farm\nd-1\n\n d 2 \r\n",
    ];
    files.iter().map(|file| file.as_bytes().to_vec()).collect()
}

//! Damage is found by `verify`, with the name of what is damaged.

use ledgerline_app::ports::FactStore;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::server::{OwnServer, Server, open, tamper};
use crate::durability::fill;

/// What somebody did to the rows, and the sentence that must say so. Foreign keys are off meanwhile.
#[tokio::test]
async fn rows_that_contradict_each_other_are_named() {
    let Some(server) = Server::shared("contradict") else { return };
    let rows = [
        (
            "UPDATE report_totals SET reports = 6 WHERE partition = 0 AND verdict = 'accepted'",
            "report_totals p000 2026-03-01T12:00:00Z: 6 reports were accepted, but 5 have a verdict",
        ),
        (
            "UPDATE report_totals SET verdict = 'contused' WHERE verdict = 'counted'",
            "report_totals p000 2026-03-01T12:00:00Z \"contused\": the word is unknown",
        ),
        (
            "UPDATE counted_totals SET plays = 8 WHERE partition = 1",
            "counted_totals p001: 8 plays count by the days, but play_totals has 7",
        ),
        (
            "UPDATE partition_commits SET position = 6 WHERE partition = 1",
            "partition_commits p001: only 6 records are judged, but report_totals has 7",
        ),
        ("DELETE FROM partition_commits WHERE partition = 1", "a row of report_totals belongs to"),
        ("DELETE FROM partition_commits WHERE partition = 0", "p001 stands where p000 should"),
        ("UPDATE credentials SET scopes = 'all'", "credentials.scopes of key_a is \"all\""),
        (
            "INSERT INTO import_files VALUES ('fx', 3, 0, 'f', '\\x00')",
            "a row of import_files belongs to no row of import_revisions",
        ),
        ("DELETE FROM track_artists WHERE track_id = 'T007' AND ordinal = 0", "\"T007\" are not"),
        ("DELETE FROM catalogue_revision", "catalogue_revision has lost its row"),
        (
            "UPDATE untold_facts SET revision = -1 WHERE sequence = 7",
            "untold_facts 7 is neither of a track nor of a device, or out of range",
        ),
        ("DROP TABLE play_totals", "the counts can't be read"),
    ];
    for (tampering, expected) in rows {
        let url = server.ready().await;
        let store = open(&url).await;
        fill(&store).await;
        assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
        tamper(&url, &format!("SET session_replication_role = replica; {tampering}"))
            .await
            .unwrap();
        let findings = store.verify().await.unwrap();
        assert!(findings.iter().any(|line| line.contains(expected)), "{tampering}: {findings:#?}");
        store.close().await.unwrap();
    }
}

/// Where the server has `amcheck`, tables and indexes are looked through.
#[tokio::test]
async fn a_page_that_the_disk_changed_is_found() {
    let Some(own) = OwnServer::start("damaged") else { return };
    let url = own.server.ready().await;
    tamper(&url, "CREATE EXTENSION amcheck").await.unwrap();
    let store = open(&url).await;
    fill(&store).await;
    assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let path: String = sqlx::query_scalar("SELECT pg_relation_filepath('tracks_pkey')")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    store.close().await.unwrap();
    own.stop();
    own.overwrite(&path);
    own.start_again();
    let store = open(&url).await;
    let findings = store.verify().await.unwrap();
    assert!(findings.iter().any(|line| line.contains("tracks_pkey")), "{findings:#?}");
}

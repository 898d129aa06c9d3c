//! Damage is found: by opening, or by `verify`, always with the name of what is damaged.

use ledgerline_app::ports::FactStore;
use ledgerline_sql_store::SqlStore;
use sqlx::{Connection, SqliteConnection};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use tempfile::TempDir;

use crate::durability::fill;

const PAGE_BYTES: u64 = 4096;

/// Sixteen bytes at the beginning of any page are its header (of the first page: the file's).
#[tokio::test]
async fn an_overwritten_page_is_found_wherever_it_is() {
    let folder = TempDir::new().unwrap();
    let sound = folder.path().join("sound.db");
    let store = SqlStore::open(&sound).await.unwrap();
    fill(&store).await;
    store.close().await.unwrap();
    let pages = std::fs::metadata(&sound).unwrap().len() / PAGE_BYTES;
    assert!(pages > 15, "there must be tables and indexes of several pages, not {pages} in all");

    for page in 0..pages {
        let damaged = TempDir::new().unwrap();
        let path = damaged.path().join("state.db");
        std::fs::copy(&sound, &path).unwrap();
        overwrite(&path, page * PAGE_BYTES, &[0xff; 16]);
        let findings = match SqlStore::open(&path).await {
            Ok(store) => store.verify().await.unwrap(),
            Err(error) => vec![error.to_string()],
        };
        assert!(findings.iter().any(|line| line.contains("state.db")), "{page}: {findings:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let text = "Dear diary, ".repeat(1000);
    std::fs::write(&path, &text).unwrap();
    for error in [
        SqlStore::open(&path).await.unwrap_err(),
        SqlStore::open_read_only(&path).await.unwrap_err(),
    ] {
        assert!(error.detail.contains("state.db"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

/// What somebody did to the rows, and the sentence that must say so.
#[tokio::test]
async fn rows_that_contradict_each_other_are_named() {
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
            "UPDATE play_totals SET plays = -1 WHERE partition = 1",
            "play_totals p001 2026-03-01T12:00:00Z \"counted\": the number is -1",
        ),
        (
            "UPDATE counted_totals SET plays = 8 WHERE partition = 1",
            "counted_totals p001: 8 plays count by the days, but play_totals has 7",
        ),
        (
            "UPDATE counted_totals SET day = -3 WHERE partition = 1",
            "counted_totals p001 day -3: the time is out of range",
        ),
        (
            "UPDATE partition_commits SET position = 6 WHERE partition = 1",
            "partition_commits p001: only 6 records are judged, but report_totals has 7",
        ),
        (
            "UPDATE partition_commits SET epoch = 0 WHERE partition = 0",
            "partition_commits p000: epoch is 0",
        ),
        ("DELETE FROM partition_commits WHERE partition = 1", "a row of report_totals belongs to"),
        ("DELETE FROM partition_commits WHERE partition = 0", "p001 stands where p000 should"),
        ("UPDATE credentials SET scopes = 'all'", "credentials.scopes of key_a is \"all\""),
        ("UPDATE credentials SET secret_hash = x'07'", "credentials.secret_hash of key_a"),
        (
            "INSERT INTO invitations VALUES ('inv_a', x'07', 'admin', '', '', 'key_a', 1, 2, NULL, NULL, NULL, NULL, NULL)",
            "invitations.secret_hash of inv_a has not 32 bytes",
        ),
        (
            "INSERT INTO invitations VALUES ('inv_a', zeroblob(32), 'king', '', '', 'key_a', 1, 2, NULL, NULL, NULL, NULL, NULL)",
            "invitations.role of inv_a is \"king\", an unknown role",
        ),
        (
            "INSERT INTO invitations VALUES ('inv_a', zeroblob(32), 'label', '', '', 'key_a', 1, 2, NULL, NULL, NULL, NULL, NULL)",
            "invitations.parties of inv_a don't go with the role label",
        ),
        (
            "INSERT INTO invitations VALUES ('inv_a', zeroblob(32), 'admin', 'a', '', 'key_a', 1, 2, NULL, NULL, NULL, NULL, NULL)",
            "invitations.parties of inv_a don't go with the role admin",
        ),
        (
            "INSERT INTO web_sessions VALUES (zeroblob(32), NULL, 'inv_x', NULL, '', 1, 1, 2)",
            "a row of web_sessions belongs to no row of invitations",
        ),
        (
            "INSERT INTO web_sessions VALUES (zeroblob(32), 'key_a', NULL, NULL, '', 1, -1, 2)",
            "web_sessions.seen_at is -1",
        ),
        ("UPDATE tracks SET duration_ms = -1 WHERE track_id = 'T007'", "of \"T007\" is -1"),
        ("DELETE FROM track_artists WHERE track_id = 'T007' AND ordinal = 0", "\"T007\" are not"),
        ("DELETE FROM catalogue_revision", "catalogue_revision has lost its row"),
        (
            "UPDATE untold_facts SET listed = NULL WHERE sequence = 301",
            "untold_facts 301 is neither of a track nor of a device",
        ),
        (
            "UPDATE untold_facts SET revision = -1 WHERE sequence = 7",
            "untold_facts 7 is neither of a track nor of a device, or out of range",
        ),
        ("DROP TABLE play_totals", "state.db: the counts can't be read"),
    ];
    let folder = TempDir::new().unwrap();
    let sound = folder.path().join("sound.db");
    let store = SqlStore::open(&sound).await.unwrap();
    fill(&store).await;
    store.close().await.unwrap();
    for (tampering, expected) in rows {
        let path = folder.path().join("state.db");
        std::fs::copy(&sound, &path).unwrap();
        tamper(&path, tampering).await;
        let store = SqlStore::open(&path).await.unwrap();
        let findings = store.verify().await.unwrap();
        store.close().await.unwrap();
        assert!(findings.iter().any(|line| line.contains(expected)), "{tampering}: {findings:#?}");
    }
}

#[tokio::test]
async fn tables_of_another_version_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    SqlStore::open(&path).await.unwrap().close().await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9999, 'of the future', TRUE, x'00', 0)";
    tamper(&path, newer).await;
    for error in [
        SqlStore::open(&path).await.unwrap_err(),
        SqlStore::open_read_only(&path).await.unwrap_err(),
    ] {
        assert!(error.detail.contains("newer version"), "{error}");
    }
    for older in ["DELETE FROM _sqlx_migrations", "DROP TABLE _sqlx_migrations"] {
        tamper(&path, older).await;
        let error = SqlStore::open_read_only(&path).await.unwrap_err();
        assert!(error.detail.contains("have version 0"), "{error}");
    }
}

fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

async fn tamper(path: &Path, statement: &'static str) {
    let url = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut connection).await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

//! The tables' form: the same in both databases, made and changed by `upgrade` alone.

use ledgerline_app::ports::FactStore;
use ledgerline_sql_store::{PostgresStore, SqlStore};
use sqlx::{Connection, PgConnection, SqliteConnection};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

use super::server::{Server, options, tamper};

/// By table and column: its type, whether it may be null, and its place in the primary key.
type Columns = BTreeMap<(String, String), (String, bool, i64)>;

async fn of_sqlite() -> Columns {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    SqlStore::open(&path).await.unwrap().close().await.unwrap();
    let url = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let rows: Vec<(String, String, String, bool, i64)> = sqlx::query_as(
        "SELECT t.name, c.name, c.type, c.\"notnull\" = 0, c.pk FROM sqlite_master t \
         JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    by_column(rows)
}

async fn of_postgres(url: &str) -> Columns {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows: Vec<(String, String, String, bool, i64)> = sqlx::query_as(
        "SELECT CAST(c.relname AS TEXT), CAST(a.attname AS TEXT), \
         CAST(format_type(a.atttypid, NULL) AS TEXT), NOT a.attnotnull, \
         COALESCE(CAST(array_position(k.conkey, a.attnum) AS BIGINT), 0) FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' \
         WHERE c.relkind = 'r' AND n.nspname = current_schema()",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    by_column(rows)
}

fn by_column(rows: Vec<(String, String, String, bool, i64)>) -> Columns {
    rows.into_iter()
        .filter(|(table, ..)| table != "_sqlx_migrations")
        .map(|(table, column, kind, null, key)| {
            let kind = match kind.as_str() {
                // SQLite keeps truth as a number.
                "INTEGER" | "bigint" | "boolean" => "number",
                "TEXT" | "text" => "text",
                "BLOB" | "bytea" => "bytes",
                other => panic!("{table}.{column} has the type {other}"),
            };
            ((table, column), (kind.to_owned(), null, key))
        })
        .collect()
}

/// Both folders end in the same tables and columns.
#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let Some(server) = Server::shared("same_tables") else { return };
    let (sqlite, postgres) = (of_sqlite().await, of_postgres(&server.ready().await).await);
    assert!(sqlite.len() > 100, "{}", sqlite.len());
    for (key, of_sqlite) in &sqlite {
        assert_eq!(postgres.get(key), Some(of_sqlite), "{key:?} of SQLite");
    }
    for key in postgres.keys() {
        assert!(sqlite.contains_key(key), "{key:?} of PostgreSQL");
    }
}

/// Texts are ordered by their bytes everywhere, whatever the database's locale is.
#[tokio::test]
async fn every_text_is_ordered_by_its_bytes() {
    let Some(server) = Server::shared("ordered") else { return };
    let mut connection = PgConnection::connect(&server.ready().await).await.unwrap();
    let otherwise: Vec<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns \
         WHERE table_schema = current_schema() AND data_type = 'text' \
         AND collation_name IS DISTINCT FROM 'C' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(otherwise, Vec::<String>::new());
}

/// From the first that both have on, a migration has a file of the same name in both folders.
#[test]
fn later_migrations_are_in_both_folders() {
    let names = |database: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
        let mut names: Vec<String> = (std::fs::read_dir(folder).unwrap())
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert_eq!(postgres[0], "0011_state.sql");
    let later = |names: &[String]| -> Vec<String> {
        names.iter().filter(|name| &name[..4] > "0011").cloned().collect()
    };
    assert_eq!(later(&sqlite), later(&postgres));
}

#[tokio::test]
async fn opening_changes_no_tables_and_upgrading_does() {
    let Some(server) = Server::shared("upgraded") else { return };
    let url = server.schema().await;
    for _ in 0..2 {
        for error in [
            PostgresStore::open(&url, options()).await.unwrap_err(),
            PostgresStore::open_read_only(&url, options()).await.unwrap_err(),
        ] {
            assert!(error.detail.contains("have version 0"), "{error}");
            assert!(error.detail.contains("schema upgrade"), "{error}");
        }
    }
    // Two at once: one of them makes the tables.
    let upgrade = || PostgresStore::upgrade(&url, options());
    let (one, other) = tokio::join!(upgrade(), upgrade());
    let (from, to) = one.unwrap();
    assert_eq!(other.unwrap().1, to);
    assert!(from == 0 || from == to);
    assert_eq!(PostgresStore::upgrade(&url, options()).await.unwrap(), (to, to));
    let store = PostgresStore::open(&url, options()).await.unwrap();
    store.take_over(1).await.unwrap();
    store.close().await.unwrap();

    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9999, 'of the future', TRUE, '\\x00', 0)";
    tamper(&url, newer).await.unwrap();
    for error in [
        PostgresStore::open(&url, options()).await.unwrap_err(),
        PostgresStore::open_read_only(&url, options()).await.unwrap_err(),
        PostgresStore::upgrade(&url, options()).await.unwrap_err(),
    ] {
        assert!(error.detail.contains("newer program"), "{error}");
    }
    let elsewhere = url.replace("search_path]=", "search_path]=not_there_");
    let error = PostgresStore::upgrade(&elsewhere, options()).await.unwrap_err();
    assert!(error.detail.contains("names no schema"), "{error}");
}

/// Tables of the version before, with rows, are brought to this program's form, and the rows are there.
#[tokio::test]
async fn tables_of_the_version_before_are_upgraded_without_loss() {
    let Some(server) = Server::shared("version_before") else { return };
    let url = server.schema().await;
    let mut migrator = sqlx::migrate!("migrations/postgres");
    let all = migrator.migrations.to_vec();
    let (newest, before) = all.split_last().unwrap();
    let has = before.last().unwrap().version;
    migrator.migrations = before.to_vec().into();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    migrator.run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let rows = "INSERT INTO partition_commits (partition, epoch, position, plays_bytes) \
                VALUES (0, 3, 0, 0), (1, 4, 0, 0); \
                INSERT INTO counted_positions VALUES (1, 0); \
                INSERT INTO audit_log VALUES (1, 1, 'w', NULL, 'm', 'p', NULL, 200)";
    tamper(&url, rows).await.unwrap();
    let error = PostgresStore::open(&url, options()).await.unwrap_err();
    assert!(error.detail.contains(&format!("have version {has}")), "{error}");

    assert_eq!(PostgresStore::upgrade(&url, options()).await.unwrap(), (has, newest.version));
    let store = PostgresStore::open(&url, options()).await.unwrap();
    let epochs: Vec<u64> = store.committed().await.unwrap().iter().map(|it| it.epoch).collect();
    assert_eq!(epochs, [3, 4]);
    store.close().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let deeds: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM audit_log")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(deeds, 1);
}

/// Each table, and each thing that isn't an insert; balances follow, and so are free.
#[tokio::test]
async fn the_tables_only_grow() {
    let Some(server) = Server::shared("only_grow") else { return };
    let url = server.ready().await;
    let rows = "INSERT INTO ledger_entries VALUES (1, 'k', 'p', NULL, '\\x00', '\\x00'); \
         INSERT INTO ledger_heads VALUES (1, 1, 'x'); \
         INSERT INTO ledger_accounts VALUES (1, 'service', 'EUR', 'pool', 0); \
         INSERT INTO ledger_postings VALUES (1, 1, 1, 1); \
         INSERT INTO contract_revisions VALUES (1, 1); \
         INSERT INTO contracts VALUES ('c', 1, 'f', '\\x00', 't'); \
         INSERT INTO appeals VALUES (1, 's', 'p', 0, 'a', 'g', 'b', 1); \
         INSERT INTO appeal_decisions VALUES (1, 'o', 'r', 'b', 1); \
         INSERT INTO terms_proposals VALUES (1, 'f', 'n', 'b', 1); \
         INSERT INTO terms_proposal_decisions VALUES (1, 1, 'n', 'b', 1); \
         INSERT INTO audit_log VALUES (1, 1, 'w', NULL, 'm', 'p', NULL, 200)";
    tamper(&url, rows).await.unwrap();
    for (table, column) in [
        ("ledger_entries", "key"),
        ("ledger_heads", "head"),
        ("ledger_postings", "amount"),
        ("ledger_accounts", "holder"),
        ("contract_revisions", "at"),
        ("contracts", "text"),
        ("appeals", "grounds"),
        ("appeal_decisions", "reason"),
        ("terms_proposals", "note"),
        ("terms_proposal_decisions", "note"),
        ("audit_log", "path"),
    ] {
        for statement in [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let refused = tamper(&url, &statement).await.expect_err(&statement).to_string();
            assert!(
                refused.contains(" stay")
                    || refused.contains("never ")
                    || refused.contains("not removed")
                    || refused.contains("only grows"),
                "{statement}: {refused}"
            );
        }
    }
    tamper(&url, "UPDATE ledger_accounts SET balance = balance").await.unwrap();

    // Where one is gone, or doesn't fire, each start says so.
    for (gone, expected) in [
        ("ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_stay", "ledger_entries_stay"),
        ("DROP TRIGGER contracts_remain ON contracts", "contracts_remain"),
    ] {
        tamper(&url, gone).await.unwrap();
        let store = PostgresStore::open(&url, options()).await.unwrap();
        let findings = store.verify().await.unwrap();
        let expected = format!("{expected} is gone");
        assert!(findings.iter().any(|one| one.contains(&expected)), "{findings:?}");
    }
}

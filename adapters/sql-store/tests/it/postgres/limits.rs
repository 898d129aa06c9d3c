//! Nothing is waited for without a limit, and nothing is written by who only reads.

use ledgerline_app::ports::{CatalogueStore, CatalogueTrack, CredentialStore, FactStore};
use ledgerline_ids::UnixMs;
use ledgerline_sql_store::PostgresStore;
use sqlx::Connection as _;

use super::server::{Server, impatient, options};
use crate::durability::fill;
use crate::facts_of_one_hour::check;

/// Somebody holds the lock of an area, or a partition's row: writers give up, readers and the other
/// areas notice nothing.
#[tokio::test]
async fn a_lock_that_isnt_given_up_is_not_waited_for_for_ever() {
    let Some(server) = Server::shared("locked") else { return };
    let url = server.ready().await;
    let store = PostgresStore::open(&url, impatient()).await.unwrap();
    fill(&store).await;
    let track = [CatalogueTrack { track_id: "T".to_owned(), ..CatalogueTrack::default() }];
    for (lock, is_facts) in [
        ("SELECT pg_advisory_xact_lock(hashtext(current_schema()), 5)", false),
        ("UPDATE partition_commits SET epoch = epoch", true),
    ] {
        let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
        let mut holding = other.begin().await.unwrap();
        sqlx::query(lock).execute(&mut *holding).await.unwrap();
        let imported = store.import_tracks(&track).await;
        let taken = store.take_over(2).await;
        let refused = match (imported, taken) {
            (Ok(_), Err(error)) if is_facts => error,
            (Err(error), Ok(_)) if !is_facts => error,
            other => panic!("{lock}: {other:?}"),
        };
        assert!(refused.detail.contains("lock timeout"), "{refused}");
        check(&store.totals().await.unwrap());
        holding.rollback().await.unwrap();
        store.import_tracks(&track).await.unwrap();
        store.take_over(2).await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_writes_nothing() {
    let Some(server) = Server::shared("reader") else { return };
    let url = server.ready().await;
    let writer = PostgresStore::open(&url, options()).await.unwrap();
    fill(&writer).await;
    let reader = PostgresStore::open_read_only(&url, options()).await.unwrap();
    assert_eq!(reader.committed().await.unwrap(), writer.committed().await.unwrap());
    assert_eq!(reader.totals().await.unwrap(), writer.totals().await.unwrap());
    let error = reader.take_over(2).await.unwrap_err();
    assert!(error.detail.contains("reading only"), "{error}");
    let error = reader.revoke("key_a", UnixMs::EPOCH).await.unwrap_err();
    assert!(error.detail.contains("reading only"), "{error}");
    assert_eq!(reader.verify().await.unwrap(), Vec::<String>::new());
    reader.close().await.unwrap();
    writer.close().await.unwrap();
    writer.close().await.expect("closing twice does nothing");
    let error = writer.totals().await.expect_err("a closed store can't be read");
    assert!(error.detail.contains("closed"), "{error}");
}

/// What is said of an address has no password in it.
#[tokio::test]
async fn an_address_that_leads_nowhere_is_named_without_its_password() {
    for (url, expected) in [
        ("postgres://somebody:secret@127.0.0.1:1/nothing", "127.0.0.1:1/nothing"),
        ("postgres://somebody:secret@127.0.0.1:no/nothing", "the address is none"),
        ("secret", "the address is none"),
    ] {
        let error = PostgresStore::open(url, impatient()).await.unwrap_err();
        assert!(error.detail.contains(expected), "{error}");
        assert!(!error.detail.contains("secret"), "{error}");
        assert!(!error.detail.contains("somebody"), "{error}");
    }
}

//! Connections that break, also in the midst of a commit; servers that end, start again, and sleep.

use ledgerline_app::ports::{CommitError, CredentialStore, FactStore};
use ledgerline_sql_store::{PostgresOptions, PostgresStore};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::server::{OwnServer, Server, impatient, options, tamper};
use crate::facts_of_one_hour::{after, check, counted};

/// A trigger that waits when the transaction commits holds a backend there until it is ended.
const SLOW_COMMIT: &str = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$; \
     CREATE CONSTRAINT TRIGGER waits AFTER UPDATE ON partition_commits \
     DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()";

/// The backend is ended while it commits: that is unknown, neither fenced nor done, and the next call has
/// another connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_ended_in_the_midst_of_a_commit_leaves_it_unknown() {
    let Some(server) = Server::shared("ended") else { return };
    let url = server.ready().await;
    let store = Arc::new(PostgresStore::open(&url, options()).await.unwrap());
    let at = store.take_over(1).await.unwrap()[0];
    tamper(&url, SLOW_COMMIT).await.unwrap();
    let committing = tokio::spawn({
        let store = store.clone();
        async move { store.commit(&[counted(at, 5)]).await }
    });
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE pid IN (SELECT pid FROM pg_locks WHERE relation = 'partition_commits'::regclass) \
         AND query = 'COMMIT' AND wait_event = 'PgSleep'";
    loop {
        let done: Vec<bool> = sqlx::query_scalar(ended).fetch_all(&mut connection).await.unwrap();
        if done.contains(&true) {
            break;
        }
        assert!(!committing.is_finished(), "it should still be committing");
    }
    match committing.await.unwrap() {
        Err(CommitError::Store(error)) => {
            assert!(error.detail.contains("may have happened or not"), "{error}");
        }
        other => panic!("nobody knows how it ended: {other:?}"),
    }
    tamper(&url, "DROP TRIGGER waits ON partition_commits").await.unwrap();
    assert_eq!(store.committed().await.unwrap(), [at], "it was rolled back");
    let delta = counted(at, 5);
    store.commit(std::slice::from_ref(&delta)).await.unwrap();
    assert_eq!(store.committed().await.unwrap(), [after(&delta)]);
    check(&store.totals().await.unwrap());
}

/// Reading back after an unknown outcome waits for the backend that may still be committing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_back_is_decided() {
    let Some(server) = Server::shared("decided") else { return };
    let url = server.ready().await;
    // The answer is given up before the commit is through, and the lock waited for long enough.
    let options = PostgresOptions {
        statement_max: Duration::from_secs(20),
        answer_max: Duration::from_millis(700),
        ..options()
    };
    let store = PostgresStore::open(&url, options).await.unwrap();
    let at = store.take_over(1).await.unwrap()[0];
    tamper(&url, &SLOW_COMMIT.replace("pg_sleep(20)", "pg_sleep(1.2)")).await.unwrap();
    let delta = counted(at, 5);
    match store.commit(std::slice::from_ref(&delta)).await {
        Err(CommitError::Store(_)) => {}
        other => panic!("nothing came from the server in time: {other:?}"),
    }
    // Asked until it answers; never the position before.
    let read = loop {
        match store.committed().await {
            Ok(read) => break read,
            Err(error) => println!("{error}"),
        }
    };
    assert_eq!(read, [after(&delta)]);
}

/// All connections that wait were cut while nobody looked.
#[tokio::test]
async fn connections_that_were_cut_are_replaced() {
    let Some(server) = Server::shared("cut") else { return };
    let url = format!("{}&application_name=cut", server.ready().await);
    let store = PostgresStore::open(&url, options()).await.unwrap();
    let mut at = store.take_over(1).await.unwrap()[0];
    let mut connection = server.connect().await;
    for _ in 0..3 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE application_name = 'cut'";
        let cut: Vec<bool> = sqlx::query_scalar(cut).fetch_all(&mut connection).await.unwrap();
        assert!(!cut.is_empty(), "some connection waits for the next call");
        assert_eq!(CredentialStore::list(&store).await.unwrap(), []);
        let delta = counted(at, 2);
        store.commit(std::slice::from_ref(&delta)).await.unwrap();
        at = after(&delta);
        check(&store.totals().await.unwrap());
    }
    assert_eq!(store.committed().await.unwrap(), [at]);
}

/// Ended in order, killed, put to sleep: calls fail within their limits, and the next ones don't.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_is_used_again() {
    let Some(own) = OwnServer::start("comes_back") else { return };
    let url = own.server.ready().await;
    let store = PostgresStore::open(&url, impatient()).await.unwrap();
    let mut at = store.take_over(1).await.unwrap()[0];
    for how in ["stop", "-KILL", "-STOP"] {
        let delta = counted(at, 3);
        store.commit(std::slice::from_ref(&delta)).await.unwrap();
        at = after(&delta);
        match how {
            "stop" => own.stop(),
            signal => own.signal_all(signal),
        }
        let delta = counted(at, 4);
        let begun = Instant::now();
        match store.commit(std::slice::from_ref(&delta)).await {
            Err(CommitError::Store(_)) => {}
            other => panic!("{how}: there is no server: {other:?}"),
        }
        store.totals().await.expect_err("there is no server");
        store.committed().await.expect_err("there is no server");
        // Far from any limit of a test, and far from for ever.
        println!("{how}: three calls failed after {:?}", begun.elapsed());
        match how {
            "-STOP" => own.signal_all("-CONT"),
            _ => own.start_again(),
        }
        let now = loop {
            match store.committed().await {
                Ok(now) => break now,
                Err(error) => println!("{how}: {error}"),
            }
        };
        assert!(now == [at] || now == [after(&delta)], "{how}: {now:?}");
        at = now[0];
        check(&store.totals().await.unwrap());
    }
    assert_eq!(store.verify().await.unwrap(), Vec::<String>::new());
}

/// A server that was told to be quick rather than safe.
#[tokio::test]
async fn a_server_that_can_lose_commits_is_refused() {
    let Some(own) = OwnServer::start("unsafe") else { return };
    let url = own.server.ready().await;
    for setting in ["fsync", "full_page_writes"] {
        let set = |value| format!("ALTER SYSTEM SET {setting} = {value}");
        for (value, expected) in [("off", Some(format!("{setting} = off"))), ("on", None)] {
            let mut connection = own.server.connect().await;
            sqlx::query(AssertSqlSafe(set(value))).execute(&mut connection).await.unwrap();
            sqlx::query("SELECT pg_reload_conf()").execute(&mut connection).await.unwrap();
            loop {
                let mut connection = own.server.connect().await;
                let show = AssertSqlSafe(format!("SHOW {setting}"));
                let now: String =
                    sqlx::query_scalar(show).fetch_one(&mut connection).await.unwrap();
                if now == value {
                    break;
                }
            }
            let opened = PostgresStore::open(&url, options()).await;
            match (opened, expected) {
                (Ok(_), None) => {}
                (Err(error), Some(expected)) => {
                    assert!(error.detail.contains(&expected), "{error}");
                    let mut content = options();
                    content.accept_unsafe_server = true;
                    PostgresStore::open(&url, content).await.unwrap();
                }
                other => panic!("{setting} = {value}: {other:?}"),
            }
        }
    }
}

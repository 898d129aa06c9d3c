//! Blobs in a bucket.

use ledgerline_app::ports::conformance::blobs;
use ledgerline_app::ports::{BlobError, BlobName, BlobStore, Put};
use ledgerline_blobs::{Credentials, CredentialsError, S3Blobs, S3Settings};
use std::fs;
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::server::{BUCKET, ID, SECRET, Server};

fn settings(server: &Server) -> S3Settings {
    S3Settings {
        endpoint: Some(server.endpoint.clone()),
        credentials: Credentials::Key { id: ID.to_owned(), secret: SECRET.to_owned(), token: None },
        path_style: true,
        ..S3Settings::new(BUCKET)
    }
}

fn name(name: &str) -> BlobName {
    BlobName::new(name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_conforms() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(root.path()).await;
    let next = std::cell::Cell::new(0);
    blobs::every_case(async || {
        next.set(next.get() + 1);
        let prefix = Some(name(&format!("of/{}", next.get())));
        S3Blobs::open(&S3Settings { prefix, ..settings(&server) }).await.unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefix_is_a_store_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(root.path()).await;
    let whole = S3Blobs::open(&settings(&server)).await.unwrap();
    let prefix = Some(name("x/y"));
    let part = S3Blobs::open(&S3Settings { prefix, ..settings(&server) }).await.unwrap();
    assert_eq!(part.put(&name("a"), b"1".to_vec()).await.unwrap(), Put::Created);
    assert_eq!(whole.get(&name("x/y/a")).await.unwrap(), Some(b"1".to_vec()));
    assert_eq!(whole.put(&name("x/yz"), b"1".to_vec()).await.unwrap(), Put::Created);
    let listed = part.list(None, None, 10).await.unwrap().blobs;
    assert_eq!(listed.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_overwrites_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(root.path()).await;
    server.manners.overwrites.store(true, Ordering::SeqCst);
    let refused = S3Blobs::open(&settings(&server)).await.err().expect("it is refused");
    assert!(!refused.may_pass() && refused.to_string().contains("overwrites"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_store_is_asked_again_and_not_for_ever() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(root.path()).await;
    let store = S3Blobs::open(&S3Settings { retries_max: 2, ..settings(&server) }).await.unwrap();
    server.manners.busy.store(2, Ordering::SeqCst);
    assert_eq!(store.put(&name("a"), b"1".to_vec()).await.unwrap(), Put::Created);
    server.manners.busy.store(3, Ordering::SeqCst);
    let busy = store.get(&name("a")).await.expect_err("it is busy for too long");
    assert!(busy.may_pass(), "{busy}");
    assert_eq!(store.get(&name("a")).await.unwrap(), Some(b"1".to_vec()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_has_to_mend_is_told_from_what_passes() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(root.path()).await;
    let right = settings(&server);
    // Nobody listens there.
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let wrong_secret =
        Credentials::Key { id: ID.to_owned(), secret: "another".to_owned(), token: None };
    let quick = S3Settings { retries_max: 1, call_max: Duration::from_secs(20), ..right.clone() };
    for (what, settings, passes) in [
        (
            "a bucket that isn't there",
            S3Settings { bucket: "none-such".to_owned(), ..right.clone() },
            false,
        ),
        (
            "a secret that is wrong",
            S3Settings { credentials: wrong_secret, ..right.clone() },
            false,
        ),
        (
            "nobody listens",
            S3Settings { endpoint: Some(format!("http://{closed}")), ..quick.clone() },
            true,
        ),
        (
            "nobody listens, TLS",
            S3Settings { endpoint: Some(format!("https://{closed}")), ..quick },
            true,
        ),
        (
            "no file of certificates",
            S3Settings { ca_file: Some("/none/such".into()), ..right },
            false,
        ),
    ] {
        let error = S3Blobs::open(&settings).await.err().expect("it can't be opened");
        assert_eq!(error.may_pass(), passes, "{what}: {error}");
        assert!(!error.to_string().contains(SECRET), "{what}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_behind_tls_is_believed_by_its_certificate() {
    let root = tempfile::tempdir().unwrap();
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let server = Server::start_tls(root.path(), &key).await;
    let ca_file = root.path().join("ca.pem");
    fs::write(&ca_file, key.cert.pem()).unwrap();
    let trusting = S3Settings { ca_file: Some(ca_file), retries_max: 0, ..settings(&server) };
    let store = S3Blobs::open(&trusting).await.unwrap();
    assert_eq!(store.put(&name("a"), b"1".to_vec()).await.unwrap(), Put::Created);
    assert_eq!(store.get(&name("a")).await.unwrap(), Some(b"1".to_vec()));
    let others = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other_file = root.path().join("other.pem");
    fs::write(&other_file, others.cert.pem()).unwrap();
    for ca_file in [None, Some(other_file)] {
        let error = S3Blobs::open(&S3Settings { ca_file, ..trusting.clone() }).await;
        let error = error.err().expect("nobody vouches for it").to_string();
        assert!(error.contains("certificate"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_vanishes_isn_t_an_empty_one() {
    let root = tempfile::tempdir().unwrap();
    let server = Server::start(root.path()).await;
    let store = S3Blobs::open(&settings(&server)).await.unwrap();
    fs::remove_dir_all(root.path().join(BUCKET)).unwrap();
    let error = store.list(None, None, 10).await.expect_err("it is gone");
    assert!(matches!(error, BlobError::Refused { .. }), "{error}");
}

#[test]
fn files_of_credentials_are_read() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("credentials");
    let read = |text: &str| {
        fs::write(&file, text).unwrap();
        match Credentials::read(&file) {
            Ok(Credentials::Key { id, secret, token }) => Ok((id, secret, token)),
            Ok(Credentials::Environment) => panic!("a file isn't the environment"),
            Err(error) => Err(error),
        }
    };
    let key =
        |token: Option<&str>| Ok(("i".to_owned(), "s=/+".to_owned(), token.map(str::to_owned)));
    let two = "aws_access_key_id = i\naws_secret_access_key=s=/+\n";
    assert_eq!(read(two), key(None));
    assert_eq!(read(&format!("[default]\n{two} aws_session_token = t\n")), key(Some("t")));
    let other = "[other]\naws_access_key_id = x\naws_secret_access_key = y\n";
    assert_eq!(read(&format!("{other}[default]\n{two}{other}")), key(None));
    let missing = read("aws_access_key_id = i\naws_secret_access_key =\n").unwrap_err();
    assert!(missing.to_string().contains("aws_secret_access_key"), "{missing}");
    assert!(matches!(read(other), Err(CredentialsError::Missing { .. })));
    let none = Credentials::read(&root.path().join("none")).unwrap_err();
    assert!(matches!(none, CredentialsError::Io { .. }));
    let shown = format!("{:?}", Credentials::read(&file));
    assert!(!shown.contains("s=/+"), "{shown}");
}

//! What is remembered, and for how long.

use std::sync::Arc;
use tokio::sync::Semaphore;

use super::{Answer, Asked, Library};
use crate::ports::StoreError;
use crate::ports::memory_library::MemoryLibrary;

fn library() -> Arc<Library> {
    Arc::new(Library::new(Arc::new(MemoryLibrary::default()), false))
}

/// A thousand ask at once for what isn't remembered: it is read once, and all get it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_misses_of_one_key_are_one_load() {
    let (library, gate) = (library(), Arc::new(Semaphore::new(0)));
    let arrived = Arc::new(Semaphore::new(0));
    let mut asking = Vec::new();
    for _ in 0..1000 {
        let (library, gate, arrived) = (library.clone(), gate.clone(), arrived.clone());
        asking.push(tokio::spawn(async move {
            arrived.add_permits(1);
            let load = async {
                // Nobody's load ends before all have asked.
                let _open = gate.acquire().await.expect("the gate stays");
                Ok(Answer::Track(None))
            };
            library.ask(Asked::Track("T".to_owned()), load).await
        }));
    }
    let _all = arrived.acquire_many(1000).await.expect("all arrive");
    gate.add_permits(1000);
    for asked in asking {
        let answer = asked.await.expect("it ends").expect("it is answered");
        assert!(matches!(answer, Answer::Track(None)));
    }
    assert_eq!(library.loads(), 1);
}

/// A failure isn't remembered.
#[tokio::test]
async fn what_failed_is_tried_again() {
    let library = library();
    let asked = || Asked::Track("T".to_owned());
    let failing = async { Err(StoreError { what: "reading", detail: "it is away".to_owned() }) };
    assert!(library.ask(asked(), failing).await.is_err());
    assert!(library.ask(asked(), async { Ok(Answer::Track(None)) }).await.is_ok());
    assert_eq!(library.loads(), 2);
}

/// What a load finds that began before a commit isn't given out after it.
#[tokio::test]
async fn a_load_that_was_overtaken_by_a_commit_is_not_remembered() {
    let (library, gate) = (library(), Arc::new(Semaphore::new(0)));
    let old = tokio::spawn({
        let (library, gate) = (library.clone(), gate.clone());
        async move {
            let load = async {
                let _open = gate.acquire().await.expect("the gate stays");
                Ok(Answer::Genres(Arc::new(Vec::new())))
            };
            library.ask(Asked::Genres(String::new(), 1), load).await
        }
    });
    while library.loads() == 0 {
        tokio::task::yield_now().await;
    }
    library.forget();
    gate.add_permits(1);
    old.await.expect("it ends").expect("it is answered");
    let new = async { Ok(Answer::Genres(Arc::new(Vec::new()))) };
    library.ask(Asked::Genres(String::new(), 1), new).await.expect("it is answered");
    assert_eq!(library.loads(), 2);
}

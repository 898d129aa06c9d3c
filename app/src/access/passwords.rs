//! Passwords: which are taken, and their hashes. A hash is made slow on purpose, so only a few are made at
//! once and few wait: signing in can exhaust neither memory nor processors.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::ports::drive::{Drive, apart};
use crate::ports::{Random, StoreError};

/// The fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// The most bytes of a password.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// Argon2id with OWASP's first choice (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// So many hashes are made at once, each in 19 MiB on a processor of its own.
const AT_ONCE_MAX: usize = 4;
/// So many more may wait for their turn.
const WAITING_MAX: usize = 64;
/// So long one waits at most.
const WAIT_MAX: Duration = Duration::from_secs(15);
/// When whoever found no place may come again.
const RETRY_AFTER_S: u64 = 5;

/// Why a password isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is guessed too soon.
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    Short,
    /// It is longer than anybody types.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    Long,
    /// It is the name, or one character again and again.
    #[error("a password is neither one's name nor one character again and again")]
    Plain,
}

/// Too many hashes are being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// When to come again, in seconds.
    pub retry_after_s: u64,
}

/// Why a hash wasn't made.
#[derive(Debug)]
pub(super) enum HashError {
    Busy(Busy),
    Failed(StoreError),
}

/// Checks that a password is worth one.
///
/// # Errors
/// [`PasswordError`].
pub fn check_password(password: &str, folded_name: &str) -> Result<(), PasswordError> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::Long);
    }
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PasswordError::Short);
    }
    let first = password.chars().next();
    let is_one = password.chars().all(|it| Some(it) == first);
    if is_one || password.to_lowercase() == folded_name {
        return Err(PasswordError::Plain);
    }
    Ok(())
}

/// Makes and compares hashes.
pub(super) struct Passwords {
    drive: Arc<dyn Drive>,
    /// Those that are made, and those that wait.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// What is compared with where there is no account: it takes as long.
    nobodys: Arc<OnceLock<String>>,
}

impl Passwords {
    pub(super) fn new(drive: Arc<dyn Drive>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let at_once = cores.clamp(1, AT_ONCE_MAX);
        Self {
            drive,
            places: Arc::new(Semaphore::new(at_once + WAITING_MAX)),
            turns: Arc::new(Semaphore::new(at_once)),
            nobodys: Arc::default(),
        }
    }

    /// The hash of a password, as a PHC string.
    pub(super) async fn hash(
        &self,
        password: &str,
        random: &dyn Random,
    ) -> Result<String, HashError> {
        let mut salt = [0; 16];
        random.fill(&mut salt);
        let password = normalised(password);
        self.in_turn(move || hash(&password, &salt)).await?.map_err(HashError::Failed)
    }

    /// Whether this is the password of that hash; where there is none, it isn't, and that takes as long.
    pub(super) async fn matches(
        &self,
        password: &str,
        hashed: Option<String>,
    ) -> Result<bool, HashError> {
        let password = normalised(password);
        let nobodys = self.nobodys.clone();
        self.in_turn(move || {
            let is_somebodys = hashed.is_some();
            let hashed = hashed.unwrap_or_else(|| {
                nobodys.get_or_init(|| hash("nobody's", &[0; 16]).unwrap_or_default()).clone()
            });
            let matches = PasswordHash::new(&hashed)
                .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok());
            matches && is_somebodys
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let busy = || HashError::Busy(Busy { retry_after_s: RETRY_AFTER_S });
        let place = self.places.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = tokio::time::timeout(WAIT_MAX, self.turns.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.expect("it is never closed");
        // Whoever goes away meanwhile leaves the work where it is: its place is taken until it is done.
        let done = apart(&*self.drive, move || {
            let _held = (place, turn);
            work()
        });
        done.await.ok_or_else(|| HashError::Failed(failed("it was broken off")))
    }
}

/// Two ways to type one character are one (NIST SP 800-63B, section 5.1.1.2).
fn normalised(password: &str) -> String {
    password.chars().take(PASSWORD_BYTES_MAX).nfkc().collect()
}

fn hasher() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).expect("OWASP's parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, StoreError> {
    let salt = SaltString::encode_b64(salt).map_err(|error| failed(&error.to_string()))?;
    let hashed = hasher().hash_password(password.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| failed(&error.to_string()))
}

fn failed(detail: &str) -> StoreError {
    StoreError { what: "hashing a password", detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::Threads;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn some_are_not_taken() {
        for (password, expected) in [
            ("correct horse", Ok(())),
            ("ten chars!", Ok(())),
            ("nine char", Err(PasswordError::Short)),
            ("ååååååååå", Err(PasswordError::Short)),
            ("aaaaaaaaaaaa", Err(PasswordError::Plain)),
            ("Zoë.Example", Err(PasswordError::Plain)),
        ] {
            assert_eq!(check_password(password, "zoë.example"), expected, "{password}");
        }
        assert_eq!(check_password(&"ab".repeat(129), "x"), Err(PasswordError::Long));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn hashes_are_argon2id_and_only_their_password_matches() {
        let passwords = Passwords::new(Arc::new(Threads));
        let hashed = passwords.hash("correct ho\u{308}rse", &Sevens).await.expect("it is hashed");
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        for (password, hash, expected) in [
            ("correct ho\u{308}rse", Some(hashed.clone()), true),
            ("correct hörse", Some(hashed.clone()), true),
            ("correct horse", Some(hashed.clone()), false),
            ("nobody's", None, false),
            ("correct hörse", Some("$argon2id$broken".to_owned()), false),
        ] {
            let matches = passwords.matches(password, hash).await.expect("it is compared");
            assert_eq!(matches, expected, "{password}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_finds_no_place_is_told_to_come_again() {
        let passwords = Passwords::new(Arc::new(Threads));
        let all = passwords.places.clone();
        let most = u32::try_from(all.available_permits()).expect("few");
        let taken = all.acquire_many(most).await.expect("nobody closes it");
        assert!(matches!(passwords.matches("x", None).await, Err(HashError::Busy(_))));
        drop(taken);
        assert!(matches!(passwords.matches("x", None).await, Ok(false)));
    }
}

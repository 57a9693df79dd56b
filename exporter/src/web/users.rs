//! Basic authentication against bcrypt hashes.
//!
//! bcrypt is slow on purpose, so it runs on blocking threads, a few at a time, and a pair that was right once is
//! remembered. What is remembered is a keyed hash with a key this process drew at random: no password, and
//! nothing that could be looked up elsewhere. An unknown user costs time like a known one.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bcrypt::HashParts;
use dashmap::DashSet;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::hmac;
use ring::rand::SystemRandom;
use tokio::sync::Semaphore;

/// Passwords checked at the same time. Upstream checks one at a time; more would let strangers load every core.
const CHECKS_MAX: usize = 2;
/// Verified pairs remembered. A user has one password, so more than this means very many users.
const REMEMBERED_MAX: usize = 1024;

/// Names and password hashes.
#[derive(Debug, Default)]
pub(super) struct Users {
    hashes: BTreeMap<String, String>,
    /// A hash that no password has, with the lowest cost of the others: as slow to check where all have one cost,
    /// and no way to make us work for minutes where one user has a very high one.
    nobody: String,
}

impl Users {
    /// Checks that every hash is one; the error names the user and never shows the hash.
    pub(super) fn new(hashes: BTreeMap<String, String>) -> Result<Users, (String, String)> {
        let mut cost_min = 31;
        for (user, hash) in &hashes {
            let wrong = |reason: String| (format!("basic_auth_users: {user}"), reason);
            let parts: HashParts = hash
                .parse()
                .map_err(|error| wrong(format!("not a bcrypt hash: {error}")))?;
            let cost = parts.get_cost();
            if !(4..=31).contains(&cost) {
                return Err(wrong(format!("bcrypt cost {cost} is not between 4 and 31")));
            }
            cost_min = cost_min.min(cost);
        }
        // Salt and hash of zero bits, in bcrypt's alphabet.
        let nobody = format!("$2b${cost_min:02}${}", ".".repeat(53));
        Ok(Users { hashes, nobody })
    }

    /// Whether everybody may pass.
    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// Checks the credentials of requests and remembers the right ones.
pub(super) struct Verifier {
    key: hmac::Key,
    /// Every request with a password looks here, from every worker: no lock that all of them share.
    remembered: DashSet<[u8; 32]>,
    checks: Arc<Semaphore>,
}

impl std::fmt::Debug for Verifier {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl Verifier {
    /// Nothing remembered, under a new random key.
    pub(super) fn new() -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Self {
            key: key.expect("the kernel gives random bytes on every Linux since 3.17"),
            remembered: DashSet::new(),
            checks: Arc::new(Semaphore::new(CHECKS_MAX)),
        }
    }

    /// Whether the request names a user and the user's password.
    pub(super) async fn verify(&self, users: &Users, headers: &HeaderMap) -> bool {
        let Some(credentials) = Credentials::of(headers) else {
            return false;
        };
        let known = std::str::from_utf8(&credentials.user)
            .ok()
            .and_then(|user| users.hashes.get(user));
        let hash = known.unwrap_or(&users.nobody);
        let pair = self.fingerprint(&credentials, hash);
        if self.remembered.contains(&pair) {
            return true;
        }
        let Ok(turn) = Arc::clone(&self.checks).acquire_owned().await else {
            return false;
        };
        // Whoever waited behind a request with the same pair need not check it again.
        if self.remembered.contains(&pair) {
            return true;
        }
        let (hash, password) = (hash.clone(), credentials.password);
        // The turn goes along: a client that hangs up does not stop a check, so it must not free its place either.
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            bcrypt::verify(password, &hash)
        });
        let right = matches!(checked.await, Ok(Ok(true))) && known.is_some();
        if right {
            self.remember(pair);
        }
        right
    }

    /// The hash is part of it, so a changed password takes effect at once.
    fn fingerprint(&self, credentials: &Credentials, hash: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [&credentials.user, hash.as_bytes(), &credentials.password] {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut pair = [0; 32];
        pair.copy_from_slice(context.sign().as_ref());
        pair
    }

    fn remember(&self, pair: [u8; 32]) {
        // Requests that come at once may each add one more; the bound is on memory and need not be exact.
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.clear();
        }
        self.remembered.insert(pair);
    }
}

/// What a client claims to be and to know, read as Go's `Request.BasicAuth` reads it.
struct Credentials {
    user: Vec<u8>,
    password: Vec<u8>,
}

impl Credentials {
    fn of(headers: &HeaderMap) -> Option<Credentials> {
        let header = headers.get(AUTHORIZATION)?.as_bytes();
        let (scheme, encoded) = header.split_at_checked(b"Basic ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Basic ") {
            return None;
        }
        let mut user = STANDARD.decode(encoded).ok()?;
        let colon = user.iter().position(|byte| *byte == b':')?;
        let password = user.split_off(colon + 1);
        user.pop();
        Some(Credentials { user, password })
    }
}

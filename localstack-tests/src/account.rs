//! [`Account`]: an account of the emulator for one test.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use formwork_aws::{AwsConfig, EmulatorTarget};
use formwork_emulator::{Call, Emulator, Resource};

use crate::trial::REGION;

/// What the emulator answers to a call that it does not know, or that breaks it.
const GAPS: [&str; 3] = ["InternalFailure", "InternalError", "NotImplemented"];

/// An account that belongs to one test: emptied before and after it.
#[derive(Debug)]
pub struct Account {
    /// Its twelve digits.
    pub id: String,
    /// Where it is.
    pub emulator: &'static Emulator,
    seen: AtomicU64,
}

/// An id whose parts are joined in the one way, whether it is a row's or the lister's: each has its own separators.
pub fn plain(id: &str) -> String {
    id.replace(['|', '_', ':', '/', '#'], " ")
}

/// Kinds that stand for a wait, and for nothing in the account.
const WAITS: &[&str] = &["aws:acm/certificate-validation"];

/// Whether something in the account corresponds to the rows of a kind.
pub fn stands(kind: &str) -> bool {
    !WAITS.contains(&kind)
}

impl Account {
    /// An account that no test of any running process has.
    ///
    /// # Panics
    /// When the emulator does not answer.
    pub fn new(emulator: &'static Emulator) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Process ids have at most seven digits.
        let id = format!("1{:07}{:04}", std::process::id() % 10_000_000, NEXT.fetch_add(1, Ordering::Relaxed) % 10_000);
        emulator.reset(Some(&id)).unwrap_or_else(|error| panic!("{error}"));
        Self { id, emulator, seen: AtomicU64::new(0) }
    }

    /// The configuration to work in it: as `--local` has it, deletes leave nothing behind.
    pub fn config(&self) -> AwsConfig {
        AwsConfig {
            region: Some(REGION.to_owned()),
            leave_nothing: true,
            emulator: Some(EmulatorTarget {
                endpoint: self.emulator.endpoint().to_owned(),
                instance: self.emulator.instance().to_owned(),
                account: self.id.clone(),
            }),
            ..AwsConfig::default()
        }
    }

    /// What stands in it, as kind and [`plain`] id in order, read from the emulator's stores and through no API.
    ///
    /// # Panics
    /// When the emulator does not answer.
    pub fn listed(&self) -> Vec<(String, String)> {
        let mut listed: Vec<_> = self.resources().into_iter().map(|one| (one.kind, plain(&one.id))).collect();
        listed.sort();
        listed
    }

    /// What stands in it, with tags and states.
    ///
    /// # Panics
    /// When the emulator does not answer.
    pub fn resources(&self) -> Vec<Resource> {
        self.emulator.admin().resources(&self.id, None).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The calls that were made in it after number `since`.
    ///
    /// # Panics
    /// When the emulator does not answer.
    pub fn calls(&self, since: u64) -> Vec<Call> {
        self.emulator.admin().calls(&self.id, since).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The calls since this was last asked.
    ///
    /// # Panics
    /// When the emulator does not answer.
    pub fn news(&self) -> Vec<Call> {
        let calls = self.calls(self.seen.load(Ordering::Relaxed));
        if let Some(last) = calls.last() {
            self.seen.store(last.seq, Ordering::Relaxed);
        }
        calls
    }

    /// The operations that the emulator does not know or broke on, as sentences. Errors that a test injects must not have these codes.
    pub fn gaps(&self) -> Vec<String> {
        let broken = self.calls(0).into_iter().filter(|call| GAPS.contains(&call.outcome.as_str()));
        let sentences: BTreeSet<String> = broken
            .map(|call| format!("emulator gap: operation {} {} ({})", call.service, call.operation, call.outcome))
            .collect();
        sentences.into_iter().collect()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // The next test has another account; this one only takes memory. Whoever holds the emulator down has its own errors.
        let _ = self.emulator.reset(Some(&self.id));
    }
}

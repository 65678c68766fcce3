//! [`Settings`]: what the caller of a run decided beside the program.

use std::collections::BTreeMap;

use crate::record::Entry;
use crate::urn::Urn;

/// What is decided about one run: what to look at, what to consent to, how fast to go. Plain data; made from flags by the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How many calls may be under way at once, at least 1. Waits do not count.
    pub parallel: usize,
    /// Whether the account is read before planning; without it, what was recorded is believed.
    pub refresh: bool,
    /// Only these resources, and what they need: whole urns or paths such as `network/main`. Empty: all.
    pub targets: Vec<String>,
    /// Not these resources, nor what depends on them; wins over `targets`. Whole urns or paths.
    pub excludes: Vec<String>,
    /// Resources to replace although nothing about them changed.
    pub replace: Vec<String>,
    /// Resources that may be deleted or lose data: urns or paths, or `*` for all of them.
    pub allow_delete: Vec<String>,
    /// Whether deletes leave nothing behind, as in stacks that are made to be thrown away: no last snapshots, and so nothing that keys are kept for.
    pub leave_nothing: bool,
    /// Whether every consent is implied; true for the emulator only.
    pub consent_implied: bool,
    /// What is done about changes that were made outside.
    pub on_drift: OnDrift,
    /// Resources that may be believed to be gone although much of the stack reads as gone: urns or paths, or `*`.
    pub accept_gone: Vec<String>,
    /// Pinned reads that take their newest answer.
    pub repin: Vec<String>,
    /// Whether the first failure keeps everything else from starting.
    pub fail_fast: bool,
    /// Whether the run destroys the stack: its program is the empty one.
    pub destroy: bool,
    /// The run goes back to an earlier deployment: its program is that one's.
    pub rollback: Option<Return>,
    /// Adopts these declared resources, and does nothing else: whole urns or paths, each with the id of what exists. Empty: an ordinary run.
    pub imports: BTreeMap<String, String>,
}

impl Settings {
    /// The id of what the run adopts as this resource.
    pub fn import(&self, urn: &Urn) -> Option<&str> {
        let named = |(name, _): &(&String, &String)| *name == urn.as_str() || *name == urn.path();
        self.imports.iter().find(named).map(|(_, id)| id.as_str())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            parallel: 32,
            refresh: true,
            targets: Vec::new(),
            excludes: Vec::new(),
            replace: Vec::new(),
            allow_delete: Vec::new(),
            leave_nothing: false,
            consent_implied: false,
            on_drift: OnDrift::Fail,
            accept_gone: Vec::new(),
            repin: Vec::new(),
            fail_fast: false,
            destroy: false,
            rollback: None,
            imports: BTreeMap::new(),
        }
    }
}

/// What a run that goes back to an earlier deployment writes beside its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The deployment.
    pub number: u64,
    /// The pinned answers that it had.
    pub pins: Vec<Entry>,
}

/// What is done about drift: a difference between what was applied and what is observed, where the program did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDrift {
    /// The run stops and lists what moved.
    #[default]
    Fail,
    /// The declared values win.
    Revert,
    /// The observed values stay; the fields are left alone.
    Keep,
}

impl OnDrift {
    /// The word on the command line and in saved plans.
    pub fn word(self) -> &'static str {
        match self {
            OnDrift::Fail => "fail",
            OnDrift::Revert => "revert",
            OnDrift::Keep => "keep",
        }
    }

    /// What a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [OnDrift::Fail, OnDrift::Revert, OnDrift::Keep].into_iter().find(|known| known.word() == word)
    }
}

/// Whether a resource is meant by one of these names: a whole urn, a path such as `network/main`, or `*`.
pub fn names(list: &[String], urn: &Urn) -> bool {
    list.iter().any(|name| name == "*" || name == urn.as_str() || name == urn.path())
}

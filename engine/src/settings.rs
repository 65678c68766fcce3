//! [`Settings`]: what the caller of a run decided beside the program.

use std::collections::BTreeMap;

use crate::program::Declaration;

/// What is decided about one run: what to look at, what to consent to, how fast to go. Plain data; made from flags by the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How many calls may be under way at once, at least 1. Waits do not count.
    pub parallel: usize,
    /// Whether the account is read before planning; without it, what was recorded is believed.
    pub refresh: bool,
    /// Only these resources, and what they need: whole urns or paths such as `network/main`. Empty: all.
    pub targets: Vec<String>,
    /// Resources to replace although nothing about them changed.
    pub replace: Vec<String>,
    /// Resources that may be deleted or lose data: urns or paths, or `*` for all of them.
    pub allow_delete: Vec<String>,
    /// Whether every consent is implied; true for the emulator only.
    pub consent_implied: bool,
    /// What is done about changes that were made outside.
    pub on_drift: OnDrift,
    /// Resources that may be believed to be gone although much of the stack reads as gone: urns or paths, or `*`.
    pub accept_gone: Vec<String>,
    /// Pinned reads that take their newest answer.
    pub repin: Vec<String>,
    /// Things that exist and are taken over by what has no row yet: the id of each by urn or path. The same as
    /// [`crate::Options::import`] in the program, which wins.
    pub imports: BTreeMap<String, String>,
    /// Whether the first failure keeps everything else from starting.
    pub fail_fast: bool,
    /// Whether the run destroys the stack: its program is the empty one.
    pub destroy: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            parallel: 32,
            refresh: true,
            targets: Vec::new(),
            replace: Vec::new(),
            allow_delete: Vec::new(),
            consent_implied: false,
            on_drift: OnDrift::Fail,
            accept_gone: Vec::new(),
            repin: Vec::new(),
            imports: BTreeMap::new(),
            fail_fast: false,
            destroy: false,
        }
    }
}

impl Settings {
    /// The id of the existing thing that a declared resource without a row takes over: what its options say, or what the caller says.
    pub fn import_of<'a>(&'a self, declared: &'a Declaration) -> Option<&'a str> {
        let urn = &declared.urn;
        let said = || self.imports.get(urn.as_str()).or_else(|| self.imports.get(urn.path()));
        declared.options.import.as_ref().or_else(said).map(String::as_str)
    }
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

/// Whether a resource is meant by one of these names: a whole urn, a path such as `network/main`, or `*`.
pub fn names(list: &[String], urn: &crate::urn::Urn) -> bool {
    list.iter().any(|name| name == "*" || name == urn.as_str() || name == urn.path())
}

//! [`Error`]: what was being done, to what, what went wrong, whose turn it is, and what to do next.

use std::fmt;

use crate::urn::{SourceLine, Urn};

/// Who has to do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// The user: program, config, flags.
    You,
    /// The cloud: it refused or failed.
    Provider,
    /// The credentials: expired or missing.
    Credentials,
    /// The store: broken, bound elsewhere, not writable.
    State,
    /// Another run holds the store.
    Held,
    /// The run refused to go on: consent, drift, a guard, a stale plan.
    Refused,
    /// Formwork: a bug.
    Bug,
}

/// An error of a run. Displays as one sentence; [`Error::hints`] are shown apart.
#[derive(Debug, Clone)]
pub struct Error {
    /// Whose turn it is; decides the exit code.
    pub turn: Turn,
    /// What was being done, fitting "failed to …".
    pub act: String,
    /// To which resource.
    pub urn: Option<Urn>,
    /// Where the program declares it.
    pub source_line: Option<SourceLine>,
    /// What is wrong, in lower case.
    pub reason: String,
    /// What the cloud answered.
    pub answer: Option<Answer>,
    /// What to do next, one sentence each.
    pub hints: Vec<String>,
}

/// What the cloud said about a failed call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// `ec2 CreateVpc`.
    pub operation: String,
    /// The error code.
    pub code: String,
    /// The message, as it came.
    pub message: String,
    /// The request id, for a support case.
    pub request_id: Option<String>,
}

impl Error {
    /// An error without subject.
    pub fn new(turn: Turn, act: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            turn,
            act: act.into(),
            urn: None,
            source_line: None,
            reason: reason.into(),
            answer: None,
            hints: Vec::new(),
        }
    }

    /// Says which resource it is about.
    #[must_use]
    pub fn about(mut self, urn: &Urn, source: Option<&SourceLine>) -> Self {
        self.urn = Some(urn.clone());
        self.source_line = source.cloned();
        self
    }

    /// Adds a next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds what the cloud said.
    #[must_use]
    pub fn answered(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }

    /// The exit code that fits it when nothing else happened in the run; see [`exit`].
    pub fn exit_code(&self) -> u8 {
        match self.turn {
            Turn::You | Turn::State => exit::BAD_INPUT,
            Turn::Provider => exit::FAILED,
            Turn::Credentials => exit::INTERRUPTED,
            Turn::Held => exit::HELD,
            Turn::Refused => exit::REFUSED,
            Turn::Bug => exit::BUG,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}", self.act)?;
        if let Some(urn) = &self.urn {
            write!(f, " {}", urn.path())?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for Error {}

/// Exit codes: a contract with scripts.
pub mod exit {
    /// Everything was done.
    pub const DONE: u8 = 0;
    /// Bad input or config; nothing was called.
    pub const BAD_INPUT: u8 = 1;
    /// There are changes (`--detailed-exitcode`).
    pub const CHANGES: u8 = 2;
    /// Some steps failed; run again.
    pub const FAILED: u8 = 3;
    /// Another run holds the stack.
    pub const HELD: u8 = 4;
    /// Refused: consent, drift, a stale plan, a guard, no terminal and no `--yes`.
    pub const REFUSED: u8 = 5;
    /// Interrupted, credentials expired, or the store took no more in the middle of a run; resumable.
    pub const INTERRUPTED: u8 = 6;
    /// A bug of Formwork.
    pub const BUG: u8 = 70;
}

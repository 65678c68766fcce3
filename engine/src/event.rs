//! [`Event`]: what happened, past tense, for consumers that cannot steer the run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Error;
use crate::plan::{Op, StepId};
use crate::urn::Urn;

/// Something that happened in a run. Closed: consumers match all of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The store was opened.
    StoreOpened {
        /// How many rows it has.
        rows: usize,
        /// What was repaired or found, in sentences.
        notes: Vec<String>,
    },
    /// The credentials were confirmed.
    IdentityConfirmed {
        /// The account.
        account: String,
        /// The region.
        region: String,
        /// The endpoint, when it is not AWS itself.
        endpoint: Option<String>,
    },
    /// Reading the account began.
    ObservationStarted {
        /// How many rows are read.
        resources: usize,
    },
    /// Reading the account ended.
    ObservationFinished {
        /// How many rows were read.
        resources: usize,
        /// Calls made for it.
        calls: u64,
        /// How long it took.
        took: Duration,
    },
    /// An intent that an earlier run left open was resolved.
    IntentRecovered {
        /// Whose.
        urn: Urn,
        /// What was found and done, in one sentence.
        finding: String,
    },
    /// What an earlier run may have made is not to be seen, and is looked for until "absent" counts.
    RecoveryWaiting {
        /// Whose.
        urn: Urn,
        /// How much longer at most.
        limit: Duration,
    },
    /// Something that belongs to no stack was made, since the account lacked it; or it could not be, and what needs it may fail.
    Prepared {
        /// What, in words.
        what: String,
        /// Why it could not be made; `None` when it was.
        error: Option<Error>,
    },
    /// The steps begin.
    ApplyStarted {
        /// How many.
        steps: usize,
    },
    /// A step began.
    StepStarted {
        /// Which.
        step: StepId,
        /// Of what.
        urn: Urn,
        /// What it does.
        op: Op,
    },
    /// A create was accepted and its id recorded.
    StepAccepted {
        /// Which.
        step: StepId,
        /// Of what.
        urn: Urn,
        /// Its id.
        id: String,
    },
    /// A wait goes on.
    StepWaiting {
        /// Which.
        step: StepId,
        /// Of what.
        urn: Urn,
        /// In AWS's word, or why it is stuck.
        status: String,
        /// Whether it does not get on by itself.
        stuck: bool,
    },
    /// A call is made again.
    StepRetried {
        /// Which.
        step: StepId,
        /// Of what.
        urn: Urn,
        /// Why.
        reason: String,
        /// After how long.
        after: Duration,
    },
    /// Calls wait for their turn, since their service takes no more of them for the moment. Told when it begins, now and then while it lasts,
    /// and when nobody waits any more.
    CallsPaced {
        /// The service, such as `ec2`.
        service: String,
        /// The region.
        region: String,
        /// Whether these are the calls that change something; those that only read are counted apart.
        mutate: bool,
        /// How many calls may leave in a second now.
        rate: f64,
        /// How many wait.
        waiting: usize,
        /// Whether the service has refused calls for coming too fast; otherwise they are held to what AWS documents.
        throttled: bool,
    },
    /// A step ended well.
    StepFinished {
        /// Which.
        step: StepId,
        /// Of what.
        urn: Urn,
        /// What it did; `Op::Same` when a `maybe` shrank to nothing.
        op: Op,
        /// The id, where there is one.
        id: Option<String>,
        /// How long it took.
        took: Duration,
    },
    /// A step failed.
    StepFailed {
        /// Which.
        step: StepId,
        /// Of what.
        urn: Urn,
        /// What it was doing.
        op: Op,
        /// Why.
        error: Box<Error>,
        /// How long it took.
        took: Duration,
    },
    /// A step will not run.
    StepBlocked {
        /// Which.
        step: StepId,
        /// Of what.
        urn: Urn,
        /// What it would have done.
        op: Op,
        /// By what.
        by: Urn,
    },
    /// The run was asked to stop: no new calls, running ones settle.
    Interrupted,
    /// The run ended.
    ApplyFinished {
        /// Steps done.
        done: usize,
        /// Steps failed.
        failed: usize,
        /// Steps blocked or not begun.
        blocked: usize,
        /// How long it took.
        took: Duration,
        /// Calls by `service operation`.
        calls: BTreeMap<String, u64>,
    },
}

/// A consumer of events.
pub trait Consumer: Send + Sync {
    /// Is told of an event; must not block.
    fn consume(&self, event: &Event);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Consumer for Silent {
    fn consume(&self, _: &Event) {}
}

//! Doing the steps of a plan: concurrently, remembered before and after every call.
//!
//! The order of one step, always:
//!
//! ```text
//! intent committed -> the call -> accepted: its id committed -> waits and further calls, each journalled
//!                  -> outcome committed -> event told -> dependants released
//! ```
//!
//! * [`ready`]: what may start, what comes first, what a failure blocks. Pure.
//! * [`retry`]: what is done about a failed call. Pure, a table.
//! * `dispatcher`: owns the state of the run and the store; the only one that commits and tells events.
//! * `step`: one step as a state machine on its own task; it asks the dispatcher to commit, and waits until that is durable.
//! * `wait`: one poller and one reader per type and provider, for all steps together.
//! * `slots`: how many calls are under way at once. A wait holds none.
//! * `underway`: a call that its cloud holds back for a while holds none either.
//!
//! # Guarantees
//! No call that changes something leaves before its intent is durable. Whatever dies whenever: what was made is found by its intent, or stands in a
//! row; what is unfinished stands in its row with what is left ([`crate::recover`]).

mod cancel;
mod dispatcher;
mod local;
pub mod ready;
mod resolve;
pub mod retry;
mod slots;
mod step;
mod underway;
mod wait;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use cancel::Cancel;
pub(crate) use resolve::OutputsNow;
pub(crate) use resolve::{after_lost_create, names};
pub(crate) use step::{has_tags, is_ours};
pub use underway::{Stopped, held_back};
pub(crate) use wait::MISSES;

use self::dispatcher::Dispatcher;
use self::slots::Slots;
use self::wait::Waits;
use crate::clock::Clock;
use crate::digest::Digester;
use crate::error::Error;
use crate::event::Consumer;
use crate::expr::EvalError;
use crate::kind::Registry;
use crate::plan::{Op, Step, recorded_options};
use crate::program::{Declaration, Program};
use crate::record::{Formula, RecordedOptions};
use crate::run::Watch;
use crate::state::{Fence, Store};
use crate::urn::Urn;

/// What every step of a run sees.
pub(crate) struct Context {
    /// The types, by provider and region.
    pub(crate) registries: BTreeMap<(String, String), Arc<Registry>>,
    pub(crate) program: Arc<Program>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) digester: Digester,
    /// The value of the ownership tag.
    pub(crate) stack_tag: String,
    /// The number of this deployment.
    pub(crate) deployment: u64,
    pub(crate) cancel: Cancel,
    /// Tells whether another stack uses what a delete takes away.
    watch: Option<Watch>,
    /// Asked before every call.
    fence: Option<Arc<dyn Fence>>,
    slots: Slots,
    waits: Waits,
}

/// What [`Context::new`] takes.
pub(crate) struct Parts {
    pub(crate) registries: BTreeMap<(String, String), Arc<Registry>>,
    pub(crate) program: Arc<Program>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) digester: Digester,
    pub(crate) stack_tag: String,
    pub(crate) deployment: u64,
    pub(crate) cancel: Cancel,
    pub(crate) parallel: usize,
    pub(crate) watch: Option<Watch>,
    pub(crate) fence: Option<Arc<dyn Fence>>,
}

impl Context {
    /// The types of the place where a step works.
    fn registry(&self, step: &Step) -> Option<&Arc<Registry>> {
        self.registries.get(&(step.provider.clone(), step.region.clone()))
    }

    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            slots: Slots::new(parts.parallel),
            waits: Waits::new(Arc::clone(&parts.clock)),
            registries: parts.registries,
            program: parts.program,
            clock: parts.clock,
            digester: parts.digester,
            stack_tag: parts.stack_tag,
            deployment: parts.deployment,
            cancel: parts.cancel,
            watch: parts.watch,
            fence: parts.fence,
        }
    }
}

/// What the steps came to.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Steps that did something.
    pub(crate) done: Vec<(Urn, Op)>,
    /// Steps that failed.
    pub(crate) failed: Vec<(Urn, Error)>,
    /// Steps that did not begin, and what kept them.
    pub(crate) blocked: Vec<(Urn, Urn)>,
    /// Steps that began and were asked to stop.
    pub(crate) interrupted: Vec<Urn>,
    /// Steps that did not begin since the run stopped.
    pub(crate) not_begun: Vec<Urn>,
    /// Whether the run was asked to stop.
    pub(crate) signalled: bool,
    /// Why the store failed, where no step says so.
    pub(crate) store_error: Option<Error>,
    /// All outputs that are known now.
    pub(crate) outputs: OutputsNow,
}

/// Does the steps. `outputs` are those that are known before: of reads, and of resources that exist.
///
/// Returns when nothing runs any more; failures are part of what it returns. When its future is dropped, all steps are dropped with it.
pub(crate) async fn apply(
    store: &mut dyn Store,
    events: &dyn Consumer,
    context: Arc<Context>,
    steps: Vec<Step>,
    outputs: OutputsNow,
    fail_fast: bool,
) -> Applied {
    Dispatcher::new(store, events, context, steps, outputs, fail_fast).run().await
}

/// The argument expressions of a declaration, readable.
pub(crate) fn expressions(declaration: &Declaration) -> BTreeMap<String, String> {
    declaration.args.iter().map(|(name, expr)| (name.clone(), expr.to_string())).collect()
}

/// What of them is more than a value.
fn formulas(declaration: &Declaration, digester: &Digester) -> BTreeMap<String, Formula> {
    crate::history::formulas(declaration, digester)
}

/// The options of a declaration as they are recorded.
fn options(
    declaration: &Declaration,
    before: Option<&RecordedOptions>,
    outputs: &OutputsNow,
    digester: &Digester,
) -> Result<RecordedOptions, EvalError> {
    recorded_options(declaration, before, outputs, digester)
}

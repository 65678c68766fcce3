//! [`Exchange`]: the place where the stacks of a project tell each other what they have and what they use.
//!
//! A stack *publishes* its outputs after each run that ended ([`Published`]). Another one that reads them *registers* what it uses ([`Uses`])
//! before its first step, and takes that back when a run has ended well without the use. A stack does not delete or replace what somebody has
//! registered: that is refused when the plan is made, when its run begins, and again right before the call.
//!
//! # Why there is no lock
//!
//! Every object has one writer, the stack that it is about, whose store is locked while it runs; it is replaced in one piece, and whoever reads
//! it sees the whole of it, as it was or as it is. What could go wrong is that one stack begins to use what another one is about to delete. So
//! each side writes first and looks afterwards:
//!
//! ```text
//! the one that deletes:  publishes the outputs as leaving  ->  looks who is registered    ->  deletes, or fails
//! the one that uses:     registers                         ->  looks at the outputs again ->  begins, or takes it back
//! ```
//!
//! Whichever writes second sees what the first one wrote. At worst both see each other and both stop, and nothing was called.
//!
//! # What happens when …
//!
//! | killed | what is found | what happens |
//! | --- | --- | --- |
//! | after the registration, before the first step | a use of which nothing was made | the next run goes on; or, when it no longer uses it, ends well and takes it back |
//! | in the steps | a use, perhaps of a former value too | the next run that ends well leaves what the program uses |
//! | after the outputs were marked as leaving | a mark | others are told to wait; the next run of the stack publishes what is so |
//! | after the last step, before publishing | the outputs of the run before | the next run publishes, also when it has nothing else to do |
//!
//! A stack whose store was lost stays registered: its object says so, and the refusal says where that is.

mod check;
mod local;
mod objects;

use std::collections::BTreeMap;

use async_trait::async_trait;

pub use check::answer;
pub(crate) use check::{answers, kept_from, leaving, refusals, used, warnings};
pub use local::LocalExchange;
pub use objects::ObjectExchange;

use crate::record::{Published, RowKey, Uses};
use crate::state::StateError;

/// Where stacks publish and register. [`LocalExchange`] is for stacks whose stores are folders, [`ObjectExchange`] for those of a team.
///
/// # Guarantees
/// What was written survives the loss of power, and everybody who looks afterwards sees it, in lists too.
///
/// # Errors
/// When something cannot be read or written, and when what is there cannot be understood: it counts as unknown and never as nothing.
#[async_trait]
pub trait Exchange: Send + Sync {
    /// Puts the outputs of a stack in the place of those before.
    async fn publish(&self, published: &Published) -> Result<(), StateError>;

    /// The outputs of a stack; `None` when it never published any.
    async fn fetch(&self, project: &str, stack: &str) -> Result<Option<Published>, StateError>;

    /// The stacks of a project that have published something, by name.
    async fn published(&self, project: &str) -> Result<Vec<String>, StateError>;

    /// Puts what a stack uses in the place of what it used before.
    async fn register(&self, uses: &Uses) -> Result<(), StateError>;

    /// A stack uses nothing any more.
    async fn withdraw(&self, project: &str, stack: &str) -> Result<(), StateError>;

    /// What every stack of a project uses.
    async fn registered(&self, project: &str) -> Result<Vec<Uses>, StateError>;

    /// Where a stack's registration is, for people who have to remove that of a stack which is no more.
    fn place(&self, project: &str, stack: &str) -> String;

    /// The registrations that name a stack, of runs at the same endpoint: one of a former life of the emulator uses what is gone.
    async fn users_of(&self, me: &Party) -> Result<Vec<Uses>, StateError> {
        Ok(me.users_among(self.registered(&me.project).await?))
    }
}

/// A stack as an exchange knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The project.
    pub project: String,
    /// The stack.
    pub stack: String,
    /// The endpoint when it is not AWS itself.
    pub endpoint: Option<String>,
}

impl Party {
    /// The registrations that name this stack, of runs at the same endpoint.
    pub fn users_among(&self, mut registered: Vec<Uses>) -> Vec<Uses> {
        let named = |uses: &Uses| uses.stack != self.stack && uses.of.contains_key(&self.stack);
        registered.retain(|uses| named(uses) && uses.endpoint == self.endpoint);
        registered
    }
}

/// What a plan must know of other stacks.
#[derive(Debug, Clone, Default)]
pub struct Elsewhere {
    /// The outputs of the stacks that the program reads.
    pub published: BTreeMap<String, Published>,
    /// Who uses the outputs of this one.
    pub users: Vec<Uses>,
    /// Where the registration of each of them is.
    pub places: BTreeMap<String, String>,
}

/// The rows that an output of a publication comes from.
pub(crate) fn sources(published: &Published) -> impl Iterator<Item = RowKey> + '_ {
    published.outputs.values().flat_map(|output| output.sources.iter().map(crate::record::Source::key))
}

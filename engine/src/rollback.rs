//! [`Rollback`]: the program that an earlier deployment had, as far as it is recorded; made without the code of then.
//!
//! A row holds the values of its arguments, and of every argument that was more than a value its formula ([`crate::record::Formula`]). From these the
//! resources are declared again: references lead to what stands under them now, so that a replaced parent gives its new id. What a closure made
//! is taken as it was, as long as everything that it read is as it was; where that is going to be another, the plan is refused by name. So is a
//! secret that would have to be sent and of which only the digest is kept.
//!
//! From then on it is a program like any other: it is planned, consented to and applied in the one way that there is.

mod build;
mod check;
mod revive;

use std::collections::BTreeMap;

use crate::error::{Error, Turn};
use crate::history::History;
use crate::program::{Program, ProviderName, ProviderSpec};
use crate::record::{Entry, Row, RowState};
use crate::seal::Sealer;
use crate::shape::Schema;
use crate::state::Snapshot;
use crate::urn::{KindName, Urn};

/// What an earlier deployment declared, and what is to be known of going back to it.
#[derive(Debug, Clone)]
pub struct Rollback {
    /// The deployment.
    pub number: u64,
    /// What it declared.
    pub program: Program,
    /// What brings the pinned answers back that it used.
    pub pins: Vec<Entry>,
    /// What does not go back, and what goes back in another form, in a sentence each.
    pub notes: Vec<String>,
    /// The arguments that a closure had a part in.
    computed: BTreeMap<(Urn, String), Computed>,
}

/// An argument of which the value is kept and not the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Computed {
    /// Where it was made.
    place: String,
    /// What it was made of.
    reads: Vec<(Urn, String)>,
}

/// What a rollback is made from.
pub(crate) struct Past<'a> {
    pub(crate) number: u64,
    /// What was recorded when the deployment had ended.
    pub(crate) then: Snapshot,
    /// What is recorded now.
    pub(crate) now: &'a Snapshot,
    pub(crate) history: &'a History,
    pub(crate) schemas: &'a BTreeMap<KindName, &'static Schema>,
    /// Opens the secrets that are kept sealed.
    pub(crate) sealer: Option<&'a Sealer>,
}

impl Past<'_> {
    /// The program of then.
    ///
    /// # Errors
    /// Everything that cannot be declared again, by name.
    pub(crate) fn rollback(&self) -> Result<Rollback, Vec<Error>> {
        build::Building::new(self).build()
    }
}

/// The rows that a deployment had declared when it had ended.
pub(crate) fn declared(then: &Snapshot) -> Vec<&Row> {
    let living = then.urns().filter_map(|urn| then.live(urn));
    living.filter(|row| row.state != RowState::Deleting).collect()
}

/// The providers of then by name; those that only rows tell of have the region of the row.
pub(crate) fn providers(
    history: &History,
    number: u64,
    then: &Snapshot,
) -> Result<BTreeMap<ProviderName, ProviderSpec>, Vec<Error>> {
    let kept = history.program(number).map(|program| program.providers.clone()).unwrap_or_default();
    let mut providers: BTreeMap<ProviderName, ProviderSpec> = kept
        .into_iter()
        .map(|(name, it)| (ProviderName(name), ProviderSpec { region: it.region, assume_role: it.assume_role }))
        .collect();
    let home = then.binding().map(|binding| binding.identity.account.clone()).unwrap_or_default();
    let mut errors = Vec::new();
    for row in declared(then).into_iter().filter(|row| !row.provider.is_empty()) {
        let name = ProviderName(row.provider.clone());
        if providers.contains_key(&name) {
            continue;
        }
        if row.account != home {
            let reason = format!(
                "its provider `{name}` reached the account {}, and by which role is not recorded in deployment {number}",
                row.account
            );
            let error = Error::new(Turn::You, "roll back", reason).about(&row.urn, row.source.as_ref());
            errors
                .push(error.hint("run `up` with the code of now once, which records it, and declare the rest by hand"));
            continue;
        }
        providers.insert(name, ProviderSpec { region: Some(row.region.clone()), assume_role: None });
    }
    if errors.is_empty() { Ok(providers) } else { Err(errors) }
}

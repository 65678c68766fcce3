//! What AWS would refuse, known before the first call: each check takes everything that is intended and names all that is wrong.
//!
//! A check speaks only where a plan makes or changes something: what stands already was accepted once. It says nothing of values that are not known
//! yet. [`check`] needs no account; `ask` asks the account, at most one question per service, and only where the answer matters.

mod account;
#[cfg(feature = "rds")]
mod databases;
#[cfg(feature = "cloudfront")]
mod edge;
#[cfg(feature = "ec2")]
mod machines;
mod names;
mod places;
mod policies;
mod quotas;
mod ranges;
mod roles;
#[cfg(feature = "ec2")]
mod rules;
#[cfg(feature = "ec2")]
mod zones;

use formwork_engine::preflight::{Intended, Problem};

pub(crate) use account::ask;
pub(crate) use roles::prepare;

/// Finds what is wrong with resources as they will be, as far as no account is needed for it.
pub fn check(intended: &[Intended]) -> Vec<Problem> {
    type Check = fn(&[Intended]) -> Vec<Problem>;
    const CHECKS: &[Check] = &[
        ranges::check,
        #[cfg(feature = "ec2")]
        rules::check,
        names::check,
        #[cfg(feature = "cloudfront")]
        edge::check,
        policies::check,
        places::check,
    ];
    let mut found: Vec<Problem> = CHECKS.iter().flat_map(|check| check(intended)).collect();
    found.sort();
    found.dedup();
    found
}

/// The resources of a kind.
fn of<'a>(intended: &'a [Intended], kind: &str) -> impl Iterator<Item = &'a Intended> {
    intended.iter().filter(move |one| one.kind() == kind)
}

/// The resource that an argument of another one refers to.
fn referred<'a>(intended: &'a [Intended], from: &Intended, arg: &str) -> Option<&'a Intended> {
    let urn = from.refers_to(arg)?;
    intended.iter().find(|one| one.urn == *urn)
}

/// The resources that the elements of a list or a set refer to; `None` where an element is something else than a declared resource.
fn all_referred<'a>(intended: &'a [Intended], from: &Intended, arg: &str) -> Option<Vec<&'a Intended>> {
    let elements = from.args.get(arg).as_list()?.len();
    let references =
        from.references.iter().filter(|(path, _)| path.strip_prefix(arg).is_some_and(|rest| rest.starts_with('[')));
    let found: Option<Vec<&Intended>> = references
        .map(|(_, to)| {
            let first = to.iter().next().filter(|_| to.len() == 1)?;
            intended.iter().find(|one| one.urn == first.urn)
        })
        .collect();
    found.filter(|found| found.len() == elements)
}

// Beside this folder: they plan, which the checks themselves must not need.
#[cfg(test)]
#[path = "preflight_tests.rs"]
mod tests;
#[cfg(test)]
#[path = "preflight_zones_tests.rs"]
mod zones_tests;

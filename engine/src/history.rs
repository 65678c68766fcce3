//! [`History`]: what a stack was after each of its deployments, from the log of its store; [`diff`] says what differs between two.
//!
//! A deployment is everything up to its end: what was committed after it and before the next one (what a refresh saw, what was found of a run that
//! was cut short) belongs to the next. A run that was killed ended where the next one began.

mod diff;
mod formula;

use std::collections::BTreeMap;

pub use diff::{Changed, FieldDifference, RowDifference, diff};
pub use formula::{REPLACE_WHEN, formula, formulas};

use crate::error::{Error, Turn};
use crate::record::{Entry, RecordedProgram};
use crate::state::{Deployment, Snapshot, StateError, Store};

/// The commits of a store, and what they came to.
#[derive(Debug, Clone, Default)]
pub struct History {
    commits: Vec<Vec<Entry>>,
    now: Snapshot,
}

impl History {
    /// Reads all commits of a store, up to the one that it was opened at.
    ///
    /// # Errors
    /// When they cannot be read again.
    pub async fn read(store: &dyn Store) -> Result<Self, StateError> {
        let mut commits = store.commits().await?;
        // One that was made since by somebody else is not what this store shows.
        commits.truncate(usize::try_from(store.snapshot().sequence()).unwrap_or(usize::MAX));
        Ok(Self::of(commits))
    }

    /// The history of these commits.
    pub fn of(commits: Vec<Vec<Entry>>) -> Self {
        let mut now = Snapshot::default();
        commits.iter().for_each(|commit| now.fold(commit));
        Self { commits, now }
    }

    /// What is recorded now.
    pub fn now(&self) -> &Snapshot {
        &self.now
    }

    /// The deployments by number.
    pub fn deployments(&self) -> &BTreeMap<u64, Deployment> {
        self.now.deployments()
    }

    /// A deployment.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn deployment(&self, number: u64) -> Result<&Deployment, Error> {
        self.deployments().get(&number).ok_or_else(|| {
            let act = format!("find deployment {number}");
            let numbers = (self.deployments().first_key_value(), self.deployments().last_key_value());
            match numbers {
                (Some((first, _)), Some((last, _))) if first == last => {
                    Error::new(Turn::You, act, format!("there is only deployment {first}"))
                }
                (Some((first, _)), Some((last, _))) => {
                    Error::new(Turn::You, act, format!("there are deployments {first} to {last}"))
                }
                _ => Error::new(Turn::You, act, "nothing was ever deployed"),
            }
            .hint("`history` lists them")
        })
    }

    /// What was recorded when a deployment had ended.
    ///
    /// # Errors
    /// When there is no such deployment; when the log does not hold it on its own any more.
    pub fn at(&self, number: u64) -> Result<Snapshot, Error> {
        self.deployment(number)?;
        let mut found = Snapshot::default();
        for commit in &self.commits {
            let begins = |entry: &Entry| match entry {
                Entry::DeploymentStarted(start) => Some(start.number),
                _ => None,
            };
            let later = commit.iter().filter_map(begins).any(|began| began > number);
            let ends = |entry: &Entry| matches!(entry, Entry::DeploymentEnded(end) if end.number == number);
            let begun = found.deployments().contains_key(&number);
            if later && begun {
                break;
            }
            if later {
                let reason = "the log was begun anew later, and holds of the time before only what had become of it";
                let kept = self.first_whole();
                let error = Error::new(Turn::You, format!("look at deployment {number}"), reason);
                return Err(match kept {
                    Some(first) => error.hint(format!("the first deployment that can be looked at is {first}")),
                    None => error,
                });
            }
            found.fold(commit);
            if commit.iter().any(ends) {
                break;
            }
        }
        Ok(found)
    }

    /// The program of a deployment: its own, or that of the last run before it, where it changed the records alone. `None` in logs from before
    /// that was kept.
    pub fn program(&self, number: u64) -> Option<&RecordedProgram> {
        let runs = self.deployments().range(..=number).rev();
        runs.map(|(_, deployment)| &deployment.start).find(|start| start.is_run())?.program.as_ref()
    }

    /// The first deployment that did not come into the log together with a later one.
    fn first_whole(&self) -> Option<u64> {
        let started = |commit: &Vec<Entry>| {
            let numbers = commit.iter().filter_map(|entry| match entry {
                Entry::DeploymentStarted(start) => Some(start.number),
                _ => None,
            });
            numbers.max()
        };
        self.commits.iter().find_map(started)
    }
}

#[cfg(test)]
mod tests;

//! [`StateError`]: why a store cannot be opened or written, with the way out.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Turn};

/// Who holds a store. Written beside the lock, read only to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The boot of the machine, from the kernel; empty where there is none to be had.
    pub boot: String,
    /// The machine.
    pub host: String,
    /// The user.
    pub user: String,
    /// Milliseconds since 1970 when it began.
    pub started_at: u64,
    /// What it does, such as `up prod`.
    pub command: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, boot: _, host, user, started_at, command } = self;
        write!(f, "`{command}` of {user} on {host} (process {pid}) since {}", utc(*started_at))
    }
}

/// A moment as people read it, such as `2026-11-22 10:57:43 UTC`; given in milliseconds since 1970.
pub fn utc(millis: u64) -> String {
    let (days, seconds) = (millis / 86_400_000, millis / 1000 % 86_400);
    // Years begin in March here, so that the leap day is the last of its year (the usual civil calendar arithmetic).
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

fn commits(from: u64, to: u64) -> String {
    if from == to { format!("commit {from} is") } else { format!("commits {from} to {to} are") }
}

fn after(knowledge: &str) -> String {
    if knowledge.is_empty() { String::new() } else { format!("; {knowledge}") }
}

/// Why a store cannot be opened or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another run holds it.
    #[error("{} is held by {}", folder.display(), holder.as_ref().map_or_else(|| "another run".to_owned(), |holder| holder.to_string()))]
    Held {
        /// The store.
        folder: PathBuf,
        /// By whom, where the holder has got as far as saying so.
        holder: Option<Box<Holder>>,
    },
    /// A file or folder could not be made, read or written.
    #[error("could not {act} {}: {reason}", path.display())]
    File {
        /// What was being done, fitting "could not … PATH".
        act: String,
        /// To what.
        path: PathBuf,
        /// What the system said.
        reason: String,
        /// What to do next.
        next: String,
    },
    /// The folder is on a network file system, where neither locks nor fsync can be trusted.
    #[error("{} is on a network file system ({kind}, mounted at {})", folder.display(), mount.display())]
    Network {
        /// The store.
        folder: PathBuf,
        /// The mount point.
        mount: PathBuf,
        /// Such as `nfs4`.
        kind: String,
    },
    /// A committed record is not what was written.
    #[error("{} is damaged at byte {offset}, in commit {sequence}: {reason}; {knowledge}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The number of the commit.
        sequence: u64,
        /// Where its record begins.
        offset: u64,
        /// What is wrong with it.
        reason: String,
        /// What the view still knows about the commits from there on, in a sentence.
        knowledge: String,
    },
    /// Commits that were acknowledged are missing.
    #[error("commits {from} to {to} are missing from {}; {knowledge}", path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
        /// What the view still knows about them, in a sentence.
        knowledge: String,
    },
    /// Another run has the lease of a shared store.
    #[error("{place} is held by {holder}; its lease ends at {} unless it is renewed", utc(*ends_at))]
    Leased {
        /// The store.
        place: String,
        /// By whom.
        holder: Box<Holder>,
        /// Milliseconds since 1970, by the holder's clock.
        ends_at: u64,
    },
    /// The lease of this run ended, and another run has taken over.
    #[error("this run no longer holds {place}: {}", holder.as_ref().map_or_else(|| "another run has written there".to_owned(), |holder| format!("it was taken over by {holder}")))]
    LeaseLost {
        /// The store.
        place: String,
        /// By whom, where that is known.
        holder: Option<Box<Holder>>,
    },
    /// The log goes on elsewhere.
    #[error("{place} has moved to {to}")]
    Moved {
        /// The store.
        place: String,
        /// Where it goes on.
        to: String,
    },
    /// It is not what was to be copied over.
    #[error("{reason}")]
    Misplaced {
        /// Why.
        reason: String,
    },
    /// Objects of a shared store could not be read or written.
    #[error("could not {act} {place}: {reason}")]
    Objects {
        /// What was being done, fitting "could not … PLACE".
        act: String,
        /// To what.
        place: String,
        /// What was answered.
        reason: String,
        /// What to do next.
        next: String,
    },
    /// An object of a shared store is not what was written.
    #[error("{place} is damaged: {reason}{}", after(knowledge))]
    ObjectDamaged {
        /// The object.
        place: String,
        /// What is wrong with it.
        reason: String,
        /// What the rest still tells, in a sentence; empty where that is nothing.
        knowledge: String,
    },
    /// Commits that were acknowledged are missing from a shared store.
    #[error("{} missing from {place}{}", commits(*from, *to), after(knowledge))]
    ObjectsLost {
        /// The store.
        place: String,
        /// The first that is missing.
        from: u64,
        /// The last that is known to be missing.
        to: u64,
        /// What the rest still tells, in a sentence; empty where that is nothing.
        knowledge: String,
    },
    /// Its records do not open with the key at hand, or stand in the clear where they should be sealed. Nothing was touched.
    #[error("{} {}: {reason}", path.display(), match key {
        Some(key) => format!("is sealed with the key {key}"),
        None => "is not sealed as the configuration says".to_owned(),
    })]
    Locked {
        /// The file.
        path: PathBuf,
        /// The name of the key that it is sealed with, where it is sealed.
        key: Option<String>,
        /// What stands against it.
        reason: String,
    },
    /// It was written by a newer Formwork.
    #[error("{} has format {found}, and this Formwork knows formats up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that is known here.
        known: u32,
    },
    /// An earlier commit of this run failed or was abandoned, so none is taken any more.
    #[error("no commit is taken any more in this run: {reason}")]
    Poisoned {
        /// What happened to the earlier commit.
        reason: String,
    },
    /// It was opened for reading.
    #[error("the store was opened for reading")]
    ReadOnly,
    /// The engine used it wrongly.
    #[error("{reason}")]
    Misuse {
        /// How.
        reason: String,
    },
}

impl StateError {
    /// Whose turn it is.
    pub fn turn(&self) -> Turn {
        match self {
            StateError::Held { .. } | StateError::Leased { .. } | StateError::LeaseLost { .. } => Turn::Held,
            StateError::Moved { .. } | StateError::Misplaced { .. } => Turn::You,
            StateError::ReadOnly | StateError::Misuse { .. } => Turn::Bug,
            _ => Turn::State,
        }
    }

    /// Whether objects of a shared store are not what was written, or not there: what a rebuild is for.
    pub fn is_of_objects(&self) -> bool {
        matches!(self, StateError::ObjectDamaged { .. } | StateError::ObjectsLost { .. })
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            StateError::Held { .. } => Some("wait until it is done, then run again".to_owned()),
            StateError::Leased { .. } => Some(
                "wait until it is done, then run again; when it was killed, the run after the end of its lease takes over"
                    .to_owned(),
            ),
            StateError::LeaseLost { .. } => {
                Some("nothing more was sent; what was begun is finished by the run that took over".to_owned())
            }
            StateError::Moved { .. } => Some(
                "write the store that it moved to under [store] in the configuration, or bring it back with `state migrate`"
                    .to_owned(),
            ),
            StateError::File { next, .. } | StateError::Objects { next, .. } => Some(next.clone()),
            StateError::ObjectDamaged { .. } | StateError::ObjectsLost { .. } => Some(
                "nothing was changed; restore the former version of the object, which a bucket of `state bucket` keeps, or let \
                 `state rebuild` go on with what is left and look for the rest in the account"
                    .to_owned(),
            ),
            StateError::Network { .. } => {
                Some("move the state to a local disk, or use the shared store in S3".to_owned())
            }
            StateError::Damaged { path, .. } | StateError::Lost { path, .. } => Some(format!(
                "nothing was changed; put {} and the file `head` beside it back from a backup taken after that commit, or let \
                 `state rebuild {}` go on with what is left and look for the rest in the account",
                path.display(),
                path.parent().and_then(|folder| folder.file_name()).unwrap_or_default().to_string_lossy()
            )),
            // Where the key stands, and how it is given, is known to whoever asked.
            StateError::Locked { .. } => None,
            StateError::Newer { .. } => Some("use the version of Formwork that wrote it, or a newer one".to_owned()),
            StateError::Poisoned { .. } => {
                Some("run again: the next run finds out what was done and goes on".to_owned())
            }
            StateError::Misplaced { .. } => Some("nothing was changed at the source; look at both with `state list`".to_owned()),
            StateError::ReadOnly | StateError::Misuse { .. } => None,
        }
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        let wrapped = Error::new(error.turn(), "use the state", error.to_string());
        match error.hint() {
            Some(hint) => wrapped.hint(hint),
            None => wrapped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_utc() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(1_795_345_063_999), "2026-11-22 10:57:43 UTC");
    }

    #[test]
    fn held_is_its_own_turn_and_names_the_holder() {
        let holder = Holder {
            pid: 7,
            boot: "b".into(),
            host: "box".into(),
            user: "ada".into(),
            started_at: 0,
            command: "up prod".into(),
        };
        let error = Error::from(StateError::Held { folder: ".formwork/prod".into(), holder: Some(Box::new(holder)) });
        assert_eq!(error.turn, Turn::Held);
        assert!(error.reason.contains("`up prod` of ada on box (process 7) since 1970"), "{error}");
        assert_eq!(error.hints.len(), 1);
    }
}

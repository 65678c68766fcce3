//! What is left of a log in which something is wrong: the state before it, and what the records behind it still say.

use futures::StreamExt as _;

use super::super::frame::{self, PayloadError};
use super::super::{Snapshot, StateError};
use super::log::{Read, Reader, closed, number};
use crate::record::Entry;
use crate::urn::Urn;

/// How many names a sentence has.
const NAMED: usize = 20;

/// What is left behind the place where a read ended.
pub(super) struct Ruins {
    /// The last commit before anything is wrong.
    good: u64,
    /// The commits that are not what was written, and the names that can still be read in them.
    broken: Vec<(u64, Vec<String>)>,
    /// The commits that are not there, from and to.
    missing: Vec<(u64, u64)>,
    /// The commits behind that are whole, and the names that they speak of.
    whole: Vec<u64>,
    speak_of: Vec<String>,
    /// The last number that is taken in the log; a mark that closes it counts.
    pub(super) last: u64,
    /// The fold of everything that is whole.
    pub(super) snapshot: Snapshot,
}

impl Ruins {
    /// Looks behind the place where `read` ended, at the records called `names`.
    pub(super) async fn behind(reader: &Reader<'_>, read: &Read, names: &[String]) -> Result<Self, StateError> {
        let start = read.position;
        let mut ruins = Self {
            good: start.sequence,
            broken: Vec::new(),
            missing: Vec::new(),
            whole: Vec::new(),
            speak_of: Vec::new(),
            last: start.sequence,
            snapshot: read.snapshot.clone(),
        };
        let mut before = Some(start.hash);
        let behind: Vec<String> = names.iter().filter(|name| number(name) > Some(start.sequence)).cloned().collect();
        let mut objects = reader.each(behind.clone());
        for name in &behind {
            let object = objects.next().await.unwrap_or(Ok(None))?;
            let (Some(sequence), Some(object)) = (number(name), object) else { continue };
            if sequence > ruins.last + 1 {
                ruins.missing.push((ruins.last + 1, sequence - 1));
                before = None;
            }
            ruins.last = sequence;
            let record = frame::lone(&object.bytes).ok().filter(|record| record.sequence == sequence);
            // A record that contradicts a whole one before it is of another log.
            let record = record.filter(|record| before.is_none_or(|hash| hash == record.previous));
            before = record.as_ref().map(|record| record.hash);
            let Some(record) = record else {
                ruins.broken.push((sequence, names_in(&object.bytes)));
                continue;
            };
            if closed(&record.payload).is_some() {
                continue;
            }
            match reader
                .sealing
                .open(sequence, &record.payload)
                .map(|payload| frame::entries(&payload).map_err(|_| payload))
            {
                Ok(Ok(entries)) => ruins.fold(sequence, &entries),
                Ok(Err(payload)) => ruins.broken.push((sequence, names_in(&payload))),
                Err(PayloadError::Unreadable(_)) => ruins.broken.push((sequence, Vec::new())),
                // Whoever has not the key cannot tell what is left.
                Err(error) => return Err(reader.unusable(name, error)),
            }
        }
        Ok(ruins)
    }

    fn fold(&mut self, sequence: u64, entries: &[Entry]) {
        self.whole.push(sequence);
        for urn in entries.iter().filter_map(|entry| named(entry, &self.snapshot)) {
            self.speak_of.push(urn.as_str().to_owned());
        }
        self.snapshot.fold(entries);
    }

    /// The commits that are lost, of those up to `to`, as people write them.
    pub(super) fn losses(&self, to: u64) -> Vec<String> {
        let mut losses: Vec<(u64, u64)> = self.missing.clone();
        losses.extend(self.broken.iter().map(|(sequence, _)| (*sequence, *sequence)));
        if to > self.last {
            losses.push((self.last + 1, to));
        }
        losses.sort_unstable();
        losses.iter().map(|(from, to)| commits(*from, *to)).collect()
    }

    /// What can be said of what is lost, in a sentence.
    pub(super) fn knowledge(&self) -> String {
        let mut parts = Vec::new();
        for (sequence, names) in self.broken.iter().filter(|(_, names)| !names.is_empty()) {
            parts.push(format!("what can be read of commit {sequence} names {}", listed(names)));
        }
        if let (Some(first), Some(last)) = (self.whole.first(), self.whole.last()) {
            let verb = if first == last { "is whole and speaks" } else { "are whole and speak" };
            let mut names = self.speak_of.clone();
            names.sort_unstable();
            names.dedup();
            let of = if names.is_empty() { "no resource".to_owned() } else { listed(&names) };
            parts.push(format!("{} behind that {verb} of {of}", commits_of(&self.whole, *first, *last)));
        }
        parts.push(match self.good {
            0 => "no state before that is left".to_owned(),
            good => format!("the state of commit {good} is whole"),
        });
        parts.join("; ")
    }
}

fn commits(from: u64, to: u64) -> String {
    if from == to { format!("commit {from}") } else { format!("commits {from} to {to}") }
}

fn commits_of(whole: &[u64], first: u64, last: u64) -> String {
    match last - first + 1 == whole.len() as u64 {
        true => commits(first, last),
        false => format!("{} commits", whole.len()),
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        more if more > NAMED => format!("{shown} and {} more", more - NAMED),
        _ => shown,
    }
}

/// What an entry is about, where that is a resource or a read.
fn named<'a>(entry: &'a Entry, before: &'a Snapshot) -> Option<&'a Urn> {
    match entry {
        Entry::Row(row) | Entry::Progress(row) | Entry::Accepted { row } => Some(&row.urn),
        Entry::Intent(intent) => Some(&intent.row.urn),
        Entry::Pinned { urn, .. } | Entry::Unpinned { urn } => Some(urn),
        Entry::Removed { uid, generation, .. }
        | Entry::Dropped { uid, generation }
        | Entry::Observed { uid, generation, .. } => before.row(uid, *generation).map(|row| &row.urn),
        Entry::Bound(_)
        | Entry::DeploymentStarted(_)
        | Entry::DeploymentEnded(_)
        | Entry::TakenOver(_)
        | Entry::Moved(_)
        | Entry::Outputs { .. } => None,
    }
}

/// The names that stand in bytes which are no record any more, in the order in which they stand there.
fn names_in(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut names: Vec<String> = Vec::new();
    for rest in text.split("\"urn\":\"").skip(1) {
        let name = rest.split('"').next().unwrap_or_default();
        if name.parse::<Urn>().is_ok() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_what_is_no_json_any_more() {
        let text = b"\x00\xff{\"urn\":\"prod::a::aws:ec2/vpc\",x\"urn\":\"nonsense\",\"urn\":\"prod::a::aws:ec2/vpc\"";
        assert_eq!(names_in(text), ["prod::a::aws:ec2/vpc"]);
    }
}

//! Changes of the records alone, as somebody asks for them: other names ([`rename`]), rows that are given up ([`forget`]), drift that stays
//! ([`accept`]). Pure: each answers the entries to commit, and what they do in words. Nothing in the account is touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Turn};
use crate::graph::nearest;
use crate::plan::{Op, Plan, Reason, Step};
use crate::record::{AcceptedDrift, DeploymentEnd, DeploymentStart, Entry, Row, RowKey, RowState, Stored};
use crate::state::Snapshot;
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// What is to be committed, and what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Amendment<T> {
    /// What it does, one by one.
    pub changes: Vec<T>,
    /// The entries that do it; they belong into one commit.
    pub entries: Vec<Entry>,
    /// One line for each change, for the history.
    lines: Vec<String>,
}

/// Who amends the records, when, by which command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amender {
    /// The caller's ARN, or user and host.
    pub who: String,
    /// Milliseconds since 1970.
    pub at: u64,
    /// Such as `state rename`.
    pub command: String,
}

impl Amender {
    /// The entries of a change of the records alone, which stands in the history like a run: as deployment `number`, with a line for the history
    /// and one of the `changed` for each change, and the calls that it took to find out.
    pub(crate) fn deployment(
        self,
        number: u64,
        lines: Vec<String>,
        changed: usize,
        calls: BTreeMap<String, u64>,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Vec<Entry> {
        let start = DeploymentStart {
            number,
            started_at: self.at,
            who: self.who,
            command: self.command,
            plan: lines,
            saved_plan: None,
            program: None,
            steps: Vec::new(),
        };
        let end = DeploymentEnd {
            number,
            ended_at: self.at,
            outcome: "done".to_owned(),
            steps: [u64::try_from(changed).unwrap_or(u64::MAX), 0, 0],
            calls,
            troubles: Vec::new(),
        };
        std::iter::once(Entry::DeploymentStarted(start)).chain(entries).chain([Entry::DeploymentEnded(end)]).collect()
    }
}

impl<T> Amendment<T> {
    /// The entries as one commit of a store, which stands in its history like a run.
    pub fn commit(&self, snapshot: &Snapshot, by: Amender) -> Vec<Entry> {
        let entries = self.entries.iter().cloned();
        by.deployment(snapshot.next_deployment(), self.lines.clone(), self.changes.len(), BTreeMap::new(), entries)
    }
}

/// A name that becomes another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The name so far.
    pub from: Urn,
    /// The name from now on.
    pub to: Urn,
}

/// A row that is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The row as it was.
    pub row: Row,
}

/// A field whose drift stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// Of what.
    pub urn: Urn,
    /// Which field, such as `tags.team`.
    pub path: String,
    /// What the program says; a secret is a digest.
    pub declared: Value,
    /// What stays; a secret is a digest.
    pub observed: Value,
}

/// Gives other names: to one resource (a urn or a path such as `network/main`), or to everything in a component (`network`, or `network/` where a
/// resource is called so as well). All generations and pinned answers go along; edges hold, since they name identities.
///
/// # Errors
/// A name that nothing has, or several have; one that is taken, is none, or is of another type; an unfinished step.
pub fn rename(snapshot: &Snapshot, old: &str, new: &str) -> Result<Amendment<Renamed>, Error> {
    let act = format!("rename {old}");
    let wrong = |reason: String| Error::new(Turn::You, act.clone(), reason);
    let known: BTreeSet<&Urn> = snapshot.urns().chain(snapshot.pins().keys()).collect();
    let component = format!("{}/", old.trim_end_matches('/'));
    let inside: Vec<&Urn> = known.iter().copied().filter(|urn| urn.path().starts_with(&component)).collect();
    let exact: Vec<&Urn> = known.iter().copied().filter(|urn| urn.path() == old || urn.as_str() == old).collect();
    let renamed: Vec<Renamed> = match (exact.as_slice(), inside.as_slice()) {
        ([], []) => return Err(not_recorded(&act, old, &known)),
        ([one], []) => vec![Renamed { from: (*one).clone(), to: new_name(one, new).map_err(wrong)? }],
        ([], inside) => inside
            .iter()
            .map(|urn| {
                let rest = &urn.path()[component.len()..];
                let path = format!("{}/{rest}", new.trim_end_matches('/'));
                Ok(Renamed { from: (*urn).clone(), to: at_path(urn, &path).map_err(wrong)? })
            })
            .collect::<Result<_, Error>>()?,
        (several, []) => {
            let error = wrong(format!("{} things are recorded under this path", several.len()));
            return Err(several.iter().fold(error, |error, urn| error.hint(format!("one of them is {urn}"))));
        }
        (_, _) => {
            let error = wrong("it is a resource and a component".to_owned());
            return Err(error.hint(format!("`{component}` is the component")).hint(format!(
                "the resource is {}",
                exact.iter().map(|urn| urn.as_str()).collect::<Vec<_>>().join(" or ")
            )));
        }
    };
    let from: BTreeSet<&Urn> = renamed.iter().map(|one| &one.from).collect();
    for one in &renamed {
        if one.from == one.to {
            return Err(wrong(format!("{} has this name already", one.from.path())));
        }
        if known.contains(&one.to) && !from.contains(&one.to) {
            let error = wrong(format!("{} is recorded already", one.to));
            return Err(error.hint("choose another name, or rename that one first"));
        }
    }
    let to = renamed.iter().map(|one| &one.to);
    unfinished(snapshot, &act, &from.iter().copied().chain(to).collect())?;
    let mut entries = Vec::new();
    let mut pins = Vec::new();
    for Renamed { from, to } in &renamed {
        entries.extend(snapshot.named(from).map(|row| Entry::Row(Row { urn: to.clone(), ..row.clone() })));
        if let Some(pin) = snapshot.pins().get(from) {
            entries.push(Entry::Unpinned { urn: from.clone() });
            pins.push(Entry::Pinned { urn: to.clone(), args: pin.args.clone(), outputs: pin.outputs.clone() });
        }
    }
    // After all are taken off: a name may be freed and taken at once.
    entries.extend(pins);
    let lines = renamed.iter().map(|one| format!("rename {} to {}", one.from, one.to)).collect();
    Ok(Amendment { changes: renamed, entries, lines })
}

/// Gives rows up: urns, or paths such as `network/main`. The resources stay in the account, and nothing knows them any more.
///
/// # Errors
/// A name that nothing has, or several have; rows that depend on one of these and are not named themselves; an unfinished step.
pub fn forget(snapshot: &Snapshot, named: &[String]) -> Result<Amendment<Forgotten>, Vec<Error>> {
    let rows = find(snapshot, "forget", named)?;
    let uids: BTreeSet<&Uid> = rows.iter().map(|row| &row.uid).collect();
    let keys: BTreeSet<RowKey> = rows.iter().map(|row| row.key()).collect();
    let mut errors = Vec::new();
    for urn in rows.iter().map(|row| &row.urn).collect::<BTreeSet<_>>() {
        let own: BTreeSet<&Uid> = rows.iter().filter(|row| row.urn == *urn).map(|row| &row.uid).collect();
        let users = snapshot.rows().values().filter(|row| {
            let other = !keys.contains(&row.key()) && !uids.contains(&row.uid);
            other && row.edges.iter().any(|edge| own.contains(&edge.to))
        });
        let users: BTreeSet<&Urn> = users.map(|row| &row.urn).collect();
        if !users.is_empty() {
            let list = |text: fn(&Urn) -> &str| users.iter().map(|urn| text(urn)).collect::<Vec<_>>();
            let reason = format!("recorded resources depend on it: {}", list(Urn::path).join(", "));
            errors.push(
                Error::new(Turn::Refused, "forget", reason)
                    .about(urn, None)
                    .hint(format!("name these too: {}", list(Urn::as_str).join(" "))),
            );
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    unfinished(snapshot, "forget rows", &rows.iter().map(|row| &row.urn).collect()).map_err(|error| vec![error])?;
    let removed = |row: &&Row| Entry::Removed { uid: row.uid.clone(), generation: row.generation, forgotten: true };
    Ok(Amendment {
        entries: rows.iter().map(removed).collect(),
        lines: rows.iter().map(|row| format!("forget {} {}", row.urn, row.id)).collect(),
        changes: rows.into_iter().map(|row| Forgotten { row: row.clone() }).collect(),
    })
}

/// Makes the drift of resources permanent, as a plan shows it: urns, or paths such as `network/main`. Later plans leave a field alone while the
/// program says of it what it says now and the account has what it has now.
///
/// # Errors
/// A name that nothing has, or several have; a resource that has not drifted, is gone, or is unfinished.
pub fn accept(snapshot: &Snapshot, plan: &Plan, named: &[String]) -> Result<Amendment<Accepted>, Vec<Error>> {
    let rows = find(snapshot, "accept the drift of", named)?;
    let urns: BTreeSet<&Urn> = rows.iter().map(|row| &row.urn).collect();
    unfinished(snapshot, "accept drift", &urns).map_err(|error| vec![error])?;
    let mut amendment = Amendment { changes: Vec::new(), entries: Vec::new(), lines: Vec::new() };
    let mut errors = Vec::new();
    for urn in urns {
        let refused = |reason: &str| Error::new(Turn::You, "accept the drift of", reason).about(urn, None);
        let Some(row) = snapshot.live(urn) else {
            errors.push(refused("only generations are recorded that wait for their end"));
            continue;
        };
        let own = |step: &&Step| step.uid == row.uid && !matches!(step.op, Op::Delete | Op::Forget);
        let step = plan.steps.iter().find(own);
        let vanished = step.is_some_and(|step| step.reason == Reason::Vanished);
        let drifted = step.into_iter().flat_map(|step| &step.changes).filter(|change| change.reason == Reason::Drifted);
        let drifted: Vec<_> = drifted.collect();
        match (step, drifted.is_empty()) {
            _ if vanished => errors.push(
                refused("it is gone from the account")
                    .hint("`up` makes it again, `state forget` gives it up; the program must not declare it then"),
            ),
            _ if row.state != RowState::Ready => {
                errors.push(refused("it is unfinished").hint("run `up` first"));
            }
            (None, _) => errors.push(refused("the program does not declare it")),
            (Some(_), true) => errors.push(
                refused("nothing of it has drifted")
                    .hint("`preview` shows what differs; what the program says differently is no drift"),
            ),
            (Some(_), false) => {
                let mut row = row.clone();
                for change in drifted {
                    let accepted = Accepted {
                        urn: urn.clone(),
                        path: change.path.clone(),
                        declared: change.after.clone(),
                        observed: change.before.clone(),
                    };
                    let stored = AcceptedDrift {
                        declared: Stored::from_sealed(&accepted.declared),
                        observed: Stored::from_sealed(&accepted.observed),
                    };
                    row.accepted.insert(change.path.clone(), stored);
                    amendment.lines.push(format!("accept {} {}", urn, change.path));
                    amendment.changes.push(accepted);
                }
                amendment.entries.push(Entry::Row(row));
            }
        }
    }
    if errors.is_empty() { Ok(amendment) } else { Err(errors) }
}

/// The rows of names, all generations; each name must mean one resource.
fn find<'a>(snapshot: &'a Snapshot, act: &str, named: &[String]) -> Result<Vec<&'a Row>, Vec<Error>> {
    let known: BTreeSet<&Urn> = snapshot.urns().collect();
    let mut found: BTreeMap<(&Urn, RowKey), &Row> = BTreeMap::new();
    let mut errors = Vec::new();
    for name in named {
        let urns: Vec<&&Urn> = known.iter().filter(|urn| urn.path() == name || urn.as_str() == name).collect();
        match urns.as_slice() {
            [] => errors.push(not_recorded(&format!("{act} {name}"), name, &known)),
            [urn] => found.extend(snapshot.named(urn).map(|row| ((&row.urn, row.key()), row))),
            several => {
                let reason = format!("{} resources are recorded under this path", several.len());
                let error = Error::new(Turn::You, format!("{act} {name}"), reason);
                errors.push(several.iter().fold(error, |error, urn| error.hint(format!("one of them is {urn}"))));
            }
        }
    }
    if errors.is_empty() { Ok(found.into_values().collect()) } else { Err(errors) }
}

fn not_recorded(act: &str, name: &str, known: &BTreeSet<&Urn>) -> Error {
    let candidates: BTreeSet<&str> = known.iter().flat_map(|urn| [urn.as_str(), urn.path()]).collect();
    let near = nearest(name, candidates.into_iter());
    let error = Error::new(Turn::You, act, format!("nothing is recorded as `{name}`"));
    match near.is_empty() {
        true => error.hint("`state list` shows the names"),
        false => error.hint(format!("nearest: {}", near.join(", "))),
    }
}

/// Whoever has begun something under a name must find it again.
fn unfinished(snapshot: &Snapshot, act: &str, urns: &BTreeSet<&Urn>) -> Result<(), Error> {
    let open = snapshot.intents().values().find(|intent| urns.contains(&intent.row.urn));
    open.map_or(Ok(()), |intent| {
        let reason = format!("an earlier run left a step of {} open", intent.row.urn.path());
        Err(Error::new(Turn::Refused, act, reason).hint("run `up` first: it finds out what became of it"))
    })
}

/// The name that a resource is to have: a urn of the same stack and type, or a path.
fn new_name(urn: &Urn, new: &str) -> Result<Urn, String> {
    if !new.contains("::") {
        return at_path(urn, new);
    }
    let to: Urn = new.parse().map_err(|error: crate::urn::UrnError| error.to_string())?;
    if to.stack() != urn.stack() {
        return Err(format!("`{new}` is of the stack {}, and this is {}", to.stack(), urn.stack()));
    }
    if to.kind() != urn.kind() {
        return Err(format!("`{new}` is of the type {}, and this is a {}", to.kind(), urn.kind()));
    }
    Ok(to)
}

fn at_path(urn: &Urn, path: &str) -> Result<Urn, String> {
    let segments: Vec<&str> = path.split('/').collect();
    Urn::new(urn.stack(), &segments, &urn.kind()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;

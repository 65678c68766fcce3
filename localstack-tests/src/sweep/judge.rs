//! What stands in an account, held against the records and against what an undisturbed run leaves.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::table::Tally;
use crate::account::{plain, stands};

/// How many things of each kind stand, and which of them are in no record: AWS itself makes some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    kinds: BTreeMap<String, usize>,
    unrecorded: BTreeMap<String, usize>,
}

/// What the store says.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorded {
    /// Kind and plain id of each row of which something stands in the account.
    pub(super) rows: Vec<(String, String)>,
    /// The rows that are not ready, in words.
    pub(super) unfinished: Vec<String>,
}

impl Recorded {
    /// What `state list --json` printed.
    pub(super) fn read(text: &str) -> Result<Self> {
        let rows: Vec<Value> = serde_json::from_str(text)?;
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let unfinished = rows.iter().filter(|row| row["status"] != "ready");
        let standing = rows.iter().map(|row| (text(row, "kind"), plain(&text(row, "id"))));
        Ok(Self {
            unfinished: unfinished.map(|row| format!("{} is {}", text(row, "urn"), text(row, "status"))).collect(),
            rows: standing.filter(|(kind, _)| stands(kind)).collect(),
        })
    }
}

impl Standing {
    /// All kinds with their numbers, and the numbers of those that no row names.
    pub(super) fn of(listed: &[(String, String)], recorded: &Recorded) -> Self {
        let known: BTreeSet<&(String, String)> = recorded.rows.iter().collect();
        let mut standing = Self::default();
        for one in listed {
            *standing.kinds.entry(one.0.clone()).or_default() += 1;
            if !known.contains(one) {
                *standing.unrecorded.entry(one.0.clone()).or_default() += 1;
            }
        }
        standing
    }
}

/// Counts what is wrong.
pub(super) fn judge(how: &str, listed: &[(String, String)], recorded: &Recorded, wanted: &Standing, tally: &mut Tally) {
    for row in &recorded.unfinished {
        tally.repair(format!("{how}: {row}"));
    }
    let standing = Standing::of(listed, recorded);
    let beyond = |numbers: &BTreeMap<String, usize>, limits: &BTreeMap<String, usize>| {
        let of = |kind: &String| limits.get(kind).copied().unwrap_or_default();
        let beyond = numbers.iter().map(|(kind, number)| (kind.clone(), number.saturating_sub(of(kind))));
        beyond.filter(|(_, more)| *more > 0).collect::<Vec<_>>()
    };
    for (kind, more) in beyond(&standing.kinds, &wanted.kinds) {
        tally.duplicates += more;
        tally.wrong.push(format!("{how}: {more} more {kind} than an undisturbed run leaves"));
    }
    for (kind, fewer) in beyond(&wanted.kinds, &standing.kinds) {
        tally.repairs += fewer;
        tally.wrong.push(format!("{how}: {fewer} {kind} are missing"));
    }
    for (kind, more) in beyond(&standing.unrecorded, &wanted.unrecorded) {
        tally.orphans += more;
        let names = listed.iter().filter(|one| one.0 == kind && !recorded.rows.contains(one));
        let names: Vec<&str> = names.map(|one| one.1.as_str()).collect();
        tally.wrong.push(format!("{how}: {more} {kind} stand and are in no record: {}", names.join(", ")));
    }
    let listed: BTreeSet<&(String, String)> = listed.iter().collect();
    for row in recorded.rows.iter().filter(|row| !listed.contains(row)) {
        tally.repair(format!("{how}: {} {} is recorded and does not stand", row.0, row.1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn things(things: &[&str]) -> Vec<(String, String)> {
        things.iter().map(|thing| ("vpc".to_owned(), (*thing).to_owned())).collect()
    }

    fn recorded(rows: &[&str]) -> Recorded {
        Recorded { rows: things(rows), unfinished: Vec::new() }
    }

    fn judged(listed: &[&str], rows: &[&str]) -> [usize; 3] {
        let wanted = Standing::of(&things(&["a"]), &recorded(&["a"]));
        let mut tally = Tally::default();
        judge("up", &things(listed), &recorded(rows), &wanted, &mut tally);
        [tally.orphans, tally.duplicates, tally.repairs]
    }

    #[test]
    fn what_an_undisturbed_run_leaves_is_right() {
        assert_eq!(judged(&["a"], &["a"]), [0, 0, 0]);
    }

    #[test]
    fn one_more_that_is_recorded_is_a_duplicate_and_one_that_is_not_an_orphan_too() {
        assert_eq!(judged(&["a", "b"], &["a", "b"]), [0, 1, 0]);
        assert_eq!(judged(&["a", "b"], &["a"]), [1, 1, 0]);
    }

    #[test]
    fn a_record_of_nothing_is_to_be_repaired() {
        assert_eq!(judged(&["a"], &["a", "b"]), [0, 0, 1]);
        assert_eq!(judged(&[], &[]), [0, 0, 1]);
    }
}

//! [`Tally`] and its table.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Mode, Phase};

/// What was found, for one row of the table.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Points at which a process was killed.
    pub points: usize,
    /// Things that stand and are in no record.
    pub orphans: usize,
    /// Things of which more stand than are declared.
    pub duplicates: usize,
    /// What a person would have to do: a run that did not end well, a record of nothing, a plan that is not empty.
    pub repairs: usize,
    /// All of it in words.
    pub wrong: Vec<String>,
    /// How long all of it took, what was shared included.
    pub took: Duration,
}

impl Tally {
    /// Adds another one's numbers.
    pub fn add(&mut self, other: Tally) {
        self.points += other.points;
        self.orphans += other.orphans;
        self.duplicates += other.duplicates;
        self.repairs += other.repairs;
        self.wrong.extend(other.wrong);
        self.took += other.took;
    }

    /// Something that a person would have to repair.
    pub(super) fn repair(&mut self, what: String) {
        self.repairs += 1;
        self.wrong.push(what);
    }
}

/// The table: a row for each phase and mode, and their sum. Seconds are those of a point, on the average.
pub fn table(tallies: &BTreeMap<(Phase, Mode), Tally>) -> String {
    let mut text = String::from("phase    killed          points  orphans  duplicates  repairs  seconds\n");
    let mut line = |name: &str, mode: &str, tally: &Tally| {
        let Tally { points, orphans, duplicates, repairs, took, .. } = tally;
        let seconds = took.as_secs_f64() / f64::from(u32::try_from(*points).unwrap_or(u32::MAX).max(1));
        text.push_str(&format!(
            "{name:<9}{mode:<15}{points:>7}{orphans:>9}{duplicates:>12}{repairs:>9}{seconds:>9.1}\n"
        ));
    };
    let mut sum = Tally::default();
    for ((phase, mode), tally) in tallies {
        line(phase.word(), mode.word(), tally);
        sum.add(tally.clone());
    }
    line("all", "", &sum);
    text
}

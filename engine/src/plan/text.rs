//! The plan as compact text, for tests and logs. Deterministic: without uids, which are minted.

use std::fmt;

use super::{FieldChange, Op, Plan, Step};

impl fmt::Display for Plan {
    /// What is made first, one line per step that does something, its changes below it, then outputs, warnings, consents and the count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.preparations {
            writeln!(f, "first {}", one.what)?;
        }
        for step in self.steps.iter().filter(|step| step.op != Op::Same) {
            writeln!(f, "{}", self.line(step))?;
            for change in &step.changes {
                writeln!(f, "    {}", line(change))?;
            }
        }
        for (name, (before, after)) in self.outputs.iter().filter(|(_, (before, after))| before != after) {
            writeln!(f, "output {name}: {before:?} -> {after:?}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for (_, sentence) in &self.consents {
            writeln!(f, "consent: {sentence}")?;
        }
        for problem in &self.problems {
            writeln!(f, "problem: {}: {}", problem.urn.path(), problem.reason)?;
        }
        let counts = self.counts();
        write!(
            f,
            "{} to create, {} to update, {} to replace, {} to delete, {} unchanged",
            counts.create, counts.update, counts.replace, counts.delete, counts.same
        )
    }
}

impl Plan {
    /// A step in one line: number, operation, name, what marks it, and the steps that do something and come before.
    pub fn line(&self, step: &Step) -> String {
        let mut text = format!("{:>3} {} {}", step.id, step.op.word(), step.urn.path());
        if step.generation > 1 {
            text.push_str(&format!("#{}", step.generation));
        }
        let marks = [
            (step.replaces, "replaces"),
            (step.maybe, "maybe"),
            (step.drift, "drift"),
            (step.data_store, "data store"),
            (step.op == Op::Adopt && !step.writes_ownership(), "name only"),
        ];
        let marks: Vec<&str> = marks.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
        if !marks.is_empty() {
            text.push_str(&format!(" [{}]", marks.join(", ")));
        }
        text.push_str(&format!(" ({})", step.reason));
        let after: Vec<String> = step
            .after
            .iter()
            .filter(|first| self.steps.get(**first).is_some_and(|first| first.op != Op::Same))
            .map(ToString::to_string)
            .collect();
        if !after.is_empty() {
            text.push_str(&format!(" after {}", after.join(" ")));
        }
        text
    }
}

fn line(change: &FieldChange) -> String {
    let mut text = format!("{}: {:?} -> {:?} ({})", change.path, change.before, change.after, change.reason);
    if change.forces_replacement {
        text.push_str(if change.maybe { " may force replacement" } else { " forces replacement" });
    } else if change.maybe {
        text.push_str(" maybe");
    }
    text
}

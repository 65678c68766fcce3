//! Deployments, and what differs between two of them.

use std::time::Duration;

use formwork_engine::history::{Changed, FieldDifference, RowDifference};
use formwork_engine::record::{PlannedStep, StepTrouble, TakenOver};
use formwork_engine::state::{Deployment, Snapshot, utc};
use serde_json::{Value as Json, json};

use super::value::{Part, parts};
use super::{Ink, Last, Look, calls, duration, plural, table, wrapped};

/// The version of the objects.
const VERSION: u32 = 1;

/// What deployments are shown against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'a> {
    /// Milliseconds since 1970.
    pub(crate) now: u64,
    /// What is recorded: of which the last one may be going on, and who took over from which.
    pub(crate) snapshot: &'a Snapshot,
}

/// All deployments, the last one first. Where there is little room, the age says when, and what a run cost is left out.
pub(crate) fn deployments(listed: Listed<'_>, look: Look) -> String {
    let (dated, costed) = (look.width >= 120, look.width >= 76);
    let mut heading = vec!["N", if dated { "WHEN" } else { "AGE" }, "COMMAND", "OUTCOME", "STEPS"];
    if dated {
        heading.insert(2, "AGE");
    }
    if costed {
        heading.extend(["TOOK", "CALLS"]);
    }
    heading.push("WHO");
    let row = |deployment: &Deployment| {
        let Deployment { start, end } = deployment;
        let mut cells = vec![start.number.to_string()];
        cells.extend(dated.then(|| utc(start.started_at)));
        cells.push(age(listed.now, start.started_at));
        cells.push(start.command.clone());
        cells.push(outcome(deployment, listed).to_owned());
        cells.push(end.as_ref().map_or_else(|| planned(deployment), |end| done(end.steps)));
        if costed {
            cells.push(end.as_ref().map(|_| duration(took(deployment))).unwrap_or_default());
            cells.push(end.as_ref().map(|end| end.calls.values().sum::<u64>().to_string()).unwrap_or_default());
        }
        cells.push(who(&start.who).to_owned());
        cells
    };
    let rows: Vec<Vec<String>> = listed.snapshot.deployments().values().rev().map(row).collect();
    table(&heading, &rows, Last::Cut, look)
}

/// `12`, or `3 of 12` where some were not done.
fn done([done, failed, blocked]: [u64; 3]) -> String {
    match failed + blocked {
        0 => done.to_string(),
        rest => format!("{done} of {}", done + rest),
    }
}

fn planned(deployment: &Deployment) -> String {
    format!("of {}", deployment.start.steps.len())
}

fn took(Deployment { start, end }: &Deployment) -> Duration {
    Duration::from_millis(end.as_ref().map_or(0, |end| end.ended_at.saturating_sub(start.started_at)))
}

/// One that did not end was killed, or lost its store to another; the last one may be going on.
fn outcome<'a>(deployment: &'a Deployment, listed: Listed<'_>) -> &'a str {
    let number = deployment.start.number;
    match &deployment.end {
        Some(end) => &end.outcome,
        None if listed.snapshot.taken_over(number).is_some() => "taken over",
        None if number + 1 == listed.snapshot.next_deployment() => "not ended",
        None => "cut short",
    }
}

/// Who took over from a run that did not end.
fn took_over(TakenOver { by, at, lease_ended_at, .. }: &TakenOver) -> String {
    format!("by {by}, at {} (the lease had ended at {})", utc(*at), utc(*lease_ended_at))
}

/// The last part of an ARN; the whole of anything else.
fn who(caller: &str) -> &str {
    if caller.starts_with("arn:") { caller.rsplit(['/', ':']).next().unwrap_or(caller) } else { caller }
}

fn age(now: u64, then: u64) -> String {
    let seconds = now.saturating_sub(then) / 1000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// Everything about one deployment.
pub(crate) fn deployment(deployment: &Deployment, listed: Listed<'_>, look: Look) -> String {
    let Deployment { start, end } = deployment;
    let mut text = look.paint(Ink::Strong, &format!("deployment {}: {}", start.number, start.command)) + "\n";
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let name = look.paint(Ink::Faint, &format!("{name:<8}"));
            text.push_str(&format!("  {name} {value}\n"));
        }
    };
    line("when", &format!("{} ({})", utc(start.started_at), age(listed.now, start.started_at)));
    line("who", &start.who);
    line("outcome", outcome(deployment, listed));
    line("taken", &listed.snapshot.taken_over(start.number).map(took_over).unwrap_or_default());
    line("took", &end.as_ref().map(|_| duration(took(deployment))).unwrap_or_default());
    if let Some(program) = &start.program {
        line("program", &format!("{} (Formwork {})", program.fingerprint, program.version));
    }
    line("plan", start.saved_plan.as_deref().unwrap_or_default());
    if !start.steps.is_empty() || !start.plan.is_empty() {
        text.push_str(&format!("{}\n", look.paint(Ink::Strong, "steps")));
    }
    for step in &start.steps {
        text.push_str(&planned_step(step, deployment, look));
    }
    for step in &start.plan {
        text.push_str(&wrapped(step, look.width, "  ", "    "));
        text.push('\n');
    }
    if let Some(end) = end.as_ref().filter(|end| !end.calls.is_empty()) {
        text.push_str(&calls(&end.calls, look));
        text.push('\n');
    }
    text
}

fn planned_step(step: &PlannedStep, deployment: &Deployment, look: Look) -> String {
    let (sign, ink) = match (&*step.op, step.replaces) {
        ("create", true) => ("+", Ink::Replace),
        ("create" | "adopt", _) => ("+", Ink::Create),
        ("delete" | "forget", _) => ("-", Ink::Delete),
        _ => ("~", Ink::Update),
    };
    let paths = if step.paths.is_empty() { String::new() } else { format!(": {}", step.paths.join(", ")) };
    let told = format!("{} {} ({}), {}{paths}", step.op, step.urn.path(), step.urn.kind().short(), step.reason);
    let mut text = wrapped(&told, look.width, &format!("  {} ", look.paint(ink, sign)), "      ");
    text.push('\n');
    for trouble in troubles(step, deployment) {
        let reason = if trouble.reason.is_empty() { String::new() } else { format!(": {}", trouble.reason) };
        let told = format!("{}{reason}", trouble.outcome);
        text.push_str(&look.paint(Ink::Bad, &wrapped(&told, look.width, "      ", "      ")));
        text.push('\n');
    }
    text
}

/// Of the two halves of a replacement, the first one tells.
fn troubles<'a>(step: &PlannedStep, Deployment { start, end }: &'a Deployment) -> Vec<&'a StepTrouble> {
    let first = start.steps.iter().find(|other| other.urn == step.urn);
    let troubles = end.iter().flat_map(|end| &end.troubles);
    troubles.filter(|trouble| trouble.urn == step.urn && first.is_some_and(|first| first.op == step.op)).collect()
}

/// All deployments, the first one first.
pub(crate) fn deployments_json(snapshot: &Snapshot) -> Json {
    snapshot.deployments().values().map(|deployment| summary_json(deployment, snapshot)).collect()
}

fn summary_json(deployment: &Deployment, snapshot: &Snapshot) -> Json {
    let Deployment { start, end } = deployment;
    let steps = end.as_ref().map(|end| end.steps);
    json!({
        "version": VERSION,
        "number": start.number,
        "command": start.command,
        "who": start.who,
        "started_at": start.started_at,
        "ended_at": end.as_ref().map(|end| end.ended_at),
        "seconds": end.as_ref().map(|_| took(deployment).as_secs_f64()),
        "outcome": end.as_ref().map(|end| &end.outcome),
        "steps": steps.map(|[done, failed, blocked]| json!({ "done": done, "failed": failed, "blocked": blocked })),
        "calls": end.as_ref().map(|end| end.calls.values().sum::<u64>()),
        "program": start.program.as_ref().map(|program| &program.fingerprint),
        "formwork": start.program.as_ref().map(|program| &program.version),
        "saved_plan": start.saved_plan,
        "taken_over": snapshot.taken_over(start.number).map(|took| json!({
            "by": { "user": took.by.user, "host": took.by.host, "pid": took.by.pid, "command": took.by.command },
            "at": took.at,
            "lease_ended_at": took.lease_ended_at,
        })),
    })
}

/// One deployment with its steps.
pub(crate) fn deployment_json(deployment: &Deployment, snapshot: &Snapshot) -> Json {
    let Deployment { start, end } = deployment;
    let mut json = summary_json(deployment, snapshot);
    let step = |step: &PlannedStep| {
        let trouble = troubles(step, deployment).into_iter().next();
        json!({
            "op": step.op,
            "urn": step.urn,
            "reason": step.reason,
            "replaces": step.replaces,
            "paths": step.paths,
            // Of a run that was killed, the records of the next one tell.
            "outcome": end.as_ref().map(|_| trouble.map_or("done", |trouble| trouble.outcome.as_str())),
            "trouble": trouble.map(|trouble| &trouble.reason),
        })
    };
    json["plan"] = start.steps.iter().map(step).collect();
    json["records"] = json!(start.plan);
    json["calls_by_operation"] = json!(end.as_ref().map(|end| &end.calls));
    json
}

/// What differs between two deployments.
pub(crate) fn differences(
    (from, to): (u64, u64),
    rows: &[RowDifference],
    outputs: &[FieldDifference],
    look: Look,
) -> String {
    if rows.is_empty() && outputs.is_empty() {
        return format!("nothing differs between deployment {from} and deployment {to}\n");
    }
    let mut text = String::new();
    for row in rows {
        let (sign, ink) = match row.changed {
            Changed::Created => ("+", Ink::Create),
            Changed::Deleted => ("-", Ink::Delete),
            Changed::Replaced => ("±", Ink::Replace),
            Changed::Updated => ("~", Ink::Update),
        };
        let line = format!("{sign} {} ({}) {}", row.urn.path(), row.kind.short(), row.changed.word());
        text.push_str(&format!("{}\n", look.paint(ink, &line)));
        row.fields.iter().for_each(|field| text.push_str(&field_lines(field, look)));
    }
    if !outputs.is_empty() {
        text.push_str(&format!("{}\n", look.paint(Ink::Strong, "outputs")));
        outputs.iter().for_each(|field| text.push_str(&field_lines(field, look)));
    }
    let of = |changed: Changed| rows.iter().filter(|row| row.changed == changed).count();
    text.push_str(&format!(
        "between {from} and {to}: {} created, {} updated, {} replaced, {} deleted; {}\n",
        of(Changed::Created),
        of(Changed::Updated),
        of(Changed::Replaced),
        of(Changed::Deleted),
        plural(outputs.len(), "output")
    ));
    text
}

fn field_lines(FieldDifference { path, before, after }: &FieldDifference, look: Look) -> String {
    let part = |part: Part| {
        let line = match part {
            Part::Changed { path, before, after } if after == "(another secret)" && before == "(secret)" => {
                format!("{path}: secret changed")
            }
            Part::Changed { path, before, after } => format!("{path}: {before} -> {after}"),
            Part::Elements { path, gone, added } => {
                let gone = gone.iter().map(|item| format!("-{item}"));
                let all: Vec<String> = gone.chain(added.iter().map(|item| format!("+{item}"))).collect();
                format!("{path}: {}", all.join(" "))
            }
            Part::More(count) => format!("and {} more", plural(count, "part")),
        };
        wrapped(&line, look.width, "    ", "      ") + "\n"
    };
    parts(path, before, after).into_iter().map(part).collect()
}

/// What differs, as an object.
pub(crate) fn differences_json((from, to): (u64, u64), rows: &[RowDifference], outputs: &[FieldDifference]) -> Json {
    let field = |field: &FieldDifference| json!({ "path": field.path, "before": field.before.to_json(), "after": field.after.to_json() });
    let row = |row: &RowDifference| {
        json!({
            "urn": row.urn,
            "kind": row.kind,
            "changed": row.changed.word(),
            "fields": row.fields.iter().map(field).collect::<Vec<_>>(),
        })
    };
    json!({
        "version": VERSION,
        "from": from,
        "to": to,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
        "outputs": outputs.iter().map(field).collect::<Vec<_>>(),
    })
}

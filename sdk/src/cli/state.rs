//! `state list`, `state show`: what is recorded. Takes no lock and calls nothing. What changes records is in [`super::amend`], whole stores are in
//! [`super::transfer`].

use formwork_engine::Error;
use formwork_engine::error::{Turn, exit};
use formwork_engine::record::{Row, RowState, Stored};
use formwork_engine::state::Snapshot;
use serde_json::{Value as Json, json};

use super::args::StateCommand;
use super::session::open_for_reading;
use super::target::Target;
use super::{At, amend, transfer};
use crate::config::nearest;
use crate::render::{Ink, Last, Look, shown, table};

/// Runs `state …`.
pub(super) fn command(at: At<'_>, command: &StateCommand) -> Result<u8, Vec<Error>> {
    let stack = match command {
        StateCommand::Rename { stack, old, new, json } => return amend::rename(at, stack, (old, new), *json),
        StateCommand::Forget { stack, urns, yes, json } => {
            return amend::forget(at, stack, urns, amend::Go { yes: *yes, json: *json });
        }
        StateCommand::Export(args) => return transfer::export(at, args),
        StateCommand::Import(args) => return transfer::import(at, args),
        StateCommand::List { stack, .. } | StateCommand::Show { stack, .. } => stack,
    };
    let target = Target::find(at, stack)?;
    let store = open_for_reading(at, &target)?;
    let snapshot = formwork_engine::state::Store::snapshot(&store);
    let look = at.terminal.out_look();
    let text = match command {
        StateCommand::List { json: true, .. } => format!("{:#}", list_json(snapshot)),
        StateCommand::List { .. } => list(snapshot, look),
        StateCommand::Show { urn, json, .. } => {
            let rows = find(snapshot, urn)?;
            match json {
                true => format!("{:#}", Json::Array(rows.iter().map(|row| json!(row)).collect())),
                false => rows.iter().map(|row| page(row, look)).collect::<Vec<_>>().join("\n"),
            }
        }
        // They went their own way above.
        StateCommand::Export(_)
        | StateCommand::Import(_)
        | StateCommand::Rename { .. }
        | StateCommand::Forget { .. } => String::new(),
    };
    at.terminal.data(&text);
    Ok(exit::DONE)
}

fn list_json(snapshot: &Snapshot) -> Json {
    let rows = by_name(snapshot);
    Json::Array(
        rows.iter()
            .map(|row| {
                json!({
                    "urn": row.urn,
                    "kind": row.kind,
                    "id": row.id,
                    "status": row.state.word(),
                    "generation": row.generation,
                })
            })
            .collect(),
    )
}

fn list(snapshot: &Snapshot, look: Look) -> String {
    let rows = by_name(snapshot);
    if rows.is_empty() {
        return "no resources are recorded".to_owned();
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let kind = row.kind.as_str();
            let kind = kind.split_once(':').map_or(kind, |(_, short)| short);
            vec![row.urn.path().to_owned(), kind.to_owned(), row.state.word().to_owned(), row.id.clone()]
        })
        .collect();
    table(&["NAME", "TYPE", "STATUS", "ID"], &cells, Last::Whole, look)
}

/// The rows by name, deposed generations after the living one.
fn by_name(snapshot: &Snapshot) -> Vec<&Row> {
    let mut rows: Vec<&Row> = snapshot.rows().values().collect();
    rows.sort_by_key(|row| (&row.urn, row.state == RowState::Deposed, row.generation));
    rows
}

/// The rows of a urn or path.
fn find<'a>(snapshot: &'a Snapshot, name: &str) -> Result<Vec<&'a Row>, Vec<Error>> {
    let rows = by_name(snapshot);
    let found: Vec<&Row> =
        rows.iter().copied().filter(|row| row.urn.as_str() == name || row.urn.path() == name).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let error = Error::new(Turn::You, "find the record", format!("nothing is recorded as `{name}`"));
    Err(vec![match nearest(name, rows.iter().map(|row| row.urn.path())) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`state list` shows the names"),
    }])
}

/// Everything about one row, for people.
fn page(row: &Row, look: Look) -> String {
    let mut text = format!("{}\n", look.paint(Ink::Strong, row.urn.as_str()));
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {} {value}\n", look.paint(Ink::Faint, &format!("{name:<11}"))));
        }
    };
    line("status", row.state.word());
    line("reason", row.reason.as_deref().unwrap_or_default());
    line("id", &row.id);
    line("account", &format!("{} {}", row.account, row.region));
    line("uid", &format!("{} (generation {})", row.uid, row.generation));
    line("protected", if row.options.protect { "yes" } else { "" });
    line("declared", &row.source.as_ref().map(ToString::to_string).unwrap_or_default());
    let accepted = row.accepted.iter().map(|(path, drift)| {
        format!("{path} is {}, declared {}", shown(&drift.observed.to_value()), shown(&drift.declared.to_value()))
    });
    line("accepted", &accepted.collect::<Vec<_>>().join("; "));
    line("left to do", &row.left.iter().cloned().collect::<Vec<_>>().join(", "));
    for (title, stored) in
        [("arguments", Some(&row.applied)), ("observed", row.observed.as_ref()), ("outputs", Some(&row.outputs))]
    {
        let Some(stored) = stored else { continue };
        text.push_str(&format!("  {}\n{}", look.paint(Ink::Strong, title), values(stored)));
    }
    text
}

fn values(stored: &Stored) -> String {
    let value = stored.to_value();
    let entries = value.as_map().into_iter().flatten().filter(|(_, value)| !value.is_null());
    entries.map(|(name, value)| format!("    {name}: {}\n", shown(value))).collect()
}

//! What stops a run before it does something that nobody wants. Pure.

use crate::error::{Error, Turn};
use crate::kind::{CallClass, CallError, Identity, Mark};
use crate::observe::{Observations, Sight};
use crate::plan::{Plan, Reason};
use crate::program::Program;
use crate::record::{Binding, Row, RowState};
use crate::settings::{OnDrift, Settings, names};
use crate::state::Snapshot;
use crate::urn::Urn;

fn refused(act: &str, reason: String) -> Error {
    Error::new(Turn::Refused, act, reason)
}

/// The credentials could not be confirmed.
pub(super) fn no_identity(error: CallError) -> Error {
    let turn = match error.class {
        CallClass::Credentials | CallClass::Denied => Turn::Credentials,
        _ => Turn::Provider,
    };
    Error::new(turn, "find out who the credentials are", error.to_string())
        .answered(error.answer)
        .hint("nothing was called before that, and nothing is")
}

/// A store is used with the project, stack, account, partition, region and endpoint that it was first written with, and with no other.
pub(super) fn bound(binding: &Binding, program: &Program, identity: &Identity) -> Result<(), Vec<Error>> {
    let is = &binding.identity;
    let endpoint = |endpoint: &Option<String>| endpoint.clone().unwrap_or_else(|| "AWS itself".to_owned());
    let pairs = [
        ("project", binding.project.clone(), program.project.clone()),
        ("stack", binding.stack.clone(), program.stack.clone()),
        ("account", is.account.clone(), identity.account.clone()),
        ("partition", is.partition.clone(), identity.partition.clone()),
        ("endpoint", endpoint(&is.endpoint), endpoint(&identity.endpoint)),
        ("region", is.region.clone(), identity.region.clone()),
    ];
    let errors: Vec<Error> = pairs
        .into_iter()
        .filter(|(_, is, given)| is != given)
        .map(|(what, is, given)| {
            refused("use the store", format!("it belongs to the {what} {is}, and this run is for the {what} {given}"))
                .hint(match what {
                    "project" | "stack" => "give this program a store of its own",
                    "region" => "set the region back; resources elsewhere are made with a provider of their own",
                    _ => "use the credentials and the profile of the account that the store belongs to",
                })
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// A store that knows of nothing at all is the wrong store, or a lost one, when things of the stack exist.
///
/// # Errors
/// When it is that.
pub(super) fn empty_store(tagged: &[&Mark], view: &Snapshot, binding: &Binding) -> Result<(), Vec<Error>> {
    if tagged.is_empty() || !view.rows().is_empty() || !view.intents().is_empty() || !view.deployments().is_empty() {
        return Ok(());
    }
    let shown = tagged.iter().take(5).map(|mark| format!("{} {}", mark.kind, mark.id)).collect::<Vec<_>>().join(", ");
    let more = if tagged.len() > 5 { format!(" and {} more", tagged.len() - 5) } else { String::new() };
    let reason = format!(
        "the store is empty, and the account has {} things that are tagged as {}/{}: {shown}{more}",
        tagged.len(),
        binding.project,
        binding.stack
    );
    Err(vec![
        refused("plan", reason)
            .hint("use the store that they were made with: another machine's, or the shared one")
            .hint(format!("if it is lost: `state rebuild {}` records anew what the account has", binding.stack))
            .hint("or take their tag `formwork:stack` off, then take them over with `import`")
            .hint("or delete them"),
    ])
}

/// More than half of what should be there is not, or a data store is not: that is more likely a wrong account than a loss.
///
/// # Errors
/// One for each that is gone, unless [`Settings::accept_gone`] names it.
pub(super) fn gone(view: &Snapshot, seen: &Observations, settings: &Settings) -> Result<(), Vec<Error>> {
    let standing = |row: &&Row| matches!(row.state, RowState::Ready | RowState::Incomplete);
    let rows: Vec<&Row> = view.rows().values().filter(standing).collect();
    let is_gone = |row: &&&Row| matches!(seen.rows.get(&row.key()), Some(Sight::Gone));
    let gone: Vec<&Row> = rows.iter().filter(is_gone).copied().collect();
    let most = gone.len() * 2 > rows.len();
    let data = |row: &Row| seen.schemas.get(&row.kind).is_some_and(|schema| schema.data_store);
    let errors: Vec<Error> = gone
        .iter()
        .filter(|row| (most || data(row)) && !names(&settings.accept_gone, &row.urn))
        .map(|row| {
            let why = match data(row) {
                true => "it holds data".to_owned(),
                false => format!("{} of {} resources are gone", gone.len(), rows.len()),
            };
            refused("believe the loss of", format!("{} is not in the account, and {why}", row.id))
                .about(&row.urn, row.source.as_ref())
                .hint("check that account, region and credentials are the right ones")
                .hint(format!("if it is gone indeed: --accept-gone {}", row.urn))
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// What the cloud would refuse is not begun.
pub(super) fn problems(plan: &Plan) -> Result<(), Vec<Error>> {
    let errors: Vec<Error> = plan.problems.iter().map(Error::from).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// A preview is done as it was shown, or not at all.
pub(super) fn still_true(snapshot: &Snapshot, sequence: u64) -> Result<(), Vec<Error>> {
    if snapshot.sequence() != sequence {
        let reason = format!(
            "the state has moved on since the plan was made (commit {} and now {})",
            sequence,
            snapshot.sequence()
        );
        return Err(vec![refused("apply the plan", reason).hint("plan again")]);
    }
    if !snapshot.intents().is_empty() {
        let reason = format!("an earlier run left {} steps open", snapshot.intents().len());
        return Err(vec![refused("apply the plan", reason).hint("run `up` again: they are resolved first")]);
    }
    Ok(())
}

/// Drift is not overwritten silently.
pub(super) fn drift(plan: &Plan, settings: &Settings) -> Result<(), Vec<Error>> {
    if settings.on_drift != OnDrift::Fail {
        return Ok(());
    }
    let drifted = plan.steps.iter().filter(|step| step.drift);
    let errors: Vec<Error> = drifted
        .map(|step| {
            let fields: Vec<String> = step
                .changes
                .iter()
                .filter(|change| change.reason == Reason::Drifted)
                .map(|change| format!("`{}` is {:?} and was {:?}", change.path, change.before, change.applied))
                .collect();
            refused("plan over drift of", fields.join("; "))
                .about(&step.urn, step.source.as_ref())
                .hint("to set it back: --on-drift revert")
                .hint("to leave it: --on-drift keep, or declare it as it is")
                .hint(format!("to leave it for good as it is now: accept {} {}", step.urn.stack(), step.urn.path()))
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// What needs consent and has none.
pub(super) fn unmet_consents(plan: &Plan, settings: &Settings) -> Vec<(Urn, String)> {
    if settings.consent_implied {
        return Vec::new();
    }
    plan.consents.iter().filter(|(urn, _)| !names(&settings.allow_delete, urn)).cloned().collect()
}

/// Every consent that is needed was given.
pub(super) fn consents(plan: &Plan, settings: &Settings) -> Result<(), Vec<Error>> {
    let errors: Vec<Error> = unmet_consents(plan, settings)
        .into_iter()
        .map(|(urn, sentence)| {
            let hint = format!("to consent: --allow-delete {urn}");
            refused("go on without consent for", sentence).about(&urn, None).hint(hint)
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

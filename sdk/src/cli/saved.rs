//! `preview --save FILE` and `up --plan FILE`: the file, and what the flags have to say beside it. What a saved plan is stands in
//! [`formwork_engine::plan::SavedPlan`].

use std::path::Path;

use formwork_engine::Error;
use formwork_engine::error::Turn;
use formwork_engine::plan::{SavedPlan, Step};
use formwork_engine::settings::Settings;
use serde_json::Value as Json;

use super::args::PlanArgs;

/// Keeps a plan: in one piece, so that no half of one is ever taken for a plan.
pub(super) fn save(plan: &SavedPlan, file: &Path) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        Error::new(Turn::You, "save the plan", format!("{}: {error}", file.display()))
            .hint("name a file in a folder that exists and can be written to")
    };
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    std::fs::write(&beside, format!("{:#}\n", plan.to_json())).map_err(failed)?;
    std::fs::rename(&beside, file).map_err(failed)
}

/// Takes a kept plan.
///
/// # Errors
/// What is wrong with the file, and where; a plan of another stack, or of the other command.
pub(super) fn load(file: &Path, stack: &str, destroy: bool) -> Result<SavedPlan, Error> {
    let act = "read the saved plan";
    let wrong = |turn, reason: String| Error::new(turn, act, format!("{}: {reason}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(Turn::You, error.to_string()))?;
    let json: Json =
        serde_json::from_str(&text).map_err(|error| wrong(Turn::You, format!("it is no JSON: {error}")))?;
    let plan = SavedPlan::from_json(&json).map_err(|reason| {
        wrong(Turn::You, reason).hint("give the file that `preview --save FILE` wrote, as it was written")
    })?;
    if plan.stack() != stack {
        return Err(wrong(Turn::You, format!("it is a plan of the stack {}, and this is {stack}", plan.stack())));
    }
    if plan.shape(Settings::default()).destroy != destroy {
        let (of, this) = if destroy { ("up", "destroy") } else { ("destroy", "up") };
        return Err(wrong(Turn::You, format!("it is a plan for `{of}`, and this is `{this}`")));
    }
    Ok(plan)
}

/// The settings of a run that does a saved plan: those that shaped it come from the file.
///
/// # Errors
/// A flag that says something else than the file.
pub(super) fn settings(plan: &SavedPlan, given: Settings, args: &PlanArgs) -> Result<Settings, Error> {
    let shaped = plan.shape(given.clone());
    let flags = [
        ("--target", !args.target.is_empty() && given.targets != shaped.targets),
        ("--exclude", !args.exclude.is_empty() && given.excludes != shaped.excludes),
        ("--replace", !args.replace.is_empty() && given.replace != shaped.replace),
        ("--repin", !args.repin.is_empty() && given.repin != shaped.repin),
        ("--no-refresh", args.no_refresh && shaped.refresh),
        ("--on-drift", args.on_drift.is_some() && given.on_drift != shaped.on_drift),
    ];
    let other: Vec<&str> = flags.iter().filter(|(_, other)| *other).map(|(flag, _)| *flag).collect();
    if other.is_empty() {
        return Ok(shaped);
    }
    let reason = format!("the saved plan was made with another {}", other.join(", "));
    let error = Error::new(Turn::You, "read the flags", reason);
    Err(error.hint("leave them away: the plan's own hold").hint("or make another plan with them"))
}

/// What is called for now and stays undone, in one sentence.
pub(super) fn left_out(steps: &[Step]) -> Option<String> {
    const SHOWN: usize = 5;
    let names = steps.iter().take(SHOWN).map(|step| format!("{} of {}", step.op.word(), step.urn.path()));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if steps.len() > SHOWN { format!(" and {} more", steps.len() - SHOWN) } else { String::new() };
    (!steps.is_empty()).then(|| format!("not in the saved plan, and left as it is: {names}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_plan_is_named_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        for (text, reason) in [
            ("", "it is no JSON"),
            ("{\"version\": 1, \"sta", "it is no JSON"),
            ("[]", "it is no JSON object"),
            ("{\"version\": 2}", "it is a plan of version 2, and this program reads version 1"),
            ("{\"version\": 1, \"stack\": \"prod\", \"steps\": []}", "`read_set` is missing"),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = load(&file, "prod", false).unwrap_err();
            assert!(error.reason.contains(reason) && error.reason.contains("plan.json"), "{error}");
            assert_eq!(error.exit_code(), formwork_engine::error::exit::BAD_INPUT);
        }
        let error = load(&folder.path().join("none.json"), "prod", false).unwrap_err();
        assert!(error.reason.contains("none.json"), "{error}");
    }
}

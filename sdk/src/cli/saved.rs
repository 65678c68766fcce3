//! `preview --save FILE` and `up --plan FILE`: the program is run again and must arrive at the same steps.
//!
//! The file is the JSON of the plan. Two plans are the same when their steps and outputs are; identities that are minted while
//! planning are not in it, and the order numbers of the steps belong to it.

use std::collections::BTreeMap;
use std::path::Path;

use formwork_engine::Error;
use formwork_engine::error::Turn;
use serde_json::Value as Json;

/// Keeps a plan.
pub(super) fn save(plan: &Json, file: &Path) -> Result<(), Error> {
    let text = format!("{plan:#}\n");
    std::fs::write(file, text)
        .map_err(|error| Error::new(Turn::You, "save the plan", format!("{}: {error}", file.display())))
}

/// Takes a kept plan.
pub(super) fn load(file: &Path, stack: &str) -> Result<Json, Error> {
    let act = "read the saved plan";
    let wrong = |reason: String| Error::new(Turn::You, act, format!("{}: {reason}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let plan: Json = serde_json::from_str(&text).map_err(|error| wrong(format!("it is no plan: {error}")))?;
    match (plan["version"].as_u64(), plan["stack"].as_str()) {
        (Some(1), Some(found)) if found == stack => Ok(plan),
        (Some(1), Some(found)) => Err(wrong(format!("it is a plan of the stack {found}"))),
        _ => Err(wrong("it is no plan that this version can read".to_owned())),
    }
}

/// Holds the plan that the program arrives at now against the kept one.
///
/// # Errors
/// A refusal that names what moved.
pub(super) fn compare(kept: &Json, now: &Json) -> Result<(), Error> {
    let mut moved = Vec::new();
    let (kept_steps, now_steps) = (steps(kept), steps(now));
    for (key, step) in &kept_steps {
        match now_steps.get(key) {
            None => moved.push(format!("{key} is in the saved plan, and not called for any more")),
            Some(found) if found != step => {
                moved.push(format!("{key} has become another: {}", difference(step, found)))
            }
            Some(_) => {}
        }
    }
    moved.extend(
        now_steps
            .keys()
            .filter(|key| !kept_steps.contains_key(*key))
            .map(|key| format!("{key} is called for now, and not in the saved plan")),
    );
    if moved.is_empty() && kept["outputs"] != now["outputs"] {
        moved.push("the stack's outputs have become others".to_owned());
    }
    if moved.is_empty() {
        return Ok(());
    }
    let error = Error::new(Turn::Refused, "do the saved plan", "what it was made from has moved; nothing was changed");
    let error = moved.into_iter().fold(error, Error::hint);
    Err(error.hint("run `preview --save` again and look at the new plan"))
}

/// The steps that do something, by what they do to what.
fn steps(plan: &Json) -> BTreeMap<String, Json> {
    let doing = plan["steps"].as_array().into_iter().flatten().filter(|step| step["op"] != "same");
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    doing
        .map(|step| {
            let mut step = step.clone();
            // Numbers of steps count those that do nothing as well, and a new resource elsewhere shifts them all.
            if let Some(fields) = step.as_object_mut() {
                fields.remove("id");
                fields.remove("after");
            }
            (format!("{} of {} (generation {})", text(&step["op"]), text(&step["urn"]), step["generation"]), step)
        })
        .collect()
}

/// The first field in which two steps differ.
fn difference(kept: &Json, now: &Json) -> String {
    let mut names = kept.as_object().into_iter().flat_map(|fields| fields.keys());
    let differing = names.find(|name| kept[name.as_str()] != now[name.as_str()]).map_or("", String::as_str);
    if differing != "changes" {
        return format!("`{differing}` differs");
    }
    let paths = |step: &Json| -> BTreeMap<String, Json> {
        let changes = step["changes"].as_array().into_iter().flatten();
        changes.map(|change| (change["path"].as_str().unwrap_or_default().to_owned(), change.clone())).collect()
    };
    let (kept, now) = (paths(kept), paths(now));
    let moved = kept.keys().chain(now.keys()).find(|path| kept.get(*path) != now.get(*path));
    format!("`{}` differs", moved.map_or("changes", String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(after: &str, with_second: bool) -> Json {
        let change = json!({ "path": "cidr_block", "before": "a", "after": after });
        let mut steps = vec![
            json!({ "id": 0, "urn": "prod::main::aws:ec2/vpc", "op": "update", "generation": 1, "changes": [change] }),
        ];
        if with_second {
            steps.insert(
                0,
                json!({ "id": 0, "urn": "prod::other::aws:ec2/vpc", "op": "create", "generation": 1, "changes": [] }),
            );
        }
        json!({ "version": 1, "stack": "prod", "steps": steps, "outputs": {} })
    }

    #[test]
    fn the_same_steps_are_the_same_plan() {
        assert!(compare(&plan("b", false), &plan("b", false)).is_ok());
    }

    #[test]
    fn what_moved_is_named() {
        let error = compare(&plan("b", false), &plan("c", true)).unwrap_err();
        assert_eq!(
            error.hints[..2],
            [
                "update of prod::main::aws:ec2/vpc (generation 1) has become another: `cidr_block` differs",
                "create of prod::other::aws:ec2/vpc (generation 1) is called for now, and not in the saved plan",
            ]
        );
        assert_eq!(error.exit_code(), formwork_engine::error::exit::REFUSED);
    }

    #[test]
    fn a_plan_of_another_stack_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        save(&plan("b", false), &file).unwrap();
        assert!(load(&file, "prod").is_ok());
        assert!(load(&file, "platform").unwrap_err().reason.contains("of the stack prod"));
    }
}

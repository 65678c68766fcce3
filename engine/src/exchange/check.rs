//! What may be read of another stack, and what must stay because another stack uses it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::Elsewhere;
use crate::error::{Error, Turn};
use crate::graph::nearest;
use crate::observe::ReadAnswer;
use crate::plan::{Op, Reason, Step};
use crate::program::{Program, ReadDeclaration, WantedOutput, stack_of};
use crate::record::{Published, PublishedOutput, RowKey, Source, Standing, Used};
use crate::urn::Urn;
use crate::value::Value;

/// The answers of all reads of other stacks in a program. `stacks` are those that have published something.
///
/// # Errors
/// Everything that cannot be read, at once.
pub(crate) fn answers(
    program: &Program,
    elsewhere: &Elsewhere,
    stacks: &[String],
    endpoint: Option<&str>,
) -> Result<BTreeMap<Urn, ReadAnswer>, Vec<Error>> {
    let (mut found, mut errors) = (BTreeMap::new(), Vec::new());
    for read in program.reads.values() {
        let Some(other) = &read.stack else { continue };
        let Some(published) = elsewhere.published.get(&other.stack) else {
            errors.push(unpublished(read, &other.stack, stacks));
            continue;
        };
        if published.endpoint.as_deref() != endpoint {
            let place = |endpoint: Option<&str>| endpoint.unwrap_or("AWS itself").to_owned();
            let reason = format!(
                "it was brought up at {}, and this run is at {}",
                place(published.endpoint.as_deref()),
                place(endpoint)
            );
            errors.push(wrong(read, Turn::You, reason).hint(format!("bring it up here first: `up {}`", other.stack)));
            continue;
        }
        match answer(read, published) {
            Ok(answer) => drop(found.insert(read.urn.clone(), answer)),
            Err(mut wrong) => errors.append(&mut wrong),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// The answer of one read of another stack, out of what that stack has published.
///
/// # Errors
/// One for each output that is not there, may not be used, or is of another type than the program takes it for.
pub fn answer(read: &ReadDeclaration, published: &Published) -> Result<ReadAnswer, Vec<Error>> {
    let (mut outputs, mut errors) = (BTreeMap::new(), Vec::new());
    for wanted in read.stack.iter().flat_map(|other| &other.wanted) {
        match value(read, published, wanted) {
            Ok(value) => drop(outputs.insert(wanted.name.to_owned(), value)),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let args = Value::from([("stack", published.stack.as_str())]);
    Ok(ReadAnswer { args, outputs: Value::Map(outputs), to_pin: false })
}

fn value(read: &ReadDeclaration, published: &Published, wanted: &WantedOutput) -> Result<Value, Error> {
    let (stack, name) = (&published.stack, wanted.name);
    let Some(output) = published.outputs.get(name) else {
        return Err(missing(read, published, name));
    };
    let up = format!("`up {stack}`");
    match (output.standing, &output.value) {
        (Standing::Known, Some(stored)) => {
            let value = stored.to_value();
            let checked = (wanted.check)(&value);
            checked.map(|()| value).map_err(|mismatch| {
                let reason = format!("its output `{name}` is of another type than it is read as: {mismatch}");
                wrong(read, Turn::You, reason).hint(format!(
                    "give the field for `{name}` the type of what {stack} exports, or export what is wanted"
                ))
            })
        }
        (Standing::Secret, _) => {
            let reason = format!("its output `{name}` is a secret, and secrets are not published");
            Err(wrong(read, Turn::You, reason)
                .hint("export where it is kept, such as the ARN of a secret, and let what needs it read it there"))
        }
        (Standing::Leaving, _) => {
            let from: Vec<&str> = output.sources.iter().map(|source| source.urn.path()).collect();
            let from = if from.is_empty() { name.to_owned() } else { from.join(", ") };
            let reason = format!(
                "its output `{name}` is being taken away: a run of {stack} that deletes or replaces {from} goes on, or was cut short"
            );
            Err(wrong(read, Turn::Refused, reason).hint(format!("wait for it, or finish it with {up}; then run again")))
        }
        (Standing::Unfinished | Standing::Known, _) => {
            let reason = format!("the last run of {stack} did not get as far as its output `{name}`");
            Err(wrong(read, Turn::You, reason).hint(format!("finish it first: {up}")))
        }
    }
}

fn wrong(read: &ReadDeclaration, turn: Turn, reason: String) -> Error {
    Error::new(turn, "read the outputs of", reason).about(&read.urn, Some(&read.source))
}

fn unpublished(read: &ReadDeclaration, stack: &str, stacks: &[String]) -> Error {
    let error = wrong(read, Turn::You, format!("no run of the stack {stack} has published any"));
    let error = error.hint(format!("bring it up first: `up {stack}`"));
    match nearest(stack, stacks.iter().map(String::as_str)).first() {
        Some(near) => error.hint(format!("or did you mean the stack {near}?")),
        None if stacks.is_empty() => error,
        None => error.hint(format!("published are the outputs of: {}", stacks.join(", "))),
    }
}

fn missing(read: &ReadDeclaration, published: &Published, name: &str) -> Error {
    let stack = &published.stack;
    if published.outputs.is_empty() {
        let reason = format!("`{name}` is wanted, and {stack} has no outputs: it was destroyed, or exports none");
        return wrong(read, Turn::You, reason).hint(format!("bring it up first: `up {stack}`"));
    }
    let names: Vec<&str> = published.outputs.keys().map(String::as_str).collect();
    let error = wrong(read, Turn::You, format!("the last run of {stack} exported no `{name}`"));
    match nearest(name, names.iter().copied()).as_slice() {
        [] => error.hint(format!("exported: {}", names.join(", "))),
        near => error.hint(format!("exported and near is: {}", near.join(", "))),
    }
    .hint(format!("if {stack} exports it by now: `up {stack}` first"))
}

/// What a program uses of other stacks: the outputs that some argument or export refers to, with what they came from.
pub(crate) fn used(program: &Program, published: &BTreeMap<String, Published>) -> Used {
    let resources = program.resources.values().flat_map(|it| it.args.values().chain(&it.options.replace_when));
    let reads = program.reads.values().flat_map(|read| read.args.values());
    let exports = program.exports.values().map(|export| &export.expr);
    let mut used = Used::new();
    for expr in resources.chain(reads).chain(exports) {
        expr.visit_outputs(&mut |urn, name| {
            let Some(stack) = stack_of(urn) else { return };
            let output = published.get(stack).and_then(|published| published.outputs.get(name));
            let sources = output.map(|output| output.sources.clone()).unwrap_or_default();
            used.entry(stack.to_owned()).or_default().insert(name.to_owned(), sources);
        });
    }
    used
}

/// Why steps may not be done, and why outputs may not go: other stacks use what they take away.
pub(crate) fn refusals(stack: &str, exported: &BTreeSet<&str>, steps: &[Step], elsewhere: &Elsewhere) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut refused = BTreeSet::new();
    for step in steps.iter().filter(|step| step.op == Op::Delete) {
        if let (Some(key), Some(error)) = (&step.row, kept_from(step, stack, elsewhere)) {
            refused.insert(key.clone());
            errors.push(error);
        }
    }
    let mut holders = Holders::new();
    for uses in &elsewhere.users {
        for (output, sources) in uses.of.get(stack).into_iter().flatten() {
            let told = sources.iter().any(|source| refused.contains(&source.key()));
            if !exported.contains(output.as_str()) && !told {
                holders.entry(&uses.stack).or_default().insert(output);
            }
        }
    }
    let outputs: BTreeSet<&str> = holders.values().flatten().copied().collect();
    if !outputs.is_empty() {
        let (word, it) = if outputs.len() == 1 { ("output", "it") } else { ("outputs", "them") };
        let act = format!("take the {word} {} away", quoted(&outputs));
        let error = Error::new(Turn::Refused, act, format!("{} {it}", using(&holders)));
        errors.push(ways_on(error, stack, &holders, None, elsewhere));
    }
    errors
}

/// What other stacks use and what is gone from the account already: nothing keeps it, and they must follow.
pub(crate) fn warnings(stack: &str, steps: &[Step], elsewhere: &Elsewhere) -> Vec<String> {
    let gone = steps.iter().filter(|step| step.op == Op::Forget && step.reason == Reason::Vanished);
    let told = gone.filter_map(|step| {
        let holders = holders(step.row.as_ref()?, stack, elsewhere);
        let (path, users) = (step.urn.path(), names(&holders));
        let then =
            || format!("{path} is gone from the account, and was used by {users}: afterwards run {}", ups(&holders));
        (!holders.is_empty()).then(then)
    });
    told.collect()
}

/// Why the resource of a delete must stay, when another stack uses what comes from it.
pub(crate) fn kept_from(step: &Step, stack: &str, elsewhere: &Elsewhere) -> Option<Error> {
    let key = step.row.as_ref()?;
    let holders = holders(key, stack, elsewhere);
    if holders.is_empty() {
        return None;
    }
    let outputs: BTreeSet<&str> = holders.values().flatten().copied().collect();
    let outputs = quoted(&outputs);
    let act = if step.replaces { "replace" } else { "delete" };
    let reason = format!("{} {outputs}, which comes from it", using(&holders));
    let error = Error::new(Turn::Refused, act, reason).about(&step.urn, step.source.as_ref());
    let also = match step.replaces {
        true => Some(
            "or declare the next one beside it, under another name, and remove this one when nobody uses it".to_owned(),
        ),
        // What is left of a replacement: the next generation stands already, and its users have not gone over to it.
        false if step.reason == Reason::Resumed => {
            Some(format!("or go over to what has taken its place: {}", ups(&holders)))
        }
        false => None,
    };
    Some(ways_on(error, stack, &holders, also, elsewhere))
}

/// By the other stack's name, the outputs that it uses.
type Holders<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn holders<'a>(key: &RowKey, stack: &str, elsewhere: &'a Elsewhere) -> Holders<'a> {
    let mut holders = Holders::new();
    for uses in &elsewhere.users {
        for (output, sources) in uses.of.get(stack).into_iter().flatten() {
            if sources.iter().any(|source: &Source| source.key() == *key) {
                holders.entry(&uses.stack).or_default().insert(output);
            }
        }
    }
    holders
}

/// `the stack app`, `the stacks app and web`.
fn names(holders: &Holders<'_>) -> String {
    let names: Vec<&str> = holders.keys().copied().collect();
    match names.as_slice() {
        [one] => format!("the stack {one}"),
        [rest @ .., last] => format!("the stacks {} and {last}", rest.join(", ")),
        [] => "nobody".to_owned(),
    }
}

/// `the stack app uses`, `the stacks app and web use`.
fn using(holders: &Holders<'_>) -> String {
    format!("{} {}", names(holders), if holders.len() == 1 { "uses" } else { "use" })
}

/// The commands that bring all of them up.
fn ups(holders: &Holders<'_>) -> String {
    holders.keys().map(|user| format!("`up {user}`")).collect::<Vec<_>>().join(", ")
}

fn quoted(names: &BTreeSet<&str>) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn ways_on(error: Error, stack: &str, holders: &Holders<'_>, also: Option<String>, elsewhere: &Elsewhere) -> Error {
    let mut error = error;
    for (user, outputs) in holders {
        error = error.hint(format!(
            "first `destroy {user}`, or take {} of {stack} out of it and run `up {user}`",
            quoted(outputs)
        ));
        if let Some(place) = elsewhere.places.get(*user) {
            error = error.hint(format!("if the stack {user} and its store are gone for good: remove {place}"));
        }
    }
    error.hints.extend(also);
    error.hint("no flag lifts this, --allow-delete neither")
}

/// The publication with those outputs marked that a run takes away; `None` when it takes none.
pub(crate) fn leaving(published: &Published, exported: &BTreeSet<&str>, steps: &[Step]) -> Option<Published> {
    let ending: BTreeSet<&RowKey> =
        steps.iter().filter(|step| step.op == Op::Delete).filter_map(|step| step.row.as_ref()).collect();
    let goes = |name: &str, output: &PublishedOutput| {
        !exported.contains(name) || output.sources.iter().any(|source| ending.contains(&source.key()))
    };
    let mut marked = published.clone();
    for (name, output) in &mut marked.outputs {
        if goes(name, output) {
            output.standing = Standing::Leaving;
        }
    }
    (marked != *published).then_some(marked)
}

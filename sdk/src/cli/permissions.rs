//! `permissions`: the IAM policy that a stack needs for a command. Calls nothing but what reads a state in S3.

use std::collections::BTreeSet;

use clap::Args;
use formwork_aws::permissions::{Existing, MANAGED_LIMIT, Policy, Purpose, Statement, Use, policy};
use formwork_engine::Error;
use formwork_engine::error::exit;
use serde_json::{Value as Json, json};

use super::args::StackArgs;
use super::session::open_for_reading;
use super::target::Target;
use super::{At, local, store};
use crate::render::{Ink, Look, plural, wrapped};

/// How many resources an explanation names.
const NAMED: usize = 3;

#[derive(Debug, Args)]
pub(crate) struct PermissionsArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    command: For,
    /// Print the policy document alone, as IAM takes it.
    #[arg(long)]
    json: bool,
    /// Print an array of documents, each short enough for a managed policy.
    #[arg(long, conflicts_with = "explain")]
    split: bool,
    /// Say for each action which resources need it and why; with --json beside the document.
    #[arg(long)]
    explain: bool,
}

/// The command that the policy is for.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct For {
    /// For `preview`, which changes nothing.
    #[arg(long)]
    preview: bool,
    /// For `up`, which also deletes what is replaced or not declared any more.
    #[arg(long)]
    up: bool,
    /// For `destroy`.
    #[arg(long)]
    destroy: bool,
}

impl For {
    fn purpose(&self) -> (Purpose, &'static str) {
        match () {
            () if self.up => (Purpose::Up, "up"),
            () if self.destroy => (Purpose::Destroy, "destroy"),
            () => (Purpose::Preview, "preview"),
        }
    }
}

/// Runs `permissions`.
pub(super) fn command(at: At<'_>, args: &PermissionsArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let program = target.program(at)?;
    let state = store::access(at, &target).map_err(|error| vec![error])?;
    let existing = existing(at, &target)?;
    let aws = &target.base.aws;
    let account = match &target.local {
        Some(_) => Some(local::account(&target.base)),
        None => aws.account_id.clone(),
    };
    let region = match &target.local {
        Some(_) => Some(aws.region.clone().unwrap_or_else(|| local::REGION.to_owned())),
        None => aws.region.clone().or_else(|| at.environment.aws_region().map(|(_, region)| region)),
    };
    if region.is_none() {
        let text = "no region is configured: the policy holds in all of them (write region = \"…\" under [aws])";
        at.terminal.say(&wrapped(text, at.terminal.err_look().width, "note: ", "  "));
    }
    let account = account.unwrap_or_else(|| "*".to_owned());
    let region = region.unwrap_or_else(|| "*".to_owned());
    let (purpose, verb) = args.command.purpose();
    let policy = policy(&program, &existing, &state, purpose, (partition(&region), &account, &region));
    let documents = policy.documents();
    at.terminal.data(&match (args.json, args.explain) {
        _ if args.split => format!("{:#}", Json::Array(documents.clone())),
        (true, false) => format!("{:#}", policy.to_json()),
        (true, true) => format!("{:#}", explained(&policy)),
        (false, explain) => page(&policy, verb, &target.stack, explain, at.terminal.out_look()),
    });
    if !args.split && policy.characters() > MANAGED_LIMIT {
        let text = format!(
            "the policy has {} characters, and a managed policy at most {MANAGED_LIMIT}: --split prints it as {} policies",
            policy.characters(),
            documents.len()
        );
        at.terminal.say(&wrapped(&text, at.terminal.err_look().width, "note: ", "  "));
    }
    Ok(exit::DONE)
}

/// What is recorded: although not declared any more, it is still read, and still to be deleted. Where the bucket of the state may not be read
/// yet, that is what the policy is wanted for.
fn existing(at: At<'_>, target: &Target) -> Result<Vec<Existing>, Vec<Error>> {
    let store = match open_for_reading(at, target) {
        Err(errors) if target.base.store.s3.is_some() => {
            let reasons = errors.iter().map(Error::to_string).collect::<Vec<_>>().join("; ");
            let text = format!("what is recorded and not declared any more is left out, since {reasons}");
            at.terminal.say(&wrapped(&text, at.terminal.err_look().width, "note: ", "  "));
            return Ok(Vec::new());
        }
        opened => opened?,
    };
    let existing = store.snapshot().rows().values().map(|row| Existing {
        kind: row.kind.as_str().to_owned(),
        path: row.urn.path().to_owned(),
        region: row.region.clone(),
        args: row.applied.to_value(),
    });
    Ok(existing.collect())
}

/// The partition that a region is in.
fn partition(region: &str) -> &'static str {
    match region {
        "*" => "*",
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The document with the reasons beside it, for machines.
fn explained(policy: &Policy) -> Json {
    let uses = policy.uses.iter().map(|one| {
        json!({ "action": one.action, "verb": one.verb.word(), "because": one.because, "resources": one.resources })
    });
    json!({ "version": 1, "policy": policy.to_json(), "uses": uses.collect::<Vec<_>>() })
}

/// The policy for people: what is allowed on what, why it is not narrower, and on demand for whom.
fn page(policy: &Policy, verb: &str, stack: &str, explain: bool, look: Look) -> String {
    let title = format!("what `{verb} {stack}` needs to be allowed");
    let actions: BTreeSet<&String> = policy.statements.iter().flat_map(|statement| &statement.actions).collect();
    let mut text = format!("{}: {}\n", look.paint(Ink::Strong, &title), plural(actions.len(), "action"));
    for statement in &policy.statements {
        text.push('\n');
        text.push_str(&written(statement, look));
    }
    if explain {
        text.push_str(&format!("\n{}\n", look.paint(Ink::Strong, "why")));
        for one in &policy.uses {
            text.push_str(&format!("{}\n", wrapped(&reason(one), look.width, "  ", "    ")));
        }
    }
    text
}

fn written(statement: &Statement, look: Look) -> String {
    let mut text = format!("{}\n", look.paint(Ink::Faint, &statement.sid));
    for action in &statement.actions {
        text.push_str(&format!("  {action}\n"));
    }
    for resource in &statement.resources {
        text.push_str(&format!("    on {resource}\n"));
    }
    if let Some((key, values)) = &statement.only {
        text.push_str(&format!("    only where {key} is {}\n", values.join(" or ")));
    }
    if let Some(why) = statement.why_everything() {
        text.push_str(&format!("{}\n", look.paint(Ink::Faint, &wrapped(why, look.width, "    # ", "    # "))));
    }
    text
}

/// `ec2:CreateVpc <- network/main (create)`.
fn reason(one: &Use) -> String {
    let mut names: Vec<&str> = one.resources.iter().map(String::as_str).take(NAMED).collect();
    let more = one.resources.len().saturating_sub(NAMED);
    let rest = format!("{more} more");
    match (names.is_empty(), more) {
        (true, _) => names.push("every run"),
        (false, 0) => {}
        (false, _) => names.push(&rest),
    }
    let because = one.because.map(|because| format!(": {because}")).unwrap_or_default();
    format!("{} <- {} ({}){because}", one.action, names.join(", "), one.verb.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_in_one_partition() {
        assert_eq!([partition("eu-west-1"), partition("cn-north-1"), partition("*")], ["aws", "aws-cn", "*"]);
    }
}

//! What was found out about a file of Terraform or Pulumi, as people and machines read it.
//!
//! ```text
//! Import into prod from terraform.tfstate (Terraform 1.9.8, serial 12): account 123456789012, region eu-west-1
//!
//! as declared
//!   = module.network.aws_vpc.main is network/main (ec2/vpc)
//! differs: taking it over changes it
//!   ~ module.network.aws_subnet.private["a"] is network/private-a (ec2/subnet)
//!       map_public_ip_on_launch: true → false
//! ```

use formwork_engine::Urn;
use formwork_engine::plan::FieldChange;
use serde_json::{Value as Json, json};

use super::value::shown;
use super::{Ink, Look, plural, wrapped};
use crate::migrate::{Answer, Item, Survey};

/// How many resources are named as candidates before the rest is counted.
const CANDIDATES: usize = 5;

/// What is said of the answers of one word.
struct Group {
    word: &'static str,
    heading: &'static str,
    sign: &'static str,
    ink: Ink,
    /// In the sum: after the number.
    sum: &'static str,
}

const GROUPS: [Group; 12] = [
    Group { word: "matches", heading: "as declared", sign: "=", ink: Ink::Good, sum: "as declared" },
    Group {
        word: "differs",
        heading: "differs: taking it over makes it as declared",
        sign: "~",
        ink: Ink::Update,
        sum: "different",
    },
    Group {
        word: "recorded",
        heading: "the stack has it already",
        sign: "=",
        ink: Ink::Good,
        sum: "in the stack already",
    },
    Group { word: "part", heading: "part of a resource", sign: "·", ink: Ink::Plain, sum: "part of another" },
    Group {
        word: "blocked",
        heading: "cannot be taken over",
        sign: "!",
        ink: Ink::Bad,
        sum: "that cannot be taken over",
    },
    Group {
        word: "ambiguous",
        heading: "could be more than one: say which in a file for --map",
        sign: "?",
        ink: Ink::Warning,
        sum: "ambiguous",
    },
    Group { word: "not_declared", heading: "not declared", sign: "?", ink: Ink::Warning, sum: "not declared" },
    Group { word: "not_there", heading: "not in the account", sign: "?", ink: Ink::Warning, sum: "not there" },
    Group { word: "elsewhere", heading: "in another place", sign: "?", ink: Ink::Warning, sum: "elsewhere" },
    Group { word: "unreadable", heading: "could not be read", sign: "?", ink: Ink::Warning, sum: "unreadable" },
    Group { word: "unsupported", heading: "not supported", sign: "-", ink: Ink::Warning, sum: "not supported" },
    Group {
        word: "left_out",
        heading: "",
        sign: "",
        ink: Ink::Faint,
        sum: "left out (looked up, replaced, or only a grouping)",
    },
];

/// The text of a survey, with an end of line. `place` says account, region and endpoint.
pub(crate) fn survey(survey: &Survey, stack: &str, place: &str, look: Look) -> String {
    let file = &survey.file;
    let first = format!("Import into {stack}");
    let heading = wrapped(&format!("{first} from {} ({}): {place}", file.path, file.written_by), look.width, "", "  ");
    let rest = heading.strip_prefix(&first).unwrap_or(&heading);
    let mut text = format!("{}{rest}\n", look.paint(Ink::Strong, &first));
    for group in GROUPS.iter().filter(|group| !group.heading.is_empty()) {
        let of_group = file.items.iter().zip(&survey.answers).filter(|(_, answer)| answer.word() == group.word);
        for (index, (item, answer)) in of_group.enumerate() {
            if index == 0 {
                text.push_str(&format!("\n{}\n", group.heading));
            }
            let sign = look.paint(group.ink, group.sign);
            text.push_str(&format!("  {sign} {}\n", line(item, answer)));
            details(item, answer, look, &mut text);
        }
    }
    if !survey.missing.is_empty() {
        text.push_str("\ndeclared, and not in the file: `up` makes it\n");
        for urn in &survey.missing {
            text.push_str(&format!("  {} {}\n", look.paint(Ink::Create, "+"), named(urn)));
        }
    }
    for note in &file.notes {
        text.push_str(&format!("\n{}\n", wrapped(note, look.width, "note: ", "  ")));
    }
    text.push_str(&format!("\n{}\n", wrapped(&sum(survey), look.width, "", "  ")));
    text
}

fn line(item: &Item, answer: &Answer) -> String {
    let address = item.short();
    match answer {
        Answer::Matches { urn, .. } | Answer::Differs { urn, .. } | Answer::Blocked { urn, .. } => {
            format!("{address} is {}", named(urn))
        }
        Answer::Recorded(urn) => format!("{address} is {}", named(urn)),
        Answer::Part { kind, of, argument, urn } => {
            let kind = kind.strip_prefix("aws:").unwrap_or(kind);
            let whole = match (urn, of) {
                (Some(urn), _) => named(urn),
                (None, Some(of)) => format!("{kind} {of}"),
                (None, None) => format!("a {kind}"),
            };
            format!("{address} is `{argument}` of {whole}")
        }
        _ => address.to_owned(),
    }
}

fn details(item: &Item, answer: &Answer, look: Look, text: &mut String) {
    let mut say = |sentence: &str| text.push_str(&format!("{}\n", wrapped(sentence, look.width, "      ", "        ")));
    match answer {
        Answer::Differs { urn, changes, .. } => changes.iter().for_each(|change| say(&shown_change(urn, change))),
        Answer::Blocked { urn, reason, changes } => {
            say(reason);
            changes.iter().for_each(|change| say(&shown_change(urn, change)));
        }
        Answer::Ambiguous(candidates) => {
            let some: Vec<String> = candidates.iter().take(CANDIDATES).map(|urn| urn.path().to_owned()).collect();
            let more = match candidates.len().saturating_sub(CANDIDATES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            say(&format!("{}{more}", some.join(", ")));
        }
        Answer::NotDeclared(unlike) => {
            for (urn, paths) in unlike.iter().take(CANDIDATES) {
                say(&format!("not {}: {} differs", urn.path(), paths.join(", ")));
            }
        }
        Answer::Elsewhere(reason) | Answer::Unreadable(reason) | Answer::Unsupported(reason) => say(reason),
        Answer::NotThere => {
            if let crate::migrate::Is::Thing { kind, id } = &item.is {
                say(&format!("there is no {} {id}", kind.strip_prefix("aws:").unwrap_or(kind)));
            }
        }
        Answer::Matches { .. } | Answer::Recorded(_) | Answer::Part { .. } | Answer::LeftOut(_) => {}
    }
    item.notes.iter().for_each(|note| say(note));
}

fn shown_change(urn: &Urn, change: &FieldChange) -> String {
    if !is_readable(urn, change) {
        return format!("{}: cannot be read; {} is written", change.path, shown(&change.after));
    }
    let forces = if change.forces_replacement { " (only in a new one)" } else { "" };
    format!("{}: {} → {}{forces}", change.path, shown(&change.before), shown(&change.after))
}

/// Whether AWS says what the argument is now.
fn is_readable(urn: &Urn, change: &FieldChange) -> bool {
    let kind = urn.kind();
    let name = change.path.split(['.', '[']).next().unwrap_or_default();
    let schema = formwork_aws::schemas().into_iter().find(|schema| schema.kind == kind.as_str());
    schema.and_then(|schema| schema.arg(name)).is_none_or(|arg| !arg.write_only)
}

fn named(urn: &Urn) -> String {
    format!("{} ({})", urn.path(), urn.kind().short())
}

fn sum(survey: &Survey) -> String {
    let counts = survey.counts();
    let parts: Vec<String> = GROUPS
        .iter()
        .filter_map(|group| counts.get(group.word).map(|count| format!("{count} {}", group.sum)))
        .collect();
    let resources = plural(survey.answers.len(), "resource");
    match parts.is_empty() {
        true => format!("{resources}: there is nothing in the file"),
        false => format!("{resources} in the file: {}.", parts.join(", ")),
    }
}

/// A survey for machines.
pub(crate) fn survey_json(survey: &Survey, stack: &str) -> Json {
    let resources: Vec<Json> =
        survey.file.items.iter().zip(&survey.answers).map(|(item, answer)| answer_json(item, answer)).collect();
    json!({
        "version": 1,
        "stack": stack,
        "file": survey.file.path,
        "written_by": survey.file.written_by,
        "notes": survey.file.notes,
        "resources": resources,
        "missing": survey.missing,
        "summary": survey.counts(),
    })
}

fn answer_json(item: &Item, answer: &Answer) -> Json {
    let (kind, id) = match &item.is {
        crate::migrate::Is::Thing { kind, id } => (Some(*kind), Some(id.as_str())),
        _ => (None, None),
    };
    let mut object = json!({
        "address": item.address,
        "type": item.of,
        "status": answer.word(),
        "kind": kind,
        "id": id,
        "urn": answer.urn(),
        "notes": item.notes,
    });
    let more = match answer {
        Answer::Matches { by, .. } => json!({ "by": by.words() }),
        Answer::Differs { urn, by, changes } => json!({ "by": by.words(), "changes": changes_json(urn, changes) }),
        Answer::Blocked { urn, reason, changes } => {
            json!({ "reason": reason, "changes": changes_json(urn, changes) })
        }
        Answer::Part { kind, of, argument, .. } => json!({ "of": { "kind": kind, "id": of }, "argument": argument }),
        Answer::Ambiguous(candidates) => json!({ "candidates": candidates }),
        Answer::NotDeclared(unlike) => {
            let unlike: Vec<Json> = unlike.iter().map(|(urn, paths)| json!({ "urn": urn, "differs": paths })).collect();
            json!({ "unlike": unlike })
        }
        Answer::Elsewhere(reason)
        | Answer::Unreadable(reason)
        | Answer::Unsupported(reason)
        | Answer::LeftOut(reason) => json!({ "reason": reason }),
        Answer::Recorded(_) | Answer::NotThere => json!({}),
    };
    if let (Some(object), Json::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

fn changes_json(urn: &Urn, changes: &[FieldChange]) -> Vec<Json> {
    let one = |change: &FieldChange| {
        json!({
            "path": change.path,
            "observed": change.before.to_json(),
            "declared": change.after.to_json(),
            "readable": is_readable(urn, change),
            "forces_replacement": change.forces_replacement,
        })
    };
    changes.iter().map(one).collect()
}

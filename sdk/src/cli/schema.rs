//! `schema`: the resource types as their schemas say, for people and machines.

use formwork_engine::error::{Turn, exit};
use formwork_engine::{ArgSchema, Change, ChangeRule, Error, OutputSchema, Schema, Shape};
use serde_json::{Value as Json, json};

use super::args::SchemaArgs;
use crate::config::nearest;
use crate::render::{Ink, Last, Look, table, wrapped};
use crate::terminal::Terminal;

/// Runs `schema`.
pub(super) fn command(args: &SchemaArgs, terminal: &Terminal) -> Result<u8, Vec<Error>> {
    let mut schemas = formwork_aws::schemas();
    schemas.sort_by_key(|schema| schema.kind);
    if let Some(kind) = &args.kind {
        let known: Vec<&str> = schemas.iter().map(|schema| schema.kind).collect();
        let short = format!("aws:{kind}");
        schemas.retain(|schema| schema.kind == kind || schema.kind == short);
        if schemas.is_empty() {
            let error = Error::new(Turn::You, "print a schema", format!("there is no resource type {kind}"));
            return Err(vec![match nearest(kind, known.iter().copied())
                .or_else(|| nearest(&short, known.iter().copied()))
            {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error.hint("`schema` without a type lists them all"),
            }]);
        }
    }
    let look = terminal.out_look();
    if args.json {
        let all: Vec<Json> = schemas.iter().map(|schema| schema_json(schema)).collect();
        terminal.data(&format!("{:#}", Json::Array(all)));
    } else if let (Some(_), [schema]) = (&args.kind, &schemas[..]) {
        terminal.data(&page(schema, look));
    } else {
        let rows: Vec<Vec<String>> = schemas
            .iter()
            .map(|schema| vec![schema.kind.to_owned(), schema.cfn.to_owned(), sentence(schema.doc).to_owned()])
            .collect();
        terminal.data(&table(&["TYPE", "CLOUDFORMATION", ""], &rows, Last::Cut, look));
    }
    Ok(exit::DONE)
}

fn schema_json(schema: &Schema) -> Json {
    json!({
        "kind": schema.kind,
        "cloudformation": schema.cfn,
        "doc": schema.doc,
        "data_store": schema.data_store,
        "args": schema.args.iter().map(arg_json).collect::<Vec<_>>(),
        "outputs": schema.outputs.iter().map(output_json).collect::<Vec<_>>(),
    })
}

fn arg_json(arg: &ArgSchema) -> Json {
    let mut object = json!({
        "name": arg.name,
        "cloudformation": arg.cfn,
        "required": arg.required,
        "change": change(arg.change),
        "secret": is_secret(&arg.shape),
        "type": type_name(&arg.shape),
        "doc": arg.doc,
    });
    if let (Some(fields), Some(object)) = (fields(&arg.shape), object.as_object_mut()) {
        object.insert("fields".to_owned(), Json::Array(fields.iter().map(arg_json).collect()));
    }
    object
}

fn output_json(output: &OutputSchema) -> Json {
    json!({ "name": output.name, "secret": is_secret(&output.shape), "type": type_name(&output.shape), "doc": output.doc })
}

fn change(rule: ChangeRule) -> &'static str {
    match rule {
        ChangeRule::Always(Change::InPlace) => "in_place",
        ChangeRule::Always(Change::Replace) => "replace",
        ChangeRule::Always(Change::Never) => "never",
        ChangeRule::Decide(_) => "depends",
    }
}

fn is_secret(shape: &Shape) -> bool {
    match shape {
        Shape::Secret(_) => true,
        Shape::Optional(inner) | Shape::List(inner) | Shape::Set(inner) | Shape::Map(inner) => is_secret(inner),
        _ => false,
    }
}

/// The fields of the block that a shape holds.
fn fields(shape: &Shape) -> Option<&'static [ArgSchema]> {
    match shape {
        Shape::Block(fields) => Some(fields),
        Shape::Optional(inner) | Shape::List(inner) | Shape::Set(inner) | Shape::Map(inner) | Shape::Secret(inner) => {
            fields(inner)
        }
        _ => None,
    }
}

/// The type in words: `text`, `list of text`, `one of a, b`.
fn type_name(shape: &Shape) -> String {
    match shape {
        Shape::Bool => "bool".to_owned(),
        Shape::Int => "number".to_owned(),
        Shape::Text | Shape::Caseless => "text".to_owned(),
        Shape::Choice(words) => format!("one of {}", words.join(", ")),
        Shape::Name => "name".to_owned(),
        Shape::Version => "version".to_owned(),
        Shape::Json => "JSON document".to_owned(),
        Shape::Secret(inner) => format!("secret {}", type_name(inner)),
        Shape::List(inner) => format!("list of {}", type_name(inner)),
        Shape::Set(inner) => format!("set of {}", type_name(inner)),
        Shape::Map(inner) => format!("map of {}", type_name(inner)),
        Shape::Optional(inner) => type_name(inner),
        Shape::Block(_) => "block".to_owned(),
    }
}

fn sentence(doc: &str) -> &str {
    doc.lines().next().unwrap_or_default().trim()
}

/// One type for people.
fn page(schema: &Schema, look: Look) -> String {
    let mut text = format!("{}  {}\n", look.paint(Ink::Strong, schema.kind), look.paint(Ink::Faint, schema.cfn));
    for paragraph in schema.doc.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")) {
        text.push_str(&format!("{}\n", wrapped(paragraph.trim(), look.width, "  ", "  ")));
    }
    if schema.data_store {
        text.push_str("  A data store: deleting or replacing one needs consent.\n");
    }
    text.push_str(&format!("\n{}\n", look.paint(Ink::Strong, "arguments")));
    write_args(schema.args, 1, look, &mut text);
    text.push_str(&format!("\n{}\n", look.paint(Ink::Strong, "outputs")));
    for output in schema.outputs {
        text.push_str(&format!("  {}  {}\n", output.name, look.paint(Ink::Faint, &type_name(&output.shape))));
        write_doc(output.doc, 3, look, &mut text);
    }
    text
}

fn write_args(args: &[ArgSchema], depth: usize, look: Look, text: &mut String) {
    for arg in args {
        let mut notes = vec![type_name(&arg.shape)];
        notes.extend(arg.required.then(|| "required".to_owned()));
        notes.extend(match change(arg.change) {
            "in_place" => None,
            "replace" => Some("a change replaces".to_owned()),
            "never" => Some("cannot be changed".to_owned()),
            _ => Some("some changes replace".to_owned()),
        });
        let notes = look.paint(Ink::Faint, &notes.join(", "));
        text.push_str(&format!("{}{}  {notes}\n", " ".repeat(2 * depth), arg.name));
        write_doc(arg.doc, depth + 2, look, text);
        if let Some(fields) = fields(&arg.shape) {
            write_args(fields, depth + 1, look, text);
        }
    }
}

fn write_doc(doc: &str, depth: usize, look: Look, text: &mut String) {
    let doc = doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    if !doc.trim().is_empty() {
        let indent = " ".repeat(2 * depth);
        text.push_str(&format!("{}\n", wrapped(doc.trim(), look.width, &indent, &indent)));
    }
}

//! What the schemas of all types promise each other: names in them name something. The derive sees one type at a time and cannot know.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::shape::{ArgSchema, Link, Moves, Shape};
use formwork_engine::{Schema, shape::OutputSchema};

/// Everything that is wrong with all types, one line each.
fn mistakes(check: impl Fn(&'static Schema, &mut Vec<String>)) -> Vec<String> {
    let mut found = Vec::new();
    for schema in crate::schemas() {
        let mut here = Vec::new();
        check(schema, &mut here);
        found.extend(here.into_iter().map(|mistake| format!("{}: {mistake}", schema.kind)));
    }
    found
}

fn none(found: Vec<String>) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether a dotted path leads to an argument, as far as blocks go.
fn leads(args: &'static [ArgSchema], path: &str) -> bool {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(arg) = args.iter().find(|arg| arg.name == name) else { return false };
    match (rest, block(&arg.shape)) {
        (None, _) => true,
        (Some(rest), Some(fields)) => leads(fields, rest),
        // What follows a reference is an argument of whatever it refers to.
        (Some(rest), None) => crate::schemas().iter().any(|schema| leads(schema.args, rest)),
    }
}

fn block(shape: &'static Shape) -> Option<&'static [ArgSchema]> {
    match shape {
        Shape::Block(fields) => Some(fields),
        Shape::Optional(inner) | Shape::Secret(inner) | Shape::List(inner) | Shape::Set(inner) | Shape::Map(inner) => {
            block(inner)
        }
        _ => None,
    }
}

#[test]
fn what_outputs_move_with_and_repeat_are_arguments() {
    none(mistakes(|schema, found| {
        let mut named = |output: &OutputSchema, what: &str, arg: &str| {
            if schema.arg(arg).is_none() {
                found.push(format!("the output `{}` {what} `{arg}`, which is no argument", output.name));
            }
        };
        for output in schema.outputs {
            if let Moves::With(args) = output.moves {
                args.iter().for_each(|arg| named(output, "moves with", arg));
            }
            output.echoes.iter().for_each(|arg| named(output, "repeats", arg));
        }
    }));
}

#[test]
fn keys_are_made_of_arguments() {
    none(mistakes(|schema, found| {
        for part in schema.natural_key.iter().chain(schema.exclusive.iter().copied().flatten()) {
            if schema.arg(part).is_none() {
                found.push(format!("its key has `{part}`, which is no argument"));
            }
        }
    }));
}

#[test]
fn orders_between_types_name_types_and_arguments() {
    let kinds: BTreeMap<&str, &Schema> = crate::schemas().into_iter().map(|schema| (schema.kind, schema)).collect();
    none(mistakes(|schema, found| {
        for rule in schema.after {
            let Some(theirs) = kinds.get(rule.kind) else {
                found.push(format!("comes after {}, which is no type", rule.kind));
                continue;
            };
            let mut paths: Vec<(&Schema, &str)> = Vec::new();
            paths.extend(rule.where_theirs.map(|(arg, _)| (*theirs, arg)));
            paths.extend(rule.where_mine.map(|(arg, _)| (schema, arg)));
            match &rule.link {
                Link::Any => {}
                Link::Shared(pairs) => {
                    paths.extend(pairs.iter().flat_map(|(mine, other)| [(schema, *mine), (*theirs, *other)]));
                }
                Link::Named { theirs: arg, format } => {
                    paths.push((theirs, arg));
                    let holes = format.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
                    paths.extend(holes.map(|(arg, _)| (schema, arg)));
                }
            }
            for (of, path) in paths {
                if !leads(of.args, path) {
                    found.push(format!("comes after {} by `{path}`, which {} does not have", rule.kind, of.kind));
                }
            }
        }
    }));
}

#[test]
fn every_kind_is_named_once_and_its_first_output_is_the_id() {
    let mut seen = BTreeSet::new();
    none(mistakes(|schema, found| {
        if schema.outputs.first().is_none_or(|output| output.name != "id") {
            found.push("the first output is not `id`".to_owned());
        }
        for names in [schema.args.iter().map(|arg| arg.name).collect(), outputs(schema)] {
            let names: Vec<&str> = names;
            if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
                found.push("a name is used twice".to_owned());
            }
        }
    }));
    for schema in crate::schemas() {
        assert!(seen.insert(schema.kind), "{} is there twice", schema.kind);
    }
}

fn outputs(schema: &Schema) -> Vec<&'static str> {
    schema.outputs.iter().map(|output| output.name).collect()
}

#[test]
fn everything_is_documented() {
    fn fields(args: &'static [ArgSchema], at: &str, found: &mut Vec<String>) {
        for arg in args {
            let path = format!("{at}{}", arg.name);
            if arg.doc.trim().is_empty() {
                found.push(format!("`{path}` has no doc"));
            }
            if let Some(inner) = block(&arg.shape) {
                fields(inner, &format!("{path}."), found);
            }
        }
    }
    none(mistakes(|schema, found| {
        if schema.doc.trim().is_empty() {
            found.push("it has no doc".to_owned());
        }
        fields(schema.args, "", found);
        let bare = schema.outputs.iter().filter(|output| output.doc.trim().is_empty());
        found.extend(bare.map(|output| format!("the output `{}` has no doc", output.name)));
    }));
}

#[test]
fn the_properties_of_cloudformation_exist() {
    let text = include_str!("../../xtask/cloudformation/properties.json");
    let known: serde_json::Value = serde_json::from_str(text).unwrap();
    none(mistakes(|schema, found| {
        if schema.cfn.is_empty() {
            return;
        }
        let Some(properties) = known["types"][schema.cfn]["properties"].as_object() else {
            found.push(format!("{} is not among the types of CloudFormation", schema.cfn));
            return;
        };
        for arg in schema.args {
            let property = arg.cfn.split('.').next().unwrap_or_default();
            if !property.is_empty() && !properties.contains_key(property) {
                found.push(format!("`{}` stands for {property}, which {} does not have", arg.name, schema.cfn));
            }
        }
    }));
}

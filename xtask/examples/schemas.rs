//! Prints what every resource type says of itself, in the shape of `schema --json`, as far as
//! `cargo xtask coverage` needs it. An example, because only examples and tests of xtask see the
//! resource types: xtask itself compiles in seconds and works while they do not compile.

#![expect(clippy::disallowed_macros, reason = "its standard output is what it is for")]

use std::collections::BTreeMap;

use formwork_aws::conformance::Example;
use formwork_engine::Stack;
use formwork_engine::shape::{ArgSchema, Change, ChangeRule, Schema, Shape};
use serde_json::{Value, json};

fn main() {
    let schemas = formwork_aws::schemas().into_iter().zip(formwork_aws::examples());
    let types: Vec<Value> = schemas.map(|(schema, example)| resource_type(schema, &example)).collect();
    println!("{}", Value::Array(types));
}

fn resource_type(schema: &Schema, example: &Example) -> Value {
    let args: Vec<Value> = schema.args.iter().flat_map(arguments).collect();
    let described = (example.describe)(&mut Stack::new("coverage", "coverage", BTreeMap::new()));
    json!({
        "kind": schema.kind,
        "cloudformation": schema.cfn,
        "args": args,
        "unseen": described.unseen,
        "double": described.double,
    })
}

/// An argument, or the fields of a block that has no property of its own: then CloudFormation has them side by side.
fn arguments(arg: &ArgSchema) -> Vec<Value> {
    match &arg.shape {
        Shape::Block(fields) | Shape::Optional(Shape::Block(fields)) if arg.cfn.is_empty() => {
            fields.iter().map(|field| argument(&format!("{}.{}", arg.name, field.name), field.cfn, arg)).collect()
        }
        _ => vec![argument(arg.name, arg.cfn, arg)],
    }
}

fn argument(name: &str, cfn: &str, argument: &ArgSchema) -> Value {
    let change = match argument.change {
        ChangeRule::Always(Change::InPlace) => "in_place",
        ChangeRule::Always(Change::Replace) => "replace",
        ChangeRule::Always(Change::Never) => "never",
        ChangeRule::Decide(_) => "depends",
    };
    json!({ "name": name, "cloudformation": cfn, "change": change })
}

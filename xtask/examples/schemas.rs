//! Prints what every resource type says of itself, in the shape of `schema --json`, as far as
//! `cargo xtask coverage` needs it. An example, because only examples and tests of xtask see the
//! resource types: xtask itself compiles in seconds and works while they do not compile.

#![expect(clippy::disallowed_macros, reason = "its standard output is what it is for")]

use formwork_engine::shape::{ArgSchema, Change, ChangeRule, Schema};
use serde_json::{Value, json};

fn main() {
    let types: Vec<Value> = formwork_aws::schemas().into_iter().map(resource_type).collect();
    println!("{}", Value::Array(types));
}

fn resource_type(schema: &Schema) -> Value {
    let args: Vec<Value> = schema.args.iter().map(argument).collect();
    json!({ "kind": schema.kind, "cloudformation": schema.cfn, "args": args })
}

fn argument(argument: &ArgSchema) -> Value {
    let change = match argument.change {
        ChangeRule::Always(Change::InPlace) => "in_place",
        ChangeRule::Always(Change::Replace) => "replace",
        ChangeRule::Always(Change::Never) => "never",
        ChangeRule::Decide(_) => "depends",
    };
    json!({ "name": argument.name, "cloudformation": argument.cfn, "change": change })
}

//! Generated code compiles and says what was read, for every resource type.
//!
//! What stands in `generated` is what the generator makes of the examples in the types' own files. It is compiled with these tests, and
//! rustfmt finds nothing to do in it. Where it is not what the generator says now, the failing test names the command that takes that over.

use std::collections::{BTreeMap, BTreeSet};

use formwork::engine::compare::complete;
use formwork::engine::expr::{Expr, Outputs};
use formwork::engine::kind::Observed;
use formwork::engine::{Schema, Value};
use formwork::generate::{Existing, generate};
use formwork::{Stack, Urn};

/// Something for every output that an example refers to.
struct Anything;

impl Outputs for Anything {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        let text = |number: u8| Value::from(format!("{}-{name}-{number}", urn.name()));
        Ok(match name {
            "names" | "zones" => Value::List((1..=3).map(text).collect()),
            _ => text(1),
        })
    }
}

fn stack() -> Stack {
    Stack::new("acme", "prod", BTreeMap::new())
}

fn code(schema: &'static Schema, args: &BTreeMap<String, Expr>) -> String {
    let args = args.iter().map(|(name, expr)| (name.clone(), expr.evaluate(&Anything).unwrap()));
    let args = complete(schema.args, &Value::Map(args.collect()));
    let observed =
        Observed { args, outputs: Value::Null, version: None, unreadable: [].into(), pending: [].into(), owner: None };
    let (_, noun) = schema.kind.rsplit_once('/').unwrap();
    let existing = [Existing { schema, id: "the-id", observed: &observed }];
    let code = generate(&existing, Some(noun)).code;
    code.split_once("\n\n").unwrap().1.to_owned()
}

/// The text of a file: a function for each type of a service.
fn file(service: &str) -> String {
    let head =
        "//! Made by the generator out of the examples of the types; see `generating`.\n\nuse formwork::prelude::*;\n";
    let examples = formwork::aws::examples().into_iter();
    let examples = examples.filter(|example| example.kind.starts_with(&format!("aws:{service}/")));
    let functions = examples.map(|example| {
        let schema = formwork::aws::schemas().into_iter().find(|schema| schema.kind == example.kind).unwrap();
        format!("\n{}", code(schema, &(example.describe)(&mut stack()).base))
    });
    format!("{head}{}", functions.collect::<String>())
}

#[test]
fn the_code_of_every_type_compiles_and_is_what_the_generator_makes() {
    let services: BTreeSet<&str> = formwork::aws::schemas()
        .iter()
        .map(|schema| schema.kind.split_once('/').unwrap().0.trim_start_matches("aws:"))
        .collect();
    let mut moved = Vec::new();
    for service in services {
        let committed = format!("{}/tests/sdk/generated/{service}.rs", env!("CARGO_MANIFEST_DIR"));
        let now = file(service);
        if std::fs::read_to_string(&committed).unwrap_or_default() != now {
            let fresh = format!("{}/generated-{service}.rs", env!("CARGO_TARGET_TMPDIR"));
            std::fs::write(&fresh, now).unwrap();
            moved.push(format!("cp {fresh} {committed}"));
        }
    }
    assert!(moved.is_empty(), "the generator says something else now; to take it over:\n{}", moved.join("\n"));
}

#[test]
fn what_the_code_declares_is_what_it_was_made_of() {
    let mut declared: BTreeMap<String, String> = BTreeMap::new();
    for function in crate::generated::ALL {
        let mut program = stack();
        function(&mut program);
        let program = program.finish().unwrap();
        let resource = &program.resources[&program.order[0]];
        assert_eq!(resource.options.import.as_deref(), Some("the-id"));
        declared.insert(resource.schema.kind.to_owned(), code(resource.schema, &resource.args));
    }
    for example in formwork::aws::examples() {
        let schema = formwork::aws::schemas().into_iter().find(|schema| schema.kind == example.kind).unwrap();
        let wanted = code(schema, &(example.describe)(&mut stack()).base);
        assert_eq!(declared.get(example.kind), Some(&wanted), "{}", example.kind);
    }
}

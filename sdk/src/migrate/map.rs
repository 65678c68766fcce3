//! The mapping file: which thing of theirs is which resource here, in the words of whoever knows.
//!
//! ```toml
//! "module.network.aws_subnet.private[\"a\"]" = "network/private-a"
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use formwork_engine::error::Turn;
use formwork_engine::{Error, Program, Urn};

use super::{File, Is, Item, short};
use crate::config::nearest;

const ACT: &str = "read the mapping";

/// By the number of the item, the resource that it is.
pub(crate) type Map = BTreeMap<usize, Urn>;

/// Reads a mapping file and holds it against what it maps.
///
/// # Errors
/// Everything that is wrong in it: a form that is no mapping, names that name nothing, types that differ, a resource named twice.
pub(crate) fn read(file: &Path, theirs: &File, program: &Program) -> Result<Map, Vec<Error>> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| vec![wrong(format!("{name}: {error}"))])?;
    parse(&name, &text, theirs, program)
}

fn parse(file: &str, text: &str, theirs: &File, program: &Program) -> Result<Map, Vec<Error>> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        vec![wrong(format!("{file}{line}: {}", error.message()))]
    })?;
    let mut map = Map::new();
    let mut taken: BTreeSet<Urn> = BTreeSet::new();
    let mut errors = Vec::new();
    for (address, value) in &table {
        let at = |reason: String| wrong(format!("{file}: `{address}`: {reason}"));
        let Some(path) = value.as_str() else {
            errors.push(
                at("it must be the path of a resource, as text".to_owned())
                    .hint("a name with dots is written in quotes: \"module.network.aws_vpc.main\" = \"network/main\""),
            );
            continue;
        };
        match one(address, path, theirs, program) {
            Ok((_, urn)) if !taken.insert(urn.clone()) => {
                errors.push(at(format!("{} is named twice", urn.path())));
            }
            Ok((item, urn)) => drop(map.insert(item, urn)),
            Err((reason, hint)) => {
                let error = at(reason);
                errors.push(match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                });
            }
        }
    }
    if errors.is_empty() { Ok(map) } else { Err(errors) }
}

fn one(address: &str, path: &str, theirs: &File, program: &Program) -> Result<(usize, Urn), (String, Option<String>)> {
    let found = theirs.items.iter().position(|item| item.address == address || item.short() == address);
    let Some(index) = found else {
        let known = theirs.items.iter().map(|item| short(&item.address));
        let hint = nearest(address, known).map(|near| format!("did you mean `{near}`?"));
        return Err((format!("{} has no such resource", theirs.path), hint));
    };
    let Item { is: Is::Thing { kind, .. }, of, .. } = &theirs.items[index] else {
        return Err(("it is nothing that can be taken over; the report says why".to_owned(), None));
    };
    let named: Vec<&Urn> = program.order.iter().filter(|urn| urn.as_str() == path || urn.path() == path).collect();
    match named.iter().find(|urn| urn.kind().as_str() == *kind) {
        Some(urn) => Ok((index, (*urn).clone())),
        None if named.is_empty() => {
            let hint = nearest(path, program.order.iter().map(Urn::path)).map(|near| format!("did you mean `{near}`?"));
            Err((format!("the program declares no `{path}`"), hint))
        }
        None => {
            let kinds: Vec<String> = named.iter().map(|urn| urn.kind().to_string()).collect();
            Err((format!("{of} is {kind} here, and `{path}` is {}", kinds.join(" and ")), None))
        }
    }
}

fn wrong(reason: String) -> Error {
    Error::new(Turn::You, ACT, reason)
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;
    use formwork_aws::ec2;
    use formwork_engine::Stack;

    fn theirs() -> File {
        let item = |address: &str, is: Is| Item {
            address: address.to_owned(),
            of: "aws_vpc".to_owned(),
            is,
            place: Place::default(),
            notes: Vec::new(),
        };
        let vpc = |id: &str| Is::Thing { kind: "aws:ec2/vpc", id: id.to_owned() };
        let items = vec![
            item("module.a.aws_vpc.main", vpc("vpc-1")),
            item("aws_vpc.other[\"b\"]", vpc("vpc-2")),
            item("aws_lambda_function.x", Is::Unsupported(String::new())),
        ];
        File { path: "terraform.tfstate".into(), written_by: String::new(), items, notes: Vec::new() }
    }

    fn program() -> Program {
        let mut stack = Stack::new("acme", "prod", BTreeMap::new());
        stack.component("network", |stack| {
            let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
            stack.add("gateway", ec2::InternetGateway::builder().vpc(&vpc).build());
        });
        stack.finish().unwrap()
    }

    #[track_caller]
    fn fails(text: &str, reason: &str) {
        let errors = parse("map.toml", text, &theirs(), &program()).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let said = format!("{} {:?}", errors[0].reason, errors[0].hints);
        assert!(said.contains(reason), "{said}");
    }

    #[test]
    fn names_of_both_sides_are_found() {
        let text = "\"module.a.aws_vpc.main\" = \"network/main\"\n";
        let map = parse("map.toml", text, &theirs(), &program()).unwrap();
        assert_eq!(map[&0].as_str(), "prod::network/main::aws:ec2/vpc");
        let text = r#""aws_vpc.other[\"b\"]" = "prod::network/main::aws:ec2/vpc""#;
        assert_eq!(parse("map.toml", text, &theirs(), &program()).unwrap().len(), 1);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line_or_its_name() {
        fails("a = 1\nb = \n", "map.toml:2");
        fails("module.a.aws_vpc.main = \"network/main\"", "written in quotes");
        fails("\"module.a.aws_vpc.mian\" = \"network/main\"", "did you mean `module.a.aws_vpc.main`?");
        fails("\"module.a.aws_vpc.main\" = \"network/man\"", "did you mean `network/main`?");
        fails(
            "\"module.a.aws_vpc.main\" = \"network/gateway\"",
            "aws_vpc is aws:ec2/vpc here, and `network/gateway` is",
        );
        fails("\"aws_lambda_function.x\" = \"network/main\"", "nothing that can be taken over");
        let twice = "\"module.a.aws_vpc.main\" = \"network/main\"\n'aws_vpc.other[\"b\"]' = \"network/main\"";
        fails(twice, "network/main is named twice");
    }
}

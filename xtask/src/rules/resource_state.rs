//! One place writes state, and it is not a resource type.

use super::Rule;
use crate::source::Source;

pub(super) const RULE: Rule = Rule {
    name: "resources-touch-no-state",
    says: "resource files under aws/src/<service>/ use nothing of the engine's state: they answer, the engine records",
    look,
    breaks: &[
        ("aws/src/ec2/vpc.rs", "use formwork_engine::state::Store;"),
        ("aws/src/ec2/vpc.rs", "use formwork_engine::{\n    Kind,\n    record::Row,\n};"),
        ("aws/src/ec2/vpc.rs", "fn f() { formwork_engine::store::open(); }"),
        ("aws/src/ec2/vpc.rs", "fn f() { sled::open(path); }"),
    ],
    keeps: &[
        ("aws/src/ec2/vpc.rs", "use formwork_engine::{Kind, Status};\nfn f(v: &Vpc) { let state = v.state(); }"),
        ("aws/src/s3_store.rs", "use formwork_engine::state::Store;"),
        ("aws/src/ec2/nat.rs", "fn f(n: &N) -> bool { state::of(n) == NatGatewayState::Available }"),
    ],
};

const STATE: &[&str] = &["state", "store", "record", "log", "lock"];

fn look(source: &Source) -> Vec<usize> {
    let below_a_service = source.path.strip_prefix("aws/src/").is_some_and(|path| path.contains('/'));
    if !below_a_service {
        return Vec::new();
    }
    let mut places: Vec<usize> = source.find("sled").collect();
    for at in source.find("formwork_engine::") {
        let path = &source.code[at..];
        // A `use` goes to its semicolon; a path within code ends with its last segment.
        let line_start = source.code[..at].rfind(['\n', ';']).map_or(0, |newline| newline + 1);
        let imports = source.code[line_start..at].trim_start().trim_start_matches("pub ").starts_with("use ");
        let end =
            if imports { path.find(';') } else { path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') };
        let path = &path[..end.unwrap_or(path.len())];
        if path.split(|c: char| !c.is_alphanumeric() && c != '_').any(|segment| STATE.contains(&segment)) {
            places.push(at);
        }
    }
    places
}

//! Names that are too long, or have characters that AWS does not take.

use formwork_engine::preflight::{Intended, Problem};

use super::of;

/// Something that holds of a name, and what is said where it does not.
type Demand = (fn(&str) -> bool, &'static str);

/// What a name may be.
struct Names {
    kind: &'static str,
    arg: &'static str,
    /// How many characters.
    length: (usize, usize),
    /// Characters beside ASCII letters and digits.
    beside: &'static str,
    /// What else, with the sentence that says it.
    also: &'static [Demand],
}

/// A `-` ends names in neither RDS nor ElastiCache, and two of them never meet.
const HYPHENS: Demand =
    (|name| !name.ends_with('-') && !name.contains("--"), "it ends with a hyphen, or has two of them in a row");
/// Nor does one begin or end names of load balancers.
const ENDS_IN_NO_HYPHEN: Demand =
    (|name| !name.starts_with('-') && !name.ends_with('-'), "it begins or ends with a hyphen");
const LETTER_FIRST: Demand =
    (|name| name.starts_with(|letter: char| letter.is_ascii_alphabetic()), "it does not begin with a letter");
const NO_CAPITALS: Demand = (|name| !name.bytes().any(|letter| letter.is_ascii_uppercase()), "it has capital letters");
const WORD_FIRST: Demand = (
    |name| name.starts_with(|letter: char| letter.is_ascii_alphanumeric()),
    "it begins with neither a letter nor a digit",
);

/// From the API references of the services: the constraints of each name.
const NAMES: &[Names] = &[
    Names { kind: "aws:cloudfront/cache-policy", arg: "name", length: (1, 128), beside: "_-", also: &[] },
    Names {
        kind: "aws:cloudfront/origin-access-control",
        arg: "name",
        length: (1, 64),
        beside: " ._-:/()#,@[]+=&;{}!$*",
        also: &[],
    },
    Names { kind: "aws:cloudfront/response-headers-policy", arg: "name", length: (1, 128), beside: "_-", also: &[] },
    Names { kind: "aws:ec2/launch-template", arg: "name", length: (3, 128), beside: "().-/_", also: &[] },
    Names {
        kind: "aws:ec2/security-group",
        arg: "name",
        length: (1, 255),
        beside: " ._-:/()#,@[]+=&;{}!$*",
        also: &[(|name| !name.starts_with("sg-"), "it begins with `sg-`")],
    },
    Names {
        kind: "aws:ecr/repository",
        arg: "name",
        length: (2, 256),
        beside: "._-/",
        also: &[NO_CAPITALS, WORD_FIRST],
    },
    Names { kind: "aws:eks/cluster", arg: "name", length: (1, 100), beside: "_-", also: &[WORD_FIRST] },
    Names { kind: "aws:eks/fargate-profile", arg: "name", length: (1, 100), beside: "_-", also: &[WORD_FIRST] },
    Names { kind: "aws:eks/node-group", arg: "name", length: (1, 63), beside: "_-", also: &[WORD_FIRST] },
    Names {
        kind: "aws:elasticache/replication-group",
        arg: "name",
        length: (1, 40),
        beside: "-",
        also: &[LETTER_FIRST, HYPHENS],
    },
    Names { kind: "aws:elasticache/subnet-group", arg: "name", length: (1, 255), beside: "-", also: &[] },
    Names {
        kind: "aws:elasticache/parameter-group",
        arg: "name",
        length: (1, 255),
        beside: "-",
        also: &[LETTER_FIRST, HYPHENS],
    },
    Names {
        kind: "aws:elbv2/load-balancer",
        arg: "name",
        length: (1, 32),
        beside: "-",
        also: &[ENDS_IN_NO_HYPHEN, (|name| !name.starts_with("internal-"), "it begins with `internal-`")],
    },
    Names { kind: "aws:elbv2/target-group", arg: "name", length: (1, 32), beside: "-", also: &[ENDS_IN_NO_HYPHEN] },
    Names { kind: "aws:iam/instance-profile", arg: "name", length: (1, 128), beside: "_+=,.@-", also: &[] },
    Names { kind: "aws:iam/policy", arg: "name", length: (1, 128), beside: "_+=,.@-", also: &[] },
    Names { kind: "aws:iam/role", arg: "name", length: (1, 64), beside: "_+=,.@-", also: &[] },
    Names { kind: "aws:iam/role-policy", arg: "name", length: (1, 128), beside: "_+=,.@-", also: &[] },
    Names {
        kind: "aws:kms/alias",
        arg: "name",
        length: (7, 256),
        beside: "/_-",
        also: &[
            (|name| name.starts_with("alias/"), "it does not begin with `alias/`"),
            (|name| !name.starts_with("alias/aws/"), "`alias/aws/` is for AWS's own keys"),
        ],
    },
    Names { kind: "aws:logs/log-group", arg: "name", length: (1, 512), beside: "._-/#", also: &[] },
    Names { kind: "aws:rds/cluster", arg: "identifier", length: (1, 63), beside: "-", also: &[LETTER_FIRST, HYPHENS] },
    Names {
        kind: "aws:rds/cluster-instance",
        arg: "identifier",
        length: (1, 63),
        beside: "-",
        also: &[LETTER_FIRST, HYPHENS],
    },
    Names {
        kind: "aws:rds/cluster-parameter-group",
        arg: "name",
        length: (1, 255),
        beside: "-",
        also: &[LETTER_FIRST, HYPHENS],
    },
    Names { kind: "aws:rds/instance", arg: "identifier", length: (1, 63), beside: "-", also: &[LETTER_FIRST, HYPHENS] },
    Names {
        kind: "aws:rds/parameter-group",
        arg: "name",
        length: (1, 255),
        beside: "-",
        also: &[LETTER_FIRST, HYPHENS],
    },
    Names {
        kind: "aws:rds/subnet-group",
        arg: "name",
        length: (1, 255),
        beside: "._- ",
        also: &[(|name| !name.eq_ignore_ascii_case("default"), "`default` is AWS's own")],
    },
    Names {
        kind: "aws:s3/bucket",
        arg: "name",
        length: (3, 63),
        beside: ".-",
        also: &[
            NO_CAPITALS,
            WORD_FIRST,
            (
                |name| name.ends_with(|letter: char| letter.is_ascii_alphanumeric()),
                "it ends with neither a letter nor a digit",
            ),
            (|name| !name.contains(".."), "it has two dots in a row"),
            (|name| name.parse::<std::net::Ipv4Addr>().is_err(), "it has the form of an address"),
            (|name| !name.starts_with("xn--") && !name.ends_with("-s3alias"), "AWS uses that beginning or end itself"),
        ],
    },
    Names { kind: "aws:secretsmanager/secret", arg: "name", length: (1, 512), beside: "/_+=.@-", also: &[] },
];

/// The characters of the suffix that the engine adds to a prefix, with its hyphen.
const SUFFIX: usize = formwork_engine::input::SUFFIX_LENGTH;
/// Tags that ownership takes of the fifty that AWS allows.
const OWN_TAGS: usize = 4;

pub(super) fn check(intended: &[Intended]) -> Vec<Problem> {
    let mut found = Vec::new();
    for names in NAMES {
        for one in of(intended, names.kind).filter(|one| one.is_new()) {
            let prefix = one.prefixes.get(names.arg).map(String::as_str);
            let (name, is_prefix) = match (one.text(names.arg), prefix) {
                (Some(name), _) => (name, false),
                (None, Some(prefix)) => (prefix, true),
                (None, None) => continue,
            };
            for said in wrong(names, name, is_prefix) {
                found.push(one.problem(names.arg, format!("is \"{name}\": {said}"), "choose another name"));
            }
        }
    }
    for one in intended.iter().filter(|one| one.is_touched()) {
        found.extend(tags(one));
    }
    found
}

fn wrong(names: &Names, name: &str, is_prefix: bool) -> Vec<String> {
    let mut said = Vec::new();
    let length = name.chars().count() + if is_prefix { SUFFIX } else { 0 };
    let (least, most) = names.length;
    if !(least..=most).contains(&length) {
        let with = if is_prefix { " with its suffix" } else { "" };
        said.push(format!("it has {length} characters{with}, and AWS takes {least} to {most}"));
    }
    let bad: Vec<char> =
        name.chars().filter(|letter| !letter.is_ascii_alphanumeric() && !names.beside.contains(*letter)).collect();
    if let Some(letter) = bad.first() {
        said.push(format!("it has {letter:?}, and AWS takes letters, digits and {}", spelled(names.beside)));
    }
    // What is said of an end cannot be said of a prefix.
    let whole = if is_prefix { format!("{name}0") } else { name.to_owned() };
    said.extend(names.also.iter().filter(|(holds, _)| !holds(&whole)).map(|(_, sentence)| (*sentence).to_owned()));
    said
}

fn spelled(characters: &str) -> String {
    let words = characters.chars().map(|letter| if letter == ' ' { "space".to_owned() } else { letter.to_string() });
    words.collect::<Vec<_>>().join(" ")
}

/// Tags: keys of 1 to 128 characters, values of at most 256, none that begins with `aws:`, fifty in all.
fn tags(one: &Intended) -> Vec<Problem> {
    let Some(tags) = one.args.get("tags").as_map() else { return Vec::new() };
    let mut found = Vec::new();
    let mut wrong = |reason: String, hint: &str| found.push(one.problem("tags", reason, hint));
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 {
            wrong(format!("has a key of {} characters, and AWS takes 1 to 128", key.chars().count()), "shorten it");
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            wrong(format!("has `{key}`, and keys that begin with `aws:` are AWS's own"), "choose another key");
        }
        if let Some(text) = value.as_text().filter(|text| text.chars().count() > 256) {
            wrong(format!("has {} characters under `{key}`, and AWS takes 256", text.chars().count()), "shorten it");
        }
    }
    if tags.len() + OWN_TAGS > 50 {
        let reason = format!("are {}, and AWS takes fifty, of which {OWN_TAGS} mark ownership", tags.len());
        wrong(reason, "remove some, or from default_tags");
    }
    found
}

/// Every row names an argument that is a name or a text, so that a renamed argument does not silence a check.
#[cfg(test)]
pub(super) fn dangling() -> Vec<String> {
    use formwork_engine::Shape;

    let is_text = |shape: &Shape| matches!(shape, Shape::Name | Shape::Text | Shape::Caseless);
    let schemas = crate::schemas();
    let names = |names: &&Names| {
        let schema = schemas.iter().find(|schema| schema.kind == names.kind);
        !schema.and_then(|schema| schema.arg(names.arg)).is_some_and(|arg| is_text(&arg.shape))
    };
    NAMES.iter().filter(names).map(|names| format!("{} {}", names.kind, names.arg)).collect()
}

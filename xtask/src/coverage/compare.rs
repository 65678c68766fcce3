//! The comparison itself: values in, values out.

use std::collections::{BTreeMap, BTreeSet};

use super::inputs::{Change, Property, Reasons, ResourceType, Table, TypeProperties};

/// What was found out about one type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TypeCoverage {
    /// `aws:ec2/vpc`.
    pub kind: String,
    /// `AWS::EC2::VPC`.
    pub cloudformation: String,
    /// How many top-level properties can be written.
    pub writable: usize,
    /// How many of them an argument, or a type of their own, stands for.
    pub covered: usize,
    /// The others, each with its reason.
    pub missing: Vec<(String, Option<String>)>,
    /// Arguments that the tests do not see in the emulator, with the reason.
    pub unseen: BTreeMap<String, String>,
    /// What stands in for the service in tests, where the emulator has no part of it.
    pub double: Option<String>,
    /// Properties where CloudFormation and the argument disagree on what a change does: path, the two answers, the reason.
    pub differs: Vec<(String, String, Option<String>)>,
}

impl TypeCoverage {
    /// The share that is covered, in whole percent, rounded down.
    pub(crate) fn percent(&self) -> usize {
        (self.covered * 100).checked_div(self.writable).unwrap_or(100)
    }
}

/// Compares every resource type that names a CloudFormation type with the table. The second part of the
/// answer says in words what is wrong: too little covered, no reason given, or a reason that is not needed.
pub(crate) fn compare(
    types: &[ResourceType],
    table: &Table,
    reasons: &Reasons,
    least_percent: usize,
) -> (Vec<TypeCoverage>, Vec<String>) {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    let nothing = BTreeMap::new();
    let kinds: BTreeSet<&str> = types.iter().map(|of| of.kind.as_str()).collect();
    for of in &together(types) {
        let Some(name) = of.cloudformation.as_deref().filter(|name| !name.is_empty()) else { continue };
        let Some(there) = table.types.get(name) else {
            problems.push(format!("{name} ({}) is not in properties.json: add it to extract.py and run that", of.kind));
            continue;
        };
        let given = reasons.get(name).unwrap_or(&nothing);
        found.push(compare_type(of, name, there, given, &kinds, least_percent, &mut problems));
    }
    for name in reasons.keys().filter(|name| !found.iter().any(|of| of.cloudformation == **name)) {
        problems.push(format!("missing.toml gives reasons for {name}, which no resource type stands for"));
    }
    found.sort_by(|a, b| a.cloudformation.cmp(&b.cloudformation));
    (found, problems)
}

/// Types that stand for one of CloudFormation's are measured as one: a database by itself and a member of a cluster are both a `DBInstance` there.
fn together(types: &[ResourceType]) -> Vec<ResourceType> {
    let mut found: Vec<ResourceType> = Vec::new();
    for of in types {
        let is_named = of.cloudformation.as_deref().is_some_and(|name| !name.is_empty());
        match found.iter_mut().find(|other| is_named && other.cloudformation == of.cloudformation) {
            Some(other) => {
                other.kind = format!("{}, {}", other.kind, of.kind);
                other.args.extend(of.args.iter().cloned());
                other.unseen.extend(of.unseen.clone());
            }
            None => found.push(of.clone()),
        }
    }
    found
}

fn compare_type(
    of: &ResourceType,
    name: &str,
    there: &TypeProperties,
    given: &BTreeMap<String, String>,
    kinds: &BTreeSet<&str>,
    least_percent: usize,
    problems: &mut Vec<String>,
) -> TypeCoverage {
    let reason = |property: &str| given.get(property).filter(|reason| !reason.trim().is_empty()).cloned();
    let mut differs = Vec::new();
    let mut stands_for = Vec::new();
    for argument in &of.args {
        let Some(path) = argument.cloudformation.as_deref().filter(|path| !path.is_empty()) else { continue };
        let path = known_part(path);
        match there.properties.get(&path) {
            None => problems.push(format!("{name}: `{}` stands for {path}, which does not exist", argument.name)),
            Some(property) if property.read_only => {
                problems.push(format!("{name}: `{}` stands for {path}, which can only be read", argument.name));
            }
            Some(property) => {
                stands_for.push(top(&path).to_owned());
                if let Some(difference) = difference(argument.change, property) {
                    // Several arguments may share a property; one line says it.
                    if !differs.iter().any(|(known, _, _)| *known == path) {
                        differs.push((path.clone(), difference, reason(&path)));
                    }
                }
            }
        }
    }

    let writable: Vec<&String> = there
        .properties
        .iter()
        .filter(|(path, property)| !path.contains('.') && !property.read_only)
        .map(|(path, _)| path)
        .collect();
    let missing: Vec<(String, Option<String>)> =
        writable.iter().filter(|path| !stands_for.contains(path)).map(|path| ((*path).clone(), reason(path))).collect();
    let mut elsewhere = 0;
    for (path, reason) in &missing {
        if let Some(argument) = reason.as_deref().and_then(field_of) {
            match of.args.iter().any(|known| known.name == argument) {
                true => elsewhere += 1,
                false => problems.push(format!(
                    "{name}.{path}: missing.toml says that it is a field of {argument}, which is no argument"
                )),
            }
        }
        match reason.as_deref().and_then(own_type) {
            Some(kind) if kinds.contains(kind) => elsewhere += 1,
            Some(kind) => problems
                .push(format!("{name}.{path}: missing.toml says that {kind} stands for it, which does not exist")),
            None => {}
        }
    }
    differs.sort();

    let measured = TypeCoverage {
        kind: of.kind.clone(),
        cloudformation: name.to_owned(),
        writable: writable.len(),
        covered: writable.len() - missing.len() + elsewhere,
        missing,
        unseen: of.unseen.clone(),
        double: of.double.clone(),
        differs,
    };
    problems.extend(complaints(&measured, given, least_percent));
    measured
}

/// The kind of a reason that begins with `a type of its own: aws:iam/role-policy`: what is inline in CloudFormation is a resource here.
fn own_type(reason: &str) -> Option<&str> {
    let rest = reason.strip_prefix("a type of its own: ")?;
    Some(rest.split([' ', ',', ';']).next().unwrap_or(rest))
}

/// The argument of a reason that begins with ``a field of `point_in_time` ``: what CloudFormation has at the top is part of a block here.
fn field_of(reason: &str) -> Option<&str> {
    reason.strip_prefix("a field of `")?.split_once('`').map(|(argument, _)| argument)
}

/// What has to be put right before the check passes.
fn complaints(of: &TypeCoverage, given: &BTreeMap<String, String>, least_percent: usize) -> Vec<String> {
    let name = &of.cloudformation;
    let mut problems = Vec::new();
    // Of a type with few properties, one alone is more than the rest of the hundred.
    if of.percent() < least_percent && of.writable - of.covered > 1 {
        problems.push(format!(
            "{name}: arguments stand for {} of {} writable properties, {} %; at least {least_percent} % are wanted",
            of.covered,
            of.writable,
            of.percent()
        ));
    }
    for (property, _) in of.missing.iter().filter(|(_, reason)| reason.is_none()) {
        problems.push(format!("{name}.{property}: no argument stands for it and missing.toml gives no reason"));
    }
    for (property, difference, _) in of.differs.iter().filter(|(_, _, reason)| reason.is_none()) {
        problems.push(format!("{name}.{property}: {difference}, and missing.toml does not explain it"));
    }
    for property in given.keys() {
        let needed = of.missing.iter().any(|(missing, _)| missing == property)
            || of.differs.iter().any(|(path, _, _)| path == property);
        if !needed {
            problems.push(format!("{name}.{property}: missing.toml gives a reason, but nothing is missing or differs"));
        }
    }
    problems
}

/// The table goes one level deep; what an argument names below that belongs to the level above.
fn known_part(path: &str) -> String {
    path.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn top(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

/// The two answers to "does a change make a new resource?", if they are not the same. Where CloudFormation
/// says that the values decide, any answer but "not possible" agrees with it.
fn difference(here: Change, there: &Property) -> Option<String> {
    let (agrees, theirs) = if there.create_only {
        (here == Change::Replace, "createOnly")
    } else if there.sometimes_create_only {
        (here != Change::Never, "sometimes createOnly")
    } else {
        (here == Change::InPlace, "in place")
    };
    let ours = match here {
        Change::InPlace => "in_place",
        Change::Replace => "replace",
        Change::Never => "never",
        Change::Depends => "depends",
    };
    (!agrees).then(|| format!("here {ours}, there {theirs}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::inputs::{Argument, Origin};

    const LEAST: usize = 50;

    fn table() -> Table {
        let property = |flag: &str| Property {
            create_only: flag == "createOnly",
            sometimes_create_only: flag == "sometimes",
            read_only: flag == "readOnly",
        };
        let rows = [
            ("Id", "readOnly"),
            ("Cidr", "createOnly"),
            ("Tenancy", "sometimes"),
            ("Tags", ""),
            ("Logging", ""),
            ("Logging.Bucket", ""),
        ];
        let properties = rows.into_iter().map(|(path, flag)| (path.to_owned(), property(flag))).collect();
        let source = Origin { package: "p".into(), version: "1".into(), date: "2026".into(), region: "r".into() };
        Table { source, types: BTreeMap::from([("AWS::EC2::Thing".to_owned(), TypeProperties { properties })]) }
    }

    fn thing(args: &[(&str, Change)]) -> ResourceType {
        let argument = |(path, change): &(&str, Change)| Argument {
            name: path.to_lowercase(),
            cloudformation: Some((*path).to_owned()),
            change: *change,
        };
        ResourceType {
            kind: "aws:ec2/thing".to_owned(),
            cloudformation: Some("AWS::EC2::Thing".to_owned()),
            args: args.iter().map(argument).collect(),
            unseen: BTreeMap::new(),
            double: None,
        }
    }

    fn reasons(given: &[(&str, &str)]) -> Reasons {
        let inner = given.iter().map(|(property, reason)| ((*property).to_owned(), (*reason).to_owned())).collect();
        BTreeMap::from([("AWS::EC2::Thing".to_owned(), inner)])
    }

    fn check(args: &[(&str, Change)], given: &[(&str, &str)]) -> (TypeCoverage, Vec<String>) {
        let (mut found, problems) = compare(&[thing(args)], &table(), &reasons(given), LEAST);
        (found.remove(0), problems)
    }

    const ALL: &[(&str, Change)] = &[
        ("Cidr", Change::Replace),
        ("Tenancy", Change::Depends),
        ("Tags", Change::InPlace),
        ("Logging.Bucket", Change::InPlace),
    ];

    #[test]
    fn a_type_that_covers_everything_has_no_problems() {
        let (of, problems) = check(ALL, &[]);
        assert_eq!((of.covered, of.writable, of.percent()), (4, 4, 100));
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn a_missing_property_needs_a_reason() {
        let (of, problems) = check(&ALL[..3], &[]);
        assert_eq!(of.missing, [("Logging".to_owned(), None)]);
        assert_eq!(problems, ["AWS::EC2::Thing.Logging: no argument stands for it and missing.toml gives no reason"]);
    }

    #[test]
    fn a_reason_excuses_a_missing_property_and_blanks_do_not() {
        assert_eq!(check(&ALL[..3], &[("Logging", "nobody asked")]).1, Vec::<String>::new());
        assert_eq!(check(&ALL[..3], &[("Logging", "  ")]).1.len(), 1);
    }

    #[test]
    fn reasons_do_not_excuse_too_little_coverage() {
        let given = [("Tenancy", "a"), ("Tags", "b"), ("Logging", "c")];
        let (of, problems) = check(&ALL[..1], &given);
        assert_eq!(of.percent(), 25);
        assert_eq!(
            problems,
            ["AWS::EC2::Thing: arguments stand for 1 of 4 writable properties, 25 %; at least 50 % are wanted"]
        );
    }

    #[test]
    fn a_property_that_is_a_type_of_its_own_counts_as_covered() {
        let own = |kind| format!("a type of its own: {kind}");
        let (of, problems) = check(&ALL[..3], &[("Logging", &own("aws:ec2/thing"))]);
        assert_eq!((of.percent(), problems), (100, Vec::new()));
        let (of, problems) = check(&ALL[..3], &[("Logging", &own("aws:ec2/nothing"))]);
        assert_eq!(of.percent(), 75);
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn a_property_that_is_a_field_of_an_argument_counts_as_covered() {
        let (of, problems) = check(&ALL[..3], &[("Logging", "a field of `tags`")]);
        assert_eq!((of.percent(), problems), (100, Vec::new()));
        let (of, problems) = check(&ALL[..3], &[("Logging", "a field of `nothing`")]);
        assert_eq!((of.percent(), problems.len()), (75, 1), "{problems:?}");
    }

    #[test]
    fn types_that_stand_for_one_are_measured_as_one() {
        let (mut member, whole) = (thing(&ALL[..1]), thing(&ALL[1..]));
        member.kind = "aws:ec2/member".to_owned();
        let (found, problems) = compare(&[member, whole], &table(), &Reasons::new(), LEAST);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(
            (found.len(), found[0].kind.as_str(), found[0].percent()),
            (1, "aws:ec2/member, aws:ec2/thing", 100)
        );
    }

    #[test]
    fn a_reason_that_is_not_needed_is_a_problem() {
        let (_, problems) = check(ALL, &[("Tags", "nobody asked")]);
        assert_eq!(problems, ["AWS::EC2::Thing.Tags: missing.toml gives a reason, but nothing is missing or differs"]);
    }

    #[test]
    fn in_place_against_create_only_needs_an_explanation() {
        let mut args = ALL.to_vec();
        args[0].1 = Change::InPlace;
        let (_, problems) = check(&args, &[]);
        assert_eq!(
            problems,
            ["AWS::EC2::Thing.Cidr: here in_place, there createOnly, and missing.toml does not explain it"]
        );
        assert_eq!(check(&args, &[("Cidr", "ranges can be added")]).1, Vec::<String>::new());
    }

    #[test]
    fn replace_against_in_place_needs_an_explanation() {
        let mut args = ALL.to_vec();
        args[3].1 = Change::Replace;
        let (of, problems) = check(&args, &[]);
        assert_eq!(of.differs, [("Logging.Bucket".to_owned(), "here replace, there in place".to_owned(), None)]);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn where_values_decide_only_never_differs() {
        let says = |change| difference(change, &Property { sometimes_create_only: true, ..Property::default() });
        assert_eq!(says(Change::Depends).or(says(Change::InPlace)).or(says(Change::Replace)), None);
        assert_eq!(says(Change::Never).as_deref(), Some("here never, there sometimes createOnly"));
    }

    #[test]
    fn an_argument_for_a_property_that_does_not_exist_is_a_problem() {
        let (_, problems) = check(&[ALL, &[("Cidrs", Change::InPlace)]].concat(), &[]);
        assert_eq!(problems, ["AWS::EC2::Thing: `cidrs` stands for Cidrs, which does not exist"]);
    }

    #[test]
    fn an_argument_for_what_can_only_be_read_is_a_problem() {
        let (_, problems) = check(&[ALL, &[("Id", Change::InPlace)]].concat(), &[]);
        assert_eq!(problems, ["AWS::EC2::Thing: `id` stands for Id, which can only be read"]);
    }

    #[test]
    fn a_deeper_path_counts_for_the_level_the_table_has() {
        let mut args = ALL.to_vec();
        args[3].0 = "Logging.Bucket.Name";
        assert_eq!(check(&args, &[]).1, Vec::<String>::new());
    }

    #[test]
    fn a_type_that_the_table_does_not_have_is_a_problem() {
        let mut of = thing(ALL);
        of.cloudformation = Some("AWS::EC2::Other".to_owned());
        let (found, problems) = compare(&[of], &table(), &Reasons::new(), LEAST);
        assert_eq!(found, []);
        assert!(problems[0].starts_with("AWS::EC2::Other (aws:ec2/thing) is not in properties.json"), "{problems:?}");
    }

    #[test]
    fn a_type_without_a_counterpart_is_left_out() {
        for name in [None, Some(String::new())] {
            let mut of = thing(ALL);
            of.cloudformation = name;
            assert_eq!(compare(&[of], &table(), &Reasons::new(), LEAST), (Vec::new(), Vec::new()));
        }
    }

    #[test]
    fn reasons_for_a_type_that_nobody_wrote_are_a_problem() {
        let (_, problems) = compare(&[], &table(), &reasons(&[("Tags", "a")]), LEAST);
        assert_eq!(problems, ["missing.toml gives reasons for AWS::EC2::Thing, which no resource type stands for"]);
    }
}

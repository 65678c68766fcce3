//! Which thing is which resource: things as they would be read, and a program.

use formwork_aws::{ec2, iam, logs};
use formwork_engine::kind::Ownership;
use formwork_engine::{ProviderName, Stack, join, options, prefix};

use super::super::Place;
use super::*;

/// Things of an account, and the program that they are held against.
struct World {
    stack: Stack,
    items: Vec<Item>,
    sights: Sights,
}

impl World {
    fn new() -> Self {
        Self { stack: Stack::new("acme", "prod", BTreeMap::new()), items: Vec::new(), sights: Sights::default() }
    }

    /// A thing that is there, with these arguments; the defaults fill the rest.
    fn there(&mut self, kind: &'static str, id: &str, args: Value) -> usize {
        let schema = formwork_aws::schemas().into_iter().find(|schema| schema.kind == kind).unwrap();
        let outputs = [("id", Value::from(id)), ("arn", Value::from(format!("arn:{id}")))];
        let observed = Observed {
            args: complete(schema.args, &args),
            outputs: Value::from(outputs),
            version: None,
            unreadable: BTreeMap::new(),
            pending: BTreeMap::new(),
            owner: None::<Ownership>,
        };
        let index = self.items.len();
        self.items.push(Item {
            address: format!("their.{id}"),
            of: kind.to_owned(),
            is: Is::Thing { kind, id: id.to_owned() },
            place: Place::default(),
            notes: Vec::new(),
        });
        self.sights.seen.insert((index, ProviderName::default()), Sight::Seen(Box::new(observed)));
        index
    }

    fn told(self, map: &[(usize, &str)]) -> Told {
        let graph = Graph::new(&self.stack.finish().unwrap()).unwrap();
        let digester = Digester::new("key");
        let none = BTreeSet::new();
        let looking =
            Looking { graph: &graph, items: &self.items, sights: &self.sights, recorded: &none, digester: &digester };
        let map: Map = map.iter().map(|(item, urn)| (*item, urn.parse().unwrap())).collect();
        Matching::new(looking, BTreeMap::new()).run(&map)
    }
}

#[track_caller]
fn is(told: &Told, item: usize, path: &str, by: By) {
    let found = told.told.get(&item).map(|(urn, by)| (urn.path(), *by));
    assert_eq!(found, Some((path, by)), "{:?} {:?}", told.candidates, told.unlike);
}

fn subnet(vpc: &str, cidr: &str, zone: &str) -> Value {
    Value::from([("vpc", vpc), ("cidr_block", cidr), ("availability_zone", zone)])
}

#[test]
fn one_answer_leads_to_the_next() {
    let mut world = World::new();
    let vpc = world.stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    let other = world.stack.add("other", ec2::Vpc::builder().cidr_block("10.1.0.0/16").build());
    for (name, vpc) in [("here", &vpc), ("there", &other)] {
        // The same range in both: only by their VPC can they be told apart.
        let subnet = world.stack.add(name, ec2::Subnet::builder().vpc(vpc).cidr_block("10.0.1.0/24").build());
        let table = world.stack.add(name, ec2::RouteTable::builder().vpc(vpc).build());
        let association = ec2::RouteTableAssociation::builder().subnet(&subnet).route_table(&table).build();
        world.stack.add(name, association);
    }
    let things = [
        world.there(
            "aws:ec2/route-table-association",
            "subnet-2",
            Value::from([("subnet", "subnet-2"), ("route_table", "rtb-2")]),
        ),
        world.there(
            "aws:ec2/route-table-association",
            "subnet-1",
            Value::from([("subnet", "subnet-1"), ("route_table", "rtb-1")]),
        ),
        world.there("aws:ec2/route-table", "rtb-2", Value::from([("vpc", "vpc-2")])),
        world.there("aws:ec2/route-table", "rtb-1", Value::from([("vpc", "vpc-1")])),
        world.there("aws:ec2/subnet", "subnet-2", subnet("vpc-2", "10.0.1.0/24", "eu-west-1a")),
        world.there("aws:ec2/subnet", "subnet-1", subnet("vpc-1", "10.0.1.0/24", "eu-west-1a")),
        world.there("aws:ec2/vpc", "vpc-2", Value::from([("cidr_block", "10.1.0.0/16")])),
        world.there("aws:ec2/vpc", "vpc-1", Value::from([("cidr_block", "10.0.0.0/16")])),
    ];
    let told = world.told(&[]);
    let paths = ["there", "here", "there", "here", "there", "here", "other", "main"];
    for (thing, path) in things.into_iter().zip(paths) {
        assert_eq!(told.told.get(&thing).map(|(urn, _)| urn.path()), Some(path), "{thing}");
        assert_eq!(told.likeness[&thing], Likeness::default(), "{thing}");
    }
    is(&told, 7, "main", By::Arguments);
    is(&told, 5, "here", By::Key);
    is(&told, 3, "here", By::Arguments);
    is(&told, 1, "here", By::Key);
}

#[test]
fn a_name_tells_and_another_name_does_not() {
    let mut world = World::new();
    world.stack.add("app", logs::LogGroup::builder().name("/app").retention_in_days(30).build());
    world.stack.add("web", logs::LogGroup::builder().name(prefix("web")).build());
    let app = world.there("aws:logs/log-group", "/app", Value::from([("name", "/app")]));
    let gone = world.there("aws:logs/log-group", "/gone", Value::from([("name", "/gone")]));
    let told = world.told(&[]);
    is(&told, app, "app", By::Key);
    let paths: Vec<&str> = told.likeness[&app].changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["retention_in_days"]);
    // Of its name only the beginning is declared, and this is another one: it is not the last one left.
    assert!(!told.told.contains_key(&gone));
    assert_eq!(
        told.unlike[&gone].iter().map(|(urn, paths)| (urn.path(), paths.clone())).collect::<Vec<_>>(),
        [("web", vec!["name".to_owned()])]
    );
}

#[test]
fn a_name_that_was_made_of_the_declared_beginning_is_that_name() {
    let mut world = World::new();
    world.stack.add("web", logs::LogGroup::builder().name(prefix("web")).build());
    let web = world.there("aws:logs/log-group", "web-0123abcd", Value::from([("name", "web-0123abcd")]));
    is(&world.told(&[]), web, "web", By::Arguments);
}

#[test]
fn what_could_be_several_is_not_guessed() {
    let mut world = World::new();
    for name in ["one", "two"] {
        world.stack.add(name, ec2::ElasticIp::builder().build());
    }
    let address = world.there("aws:ec2/elastic-ip", "eipalloc-1", Value::empty_map());
    let told = world.told(&[]);
    assert!(told.told.is_empty());
    assert_eq!(told.candidates[&address].iter().map(Urn::path).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn two_things_that_could_be_one_resource_are_not_guessed_either() {
    let mut world = World::new();
    world.stack.add("one", ec2::ElasticIp::builder().build());
    let things = ["eipalloc-1", "eipalloc-2"].map(|id| world.there("aws:ec2/elastic-ip", id, Value::empty_map()));
    let told = world.told(&[]);
    assert!(told.told.is_empty());
    assert!(things.iter().all(|thing| told.candidates[thing].len() == 1));
}

#[test]
fn the_mapping_file_says_what_cannot_be_told_and_leaves_the_rest_the_only_one() {
    let mut world = World::new();
    for name in ["one", "two"] {
        world.stack.add(name, ec2::ElasticIp::builder().build());
    }
    let things = ["eipalloc-1", "eipalloc-2"].map(|id| world.there("aws:ec2/elastic-ip", id, Value::empty_map()));
    let told = world.told(&[(things[0], "prod::two::aws:ec2/elastic-ip")]);
    is(&told, things[0], "two", By::Map);
    is(&told, things[1], "one", By::OnlyOne);
}

/// A VPC with two subnets, each with a route table of its own; what stands in the account of it, the tables last.
fn tables(world: &mut World, used: [&str; 2]) -> [usize; 2] {
    let vpc = world.stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    world.there("aws:ec2/vpc", "vpc-1", Value::from([("cidr_block", "10.0.0.0/16")]));
    for (index, table) in used.into_iter().enumerate() {
        let (name, range) = (format!("private-{index}"), format!("10.0.{index}.0/24"));
        let declared = ec2::Subnet::builder().vpc(&vpc).cidr_block(&range).build();
        let declared_subnet = world.stack.add(&name, declared);
        let declared_table = world.stack.add(&name, ec2::RouteTable::builder().vpc(&vpc).build());
        let association = ec2::RouteTableAssociation::builder().subnet(&declared_subnet).route_table(&declared_table);
        world.stack.add(&name, association.build());
        let id = format!("subnet-{index}");
        world.there("aws:ec2/subnet", &id, subnet("vpc-1", &range, "eu-west-1a"));
        let args = Value::from([("subnet", id.as_str()), ("route_table", table)]);
        world.there("aws:ec2/route-table-association", &id, args);
    }
    ["rtb-1", "rtb-2"].map(|id| world.there("aws:ec2/route-table", id, Value::from([("vpc", "vpc-1")])))
}

#[test]
fn what_refers_to_a_resource_tells_which_thing_it_is() {
    let mut world = World::new();
    let [first, second] = tables(&mut world, ["rtb-2", "rtb-1"]);
    let told = world.told(&[]);
    is(&told, second, "private-0", By::References);
    is(&told, first, "private-1", By::References);
}

#[test]
fn what_refers_to_a_resource_in_two_ways_tells_nothing() {
    let mut world = World::new();
    let [first, second] = tables(&mut world, ["rtb-1", "rtb-1"]);
    let told = world.told(&[]);
    assert!(!told.told.contains_key(&first) && !told.told.contains_key(&second), "{:?}", told.told);
    assert_eq!(told.candidates[&first].len(), 2);
}

#[test]
fn tags_tell_what_nothing_else_does() {
    let mut world = World::new();
    for name in ["one", "two"] {
        world.stack.add(name, ec2::ElasticIp::builder().tags([("Name", name)]).build());
    }
    let tags = |name: &str| Value::from([("tags", Value::from([("Name", name)]))]);
    let second = world.there("aws:ec2/elastic-ip", "eipalloc-1", tags("two"));
    let first = world.there("aws:ec2/elastic-ip", "eipalloc-2", tags("one"));
    let told = world.told(&[]);
    is(&told, second, "two", By::Everything);
    is(&told, first, "one", By::Everything);
}

#[test]
fn what_differs_where_it_cannot_be_changed_is_another_one_and_says_so() {
    let mut world = World::new();
    world.stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    let vpc = world.there("aws:ec2/vpc", "vpc-1", Value::from([("cidr_block", "10.9.0.0/16")]));
    let told = world.told(&[]);
    assert!(told.told.is_empty() && told.candidates.is_empty());
    assert_eq!(told.unlike[&vpc][0].1, ["cidr_block"]);
}

#[test]
fn the_option_of_the_program_wins() {
    let mut world = World::new();
    world.stack.add_with("one", ec2::ElasticIp::builder().build(), options().import("eipalloc-2"));
    world.stack.add_with("two", ec2::ElasticIp::builder().build(), options().import("eipalloc-9"));
    let things = ["eipalloc-1", "eipalloc-2"].map(|id| world.there("aws:ec2/elastic-ip", id, Value::empty_map()));
    let told = world.told(&[]);
    is(&told, things[1], "one", By::Program);
    // The other one is said to be something else.
    assert!(!told.told.contains_key(&things[0]) && !told.candidates.contains_key(&things[0]));
}

#[test]
fn what_is_computed_from_what_is_not_told_is_no_difference() {
    let mut world = World::new();
    let vpc = world.stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/16").build());
    let name = join(["flow-".into(), (&vpc.id).into()]);
    world.stack.add("role", iam::Role::builder().name("app").assume_role_policy("{}").description(name).build());
    let args = Value::from([("name", "app"), ("assume_role_policy", "{}"), ("description", "flow-vpc-1")]);
    let role = world.there("aws:iam/role", "app", args);
    let told = world.told(&[]);
    is(&told, role, "role", By::Key);
    assert!(told.likeness[&role].changes.iter().all(|change| !change.after.is_known()));
}

#[test]
fn a_value_that_is_a_secret_here_is_no_value_in_the_report() {
    let mut world = World::new();
    let secret = formwork_engine::Secret::new("hunter2-canary".to_owned());
    let role = iam::Role::builder().name("app").assume_role_policy("{}").description(join([(&secret).into()]));
    world.stack.add("role", role.build());
    let args = Value::from([("name", "app"), ("assume_role_policy", "{}"), ("description", "hunter3-canary")]);
    let role = world.there("aws:iam/role", "app", args);
    let told = world.told(&[]);
    assert_eq!(told.likeness[&role].changes.len(), 1);
    let shown = format!("{:?} {}", told.likeness, told.likeness[&role].changes[0].before.to_json());
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn hundreds_of_one_type_are_told_by_their_keys() {
    const EACH: usize = 300;
    let mut world = World::new();
    let vpc = world.stack.add("main", ec2::Vpc::builder().cidr_block("10.0.0.0/8").build());
    let range = |index: usize| format!("10.{}.{}.0/24", index / 256, index % 256);
    for index in 0..EACH {
        let subnet = ec2::Subnet::builder().vpc(&vpc).cidr_block(range(index)).build();
        world.stack.add(&format!("subnet-{index}"), subnet);
    }
    world.there("aws:ec2/vpc", "vpc-1", Value::from([("cidr_block", "10.0.0.0/8")]));
    for index in (0..EACH).rev() {
        world.there("aws:ec2/subnet", &format!("subnet-id-{index}"), subnet("vpc-1", &range(index), "eu-west-1a"));
    }
    let told = world.told(&[]);
    assert_eq!(told.told.len(), 1 + EACH);
    is(&told, 1, &format!("subnet-{}", EACH - 1), By::Arguments);
    assert!(told.likeness.values().all(|like| *like == Likeness::default()));
}

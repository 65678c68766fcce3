//! What the derives write, on made-up resource types.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::{
    Block, Change, ChangeRule, ChangeSet, Choice, Field, Form, Guard, Hazard, Moves, Output, OutputFields, Outputs,
    Resource, Secret, Shape, Stack, StackOutputs, Stage, Value, Wait, id, join,
};

id! {
    /// The id of a house.
    pub struct HouseId;
}

/// A house.
///
/// With rooms.
#[derive(Resource, Clone, PartialEq)]
#[resource(kind = "test:town/house", cfn = "Test::Town::House", id = HouseId, outputs = HouseOutputs, guard = unique_name)]
#[resource(
    data_store,
    version = 3,
    natural_key(street, number),
    exclusive(roof),
    exclusive(street, r#type),
    visibility = 300
)]
#[resource(create_wait = (1, 2, 3, 4), after = BEFORE_HOUSES)]
struct House {
    /// The street.
    #[arg(replace)]
    street: String,
    /// The number.
    #[arg(replace)]
    number: i64,
    /// What it is covered with.
    #[arg(decide = roof_change, hazards = roof_hazards, default = Roof::Tiles, cfn = "Top.Cover")]
    roof: Roof,
    /// The sort of house.
    #[arg(never, same = same_type)]
    r#type: Option<String>,
    /// What opens it.
    #[arg(in_place, write_only, cfn = "")]
    key: Option<Secret>,
    /// How many may live there.
    #[arg(in_place, after_create, default = 4)]
    places: u16,
    /// Its rooms.
    #[arg(in_place, drift_ignored, default)]
    rooms: Vec<Room>,
    /// Whatever.
    #[arg(replace, after_create, tags, default)]
    labels: BTreeMap<String, String>,
}

static BEFORE_HOUSES: &[formwork_engine::After] = &[formwork_engine::After {
    kind: "test:town/street",
    link: formwork_engine::Link::Any,
    where_theirs: None,
    where_mine: None,
}];

#[derive(Choice, Clone, Copy, PartialEq, Debug)]
enum Roof {
    #[choice("clay-tiles")]
    Tiles,
    #[choice("thatch")]
    Thatch,
}

fn roof_change(before: &Roof, after: &Roof) -> Change {
    if before == after { Change::InPlace } else { Change::Never }
}

fn roof_hazards(_before: &Roof, after: &Roof) -> &'static [Hazard] {
    if *after == Roof::Thatch { &[Hazard::Outage] } else { &[] }
}

fn same_type(wanted: &Option<String>, found: &Option<String>) -> bool {
    wanted.as_ref().map(|text| text.len()) == found.as_ref().map(|text| text.len())
}

#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[block(cfn = "Room")]
struct Room {
    /// What it is called.
    name: String,
    /// How many windows it has.
    #[arg(default = 1)]
    windows: i32,
    /// The safe's combination.
    safe: Option<Secret<String>>,
    /// What is in it.
    #[arg(replace, default)]
    things: BTreeSet<String>,
}

#[derive(Outputs, Debug, PartialEq)]
struct HouseOutputs {
    /// The id.
    #[output(stage = accepted)]
    id: HouseId,
    /// The address.
    #[output(echoes = street)]
    address: String,
    /// Who lives there.
    #[output(moves_with(places, r#type))]
    inhabitants: Vec<String>,
    /// The postman's note.
    #[output(always)]
    note: Option<String>,
}

fn house() -> House {
    House {
        street: "High Street".to_owned(),
        number: 7,
        roof: Roof::Thatch,
        r#type: None,
        key: Some(Secret::new("hunter2".to_owned())),
        places: 4,
        rooms: vec![Room {
            name: "hall".to_owned(),
            windows: 2,
            safe: Some(Secret::new("0815".to_owned())),
            things: BTreeSet::new(),
        }],
        labels: BTreeMap::new(),
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_schema_says_what_the_attributes_say() {
    let schema = House::schema();
    assert_eq!((schema.kind, schema.cfn, schema.version), ("test:town/house", "Test::Town::House", 3));
    assert_eq!(schema.doc, "A house.\n\nWith rooms.");
    assert_eq!((schema.data_store, schema.delete_first, schema.guard), (true, false, Guard::UniqueName));
    assert_eq!(schema.natural_key, ["street", "number"]);
    assert_eq!(schema.exclusive, [["roof"].as_slice(), &["street", "type"]]);
    assert_eq!(schema.visibility.as_secs(), 300);
    assert_eq!((schema.create_wait.delay.as_secs(), schema.create_wait.agree), (1, 3));
    assert_eq!(schema.delete_wait.limit, Wait::NONE.limit);
    assert_eq!(schema.after[0].kind, "test:town/street");
}

#[test]
fn the_schema_of_an_argument_says_what_its_attribute_says() {
    let arg = |name| House::schema().arg(name).unwrap();
    let required: Vec<_> = House::schema().args.iter().filter(|arg| arg.required).map(|arg| arg.name).collect();
    assert_eq!(required, ["street", "number"]);
    assert_eq!((arg("street").cfn, arg("roof").cfn, arg("key").cfn), ("Street", "Top.Cover", ""));
    assert_eq!((arg("type").cfn, arg("type").doc), ("Type", "The sort of house."));
    assert!(matches!(arg("number").change, ChangeRule::Always(Change::Replace)));
    assert!(matches!(arg("type").change, ChangeRule::Always(Change::Never)));
    assert!(matches!(arg("key").shape, Shape::Optional(Shape::Secret(Shape::Text))));
    assert!(arg("key").write_only && arg("places").after_create && arg("rooms").drift_ignored && arg("labels").tags);
    assert_eq!(arg("places").default.unwrap()(), Value::Int(4));
    assert_eq!(arg("roof").default.unwrap()(), Value::from("clay-tiles"));
    assert_eq!(arg("rooms").default.unwrap()(), Value::List(vec![]));
}

#[test]
fn a_block_is_a_shape_with_the_same_attributes() {
    let Shape::Block(fields) = Room::SHAPE else { panic!("not a block") };
    let rows: Vec<_> = fields.iter().map(|field| (field.name, field.cfn, field.required)).collect();
    let expected = [
        ("name", "Room.Name", true),
        ("windows", "Room.Windows", false),
        ("safe", "Room.Safe", false),
        ("things", "Room.Things", false),
    ];
    assert_eq!(rows, expected);
    assert!(matches!(fields[0].change, ChangeRule::Always(Change::InPlace)));
    assert!(matches!(fields[3].change, ChangeRule::Always(Change::Replace)));
    assert_eq!(fields[1].default.unwrap()(), Value::Int(1));
}

#[test]
fn decide_sees_typed_values_with_defaults_and_takes_the_worst_for_what_it_cannot_see() {
    let ChangeRule::Decide(decide) = House::schema().arg("roof").unwrap().change else { panic!("not decided") };
    let unknown = Value::Unknown(formwork_engine::value::Unknown { expression: "a.b".into(), secret: false });
    assert_eq!(decide(&"thatch".into(), &"thatch".into()), Change::InPlace);
    assert_eq!(decide(&"thatch".into(), &"clay-tiles".into()), Change::Never);
    assert_eq!(decide(&Value::Null, &"clay-tiles".into()), Change::InPlace);
    assert_eq!(decide(&"thatch".into(), &unknown), Change::Replace);
    assert_eq!(decide(&"slate".into(), &"thatch".into()), Change::Replace);
}

#[test]
fn hazards_and_equality_of_its_own_see_typed_values() {
    let hazards = House::schema().arg("roof").unwrap().hazards.unwrap();
    assert_eq!(hazards(&"clay-tiles".into(), &"thatch".into()), [Hazard::Outage]);
    assert_eq!(hazards(&"thatch".into(), &Value::Null), []);
    assert!(hazards(&"thatch".into(), &"slate".into()).iter().any(|hazard| hazard.needs_consent()));
    let same = House::schema().arg("type").unwrap().same.unwrap();
    assert!(same(&"villa".into(), &"manor".into()));
    assert!(!same(&"villa".into(), &Value::Null));
}

#[test]
fn a_value_becomes_the_struct_again() {
    assert!(House::from_value(&house().to_value()) == Ok(house()));
}

#[test]
fn what_an_older_row_lacks_takes_the_default_at_any_depth() {
    let room = Value::from([("name", "hall")]);
    let row = Value::Map(
        [
            ("street".to_owned(), "High Street".into()),
            ("number".to_owned(), Value::Int(7)),
            ("rooms".to_owned(), Value::List(vec![room])),
            ("places".to_owned(), Value::Null),
        ]
        .into(),
    );
    let house = House::from_value(&row).unwrap();
    assert_eq!((house.roof, house.places, house.rooms[0].windows), (Roof::Tiles, 4, 1));
    assert!(house.key.is_none() && house.labels.is_empty());
}

#[test]
fn a_missing_required_argument_and_a_wrong_entry_are_named_by_path_without_the_value() {
    let missing = House::from_value(&Value::from([("street", "High Street")])).err().unwrap();
    assert_eq!(missing.to_string(), "`number`: a number is wanted, and nothing was found");
    let Value::Map(mut map) = house().to_value() else { panic!("not a map") };
    map.insert("rooms".to_owned(), Value::List(vec![Value::from([("name", 1_i64)])]));
    let wrong = House::from_value(&Value::Map(map.clone())).err().unwrap();
    assert_eq!(wrong.to_string(), "`rooms[0].name`: text is wanted, and a number was found");
    map.insert("rooms".to_owned(), Value::List(vec![]));
    map.insert("roof".to_owned(), "slate".into());
    let wrong = House::from_value(&Value::Map(map)).err().unwrap();
    assert_eq!(wrong.to_string(), "`roof`: one of `clay-tiles`, `thatch` is wanted, and text was found");
    assert_eq!(
        House::from_value(&Value::Null).err().unwrap().to_string(),
        "a `House` is wanted, and nothing was found"
    );
}

#[test]
fn debug_shows_no_secret_at_any_depth() {
    let shown = format!("{:?} {:#?} {:?}", house(), house(), house().rooms[0]);
    assert!(!shown.contains("hunter2") && !shown.contains("0815"), "{shown}");
    assert!(
        shown.starts_with(r#"House { street: "High Street", number: 7, roof: "thatch", type: null, key: (secret)"#)
    );
    let declared = House::builder().street("x").number(1).key(Secret::new("hunter2".to_owned()));
    assert!(!format!("{declared:?} {:?}", declared.clone().build()).contains("hunter2"));
}

#[test]
fn the_last_setter_wins_and_what_is_not_given_is_not_declared() {
    let base = House::builder().number(1).street("first");
    let base = if base.clone().build().args.is_empty() { base } else { base.places(9_u16) };
    let declared = base.street("second").build();
    let shown: Vec<_> = declared.args.iter().map(|(name, expr)| format!("{name}={expr}")).collect();
    assert_eq!(shown, ["number=1", "places=9", "street=\"second\""]);
}

#[test]
fn outputs_go_into_arguments_at_any_depth() {
    let mut stack = Stack::new("town", "test", BTreeMap::new());
    let first = stack.add("first", House::builder().street("a").number(1).build());
    let name = join(["beside ".into(), (&first.address).into()]);
    let room = Room::builder().things([&first.address]).name(name).build();
    let labels = [("neighbour", &first.note)];
    stack.add("second", House::builder().number(2).street(&first.address).rooms([room]).labels(labels).build());
    let program = stack.finish().unwrap();
    let second = &program.resources[&program.order[1]];
    let shown: Vec<_> = second.args.iter().map(|(name, expr)| format!("{name}={expr}")).collect();
    assert_eq!(
        shown,
        [
            "labels={neighbour: first.note}",
            "number=2",
            r#"rooms=[{name: join("beside ", first.address), things: [first.address]}]"#,
            "street=first.address",
        ]
    );
}

#[test]
fn a_finished_block_is_taken_too() {
    let hall = &house().rooms[0];
    let declared = House::builder().street("a").number(1).rooms([hall, &hall.clone()]).build();
    assert_eq!(declared.args["rooms"].to_string().matches("(secret)").count(), 2);
}

#[test]
fn changes_hold_what_update_may_be_asked_for() {
    let changes = HouseChanges::from_names(&names(&["roof", "labels", "street"]));
    assert_eq!(changes, HouseChanges { roof: true, labels: true, ..HouseChanges::default() });
    assert_eq!(changes.names(), names(&["labels", "roof"]));
    let HouseChanges { roof: _, key: _, places: _, rooms: _, labels: _ } = changes;
}

#[test]
fn outputs_have_a_schema_and_convert_both_ways() {
    let rows = HouseOutputs::SCHEMA;
    assert_eq!(rows.iter().map(|row| row.name).collect::<Vec<_>>(), ["id", "address", "inhabitants", "note"]);
    assert_eq!((rows[0].stage, rows[1].stage, rows[1].echoes), (Stage::Accepted, Stage::Ready, Some("street")));
    assert!(matches!(rows[1].moves, Moves::Stable) && matches!(rows[3].moves, Moves::Always));
    assert!(matches!(rows[2].moves, Moves::With(["places", "type"])));
    assert_eq!(rows[2].doc, "Who lives there.");
    let outputs = HouseOutputs {
        id: HouseId::new("h-1"),
        address: "a 1".to_owned(),
        inhabitants: vec!["x".to_owned()],
        note: None,
    };
    assert_eq!(HouseOutputs::from_value(&outputs.to_value()), Ok(outputs));
    let missing = HouseOutputs::from_value(&Value::from([("id", "h-1")])).unwrap_err();
    assert_eq!(missing.to_string(), "`address`: text is wanted, and nothing was found");
}

#[test]
fn a_choice_converts_to_the_words_of_aws_and_back() {
    assert_eq!((Roof::Tiles.as_str(), Roof::Thatch.to_string().as_str()), ("clay-tiles", "thatch"));
    assert_eq!((Roof::parse("thatch"), Roof::parse("Thatch")), (Some(Roof::Thatch), None));
    assert!(matches!(Roof::SHAPE, Shape::Choice(["clay-tiles", "thatch"])));
    let declared = House::builder().street("a").number(1).roof(Roof::Thatch).build();
    assert_eq!(declared.args["roof"].to_string(), "\"thatch\"");
}

id! {
    /// The id of a street.
    pub struct StreetId;
}

/// A resource of which nothing is required and nothing can change.
#[derive(Resource)]
#[resource(kind = "test:town/street", id = StreetId, outputs = StreetOutputs, guard = token)]
struct Street {
    /// Its name.
    #[arg(replace)]
    name: Option<String>,
}

#[derive(Outputs)]
struct StreetOutputs {
    /// The id.
    id: StreetId,
}

#[test]
fn a_resource_may_have_no_required_and_no_changeable_argument() {
    let schema = Street::schema();
    assert_eq!((schema.cfn, schema.version, schema.visibility.as_secs()), ("", 1, 120));
    assert!(schema.natural_key.is_empty() && schema.exclusive.is_empty() && schema.after.is_empty());
    assert!(Street::builder().build().args.is_empty());
    assert!(StreetChanges::from_names(&names(&["name"])).names().is_empty());
    assert!(Street::from_value(&Value::empty_map()).unwrap().name.is_none());
    assert!(StreetOutputs::from_value(&Value::from([("id", "s-1")])).is_ok());
}

/// What a house is heated with.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[block(choice = "fuel", choice_cfn = "FUEL", cfn = "Heating")]
enum Heating {
    /// Nothing.
    #[choice("none")]
    Nothing,
    /// A stove.
    #[choice("stove:wood")]
    WoodStove {
        /// Where the wood comes from.
        #[arg(replace, cfn = "From")]
        source: HouseId,
        /// The key of the shed.
        shed: Secret,
    },
    /// A pipe.
    #[choice("static")]
    Static {
        /// Where the heat comes from.
        source: HouseId,
    },
}

#[test]
fn an_enum_block_is_a_shape_of_its_word_and_all_fields() {
    let Shape::Block(fields) = Heating::SHAPE else { panic!("not a block") };
    let rows: Vec<_> = fields.iter().map(|field| (field.name, field.cfn, field.required)).collect();
    let expected = [("fuel", "Heating.FUEL", true), ("source", "Heating.From", false), ("shed", "Heating.Shed", false)];
    assert_eq!(rows, expected);
    assert!(matches!(fields[0].shape, Shape::Choice(["none", "stove:wood", "static"])));
    assert!(matches!(fields[1].shape, Shape::Optional(Shape::Text)));
    assert!(matches!(fields[1].change, ChangeRule::Always(Change::Replace)));
    assert!(matches!(fields[2].shape, Shape::Optional(Shape::Secret(Shape::Text))));
}

#[test]
fn an_enum_block_converts_both_ways_and_shows_no_secret() {
    let stove = Heating::WoodStove { source: HouseId::new("h-1"), shed: Secret::new("hunter2".to_owned()) };
    assert_eq!(format!("{stove:?}"), r#"WoodStove { source: "h-1", shed: (secret) }"#);
    assert!(Heating::from_value(&stove.to_value()) == Ok(stove));
    assert_eq!(Heating::Nothing.to_value().to_json().to_string(), r#"{"fuel":"none","shed":null,"source":null}"#);
    assert!(Heating::from_value(&Value::from([("fuel", "none")])) == Ok(Heating::Nothing));
    let other = Heating::from_value(&Value::from([("fuel", "gas")])).unwrap_err();
    assert_eq!(other.to_string(), "`fuel`: one of `none`, `stove:wood`, `static` is wanted, and text was found");
    let lacking = Heating::from_value(&Value::from([("fuel", "static")])).unwrap_err();
    assert_eq!(lacking.to_string(), "`source`: an id is wanted, and nothing was found");
}

#[test]
fn the_constructors_of_an_enum_block_take_outputs_and_handles() {
    let mut stack = Stack::new("town", "test", BTreeMap::new());
    let house = stack.add("first", House::builder().street("a").number(1).build());
    let stove = Heating::wood_stove(&house, Secret::new("hunter2".to_owned()));
    assert_eq!(format!("{stove:?}"), r#"{fuel: "stove:wood", shed: (secret), source: first.id}"#);
    assert_eq!(format!("{:?}", Heating::r#static(&house.id)), r#"{fuel: "static", source: first.id}"#);
    assert_eq!(format!("{:?}", Heating::nothing()), r#"{fuel: "none"}"#);
}

#[test]
fn a_type_knows_how_its_values_are_written() {
    assert!(matches!(Roof::RUST.form, Form::Choice([("clay-tiles", "Tiles"), ("thatch", "Thatch")])));
    assert!((Roof::RUST.path)().ends_with("derive::Roof"), "{}", (Roof::RUST.path)());
    assert!(matches!((Room::RUST.form, HouseId::RUST.form), (Form::Block, Form::New)));
    // What a list, a set, a map, an option or a secret holds is what is written.
    assert!(matches!(<Option<Vec<Roof>>>::RUST.form, Form::Choice(_)));
    assert!(matches!(<Secret<String>>::RUST.form, Form::Literal));
    let Form::Alternatives("fuel", alternatives) = Heating::RUST.form else { panic!("no alternatives") };
    let written: Vec<_> = alternatives.iter().map(|one| (one.word, one.constructor, one.fields)).collect();
    let expected: [(_, _, &[&str]); 3] = [
        ("none", "nothing", &[]),
        ("stove:wood", "wood_stove", &["source", "shed"]),
        ("static", "r#static", &["source"]),
    ];
    assert_eq!(written, expected);
    assert!((House::schema().rust)().ends_with("derive::House"));
    assert_eq!((House::schema().outputs[0].rust.path)(), (HouseId::RUST.path)());
}

/// What a town has for others.
#[derive(StackOutputs)]
#[stack_outputs(engine = formwork_engine)]
struct Town {
    house: Output<HouseId>,
    #[output(name = "all-roofs")]
    roofs: Output<Vec<Roof>>,
}

#[test]
fn outputs_of_another_stack_are_references_by_their_names_and_know_their_types() {
    let mut stack = Stack::new("project", "country", BTreeMap::new());
    let town = stack.read_stack::<Town>("town");
    stack.component("inner", |stack| drop(stack.read_stack::<Town>("town")));
    assert_eq!(format!("{:?} {:?}", town.house, town.roofs.at(0)), "stack/town.house stack/town.all-roofs[0]");
    let program = stack.finish().unwrap();
    let reads: Vec<&str> = program.reads.keys().map(formwork_engine::Urn::as_str).collect();
    assert_eq!(reads, ["country::stack/town::formwork:stack/outputs"], "one read, wherever it is asked for");
    let read = program.reads.values().next().unwrap().stack.as_ref().unwrap();
    let names: Vec<&str> = read.wanted.iter().map(|wanted| wanted.name).collect();
    assert_eq!((read.stack.as_str(), names), ("town", vec!["house", "all-roofs"]));
    let roofs = read.wanted[1].check;
    assert!(roofs(&Value::List(vec!["thatch".into()])).is_ok());
    let mismatch = roofs(&Value::List(vec!["straw".into()])).unwrap_err();
    assert_eq!(mismatch.to_string(), "`[0]`: one of `clay-tiles`, `thatch` is wanted, and text was found");
}

//! The schema of a resource type as data: shapes, arguments, outputs, waits, guards, ordering edges.
//!
//! Everything here is `const`-constructible, so that `derive(Resource)` writes a `static` tree which the non-generic core walks
//! for completion, comparison, secrecy and documentation ([`crate::compare`]).

use std::time::Duration;

use crate::rust::Rust;
use crate::value::Value;

/// The shape of a field, with its equality: [`crate::compare::Comparison::same`] walks it.
#[derive(Debug)]
pub enum Shape {
    /// A truth value.
    Bool,
    /// A whole number.
    Int,
    /// Text, compared byte by byte.
    Text,
    /// Text, compared without regard to ASCII case (names that AWS lower-cases).
    Caseless,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A physical name: fixed text, or `{"$prefix": text}`, to which the engine adds a suffix that it keeps in the intent.
    Name,
    /// A version: what is wanted is a prefix of what is found, at a dot ("16" accepts "16.4", not the reverse).
    Version,
    /// A JSON document as text, compared as JSON. A document with a `Statement` is an access policy: there, a list of one element is that element,
    /// lists of texts are unordered, scalars of conditions are text, and an account is its root principal ([`crate::compare`]).
    Json,
    /// A secret of the inner shape, compared by keyed digest.
    Secret(&'static Shape),
    /// A list in which the order matters.
    List(&'static Shape),
    /// A list in which the order does not matter and nothing occurs twice.
    Set(&'static Shape),
    /// A map of text to the inner shape.
    Map(&'static Shape),
    /// `Null` (AWS decides, not compared) or the inner shape.
    Optional(&'static Shape),
    /// A nested block.
    Block(&'static [ArgSchema]),
}

impl Shape {
    /// Whether a field at any depth is never read back.
    pub(crate) fn holds_write_only(&self) -> bool {
        match self {
            Shape::Secret(inner)
            | Shape::List(inner)
            | Shape::Set(inner)
            | Shape::Map(inner)
            | Shape::Optional(inner) => inner.holds_write_only(),
            Shape::Block(fields) => fields.iter().any(|field| field.write_only || field.shape.holds_write_only()),
            Shape::Bool
            | Shape::Int
            | Shape::Text
            | Shape::Caseless
            | Shape::Choice(_)
            | Shape::Name
            | Shape::Version
            | Shape::Json => false,
        }
    }
}

/// What a changed argument does to the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Changed on the living resource.
    InPlace,
    /// A new resource takes its place.
    Replace,
    /// AWS offers no way, and a replacement would not help either: the plan is refused.
    Never,
}

/// How the change of an argument is decided.
#[derive(Debug, Clone, Copy)]
pub enum ChangeRule {
    /// Always the same.
    Always(Change),
    /// Depends on the value before and after.
    Decide(fn(&Value, &Value) -> Change),
}

/// Something a change does that needs consent or a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hazard {
    /// Data may be lost: needs consent.
    DataLoss,
    /// Cannot be taken back: needs consent.
    Irreversible,
    /// Interrupts service: shown.
    Outage,
}

impl Hazard {
    /// The word in plans and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Hazard::DataLoss => "data_loss",
            Hazard::Irreversible => "irreversible",
            Hazard::Outage => "outage",
        }
    }

    /// Whether a step with it needs `--allow-delete`.
    pub fn needs_consent(self) -> bool {
        matches!(self, Hazard::DataLoss | Hazard::Irreversible)
    }
}

/// One argument of a resource or one field of a block.
#[derive(Debug)]
pub struct ArgSchema {
    /// The name in Rust, plans and state: `cidr_block`.
    pub name: &'static str,
    /// The property of the CloudFormation schema it corresponds to (`CidrBlock`, or dotted for nested ones); empty when there is none.
    pub cfn: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// Its shape. An argument that may be left out has [`Shape::Optional`] or a `default`.
    pub shape: Shape,
    /// How its values are written in a program.
    pub rust: Rust,
    /// Whether it must be declared.
    pub required: bool,
    /// What "not declared" means, where it means a value: the default is managed like a declared value.
    pub default: Option<fn() -> Value>,
    /// What a change does.
    pub change: ChangeRule,
    /// Not taken by the create call: handed to `update` right after it.
    pub after_create: bool,
    /// Never read back: compared with what was applied, not with what is observed.
    pub write_only: bool,
    /// Moved by AWS or an autoscaler after creation: drift of it is not reported (a changed declaration is still applied).
    pub drift_ignored: bool,
    /// Whether it is the resource's map of tags, into which the provider's default tags are merged.
    pub tags: bool,
    /// The hazards of a change from one value to the other (`Null` for absent).
    pub hazards: Option<fn(&Value, &Value) -> &'static [Hazard]>,
    /// An equality of its own, `(wanted, found)`, where the shape's does not do.
    pub same: Option<fn(&Value, &Value) -> bool>,
    /// The argument that says the same in other words. Reading tells both; a program gives one of them.
    pub instead_of: Option<&'static str>,
}

/// When an output of an updated resource may change.
#[derive(Debug, Clone, Copy)]
pub enum Moves {
    /// Only by a replacement.
    Stable,
    /// When one of these arguments changes.
    With(&'static [&'static str]),
    /// With any update.
    Always,
}

/// When an output of a new resource is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// As soon as the create call was answered and the resource can be read.
    Accepted,
    /// When it is ready.
    Ready,
}

/// One output of a resource.
#[derive(Debug)]
pub struct OutputSchema {
    /// The name: `id`, `arn`, `endpoint`.
    pub name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// Its shape.
    pub shape: Shape,
    /// How its values are written in a program.
    pub rust: Rust,
    /// When it may change.
    pub moves: Moves,
    /// When it is known.
    pub stage: Stage,
    /// The argument whose value it repeats, where that is so (a first preview then knows it).
    pub echoes: Option<&'static str>,
}

/// How AWS keeps a create from happening twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// A client token; a repeated create with the same token makes nothing new.
    Token,
    /// The name (or the pair of things it joins) is unique: a repeated create is refused.
    UniqueName,
    /// A repeated create overwrites: existence is observed first, and a foreign thing is refused.
    Upsert,
    /// Nothing but the ownership tags: after an uncertain create, "absent" counts only after the visibility window.
    TagOnly,
}

/// How to wait for a resource; the engine polls, the type only answers.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// Before the first poll.
    pub delay: Duration,
    /// Between polls.
    pub every: Duration,
    /// How many answers in a row must agree.
    pub agree: u32,
    /// After which the wait pauses: nothing is tainted, the next run goes on with it.
    pub limit: Duration,
}

impl Wait {
    /// A wait in seconds: delay, period, agreeing answers, limit.
    pub const fn seconds(delay: u64, every: u64, agree: u32, limit: u64) -> Self {
        Self {
            delay: Duration::from_secs(delay),
            every: Duration::from_secs(every),
            agree,
            limit: Duration::from_secs(limit),
        }
    }

    /// For types that are ready when the create call answers.
    pub const NONE: Wait = Wait::seconds(0, 1, 1, 120);
}

/// An order that no argument shows: the resource comes after every resource of `kind` that is linked to it (and is deleted before it).
#[derive(Debug)]
pub struct After {
    /// The kind that comes first.
    pub kind: &'static str,
    /// Which resources of that kind.
    pub link: Link,
    /// Only where this argument of the *first* resource has this literal value.
    pub where_theirs: Option<(&'static str, &'static str)>,
    /// Only where this argument of the *second* (the one that states the rule) has this literal value.
    pub where_mine: Option<(&'static str, &'static str)>,
}

/// How two resources are linked for [`After`].
#[derive(Debug)]
pub enum Link {
    /// All of that kind with the same provider.
    Any,
    /// Each pair of argument paths, `(mine, theirs)`, leads to the same resource or literal. A path `subnet.vpc` follows the reference in `subnet`
    /// to the resource it names and goes on with that one's argument `vpc`.
    Shared(&'static [(&'static str, &'static str)]),
    /// Their argument `theirs` is the text `format`, in which `{name}` stands for the argument `name` of the one that states the rule.
    Named {
        /// The argument of the first resource.
        theirs: &'static str,
        /// Such as `/aws/eks/{name}/cluster`.
        format: &'static str,
    },
}

/// What the end of a resource needs and leaves behind.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// The argument by which the service itself refuses a delete while it is `true`. The type's delete lifts it, and the plan shows that.
    pub refused_by: Option<&'static str>,
    /// What a delete leaves in the account, from the recorded arguments, in words such as "a final snapshot".
    pub leaves: Option<fn(&Value) -> Option<&'static str>>,
    /// Whether what others leave behind cannot be read without it, as without the key that encrypts it: then it stays, too.
    pub opens: bool,
}

impl Ending {
    /// Nothing refuses it, and nothing is left.
    pub const PLAIN: Ending = Ending { refused_by: None, leaves: None, opens: false };
}

/// Everything the core knows about a resource type.
#[derive(Debug)]
pub struct Schema {
    /// `aws:ec2/vpc`.
    pub kind: &'static str,
    /// The type in Rust, with its whole path.
    pub rust: fn() -> &'static str,
    /// The CloudFormation type, such as `AWS::EC2::VPC`; empty when there is none.
    pub cfn: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// Raised when the meaning of recorded arguments changes.
    pub version: u32,
    /// The arguments, in declared order.
    pub args: &'static [ArgSchema],
    /// The outputs; the first is the id.
    pub outputs: &'static [OutputSchema],
    /// Whether deleting it destroys data.
    pub data_store: bool,
    /// How a create is guarded.
    pub guard: Guard,
    /// The arguments that make up the name by which AWS tells it apart, in order; two resources with the same values in one
    /// account and region are an error, and a key freed and taken in one plan means delete first. Empty: none.
    pub natural_key: &'static [&'static str],
    /// Further sets of arguments of which the values may occur once per account and region.
    pub exclusive: &'static [&'static [&'static str]],
    /// Whether a replacement deletes first although the name is not fixed.
    pub delete_first: bool,
    /// How long a new one may stay invisible to reads.
    pub visibility: Duration,
    /// The wait after create.
    pub create_wait: Wait,
    /// The wait after an update.
    pub update_wait: Wait,
    /// The wait after delete.
    pub delete_wait: Wait,
    /// Orders that no argument shows.
    pub after: &'static [After],
    /// What its end needs and leaves behind.
    pub ending: Ending,
}

impl Schema {
    /// The argument of that name.
    pub fn arg(&self, name: &str) -> Option<&'static ArgSchema> {
        self.args.iter().find(|arg| arg.name == name)
    }

    /// The output of that name.
    pub fn output(&self, name: &str) -> Option<&'static OutputSchema> {
        self.outputs.iter().find(|output| output.name == name)
    }
}

/// The schema of a read: something looked up while planning.
#[derive(Debug)]
pub struct ReadSchema {
    /// `aws:ec2/availability-zones`.
    pub kind: &'static str,
    /// The doc.
    pub doc: &'static str,
    /// Whether the first answer is recorded and wins until `--repin` (reads that choose an identity).
    pub pinned: bool,
}

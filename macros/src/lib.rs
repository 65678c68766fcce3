//! The derives with which a resource type is written: [`Resource`], [`Block`], [`Outputs`], [`Choice`]; and the one with which a program reads
//! another stack: [`StackOutputs`].
//!
//! Generated code names everything by `::formwork_engine::…`. A mistake in an attribute is reported where it stands, and the
//! rest is generated nevertheless, so that no second message hides the first.
//!
//! A resource type in full (`engine/tests/engine/derive.rs` has one that runs):
//!
//! ```text
//! id! {
//!     /// The id of a VPC, such as `vpc-0123456789abcdef0`.
//!     pub struct VpcId;
//! }
//!
//! /// A virtual network.
//! #[derive(Resource)]
//! #[resource(kind = "aws:ec2/vpc", cfn = "AWS::EC2::VPC", id = VpcId, outputs = VpcOutputs, guard = tag_only)]
//! #[resource(create_wait = (0, 1, 1, 300))]
//! pub struct Vpc {
//!     /// The IPv4 range, such as `10.0.0.0/16`.
//!     #[arg(replace)]
//!     pub cidr_block: String,
//!     /// Whether instances with public addresses get public DNS names.
//!     #[arg(in_place, after_create, default = false)]
//!     pub enable_dns_hostnames: bool,
//!     /// Whether instances run on hardware of their own.
//!     #[arg(decide = tenancy_change, default = Tenancy::Default)]
//!     pub instance_tenancy: Tenancy,
//!     /// The tags, without the ones that mark ownership.
//!     #[arg(in_place, tags, default)]
//!     pub tags: Tags,
//! }
//!
//! fn tenancy_change(_before: &Tenancy, after: &Tenancy) -> Change {
//!     if *after == Tenancy::Default { Change::InPlace } else { Change::Replace }
//! }
//!
//! /// Whose hardware instances run on.
//! #[derive(Choice, Debug, Clone, Copy, PartialEq, Eq)]
//! pub enum Tenancy {
//!     /// Shared.
//!     #[choice("default")]
//!     Default,
//!     /// Their own.
//!     #[choice("dedicated")]
//!     Dedicated,
//! }
//!
//! /// What AWS says of a VPC.
//! #[derive(Outputs)]
//! pub struct VpcOutputs {
//!     /// The id.
//!     pub id: VpcId,
//!     /// The group that AWS makes with the VPC.
//!     pub default_security_group: SecurityGroupId,
//! }
//! ```

mod arguments;
mod attributes;
mod block;
mod choice;
mod outputs;
mod resource;
mod stack_outputs;
mod variants;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a resource type of a struct with named fields: the arguments as they are sent, in plain types.
///
/// Writes for `Vpc`: `impl Resource` with its static schema, `impl Debug` that shows no secret, `VpcChanges` (one bool per argument
/// that `update` may be asked to set, taken apart there without `..`), and `VpcBuilder` behind `Vpc::builder()`: one setter per
/// argument, which takes whatever becomes the argument's type, outputs included; the last call of a setter wins. `build()` gives a
/// `Declared<Vpc>`, and compiles once every required argument was given. The struct must not derive `Debug` itself.
///
/// # What not declaring an argument means
///
/// | type | meaning |
/// | --- | --- |
/// | `T` | it must be declared |
/// | `T` with `default` | the default, which is managed like a declared value |
/// | `Option<T>` | AWS decides, and it is not compared; its setter takes a `T` |
///
/// # `#[resource(…)]` on the struct, once or several times
///
/// | entry | meaning |
/// | --- | --- |
/// | `kind = "aws:ec2/vpc"` | the kind; needed |
/// | `id = VpcId` | the type of the id; needed |
/// | `outputs = VpcOutputs` | the struct of outputs; needed |
/// | `guard = token` | what keeps a create from happening twice: `token`, `unique_name`, `upsert` or `tag_only`; needed |
/// | `cfn = "AWS::EC2::VPC"` | the CloudFormation type; default none |
/// | `version = 2` | the version of what is recorded; default 1 |
/// | `data_store` | deleting it destroys data |
/// | `delete_first` | a replacement deletes first although the name is not fixed |
/// | `natural_key(name)` | the arguments by which AWS tells it apart |
/// | `exclusive(a, b)` | arguments of which the values may occur once per account and region; may be repeated |
/// | `visibility = 300` | seconds for which a new one may stay invisible; default 120 |
/// | `create_wait = (delay, every, agree, limit)` | the wait after create, in seconds (`agree`: answers in a row); default `Wait::NONE` |
/// | `update_wait = (…)`, `delete_wait = (…)` | the same after update and delete |
/// | `after = PATH` | a `&'static [After]`: orders that no argument shows; default none |
///
/// # `#[arg(…)]` on a field; its doc comment is needed as well
///
/// | entry | meaning |
/// | --- | --- |
/// | `in_place`, `replace`, `never` | what a change does; exactly one of these or `decide` is needed |
/// | `decide = path` | a `fn(&T, &T) -> Change` of the value before and after; not known or not a `T`: `Change::Replace` |
/// | `default`, `default = value` | `Default::default()`, or what `Into` makes of the value |
/// | `after_create` | not taken by the create call: handed to `update` right after it |
/// | `write_only` | cannot be read back; the field must be an `Option` or have a default |
/// | `drift_ignored` | drift is not reported |
/// | `tags` | the resource's map of tags, into which default tags are merged |
/// | `cfn = "Name"` | the CloudFormation property; default `PascalCase` of the field; `""` for none |
/// | `hazards = path` | a `fn(&T, &T) -> &'static [Hazard]` of a change; not known or not a `T`: every hazard |
/// | `same = path` | a `fn(&T, &T) -> bool` of what is wanted and what is found, instead of the shape's equality |
/// | `instead_of = argument` | says the same as that argument in other words: reading tells both, and a program gives one of them |
///
/// `T` is the type of the field, `Option` included; an absent value reaches these functions as the default or `None`.
#[proc_macro_derive(Resource, attributes(resource, arg))]
pub fn derive_resource(input: TokenStream) -> TokenStream {
    resource::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a nested block of a struct with named fields.
///
/// Writes for `LifecycleRule`: `impl Field` (`Shape::Block` of its fields), `impl Debug` that shows no secret, a builder like that of a
/// resource whose `build()` gives an `Input<LifecycleRule>`, and what an argument needs to take a finished block by value or by
/// reference. The struct may derive `Clone`, `PartialEq`, `Eq`, `PartialOrd` and `Ord`; the last is needed in a `BTreeSet`.
///
/// Fields have the `#[arg(…)]` of [`macro@Resource`], except `after_create` and `tags`. What a change does need not be said: it is in
/// place unless the field says otherwise. `#[block(cfn = "Rule")]` puts `Rule.` before the CloudFormation names of all fields.
///
/// ```text
/// /// What happens to objects in the course of time.
/// #[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
/// pub struct LifecycleRule {
///     /// The name of the rule, unique in its bucket.
///     pub id: String,
///     /// After how many days objects are deleted.
///     #[arg(cfn = "ExpirationInDays")]
///     pub expiration_days: Option<i32>,
/// }
/// ```
///
/// # Enums
///
/// An enum is a block as well: alternatives of which each has a word and, perhaps, fields of its own. Its value is a block with the
/// entry `choice`, the word, and the fields of all variants, `Null` where they belong to another. Each variant gets a constructor
/// (`Encryption::s3_managed()`, `Encryption::kms(&key)`), which takes the fields in their order; all of them are needed, so what is
/// optional goes into a block of its own. Fields of the same name in two variants must have the same type.
/// `#[block(choice = "sse_algorithm")]` gives the word's entry another name, `#[block(choice_cfn = "SSEAlgorithm")]` its CloudFormation
/// property (default: `PascalCase` of the entry, `""` for none).
///
/// ```text
/// /// What encrypts the objects of a bucket.
/// #[derive(Block, Clone, PartialEq)]
/// #[block(choice = "sse_algorithm", choice_cfn = "SSEAlgorithm")]
/// pub enum Encryption {
///     /// Keys that S3 manages.
///     #[choice("AES256")]
///     S3Managed,
///     /// A key in KMS.
///     #[choice("aws:kms")]
///     Kms {
///         /// The key.
///         #[arg(cfn = "KMSMasterKeyID")]
///         key: KeyArn,
///     },
/// }
/// ```
#[proc_macro_derive(Block, attributes(block, arg, choice))]
pub fn derive_block(input: TokenStream) -> TokenStream {
    block::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes the outputs of a resource type of a struct with named fields, of which the first is `id`.
///
/// Writes for `VpcOutputs`: `impl OutputFields`, and `VpcOutputsRefs` with the same fields as `Output<T>` (for an `Option<T>` too),
/// to which the handle of a resource derefs. A doc comment on each field is needed.
///
/// # `#[output(…)]` on a field
///
/// | entry | meaning |
/// | --- | --- |
/// | `stable` | changes only by a replacement; the default |
/// | `moves_with(port, name)` | may change when one of these arguments changes |
/// | `always` | may change with any update |
/// | `stage = accepted` | known when the create call was answered; default `ready`: known when the resource is ready |
/// | `echoes = argument` | repeats the value of this argument |
#[proc_macro_derive(Outputs, attributes(output))]
pub fn derive_outputs(input: TokenStream) -> TokenStream {
    outputs::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a field type of an enum of words, each with the word that AWS uses: `#[choice("default")]`.
///
/// Writes `as_str`, `parse`, `Display`, and `impl Field` (`Shape::Choice`). An argument of this type takes only the enum or an output of
/// it: a word in quotes does not compile. A word that AWS answers and the enum does not know is a `Mismatch`.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    choice::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Makes a struct with named fields the outputs of another stack, for `stack.read_stack`. Each field is an `Output<T>`; its name is that of the
/// other stack's export.
///
/// ```text
/// #[derive(StackOutputs)]
/// struct Network {
///     vpc_id: Output<VpcId>,
///     #[output(name = "private-subnets")]
///     private_subnets: Output<Vec<SubnetId>>,
/// }
/// ```
///
/// `#[stack_outputs(engine = path)]` on the struct says by which path the engine is reached where that is not `::formwork::engine`.
#[proc_macro_derive(StackOutputs, attributes(stack_outputs, output))]
pub fn derive_stack_outputs(input: TokenStream) -> TokenStream {
    stack_outputs::derive(&parse_macro_input!(input as DeriveInput)).into()
}

//! What the comparison reads: resource types, CloudFormation's properties, reasons.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A resource type as `schema --json` prints it, as far as the comparison needs it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ResourceType {
    /// `aws:ec2/vpc`.
    pub kind: String,
    /// `AWS::EC2::VPC`; nothing for reads and for what CloudFormation does not have.
    #[serde(default)]
    pub cloudformation: Option<String>,
    /// Its arguments.
    pub args: Vec<Argument>,
    /// Arguments that the tests do not see in the emulator, with the reason.
    #[serde(default)]
    pub unseen: BTreeMap<String, String>,
    /// What stands in for the service in tests, where the emulator has no part of it.
    #[serde(default)]
    pub double: Option<String>,
}

/// One argument of a resource type.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Argument {
    /// `cidr_block`.
    pub name: String,
    /// `CidrBlock`, dotted below a block; nothing if CloudFormation has no such property.
    #[serde(default)]
    pub cloudformation: Option<String>,
    /// What a change of it does.
    pub change: Change,
}

/// What a change of an argument does to the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Changed on the living resource.
    InPlace,
    /// A new resource takes its place.
    Replace,
    /// Not possible.
    Never,
    /// The values before and after decide.
    Depends,
}

/// `xtask/cloudformation/properties.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct Table {
    /// Where it was derived from.
    pub source: Origin,
    /// CloudFormation's types by name.
    pub(crate) types: BTreeMap<String, TypeProperties>,
}

/// The package, and its version, that a table was derived from.
#[derive(Debug, Deserialize)]
pub(crate) struct Origin {
    /// The package that carries the schemas.
    pub package: String,
    /// Its version.
    pub version: String,
    /// When it was built.
    pub date: String,
    /// The region whose schemas were taken.
    pub region: String,
}

/// The properties of one CloudFormation type by dotted path, one level below the top.
#[derive(Debug, Deserialize)]
pub(crate) struct TypeProperties {
    /// By path: `CidrBlock`, `Endpoint.Address`.
    pub properties: BTreeMap<String, Property>,
}

/// What CloudFormation says of a property.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Property {
    /// A change of it makes a new resource.
    pub create_only: bool,
    /// A change of it makes a new resource, or not: the values decide.
    pub sometimes_create_only: bool,
    /// It can only be read.
    pub read_only: bool,
}

/// `xtask/cloudformation/missing.toml`: by type and property, why there is no argument for the property,
/// or why the argument answers "does a change make a new resource?" differently.
pub(crate) type Reasons = BTreeMap<String, BTreeMap<String, String>>;

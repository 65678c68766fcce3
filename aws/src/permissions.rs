//! [`Permitted`]: the IAM actions that the verbs of a type need, as data; and [`policy`], which makes a document of them for a stack.
//!
//! Each service has its table beside its types (`src/<service>/permissions.rs`). A type without one does not compile into the registry, and
//! the conformance suite holds what a type really calls against what its table allows. [`StateAccess`] is what the state itself needs.

mod arns;
mod needs;
mod policy;
mod state;
#[cfg(test)]
mod tests;

pub use policy::{MANAGED_LIMIT, Policy, Purpose, Statement, Use, policy};
pub use state::{Objects, StateAccess};

use formwork_engine::{Resource, Value};
use serde_json::Value as Json;

/// For what an action is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// To look: read, ask for a status, find what a lost create made. Changes nothing.
    Look,
    /// To make one.
    Create,
    /// To change one, or to finish what the create call does not take.
    Update,
    /// To delete one.
    Delete,
    /// To write down what was done, where the state is in AWS.
    Record,
}

impl Verb {
    /// The word in explanations.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Look => "look",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Delete => "delete",
            Verb::Record => "record",
        }
    }
}

/// Some actions that one verb of a type needs.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    /// For what.
    pub verb: Verb,
    /// As IAM names them: `ec2:CreateVpc`.
    pub actions: &'static [&'static str],
    /// Needed only where one of these arguments is declared or recorded and not at its default (`encryption.kms_key` leads into a block).
    /// Empty: always.
    pub when: &'static [&'static str],
    /// On what, as ARNs with holes (see `arns`). Empty: on `*`.
    pub on: &'static [&'static str],
    /// A condition key and the one value that it must have.
    pub only: Option<(&'static str, &'static str)>,
    /// Why, where the name of the operation does not say it.
    pub because: Option<&'static str>,
}

impl Permission {
    const fn new(verb: Verb, actions: &'static [&'static str]) -> Self {
        Self { verb, actions, when: &[], on: &[], only: None, because: None }
    }

    /// On these ARNs only.
    #[must_use]
    pub const fn on(self, on: &'static [&'static str]) -> Self {
        Self { on, ..self }
    }

    /// Where one of these arguments is declared.
    #[must_use]
    pub const fn when(self, when: &'static [&'static str]) -> Self {
        Self { when, ..self }
    }

    /// Under a condition.
    #[must_use]
    pub const fn only(self, key: &'static str, value: &'static str) -> Self {
        Self { only: Some((key, value)), ..self }
    }

    /// For this reason.
    #[must_use]
    pub const fn because(self, reason: &'static str) -> Self {
        Self { because: Some(reason), ..self }
    }
}

/// Needed to look.
pub(crate) const fn look(actions: &'static [&'static str]) -> Permission {
    Permission::new(Verb::Look, actions)
}

/// Needed to make one.
pub(crate) const fn create(actions: &'static [&'static str]) -> Permission {
    Permission::new(Verb::Create, actions)
}

/// Needed to change one.
pub(crate) const fn update(actions: &'static [&'static str]) -> Permission {
    Permission::new(Verb::Update, actions)
}

/// Needed to delete one.
pub(crate) const fn delete(actions: &'static [&'static str]) -> Permission {
    Permission::new(Verb::Delete, actions)
}

/// Needed to hand a role over, which IAM allows per service that takes it.
pub(crate) const fn pass(verb: Verb, role: &'static [&'static str], service: &'static str) -> Permission {
    Permission::new(verb, &["iam:PassRole"])
        .on(role)
        .only("iam:PassedToService", service)
        .because("the role is handed to the service")
}

/// Needed by the first resource of a service in an account: the service makes its own role on behalf of the caller.
pub(crate) const fn own_role(service: &'static str, role: &'static [&'static str]) -> Permission {
    Permission::new(Verb::Create, &["iam:CreateServiceLinkedRole"])
        .on(role)
        .only("iam:AWSServiceName", service)
        .because("the first one in an account makes the service's own role")
}

/// A resource type that says which permissions its verbs need.
pub trait Permitted: Resource {
    /// The ARN of one, with holes for arguments; empty where AWS makes the id.
    const ARN: &'static str = "";
    /// Whether its id is its ARN.
    const ID_IS_ARN: bool = false;
    /// What its verbs need.
    const PERMISSIONS: &'static [Permission];
}

/// A resource that exists, whether the program still declares it or not.
#[derive(Debug, Clone)]
pub struct Existing {
    /// Its kind.
    pub kind: String,
    /// Its path, for explanations.
    pub path: String,
    /// Its region.
    pub region: String,
    /// The arguments that were last made true.
    pub args: Value,
}

/// The table of a type, without its type.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The kind.
    pub kind: &'static str,
    /// See [`Permitted::ARN`].
    pub arn: &'static str,
    /// See [`Permitted::ID_IS_ARN`].
    pub id_is_arn: bool,
    /// See [`Permitted::PERMISSIONS`].
    pub permissions: &'static [Permission],
}

/// The table of a type.
pub(crate) fn table<R: Permitted>() -> Table {
    Table { kind: R::schema().kind, arn: R::ARN, id_is_arn: R::ID_IS_ARN, permissions: R::PERMISSIONS }
}

/// What every run needs to look for things of a kind that carry the stack's tag and that no row knows.
pub fn of_strays(kind: &str) -> Permission {
    look(crate::sweep::actions(kind)).because("things that carry the stack's tag and that no row knows are looked for")
}

/// What is asked of the account before one of a kind is made or changed; without it, a warning.
pub fn of_preflight(kind: &str) -> Permission {
    let actions: &[&str] = match kind {
        "aws:ec2/elastic-ip" => &["ec2:DescribeAccountAttributes"],
        "aws:ec2/instance" | "aws:eks/node-group" => {
            &["ec2:DescribeAvailabilityZones", "ec2:DescribeInstanceTypeOfferings"]
        }
        "aws:ec2/subnet" => &["ec2:DescribeAvailabilityZones"],
        "aws:eks/addon" => &["eks:DescribeAddonVersions"],
        "aws:eks/cluster" => &["ec2:DescribeAvailabilityZones", "eks:DescribeClusterVersions"],
        "aws:iam/instance-profile" | "aws:iam/policy" | "aws:iam/role" => &["iam:GetAccountSummary"],
        "aws:rds/cluster" | "aws:rds/cluster-instance" | "aws:rds/instance" => &[
            "ec2:DescribeAvailabilityZones",
            "rds:DescribeAccountAttributes",
            "rds:DescribeDBEngineVersions",
            "rds:DescribeOrderableDBInstanceOptions",
        ],
        "aws:rds/cluster-parameter-group" | "aws:rds/parameter-group" | "aws:rds/subnet-group" => {
            &["rds:DescribeAccountAttributes"]
        }
        _ => &[],
    };
    look(actions).because("what is made is held against what there is; without it, a warning")
}

/// What every run looks at besides its resources.
pub(crate) const EVERY_RUN: &[Permission] = &[
    look(&["iam:ListRoles"])
        .because("the roles that services act with are looked for before their first resource is made"),
    look(&["servicequotas:GetAWSDefaultServiceQuota", "servicequotas:ListServiceQuotas"])
        .because("what is made is held against quotas before; without it, a warning"),
];

/// What a lookup of a program needs.
pub(crate) fn of_read(kind: &str) -> &'static [Permission] {
    const MANAGED: &[Permission] = &[look(&["iam:GetPolicy"]).on(&["arn:{partition}:iam::aws:policy/*"])];
    const ZONES: &[Permission] = &[look(&["ec2:DescribeAvailabilityZones"])];
    const IMAGES: &[Permission] = &[look(&["ec2:DescribeImages"])];
    const LISTS: &[Permission] = &[look(&["ec2:DescribeManagedPrefixLists"])];
    const PARAMETERS: &[Permission] =
        &[look(&["ssm:GetParameter"]).because("a public parameter names the newest image")];
    const ADDONS: &[Permission] = &[look(&["eks:DescribeAddonVersions"])];
    const CLUSTERS: &[Permission] = &[look(&["eks:DescribeClusterVersions"])];
    const HOSTED_ZONE: &[Permission] = &[look(&["route53:GetHostedZone", "route53:ListHostedZones"])];
    const PARAMETER: &[Permission] = &[look(&["ssm:GetParameter"])];
    const SECRET: &[Permission] = &[look(&["secretsmanager:DescribeSecret"])];
    const SECRET_VALUE: &[Permission] = &[look(&["secretsmanager:GetSecretValue"])];
    match kind {
        "aws:ec2/ami" => IMAGES,
        "aws:ec2/ami-by-parameter" => PARAMETERS,
        "aws:ec2/availability-zones" => ZONES,
        "aws:ec2/managed-prefix-list" => LISTS,
        "aws:iam/managed-policy" => MANAGED,
        "aws:eks/addon-versions" => ADDONS,
        "aws:eks/versions" => CLUSTERS,
        "aws:route53/hosted-zone-by-name" => HOSTED_ZONE,
        "aws:secretsmanager/existing-secret" => SECRET,
        "aws:secretsmanager/secret-value" => SECRET_VALUE,
        "aws:ssm/parameter-value" => PARAMETER,
        // Who the caller is may be asked by everybody, and the region is asked of nobody.
        _ => &[],
    }
}

/// The action that an operation needs first of all: in most services it is called as the operation is. `service` is named as the command line
/// of AWS does.
pub fn action(service: &str, operation: &str) -> String {
    crate::permission::needed(service, operation)
}

/// A document for IAM.
pub(crate) fn document(statements: &[Statement]) -> Json {
    let statements = statements.iter().map(Statement::to_json).collect::<Vec<_>>();
    serde_json::json!({ "Version": "2012-10-17", "Statement": statements })
}

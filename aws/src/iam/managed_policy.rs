//! `aws:iam/managed-policy`: a policy that AWS maintains, by its name.
//!
//! ```
//! use formwork_aws::iam::{self, RoleName, RolePolicyAttachment};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let nodes = iam::managed_policy(stack, "AmazonEKSWorkerNodePolicy");
//! stack.add("nodes", RolePolicyAttachment::builder().role(RoleName::new("nodes")).policy_arn(nodes).build());
//! # }
//! ```

use std::collections::BTreeMap;

use formwork_engine::shape::ReadSchema;
use formwork_engine::{Expr, Output, ProviderName, Stack, Value};

use super::Policy;
use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::reads::Lookup;

/// The paths under which AWS keeps its policies, in the order in which a name without one is looked for.
const PATHS: [&str; 4] = ["", "service-role/", "job-function/", "aws-service-role/"];

/// The ARN of a policy that AWS maintains, in the partition that is worked in; a name that there is not ends the preview. The name may be given
/// with its path, as in `service-role/AmazonEBSCSIDriverPolicy`, which saves looking for it.
///
/// Without a call, and in the partition `aws` alone: [`super::aws_managed_policy`].
#[track_caller]
pub fn managed_policy(stack: &mut Stack, name: &str) -> Output<Arn<Policy>> {
    managed_policy_in(stack, name, &ProviderName::default())
}

/// The same with another provider.
#[track_caller]
pub fn managed_policy_in(stack: &mut Stack, name: &str, provider: &ProviderName) -> Output<Arn<Policy>> {
    let args = BTreeMap::from([("name".to_owned(), Expr::text(name))]);
    stack.read(ManagedPolicy::SCHEMA, args, "arn", provider.clone())
}

pub(crate) struct ManagedPolicy;

impl Lookup for ManagedPolicy {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:iam/managed-policy",
        doc: "The ARN of a policy that AWS maintains, by its name.",
        pinned: false,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let name = args.get("name").as_text().unwrap_or_default();
        let paths = if name.contains('/') { &PATHS[..1] } else { &PATHS[..] };
        for path in paths {
            let arn = format!("arn:{}:iam::aws:policy/{path}{name}", aws.partition());
            if aws.iam().get_policy().policy_arn(&arn).send().await.or_gone(&["NoSuchEntity"])?.is_some() {
                return Ok(Value::from([("arn", arn)]));
            }
        }
        Err(Error::refused("iam GetPolicy", format!("AWS maintains no policy `{name}`")))
    }
}

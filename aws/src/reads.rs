//! Reads that belong to no service: who works, and where. And `Lookup`, the form in which every read is written.
//!
//! ```
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let caller = formwork_aws::reads::caller_identity(stack);
//! stack.export("account", &caller.account);
//! # }
//! ```

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use formwork_engine::kind::{CallError, Read};
use formwork_engine::shape::ReadSchema;
use formwork_engine::{Output, ProviderName, Stack, Value};

use crate::context::Aws;
use crate::error::{Error, Result};
use crate::lifecycle::again;

/// Something that is looked up while planning.
pub(crate) trait Lookup: Send + Sync + 'static {
    /// The schema.
    const SCHEMA: &'static ReadSchema;

    /// Looks it up; answers a map of outputs.
    fn look_up(aws: &Aws, args: &Value) -> impl Future<Output = Result<Value>> + Send;
}

struct Erased<L> {
    aws: Aws,
    marker: PhantomData<fn() -> L>,
}

/// One line of the registry.
pub(crate) fn read<L: Lookup>(aws: &Aws) -> Arc<dyn Read> {
    Arc::new(Erased::<L> { aws: aws.clone(), marker: PhantomData })
}

#[async_trait]
impl<L: Lookup> Read for Erased<L> {
    fn schema(&self) -> &'static ReadSchema {
        L::SCHEMA
    }

    async fn read(&self, args: &Value) -> std::result::Result<Value, CallError> {
        again(&self.aws, || L::look_up(&self.aws, args)).await
    }
}

/// Who the credentials of a provider are.
#[derive(Debug, Clone)]
pub struct CallerIdentity {
    /// The account, such as `123456789012`.
    pub account: Output<String>,
    /// The ARN of the user or of the session of a role. A session is named anew with each login, so that what is made of it changes.
    pub arn: Output<String>,
    /// The unique id of the user or role, for a role with `:` and the name of the session.
    pub user_id: Output<String>,
}

/// Who the default credentials are.
#[track_caller]
pub fn caller_identity(stack: &mut Stack) -> CallerIdentity {
    caller_identity_in(stack, &ProviderName::default())
}

/// Who works for a provider: in another account, the role that is assumed there.
#[track_caller]
pub fn caller_identity_in(stack: &mut Stack, provider: &ProviderName) -> CallerIdentity {
    let schema = CallerIdentityRead::SCHEMA;
    // One read, however many of its outputs are used.
    CallerIdentity {
        account: stack.read(schema, BTreeMap::new(), "account", provider.clone()),
        arn: stack.read(schema, BTreeMap::new(), "arn", provider.clone()),
        user_id: stack.read(schema, BTreeMap::new(), "user_id", provider.clone()),
    }
}

/// The region of the default provider, such as `eu-west-1`.
#[track_caller]
pub fn region(stack: &mut Stack) -> Output<String> {
    region_in(stack, &ProviderName::default())
}

/// The region of a provider.
#[track_caller]
pub fn region_in(stack: &mut Stack, provider: &ProviderName) -> Output<String> {
    stack.read(RegionRead::SCHEMA, BTreeMap::new(), "name", provider.clone())
}

pub(crate) struct CallerIdentityRead;

impl Lookup for CallerIdentityRead {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:sts/caller-identity",
        doc: "Who the credentials are: account, ARN and unique id.",
        pinned: false,
    };

    async fn look_up(aws: &Aws, _: &Value) -> Result<Value> {
        let answer = aws.sts().get_caller_identity().send().await?;
        let (Some(account), Some(arn), Some(user_id)) = (answer.account, answer.arn, answer.user_id) else {
            return Err(Error::unexpected("sts GetCallerIdentity", "the answer does not say who it is"));
        };
        Ok(Value::from([("account", account), ("arn", arn), ("user_id", user_id)]))
    }
}

pub(crate) struct RegionRead;

impl Lookup for RegionRead {
    const SCHEMA: &'static ReadSchema =
        &ReadSchema { kind: "aws:account/region", doc: "The region that is worked in.", pinned: false };

    async fn look_up(aws: &Aws, _: &Value) -> Result<Value> {
        Ok(Value::from([("name", aws.region())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outputs_of_one_provider_are_one_read() {
        let mut stack = Stack::new("shop", "dev", BTreeMap::new());
        let caller = caller_identity(&mut stack);
        let again = caller_identity(&mut stack);
        assert_eq!(format!("{:?}", caller.arn), format!("{:?}", again.arn));
        let elsewhere = stack.provider("us-east-1");
        caller_identity_in(&mut stack, &elsewhere);
        region(&mut stack);
        let program = stack.finish().expect("no mistakes");
        let mut kinds: Vec<_> =
            program.reads.values().map(|read| (read.schema.kind, read.provider.0.as_str())).collect();
        kinds.sort_unstable();
        let caller = "aws:sts/caller-identity";
        assert_eq!(kinds, [("aws:account/region", ""), (caller, ""), (caller, "us-east-1")]);
    }
}

//! `aws:secretsmanager/existing-secret` and `aws:secretsmanager/secret-value`: a secret that somebody else keeps, and what is in it.
//!
//! ```
//! use formwork_aws::secretsmanager;
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let api_key = secretsmanager::secret(stack, "shop/api-key");
//! stack.export("api_key", &api_key.arn);
//! // Where the value itself must be handed on, it stays a secret wherever it goes.
//! let value = secretsmanager::secret_value(stack, "shop/api-key");
//! # drop(value);
//! # }
//! ```

use std::collections::BTreeMap;

use formwork_engine::shape::ReadSchema;
use formwork_engine::{Expr, IntoInput, Output, ProviderName, Stack, Value};

use super::{Secret, SecretArn};
use crate::arn::Arn;
use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::reads::Lookup;

/// A secret that exists already, without its value.
#[derive(Debug, Clone)]
pub struct ExistingSecret {
    /// The ARN, as the id of the secret.
    pub id: Output<SecretArn>,
    /// The ARN, for policies.
    pub arn: Output<Arn<Secret>>,
    /// The ARN of the key that encrypts it; empty for the account's `aws/secretsmanager`.
    pub kms_key: Output<String>,
}

/// The secret of this name in the default provider's region.
#[track_caller]
pub fn secret(stack: &mut Stack, name: impl IntoInput<String>) -> ExistingSecret {
    secret_in(stack, name, &ProviderName::default())
}

/// The same in the region of another provider.
#[track_caller]
pub fn secret_in(stack: &mut Stack, name: impl IntoInput<String>, provider: &ProviderName) -> ExistingSecret {
    let args = args(name);
    // One read, however many of its outputs are used.
    ExistingSecret {
        id: stack.read(SecretRead::SCHEMA, args.clone(), "arn", provider.clone()),
        arn: stack.read(SecretRead::SCHEMA, args.clone(), "arn", provider.clone()),
        kms_key: stack.read(SecretRead::SCHEMA, args, "kms_key", provider.clone()),
    }
}

/// The present value of the secret of this name in the default provider's region, for an argument that takes a secret.
///
/// It is read for each plan and kept in memory only: records and plans have a digest of it, by which a new value is seen. A workload that can read
/// the secret itself needs no copy.
#[track_caller]
pub fn secret_value(stack: &mut Stack, name: impl IntoInput<String>) -> Output<formwork_engine::Secret<String>> {
    secret_value_in(stack, name, &ProviderName::default())
}

/// The same in the region of another provider.
#[track_caller]
pub fn secret_value_in(
    stack: &mut Stack,
    name: impl IntoInput<String>,
    provider: &ProviderName,
) -> Output<formwork_engine::Secret<String>> {
    stack.read(SecretValueRead::SCHEMA, args(name), "value", provider.clone())
}

fn args(name: impl IntoInput<String>) -> BTreeMap<String, Expr> {
    [("name".to_owned(), name.into_input().into_expr())].into()
}

pub(crate) struct SecretRead;

impl Lookup for SecretRead {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:secretsmanager/existing-secret",
        doc: "A secret by its name: its ARN and its key.",
        pinned: false,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let name = args.get("name").as_text().unwrap_or_default();
        let answer = aws.secretsmanager().describe_secret().secret_id(name).send().await;
        // One that is scheduled for deletion keeps its name and has no value any more.
        let found = answer.or_gone(GONE)?.filter(|secret| secret.deleted_date.is_none());
        let Some(secret) = found else { return Err(missing(aws, "DescribeSecret", name)) };
        let Some(arn) = secret.arn else {
            return Err(Error::unexpected("secretsmanager DescribeSecret", "no ARN in the answer"));
        };
        Ok(Value::from([("arn", arn), ("kms_key", secret.kms_key_id.unwrap_or_default())]))
    }
}

pub(crate) struct SecretValueRead;

impl Lookup for SecretValueRead {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:secretsmanager/secret-value",
        doc: "The present value of a secret, which stays one.",
        pinned: false,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let name = args.get("name").as_text().unwrap_or_default();
        let answer = aws.secretsmanager().get_secret_value().secret_id(name).send().await;
        let Some(answer) = answer.or_gone(GONE)? else { return Err(missing(aws, "GetSecretValue", name)) };
        let Some(value) = answer.secret_string else {
            let reason = format!("the secret {name} holds bytes and no text");
            return Err(Error::refused("secretsmanager GetSecretValue", reason));
        };
        Ok(Value::from([("value", Value::from(value).into_secret())]))
    }
}

const GONE: &[&str] = &["ResourceNotFoundException"];

fn missing(aws: &Aws, operation: &str, name: &str) -> Error {
    let reason = format!("there is no secret {name} in {}, or it has no value", aws.region());
    Error::refused(&format!("secretsmanager {operation}"), reason)
}

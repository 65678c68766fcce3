//! `aws:ssm/parameter-value`: what a parameter says that somebody else keeps, AWS's public ones included.
//!
//! ```
//! use formwork_aws::ssm;
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let domain = ssm::parameter(stack, "/platform/domain");
//! stack.export("domain", &domain);
//! # }
//! ```

use std::collections::BTreeMap;

use formwork_engine::shape::ReadSchema;
use formwork_engine::{IntoInput, Output, ProviderName, Stack, Value};

use crate::context::Aws;
use crate::error::{Error, OrGone, Result};
use crate::reads::Lookup;

/// The text of a parameter of the default provider's region: of a `String`, or of a `StringList` with commas between its items.
///
/// It is read anew for every plan, so that what is made of it follows it. A `SecureString` is refused: what decrypts it at run time should read
/// it itself.
#[track_caller]
pub fn parameter(stack: &mut Stack, name: impl IntoInput<String>) -> Output<String> {
    parameter_in(stack, name, &ProviderName::default())
}

/// The same in the region of another provider.
#[track_caller]
pub fn parameter_in(stack: &mut Stack, name: impl IntoInput<String>, provider: &ProviderName) -> Output<String> {
    let args = BTreeMap::from([("name".to_owned(), name.into_input().into_expr())]);
    stack.read(ParameterValue::SCHEMA, args, "value", provider.clone())
}

pub(crate) struct ParameterValue;

impl Lookup for ParameterValue {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:ssm/parameter-value",
        doc: "The text of a parameter that is no secret.",
        pinned: false,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let value = text(aws, args.get("name").as_text().unwrap_or_default()).await?;
        Ok(Value::from([("value", value)]))
    }
}

/// The text of a parameter, for reads that look one up.
///
/// # Errors
/// When there is no such parameter, or it is a secret.
pub(crate) async fn text(aws: &Aws, name: &str) -> Result<String> {
    let answer = aws.ssm().get_parameter().name(name).send().await;
    let answer = answer.or_gone(&["ParameterNotFound", "ParameterVersionNotFound"])?;
    let Some(parameter) = answer.and_then(|answer| answer.parameter) else {
        let reason = format!("there is no parameter {name} in {}", aws.region());
        return Err(Error::refused("ssm GetParameter", reason));
    };
    if parameter.r#type.as_ref().is_some_and(|it| it.as_str() == "SecureString") {
        let reason = format!("the parameter {name} is a SecureString, whose value would stand in plans");
        return Err(Error::refused("ssm GetParameter", reason));
    }
    parameter.value.ok_or_else(|| Error::unexpected("ssm GetParameter", format!("{name} has no value")))
}

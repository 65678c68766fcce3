//! [`PolicyDocument`]: IAM policies as typed documents, with outputs in value and in key position.
//!
//! ```
//! use formwork_aws::iam::{PolicyDocument, Principal, Statement};
//! use formwork_engine::{Output, join};
//!
//! let issuer: Output<String> = Output::known("oidc.eks.eu-west-1.amazonaws.com/id/1".to_owned());
//! let trust = PolicyDocument::of([Statement::allow()
//!     .principal(Principal::federated("arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/1"))
//!     .action("sts:AssumeRoleWithWebIdentity")
//!     .condition("StringEquals", join([(&issuer).into(), ":aud".into()]), ["sts.amazonaws.com"])
//!     .condition("StringEquals", join([(&issuer).into(), ":sub".into()]), ["system:serviceaccount:app:gateway"])]);
//! # drop(trust);
//! ```

use std::collections::BTreeMap;

use formwork_engine::{Expr, Input, IntoInput, Json, Output, Part};

/// Text in a policy, with or without wildcards: an ARN, an action, a value of a condition. Made from text, outputs and ARNs.
#[derive(Debug, Clone)]
pub struct Pattern(Expr);

impl<T: Into<Part>> From<T> for Pattern {
    fn from(part: T) -> Self {
        Self(part.into().into_expr())
    }
}

/// A policy document.
#[derive(Debug, Clone, Default)]
pub struct PolicyDocument {
    statements: Vec<Statement>,
}

impl PolicyDocument {
    /// A document of these statements, in the policy language's version `2012-10-17`.
    pub fn of(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self { statements: statements.into_iter().collect() }
    }

    /// With one more statement.
    #[must_use]
    pub fn statement(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }

    /// The document as an output, for `export` or [`formwork_engine::join`].
    pub fn output(self) -> Output<Json> {
        Output::of(self.into_expr())
    }

    fn into_expr(self) -> Expr {
        let statements = self.statements.into_iter().map(Statement::into_expr).collect();
        let entries =
            [("Version".to_owned(), Expr::text("2012-10-17")), ("Statement".to_owned(), Expr::List(statements))];
        Expr::Json(Box::new(Expr::Record(entries.into())))
    }
}

impl IntoInput<Json> for PolicyDocument {
    fn into_input(self) -> Input<Json> {
        Input::of(self.into_expr())
    }
}

impl IntoInput<Json> for &PolicyDocument {
    fn into_input(self) -> Input<Json> {
        self.clone().into_input()
    }
}

/// Who a statement is about.
#[derive(Debug, Clone)]
pub struct Principal {
    sort: &'static str,
    name: Pattern,
}

impl Principal {
    /// A service, such as `eks.amazonaws.com`.
    pub fn service(name: impl Into<Pattern>) -> Self {
        Self { sort: "Service", name: name.into() }
    }

    /// A role, user or account: an ARN or an account id.
    pub fn aws(arn: impl Into<Pattern>) -> Self {
        Self { sort: "AWS", name: arn.into() }
    }

    /// An identity provider, by its ARN.
    pub fn federated(arn: impl Into<Pattern>) -> Self {
        Self { sort: "Federated", name: arn.into() }
    }

    /// Anybody; for denials and for documents that a condition narrows.
    pub fn anybody() -> Self {
        Self { sort: "*", name: Pattern::from("*") }
    }
}

/// One statement.
#[derive(Debug, Clone)]
pub struct Statement {
    effect: &'static str,
    sid: Option<String>,
    principals: Vec<Principal>,
    actions: Vec<Pattern>,
    not_actions: Vec<Pattern>,
    resources: Vec<Pattern>,
    not_resources: Vec<Pattern>,
    conditions: BTreeMap<String, Vec<(Expr, Vec<Expr>)>>,
}

impl Statement {
    /// Allows.
    pub fn allow() -> Self {
        Self::with("Allow")
    }

    /// Denies.
    pub fn deny() -> Self {
        Self::with("Deny")
    }

    fn with(effect: &'static str) -> Self {
        Self {
            effect,
            sid: None,
            principals: Vec::new(),
            actions: Vec::new(),
            not_actions: Vec::new(),
            resources: Vec::new(),
            not_resources: Vec::new(),
            conditions: BTreeMap::new(),
        }
    }

    /// A name for the statement: letters and digits.
    #[must_use]
    pub fn sid(mut self, sid: &str) -> Self {
        self.sid = Some(sid.to_owned());
        self
    }

    /// Adds a principal; for trust and resource policies.
    #[must_use]
    pub fn principal(mut self, principal: Principal) -> Self {
        self.principals.push(principal);
        self
    }

    /// Adds an action, such as `s3:GetObject`.
    #[must_use]
    pub fn action(mut self, action: impl Into<Pattern>) -> Self {
        self.actions.push(action.into());
        self
    }

    /// Adds several actions.
    #[must_use]
    pub fn actions<P: Into<Pattern>>(mut self, actions: impl IntoIterator<Item = P>) -> Self {
        self.actions.extend(actions.into_iter().map(Into::into));
        self
    }

    /// All actions but these.
    #[must_use]
    pub fn not_actions<P: Into<Pattern>>(mut self, actions: impl IntoIterator<Item = P>) -> Self {
        self.not_actions.extend(actions.into_iter().map(Into::into));
        self
    }

    /// Adds a resource: an ARN, whole or with wildcards.
    #[must_use]
    pub fn resource(mut self, resource: impl Into<Pattern>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Adds several resources.
    #[must_use]
    pub fn resources<P: Into<Pattern>>(mut self, resources: impl IntoIterator<Item = P>) -> Self {
        self.resources.extend(resources.into_iter().map(Into::into));
        self
    }

    /// All resources but these.
    #[must_use]
    pub fn not_resources<P: Into<Pattern>>(mut self, resources: impl IntoIterator<Item = P>) -> Self {
        self.not_resources.extend(resources.into_iter().map(Into::into));
        self
    }

    /// Adds a condition: operator, key (which may be computed) and accepted values.
    #[must_use]
    pub fn condition<P: Into<Pattern>>(
        mut self,
        operator: &str,
        key: impl Into<Pattern>,
        values: impl IntoIterator<Item = P>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.into().0).collect();
        self.conditions.entry(operator.to_owned()).or_default().push((key.into().0, values));
        self
    }

    fn into_expr(self) -> Expr {
        let mut entries = BTreeMap::from([("Effect".to_owned(), Expr::text(self.effect))]);
        if let Some(sid) = self.sid {
            entries.insert("Sid".to_owned(), Expr::text(sid));
        }
        if let Some(principals) = principals(self.principals) {
            entries.insert("Principal".to_owned(), principals);
        }
        let lists = [
            ("Action", self.actions),
            ("NotAction", self.not_actions),
            ("Resource", self.resources),
            ("NotResource", self.not_resources),
        ];
        for (name, patterns) in lists {
            if let Some(value) = one_or_list(patterns.into_iter().map(|pattern| pattern.0).collect()) {
                entries.insert(name.to_owned(), value);
            }
        }
        if !self.conditions.is_empty() {
            let operators = self.conditions.into_iter().map(|(operator, keys)| {
                let keys = keys.into_iter().filter_map(|(key, values)| Some((key, one_or_list(values)?)));
                (operator, Expr::Entries(keys.collect()))
            });
            entries.insert("Condition".to_owned(), Expr::Record(operators.collect()));
        }
        Expr::Record(entries)
    }
}

/// `"*"` for anybody, otherwise a map of sorts.
fn principals(principals: Vec<Principal>) -> Option<Expr> {
    if principals.iter().any(|principal| principal.sort == "*") {
        return Some(Expr::text("*"));
    }
    let mut sorts: BTreeMap<String, Vec<Expr>> = BTreeMap::new();
    for principal in principals {
        sorts.entry(principal.sort.to_owned()).or_default().push(principal.name.0);
    }
    let sorts: BTreeMap<_, _> =
        sorts.into_iter().filter_map(|(sort, names)| Some((sort, one_or_list(names)?))).collect();
    (!sorts.is_empty()).then_some(Expr::Record(sorts))
}

/// A single value stands alone, as AWS's own documents have it.
fn one_or_list(mut values: Vec<Expr>) -> Option<Expr> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Expr::List(values)),
    }
}

#[cfg(test)]
mod tests {
    use formwork_engine::expr::Outputs;
    use formwork_engine::{Urn, Value, join};

    use super::*;

    struct Issuer;

    impl Outputs for Issuer {
        fn output(&self, _: &Urn, _: &str) -> Result<Value, String> {
            Ok("oidc.example/id/1".into())
        }
    }

    #[test]
    fn an_output_may_be_the_key_of_a_condition() {
        let urn = "prod::cluster::aws:eks/cluster".parse().unwrap();
        let issuer: Output<String> = Output::of(Expr::Output { urn, name: "issuer".to_owned() });
        let document = PolicyDocument::of([Statement::allow()
            .principal(Principal::federated("arn:aws:iam::1:oidc-provider/x"))
            .action("sts:AssumeRoleWithWebIdentity")
            .condition(
                "StringEquals",
                join([(&issuer).into(), ":sub".into()]),
                ["system:serviceaccount:app:gateway"],
            )]);
        let Value::Text(text) = document.output().expr().evaluate(&Issuer).unwrap() else { panic!("text") };
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Federated": "arn:aws:iam::1:oidc-provider/x" },
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": { "StringEquals": { "oidc.example/id/1:sub": "system:serviceaccount:app:gateway" } }
                }]
            })
        );
    }

    #[test]
    fn several_values_are_a_list_and_nothing_is_left_out() {
        let document = PolicyDocument::of([Statement::deny()
            .sid("TlsOnly")
            .principal(Principal::anybody())
            .action("s3:*")
            .resources(["arn:aws:s3:::b", "arn:aws:s3:::b/*"])
            .condition("Bool", "aws:SecureTransport", ["false"])]);
        let Value::Text(text) = document.output().expr().evaluate(&Issuer).unwrap() else { panic!("text") };
        assert!(text.contains(r#""Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]"#), "{text}");
        assert!(text.contains(r#""Principal":"*""#) && text.contains(r#""Sid":"TlsOnly""#), "{text}");
    }
}

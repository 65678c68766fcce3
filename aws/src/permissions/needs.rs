//! [`Wanted`]: what is known of each resource of a stack without asking anybody.

use std::collections::BTreeMap;

use formwork_engine::expr::Outputs;
use formwork_engine::record::Row;
use formwork_engine::{Expr, Program, Schema, Urn, Value};

use super::arns::{Place, filled};

/// A resource that is declared or recorded.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) kind: &'static str,
    /// Its path, for explanations.
    pub(super) path: String,
    /// The region, where it is another than the stack's.
    pub(super) region: Option<String>,
    schema: &'static Schema,
    args: BTreeMap<String, Value>,
}

impl Wanted {
    /// Of a type, with nothing known but its name.
    pub(super) fn of_name(schema: &'static Schema, name: &str) -> Self {
        let args = schema.natural_key.first().map(|key| ((*key).to_owned(), Value::from(name)));
        Self { kind: schema.kind, path: String::new(), region: None, schema, args: args.into_iter().collect() }
    }

    /// The value of an argument, or its default; `Null` where there is neither.
    pub(super) fn arg(&self, path: &str) -> Value {
        if let Some((arg, field)) = path.split_once('.') {
            return self.arg(arg).get(field).clone();
        }
        let name = path;
        let declared = self.args.get(name).filter(|value| !value.is_null()).cloned();
        declared.or_else(|| self.schema.arg(name)?.default.map(|default| default())).unwrap_or(Value::Null)
    }

    /// Whether an argument, or a field of a block, says more than its default.
    pub(super) fn says(&self, path: &str) -> bool {
        let (arg, field) = path.split_once('.').map_or((path, None), |(arg, field)| (arg, Some(field)));
        let Some(value) = self.args.get(arg) else { return false };
        match field {
            Some(field) => !value.get(field).is_null(),
            None => {
                !value.is_null()
                    && self.schema.arg(arg).and_then(|arg| arg.default).is_none_or(|default| default() != *value)
            }
        }
    }

    /// The name by which AWS tells it apart, where that is one known argument.
    pub(super) fn name(&self) -> Option<String> {
        match self.schema.natural_key {
            [key] => self.arg(key).as_text().map(str::to_owned),
            _ => None,
        }
    }
}

/// Everything that a stack declares, and everything that is recorded of it: what is not declared any more is still to be deleted.
pub(super) fn wanted(program: &Program, rows: &[Row], place: &Place<'_>) -> Vec<Wanted> {
    let known = Known { program, place };
    let mut all: Vec<Wanted> = Vec::new();
    for declaration in program.resources.values() {
        let evaluated = |expr: &Expr| expr.evaluate(&known).unwrap_or_else(|_| Value::from("*"));
        let args = declaration.args.iter().map(|(name, expr)| (name.clone(), evaluated(expr))).collect();
        let provider = program.providers.get(&declaration.options.provider);
        all.push(Wanted {
            kind: declaration.schema.kind,
            path: declaration.urn.path().to_owned(),
            region: provider.and_then(|spec| spec.region.clone()),
            schema: declaration.schema,
            args,
        });
    }
    for row in rows {
        let Some(schema) = crate::schemas().into_iter().find(|schema| schema.kind == row.kind.as_str()) else {
            continue;
        };
        let args = match row.applied.to_value() {
            Value::Map(args) => args,
            _ => BTreeMap::new(),
        };
        let region = (row.region != place.region).then(|| row.region.clone());
        all.push(Wanted { kind: schema.kind, path: row.urn.path().to_owned(), region, schema, args });
    }
    all
}

/// Outputs as far as the program gives them away: names, and ARNs that are made of names. Everything else is `*`.
struct Known<'a> {
    program: &'a Program,
    place: &'a Place<'a>,
}

impl Outputs for Known<'_> {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        Ok(Value::Text(self.known(urn, name).unwrap_or_else(|| "*".to_owned())))
    }
}

impl Known<'_> {
    fn known(&self, urn: &Urn, name: &str) -> Option<String> {
        if let Some(read) = self.program.reads.get(urn) {
            return match (read.schema.kind, name) {
                ("aws:sts/caller-identity", "account") => Some(self.place.account.to_owned()),
                ("aws:account/region", "name") => Some(self.place.region.to_owned()),
                _ => None,
            };
        }
        let declaration = self.program.resources.get(urn)?;
        let schema = declaration.schema;
        let table = crate::tables().into_iter().find(|table| table.kind == schema.kind)?;
        let of_arg = |arg: &str| {
            let value = declaration.args.get(arg)?.evaluate(self).ok()?;
            Some(super::arns::text(&value))
        };
        if let Some(arg) = schema.output(name).and_then(|output| output.echoes) {
            return of_arg(arg);
        }
        match name {
            "arn" => self.arn(declaration, table.arn),
            "id" if table.id_is_arn => self.arn(declaration, table.arn),
            "id" => match schema.natural_key {
                [key] if !table.arn.is_empty() => of_arg(key),
                _ => None,
            },
            _ => None,
        }
    }

    fn arn(&self, declaration: &formwork_engine::program::Declaration, template: &str) -> Option<String> {
        if template.is_empty() {
            return None;
        }
        let args = declaration.args.iter();
        let args = args.filter_map(|(name, expr)| Some((name.clone(), expr.evaluate(self).ok()?))).collect();
        let provider = self.program.providers.get(&declaration.options.provider);
        let region = provider.and_then(|spec| spec.region.clone());
        let place = Place { region: region.as_deref().unwrap_or(self.place.region), ..self.place.clone() };
        let schema = declaration.schema;
        let wanted = Wanted { kind: schema.kind, path: String::new(), region: None, schema, args };
        Some(filled(template, &wanted, &[], &place))
    }
}

//! Declares again what the rows of a deployment say.

use std::collections::{BTreeMap, BTreeSet};

use super::revive::{Reviving, living};
use super::{Past, Rollback, declared, providers};
use crate::compare::{Comparison, Path, complete};
use crate::digest::Digester;
use crate::error::{Error, Turn};
use crate::expr::Expr;
use crate::graph::DEPENDS_ON;
use crate::history::REPLACE_WHEN;
use crate::options::{Options, Timeouts};
use crate::program::{Declaration, Export, Program, ProviderName, ReadDeclaration, STACK_OUTPUTS, StackRead, stack_of};
use crate::record::{Edge, Entry, Row};
use crate::shape::{Change, Schema};
use crate::urn::{SourceLine, Urn};
use crate::value::Value;

/// A rollback while it is made.
pub(super) struct Building<'a> {
    past: &'a Past<'a>,
    digester: Digester,
    errors: Vec<Error>,
    rollback: Rollback,
    stacks: BTreeSet<Urn>,
}

impl<'a> Building<'a> {
    pub(super) fn new(past: &'a Past<'a>) -> Self {
        let binding = past.now.binding().or(past.then.binding());
        let (project, stack) = binding.map(|it| (it.project.clone(), it.stack.clone())).unwrap_or_default();
        let digester = binding.map_or_else(|| Digester::new(&Digester::random_key()), Digester::of);
        let program = Program::empty(&project, &stack);
        let (pins, notes, computed) = (Vec::new(), Vec::new(), BTreeMap::new());
        let rollback = Rollback { number: past.number, program, pins, notes, computed };
        Self { past, digester, errors: Vec::new(), rollback, stacks: BTreeSet::new() }
    }

    pub(super) fn build(mut self) -> Result<Rollback, Vec<Error>> {
        match providers(self.past.history, self.past.number, &self.past.then) {
            Ok(providers) => self.rollback.program.providers = providers,
            Err(errors) => self.errors.extend(errors),
        }
        self.how_it_ended();
        for row in declared(&self.past.then) {
            match self.past.schemas.get(&row.kind) {
                Some(schema) => self.declare(row, schema),
                None => {
                    let reason = format!("this build does not know the kind {}", row.kind);
                    let error = Error::new(Turn::You, "declare again", reason).about(&row.urn, row.source.as_ref());
                    self.errors.push(error.hint("roll back with a build that knows it"));
                }
            }
        }
        self.exports();
        self.reads();
        self.pins();
        if self.errors.is_empty() { Ok(self.rollback) } else { Err(self.errors) }
    }

    /// What stands for a line of a program that is not there.
    fn place(&self) -> SourceLine {
        SourceLine::named(format!("deployment {}", self.past.number))
    }

    fn how_it_ended(&mut self) {
        let number = self.past.number;
        let outcome = self.past.then.deployments().get(&number).map(|it| it.end.as_ref().map(|end| &*end.outcome));
        let how = match outcome {
            Some(Some("done")) | None => return,
            Some(Some(outcome)) => format!("ended as `{outcome}`"),
            Some(None) => "was cut short".to_owned(),
        };
        self.rollback.notes.push(format!("deployment {number} {how}: planned is what it had got as far as"));
    }

    fn reviving<'s>(&self, edges: &'s [Edge], source: &'s SourceLine) -> Reviving<'s>
    where
        'a: 's,
    {
        // The digester is small; a borrow of it would hold all of `self`.
        Reviving {
            number: self.past.number,
            then: &self.past.then,
            edges,
            digester: self.digester.clone(),
            sealer: self.past.sealer,
            source,
            stacks: BTreeSet::new(),
            computed: Vec::new(),
        }
    }

    fn declare(&mut self, row: &'a Row, schema: &'static Schema) {
        let unknown = self.place();
        let source = row.source.as_ref().unwrap_or(&unknown);
        let mut reviving = self.reviving(&row.edges, source);
        let applied = reviving.value(&row.applied);
        let kept = self.never_back(row, schema);
        let mut args = BTreeMap::new();
        for (name, was) in applied.as_map().into_iter().flatten().filter(|(_, was)| !was.is_null()) {
            let Some(arg) = schema.arg(name) else {
                let path = row.urn.path();
                self.rollback.notes.push(format!("{path}: `{name}` is no argument in this build, and is left out"));
                continue;
            };
            let path = Path::of(arg.name);
            let expr = match (kept.get(arg.name), row.formulas.get(name)) {
                (Some(now), _) => Expr::Literal(now.clone()),
                (None, Some(formula)) => reviving.formula(formula, &path, was),
                (None, None) if row.formulas.is_empty() => reviving.by_edges(&path, was),
                (None, None) => Expr::Literal(was.clone()),
            };
            for computed in std::mem::take(&mut reviving.computed) {
                self.rollback.computed.insert((row.urn.clone(), name.clone()), computed);
            }
            args.insert(name.clone(), expr);
        }
        for arg in schema.args.iter().filter(|arg| arg.required && !args.contains_key(arg.name)) {
            let reason = format!("it needs `{}`, which deployment {} did not have", arg.name, self.past.number);
            let error = Error::new(Turn::You, "declare again", reason).about(&row.urn, row.source.as_ref());
            self.errors.push(error.hint("roll back with the build of then, or declare it by hand"));
        }
        let options = self.options(row, &mut reviving);
        self.stacks.extend(reviving.stacks);
        self.contents(row, schema);
        let declaration = Declaration { urn: row.urn.clone(), schema, args, options, source: source.clone() };
        self.rollback.program.order.push(row.urn.clone());
        self.rollback.program.resources.insert(row.urn.clone(), declaration);
    }

    /// The arguments that the service offers no way back for, with what they are now.
    fn never_back(&mut self, row: &Row, schema: &'static Schema) -> BTreeMap<&'static str, Value> {
        let Some(now) = self.past.now.rows_by_uid(&row.uid).last().filter(|now| now.kind == row.kind) else {
            return BTreeMap::new();
        };
        let then = complete(schema.args, &row.applied.to_value());
        let now = complete(schema.args, &now.applied.to_value());
        let differences = Comparison::new(&self.digester).diff(schema.args, &then, &now);
        let mut kept = BTreeMap::new();
        for difference in differences.into_iter().filter(|difference| difference.change == Change::Never) {
            // A reference is judged by the plan: its value of then may be the id of something replaced since.
            let formula = row.formulas.contains_key(difference.path.argument());
            let Some(arg) = schema.arg(difference.path.argument()).filter(|_| !formula) else { continue };
            let sealed = |value: &Value| self.digester.seal(value);
            self.rollback.notes.push(format!(
                "{}: `{}` stays {:?} and does not go back to {:?}: the service offers no way",
                row.urn.path(),
                difference.path,
                sealed(&difference.before),
                sealed(&difference.after)
            ));
            kept.insert(arg.name, now.get(arg.name).clone());
        }
        kept
    }

    /// What is said of a data store: whatever the plan does, what it holds is not what it held.
    fn contents(&mut self, row: &Row, schema: &Schema) {
        if !schema.data_store {
            return;
        }
        let path = row.urn.path();
        let number = self.past.number;
        self.rollback.notes.push(match self.past.now.rows_by_uid(&row.uid).last() {
            Some(now) if now.generation == row.generation => {
                format!("{path} keeps what it holds now; what it held in deployment {number} is not brought back")
            }
            _ => format!(
                "{path} was deleted or replaced since deployment {number}: what it held then is not brought back"
            ),
        });
    }

    fn options(&self, row: &Row, reviving: &mut Reviving<'_>) -> Options {
        let recorded = &row.options;
        let before = row.edges.iter().filter(|edge| edge.field == DEPENDS_ON);
        let depends_on: BTreeSet<Urn> =
            before.filter_map(|edge| living(&self.past.then, edge)).map(|row| row.urn.clone()).collect();
        let replace_when = match row.formulas.get(REPLACE_WHEN) {
            Some(crate::record::Formula::List(formulas)) if formulas.len() == recorded.replace_when.len() => formulas
                .iter()
                .zip(&recorded.replace_when)
                .map(|(formula, was)| reviving.formula(formula, &Path::of(crate::graph::REPLACE_WHEN), &was.to_value()))
                .collect(),
            _ => recorded.replace_when.iter().map(|digest| Expr::Literal(digest.to_value())).collect(),
        };
        Options {
            depends_on: depends_on.into_iter().collect(),
            protect: Some(recorded.protect),
            retain_on_delete: recorded.retain_on_delete,
            delete_before_create: recorded.delete_before_create,
            ignore_changes: recorded.ignore_changes.clone(),
            replace_when,
            aliases: self.alias(row).into_iter().collect(),
            provider: ProviderName(row.provider.clone()),
            timeouts: Timeouts {
                delete: recorded.delete_timeout.map(std::time::Duration::from_secs),
                ..Timeouts::default()
            },
            ..Options::default()
        }
    }

    /// The name that it has now, where that is another one.
    fn alias(&self, row: &Row) -> Option<String> {
        let now = self.past.now.rows_by_uid(&row.uid).last()?;
        let taken = declared(&self.past.then).iter().any(|other| other.urn == now.urn);
        (now.urn != row.urn && !taken).then(|| now.urn.as_str().to_owned())
    }

    fn exports(&mut self) {
        let (past, unknown) = (self.past, self.place());
        let recorded = past.history.program(past.number);
        let names: Vec<&String> = match recorded {
            Some(program) => program.exports.keys().collect(),
            None => past.then.outputs().keys().collect(),
        };
        for name in names {
            let mut reviving = self.reviving(&[], &unknown);
            let was = past.then.outputs().get(name).map(|stored| reviving.value(stored)).unwrap_or_default();
            let expr = match recorded.and_then(|program| program.exports.get(name)) {
                Some(formula) => reviving.formula(formula, &Path::of(name), &was),
                None => Expr::Literal(was),
            };
            self.stacks.extend(reviving.stacks);
            self.rollback.program.exports.insert(name.clone(), Export { expr, source: unknown.clone() });
        }
        if recorded.is_none() && !past.then.outputs().is_empty() {
            self.rollback.notes.push(format!(
                "what the outputs of the stack are computed from was not recorded in deployment {}: they get the values of then",
                past.number
            ));
        }
    }

    /// The reads of other stacks, so that the use stays registered.
    fn reads(&mut self) {
        for urn in std::mem::take(&mut self.stacks) {
            let Some(stack) = stack_of(&urn).map(str::to_owned) else { continue };
            let read = ReadDeclaration {
                urn: urn.clone(),
                schema: &STACK_OUTPUTS,
                args: BTreeMap::from([("stack".to_owned(), Expr::text(&stack))]),
                provider: ProviderName::default(),
                source: self.place(),
                stack: Some(StackRead { stack, wanted: Vec::new() }),
            };
            self.rollback.program.reads.insert(urn, read);
        }
    }

    fn pins(&mut self) {
        let (then, now) = (self.past.then.pins(), self.past.now.pins());
        let gone = now.keys().filter(|urn| !then.contains_key(*urn));
        let mut entries: Vec<Entry> = gone.map(|urn| Entry::Unpinned { urn: urn.clone() }).collect();
        for (urn, pin) in then.iter().filter(|(urn, pin)| now.get(*urn) != Some(pin)) {
            entries.push(Entry::Pinned { urn: urn.clone(), args: pin.args.clone(), outputs: pin.outputs.clone() });
        }
        self.rollback.pins = entries;
    }
}

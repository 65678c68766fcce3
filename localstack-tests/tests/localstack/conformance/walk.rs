//! The life of one resource of a type: made, changed case by case, changed and deleted behind the engine's back, deleted twice.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use formwork_aws::conformance::Example;
use formwork_engine::compare::Comparison;
use formwork_engine::digest::Digester;
use formwork_engine::kind::{Deletion, Kind, Owner, Status, Update, Waiting};
use formwork_engine::plan::{Op, Plan, Reason, Step};
use formwork_engine::record::{Row, owner_tag};
use formwork_engine::settings::{OnDrift, Settings};
use formwork_engine::{Change, ChangeRule, Program, Schema, Stack, Urn, Value};
use localstack_tests::{Trial, stands, told};

use super::coverage::{Described, missing};
use super::drift::{Drifted, Fate, Hidden};

/// How often a status is asked, or a verb called again, before that counts as never ending.
const PATIENCE: usize = 50;

/// What a walk has shown.
#[derive(Debug, Clone)]
pub(super) struct Walked {
    /// What became of the change of each field that was changed behind the engine's back.
    pub(super) drifted: Drifted,
    /// What is wrong.
    pub(super) wrong: Vec<String>,
    /// The permissions that its calls needed.
    pub(super) used: BTreeSet<String>,
}

/// Walks through the life of a type's example.
pub(super) async fn walk(example: &Example) -> Walked {
    let trial = Trial::new(crate::emulator()).await;
    let kind = trial.kind(example.kind).await.unwrap();
    let mut walk = Walk {
        trial,
        example,
        schema: kind.schema(),
        urn: Urn::new("conformance", &["it"], &formwork_engine::KindName::new(example.kind)).unwrap(),
        kind,
        drifted: Drifted::default(),
        wrong: Vec::new(),
    };
    let ended = walk.life().await;
    let mut wrong = walk.wrong;
    if let Err(error) = ended {
        wrong.push(format!("{error:#}"));
    }
    wrong.extend(walk.trial.account.gaps());
    let used = super::permissions::used(&walk.trial.account.calls(0));
    wrong.extend(super::permissions::not_allowed(example, &used));
    Walked { drifted: walk.drifted, wrong, used }
}

struct Walk<'a> {
    trial: Trial,
    example: &'a Example,
    schema: &'static Schema,
    urn: Urn,
    kind: std::sync::Arc<dyn Kind>,
    /// What became of the changes made behind the engine's back.
    drifted: Drifted,
    /// What is wrong and does not keep the walk from going on.
    wrong: Vec<String>,
}

impl Walk<'_> {
    async fn life(&mut self) -> Result<()> {
        let described = Described::of(self.example);
        self.wrong.extend(missing(self.schema, &described));
        let base = self.whole(0)?;
        self.trial.up(&base).await.context("bringing up the base")?;
        self.settled(&base, "the base").await?;
        self.refreshed(&base, "the base").await?;
        for (number, args) in described.cases.iter().enumerate() {
            let case = format!("case {} ({})", number + 1, args.join(", "));
            self.case(number + 1, args).await.context(case)?;
        }
        let last = self.program(described.cases.len())?;
        self.refreshed(&self.whole(described.cases.len())?, "all cases").await?;
        // A wait that is over does not vanish.
        if stands(self.schema.kind) {
            self.vanish(&last).await.context("vanishing")?;
        }
        self.destroy(&last).await.context("the end")
    }

    /// The example with these cases. What it only needs is believed and not read again: that is the walk of another type.
    fn program(&self, cases: usize) -> Result<Program> {
        let mut program = self.whole(cases)?;
        for (urn, declaration) in &mut program.resources {
            declaration.options.no_refresh = *urn != self.urn;
        }
        Ok(program)
    }

    /// The example with these cases, all of it read.
    fn whole(&self, cases: usize) -> Result<Program> {
        let mut stack = Stack::new("conformance", "conformance", BTreeMap::new());
        (self.example.declare)(&mut stack, cases);
        stack.finish().map_err(|errors| anyhow::anyhow!("{errors:?}"))
    }

    /// After an `up`: nothing to do, and the account has what is recorded and nothing else.
    async fn settled(&mut self, program: &Program, when: &str) -> Result<()> {
        let plan = self.trial.plan(program).await?;
        if !plan.is_noop() {
            self.wrong.push(format!("after {when} there is still to do:\n{}", told(&plan)));
        }
        let (mut listed, rows) = (self.trial.account.listed(), self.trial.rows()?);
        if self.example.kind == "aws:ec2/security-group" {
            // The rule that a group is born with, which its argument keeps or takes away.
            listed.retain(|(kind, _)| kind != "aws:ec2/security-group-egress-rule");
        }
        if listed != rows {
            self.wrong.push(format!("after {when} the account has {}", difference(&listed, &rows)));
        }
        Ok(())
    }

    /// A refresh finds everything, and leaves nothing to do.
    async fn refreshed(&mut self, program: &Program, when: &str) -> Result<()> {
        let refreshed = self.trial.refresh(program).await?;
        ensure!(refreshed.gone.is_empty(), "after {when} a refresh misses {:?}", refreshed.gone);
        for (urn, reason) in &refreshed.unreadable {
            self.wrong.push(format!("after {when} {urn} cannot be read: {reason}"));
        }
        let plan = self.trial.plan(program).await?;
        if !plan.is_noop() {
            self.wrong.push(format!("after {when} and a refresh there is to do:\n{}", told(&plan)));
        }
        Ok(())
    }

    /// One change: planned as the schema says, seen as drift when it is made outside, made, and then nothing is left to do.
    async fn case(&mut self, number: usize, args: &[&'static str]) -> Result<()> {
        let (before, after) = (self.program(number - 1)?, self.program(number)?);
        let row = self.trial.row(&self.urn)?;
        let plan = self.trial.plan(&after).await?;
        let step = self.step(&plan, Op::Create).or_else(|| self.step(&plan, Op::Update)).cloned();
        let Some(step) = step else { bail!("nothing is planned for it:\n{}", told(&plan)) };
        self.as_the_schema_says(&plan, &step, &row, args);
        if step.op == Op::Update {
            self.drift(&before, &row, &step, args).await.context("changed outside")?;
        }
        self.trial.up_with(&after, Settings { on_drift: OnDrift::Revert, ..self.trial.settings.clone() }).await?;
        let now = self.trial.row(&self.urn)?;
        ensure!(now.uid == row.uid, "its identity changed from {} to {}", row.uid.as_str(), now.uid.as_str());
        let generations = row.generation + u32::from(step.op == Op::Create);
        ensure!(now.generation == generations, "it is generation {} and was {}", now.generation, row.generation);
        self.settled(&after, &format!("case {number} ({})", args.join(", "))).await
    }

    fn step<'p>(&self, plan: &'p Plan, op: Op) -> Option<&'p Step> {
        plan.steps.iter().find(|step| step.urn == self.urn && step.op == op)
    }

    fn as_the_schema_says(&mut self, plan: &Plan, step: &Step, row: &Row, args: &[&'static str]) {
        let applied = row.applied.to_value();
        let changes = args.iter().filter_map(|name| {
            let seen = step.observed.as_ref().map(|observed| observed.get(name));
            // What was left to AWS is what AWS has decided.
            let before = match applied.get(name) {
                Value::Null => seen.unwrap_or(&Value::Null),
                declared => declared,
            };
            let after = step.planned.get(name);
            // Arguments that only stand beside the others may stay as they are.
            (before != after).then(|| self.change(name, before, after))
        });
        let replaces = changes.collect::<Vec<_>>().contains(&Change::Replace);
        let planned = step.op == Op::Create && step.replaces;
        if replaces != planned {
            let word = |replaces| if replaces { "a replacement" } else { "an update" };
            self.wrong.push(format!(
                "{}: the schema says {}, and the plan {}:\n{}",
                args.join(", "),
                word(replaces),
                word(planned),
                told(plan)
            ));
        }
        let about = |change: &&formwork_engine::plan::FieldChange| within(&change.path, args[0]);
        match step.changes.iter().find(about) {
            Some(change)
                if change.reason != Reason::DeclaredChanged && !matches!(change.reason, Reason::DependsOn(..)) =>
            {
                self.wrong.push(format!("{}: the reason is said to be \"{}\"", change.path, change.reason));
            }
            Some(_) => {}
            None => self.wrong.push(format!("the plan does not name {}:\n{}", args[0], told(plan))),
        }
        let others: Vec<&Step> =
            plan.steps.iter().filter(|other| other.urn != self.urn && other.op != Op::Same).collect();
        if !others.is_empty() {
            self.wrong.push(format!("{}: other resources change too:\n{}", args.join(", "), told(plan)));
        }
    }

    fn change(&self, arg: &str, before: &Value, after: &Value) -> Change {
        match self.schema.arg(arg).map(|arg| arg.change) {
            Some(ChangeRule::Decide(decide)) => decide(before, after),
            Some(ChangeRule::Always(change)) => change,
            None => Change::Never,
        }
    }

    /// Makes the change of a case behind the engine's back, expects the plan of the program before to see it, field by field, and `up` to
    /// set it back.
    async fn drift(&mut self, before: &Program, row: &Row, step: &Step, args: &[&'static str]) -> Result<()> {
        let binding = self.trial.recorded()?.binding().cloned().context("the store is not bound")?;
        let digester = Digester::of(&binding);
        let applied = row.applied.to_value();
        let hidden = |name: &&'static str| {
            let schema = self.schema.arg(name)?;
            let (applied, planned) = (applied.get(name), step.planned.get(name));
            match () {
                () if schema.write_only => Some(Hidden::WriteOnly),
                () if schema.drift_ignored => Some(Hidden::Moved),
                // What is not declared is left to AWS, before and after.
                () if applied.is_null() || planned.is_null() => Some(Hidden::Undeclared),
                () if !step.planned.is_known() => Some(Hidden::Unknown),
                () => Comparison::new(&digester).same_arg(schema, applied, planned).then_some(Hidden::Same),
            }
        };
        // The first is the one that the case is about; the others are looked at where they can be seen, too.
        let Some(about) = args.first() else { return Ok(()) };
        if let Some(hidden) = hidden(about) {
            self.drifted.note(about, Fate::Hidden(hidden));
            return Ok(());
        }
        let shown: Vec<&'static str> = args.iter().filter(|name| hidden(name).is_none()).copied().collect();
        let owner = Owner {
            stack: owner_tag(&binding.project, &binding.stack, &binding.lineage),
            uid: row.uid.clone(),
            token: row.token.clone().unwrap_or_default(),
            urn: self.urn.clone(),
        };
        self.update_outside(&owner, row, step).await?;
        let one_way =
            shown.iter().find(|name| self.change(name, step.planned.get(name), applied.get(name)) == Change::Never);
        if let Some(one_way) = one_way {
            let refused = self.trial.plan(before).await;
            let said = refused.err().map(|error| format!("{error:#}")).unwrap_or_default();
            ensure!(said.contains(&format!("`{one_way}`")), "{one_way} cannot be set back, and the plan says: {said}");
            for name in shown {
                self.drifted.note(name, Fate::Seen("AWS offers no way back: the plan names the field and is refused"));
            }
            return Ok(());
        }
        let plan = self.trial.plan(before).await?;
        let drifted = |step: &&Step| step.urn == self.urn && step.drift;
        let Some(seen) = plan.steps.iter().find(drifted) else {
            let names = shown.join(", ");
            self.wrong.push(format!("{names} was changed outside, and the plan shows no drift:\n{}", told(&plan)));
            return Ok(());
        };
        for name in &shown {
            let at = |change: &&formwork_engine::plan::FieldChange| within(&change.path, name);
            if seen.changes.iter().filter(at).any(|change| change.reason == Reason::Drifted) {
                self.drifted.note(name, Fate::Seen("it is set back by a replacement, which would make another one"));
            } else {
                let plan = told(&plan);
                self.wrong.push(format!("{name} was changed outside, and the plan names it otherwise:\n{plan}"));
            }
        }
        if seen.op == Op::Update && !seen.replaces {
            let revert = Settings { on_drift: OnDrift::Revert, ..self.trial.settings.clone() };
            self.trial.up_with(before, revert).await.context("setting it back")?;
            let plan = self.trial.plan(before).await?;
            if plan.is_noop() {
                shown.into_iter().for_each(|name| self.drifted.note(name, Fate::SetBack));
            } else {
                self.wrong.push(format!("{} was not set back:\n{}", shown.join(", "), told(&plan)));
            }
        }
        Ok(())
    }

    async fn update_outside(&self, owner: &Owner, row: &Row, step: &Step) -> Result<()> {
        let mut changes = step.changed_args.clone();
        for _ in 0..PATIENCE {
            let mut readings = self.kind.read(std::slice::from_ref(&row.id)).await?;
            let now = readings.remove(&row.id).context("it is gone")??;
            let updated = self
                .kind
                .update(&Update {
                    owner: owner.clone(),
                    id: row.id.clone(),
                    now: now.args,
                    planned: step.planned.clone(),
                    changes: changes.clone(),
                    version: now.version,
                })
                .await?;
            self.status(&row.id, updated.waiting, &[Status::Ready]).await?;
            if updated.left.is_empty() {
                return Ok(());
            }
            changes = updated.left;
        }
        bail!("its update never ends, {changes:?} are left")
    }

    /// Asks until the status is one of these.
    async fn status(&self, id: &str, change: Option<String>, until: &[Status]) -> Result<()> {
        let waiting = [Waiting { id: id.to_owned(), change }];
        let mut last = Status::Gone;
        for _ in 0..PATIENCE {
            last = self.kind.status(&waiting).await?.remove(id).unwrap_or(Status::Gone);
            if until.contains(&last) {
                return Ok(());
            }
            self.trial.clock.sleep(self.schema.update_wait.every).await;
        }
        bail!("its status stays {last:?}")
    }

    /// Deletes it as somebody else would; the plan says so, and the next `up` makes it again.
    async fn vanish(&mut self, program: &Program) -> Result<()> {
        let row = self.trial.row(&self.urn)?;
        self.delete_outside(&row).await?;
        if self.schema.data_store {
            let refused = self.trial.plan(program).await;
            ensure!(refused.is_err(), "it holds data and is gone, and the plan believes it without being told to");
        }
        let accepting = Settings { accept_gone: vec![self.urn.to_string()], ..self.trial.settings.clone() };
        let plan = self.trial.plan_with(program, accepting.clone()).await?;
        match self.step(&plan, Op::Create) {
            Some(step) if step.reason == Reason::Vanished => {}
            _ => self.wrong.push(format!("it is gone, and the plan does not make it again:\n{}", told(&plan))),
        }
        self.trial.up_with(program, accepting).await.context("making it again")?;
        self.settled(program, "making it again").await
    }

    async fn delete_outside(&self, row: &Row) -> Result<()> {
        let recorded = row.applied.to_value();
        for _ in 0..PATIENCE {
            match self.kind.delete(&row.id, &recorded).await? {
                Deletion::Done => return Ok(()),
                Deletion::Wait => return self.status(&row.id, None, &[Status::Gone]).await,
                Deletion::Task(task) => return self.status(&row.id, Some(task), &[Status::Gone]).await,
                Deletion::Again => self.status(&row.id, None, &[Status::Gone, Status::Ready]).await?,
            }
        }
        bail!("its delete never ends")
    }

    async fn destroy(&mut self, program: &Program) -> Result<()> {
        let row = self.trial.row(&self.urn)?;
        self.trial.destroy(program).await.context("destroying")?;
        let rows = self.trial.rows()?;
        ensure!(rows.is_empty(), "after destroy there are rows of {rows:?}");
        let listed = self.trial.account.listed();
        ensure!(listed.is_empty(), "after destroy the account has {listed:?}");
        self.delete_outside(&row).await.context("deleting it a second time")?;
        let plan = self.trial.plan(&Program::empty(&program.project, &program.stack)).await?;
        ensure!(plan.is_noop(), "after destroy there is to do:\n{}", told(&plan));
        Ok(())
    }
}

/// Whether a path such as `tags.team` lies in an argument.
fn within(path: &str, arg: &str) -> bool {
    path.strip_prefix(arg).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn difference(listed: &[(String, String)], rows: &[(String, String)]) -> String {
    let count = |all: &[(String, String)], one: &(String, String)| all.iter().filter(|other| *other == one).count();
    let all: BTreeSet<&(String, String)> = listed.iter().chain(rows).collect();
    let lines = all.into_iter().filter_map(|one| {
        let (stands, recorded) = (count(listed, one), count(rows, one));
        (stands != recorded).then(|| format!("{} {} {stands} times, recorded {recorded} times", one.0, one.1))
    });
    lines.collect::<Vec<_>>().join("; ")
}

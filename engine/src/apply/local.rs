//! Steps that change the record alone, and reads: what the dispatcher does without a task for a resource.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Context;
use super::resolve::{self, OutputsNow};
use super::retry::{Advice, Jitter, Tried, Verb, advise};
use super::step::{Failure, Finish, Message, Stop};
use crate::error::{Error, Turn};
use crate::kind::CallClass;
use crate::plan::{self, Op, Step};
use crate::record::{Entry, Row, Stored};
use crate::value::Value;

/// Does a step that makes no call.
pub(super) fn perform(step: &Step, row: Option<Row>, context: &Context, outputs: &OutputsNow) -> Message {
    match finish(step, row, context, outputs) {
        Ok(finish) => Message::Finished(step.id, finish),
        Err(error) => {
            let stop = Stop::failed(error.about(&step.urn, step.source.as_ref()));
            Message::Failed(step.id, Failure { entries: Vec::new(), stop })
        }
    }
}

/// Whether a step changes the record alone: no call is made for it.
pub(super) fn is_local(step: &Step) -> bool {
    match step.op {
        Op::Same | Op::Move | Op::Forget => true,
        // The planner found nothing to change but options, edges or what was applied.
        Op::Update => step.changed_args.is_empty(),
        Op::Create | Op::Delete | Op::Read | Op::Adopt | Op::Resume => false,
    }
}

fn finish(step: &Step, row: Option<Row>, context: &Context, outputs: &OutputsNow) -> Result<Finish, Error> {
    let Some(mut row) = row else { return Ok(Finish::default()) };
    let id = Some(row.id.clone());
    match step.op {
        Op::Forget => {
            let entry = Entry::Removed { uid: row.uid, generation: row.generation, forgotten: true };
            Ok(Finish::recorded(vec![entry], id, None))
        }
        Op::Move | Op::Update => {
            row.urn = step.urn.clone();
            row.edges = step.edges.clone();
            row.provider = step.provider.clone();
            row.source = step.source.clone();
            row.deployment = context.deployment;
            row.accepted = step.still_accepted(&row);
            if let Some(declaration) = context.program.resources.get(&step.urn) {
                let schema = declaration.schema;
                let planned = resolve::planned(schema, Some(declaration), &step.planned, outputs, &|_| false)?;
                row.applied = Stored::from_value(&planned, &context.digester);
                row.natural_key = plan::natural_key(schema, &planned);
                row.kind_version = schema.version;
                row.expressions = super::expressions(declaration);
                row.formulas = super::formulas(declaration, &context.digester);
                row.options = super::options(declaration, Some(&row.options), outputs, &context.digester)
                    .map_err(|error| Error::new(Turn::You, step.op.word(), error.to_string()))?;
            }
            Ok(Finish::recorded(vec![Entry::Row(row)], id, None))
        }
        _ => Ok(Finish { id, ..Finish::default() }),
    }
}

/// Makes a read whose arguments were not known while planning.
pub(super) async fn read(step: &Step, outputs: &OutputsNow, context: &Arc<Context>) -> Result<Finish, Stop> {
    let fail = |turn, reason: String| {
        Stop::failed(Error::new(turn, step.op.word(), reason).about(&step.urn, step.source.as_ref()))
    };
    let declaration = context.program.reads.get(&step.urn);
    let declaration = declaration.ok_or_else(|| fail(Turn::Bug, "it is not declared".to_owned()))?;
    let registry = context.registry(step);
    let read = registry.and_then(|registry| registry.read(step.kind.as_str())).cloned();
    let read = read.ok_or_else(|| fail(Turn::Bug, format!("no read `{}` is known for its provider", step.kind)))?;
    let args = declaration.args.iter().map(|(name, expr)| Ok((name.clone(), expr.evaluate(outputs)?)));
    let args: Result<BTreeMap<String, Value>, crate::expr::EvalError> = args.collect();
    let args = Value::Map(args.map_err(|error| fail(Turn::You, error.to_string()))?);
    let (began, mut attempts, mut jitter) = (context.clock.elapsed(), 0, Jitter::seeded(step.urn.as_str()));
    loop {
        attempts += 1;
        let slot = tokio::select! {
            biased;
            () = context.cancel.stopped() => return Err(Stop::Interrupted),
            slot = context.slots.take(step.weight) => slot,
        };
        let answer = read.read(&args).await;
        drop(slot);
        let error = match answer {
            Ok(outputs) => {
                let pinned = declaration.schema.pinned.then(|| Entry::Pinned {
                    urn: step.urn.clone(),
                    args: Stored::from_value(&args, &context.digester),
                    outputs: Stored::from_value(&outputs, &context.digester),
                });
                return Ok(Finish::recorded(pinned.into_iter().collect(), None, Some(outputs)));
            }
            Err(error) => error,
        };
        let tried = Tried { attempts, elapsed: context.clock.elapsed().saturating_sub(began) };
        match advise(error.class, Verb::Look, tried, jitter.draw()) {
            Advice::RetryAfter(after) => tokio::select! {
                biased;
                () = context.cancel.stopped() => return Err(Stop::Interrupted),
                () = context.clock.sleep(after) => {}
            },
            Advice::FindFirst(_) | Advice::GiveUp => {
                let turn = if error.class == CallClass::Credentials { Turn::Credentials } else { Turn::Provider };
                return Err(fail(turn, error.to_string()));
            }
        }
    }
}

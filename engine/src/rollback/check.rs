//! Whether a plan towards an earlier deployment can be done: what would have to be known for it and is not.

use super::Rollback;
use crate::compare::holds_digest;
use crate::error::{Error, Turn};
use crate::plan::{Op, Plan, Step};
use crate::value::Value;

impl Rollback {
    /// What a plan needs and nobody knows any more, one error for each argument.
    pub fn refusals(&self, plan: &Plan) -> Vec<Error> {
        let sends = |step: &&Step| matches!(step.op, Op::Create | Op::Update | Op::Resume | Op::Adopt);
        plan.steps.iter().filter(sends).flat_map(|step| self.refused(step)).collect()
    }

    fn refused(&self, step: &Step) -> Vec<Error> {
        let args = step.planned.as_map().into_iter().flatten();
        let sent = args.filter(|(name, _)| step.op == Op::Create || step.changed_args.contains(*name));
        let refusal = |reason: String| {
            Error::new(Turn::Refused, format!("roll back to deployment {}:", self.number), reason)
                .about(&step.urn, step.source.as_ref())
        };
        let check = |(name, value): (&String, &Value)| {
            if holds_digest(value) {
                let reason = format!("`{name}` is a secret that would have to be sent, and only its digest is kept");
                return Some(
                    refusal(reason)
                        .hint("keep secrets sealed in the store, so that later ones can be brought back")
                        .hint("or declare it by hand, and use `up`"),
                );
            }
            let computed = self.computed.get(&(step.urn.clone(), name.clone())).filter(|_| !value.is_known())?;
            let reads: Vec<String> =
                computed.reads.iter().map(|(urn, output)| format!("{}.{output}", urn.path())).collect();
            let (place, reads) = (&computed.place, reads.join(" and "));
            let reason = format!("`{name}` went through {place}, and {reads} will be another one");
            Some(refusal(reason).hint("declare it by hand, and use `up`"))
        };
        sent.filter_map(check).collect()
    }
}

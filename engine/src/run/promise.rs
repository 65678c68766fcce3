//! Promise 2, held at the end of every run: what was done is what was planned. A step marked `maybe` may have shrunk, and nothing was added.

use crate::error::{Error, Turn};
use crate::plan::{Op, Step};
use crate::urn::Urn;

/// The steps that were done and not planned, as faults of the engine's; empty for every run that is as it should be.
pub(super) fn broken(planned: &[Step], done: &[(Urn, Op)]) -> Vec<(Urn, Error)> {
    let mut open: Vec<&Step> = planned.iter().filter(|step| step.op != Op::Same).collect();
    let mut broken = Vec::new();
    for (urn, op) in done {
        match open.iter().position(|step| step.urn == *urn && allows(step, *op)) {
            Some(place) => drop(open.swap_remove(place)),
            None => {
                let reason = "the plan that was shown has no such step";
                let error = Error::new(Turn::Bug, "keep to the plan", format!("{} was done, and {reason}", op.word()));
                broken.push((urn.clone(), error.about(urn, None).hint("look at this resource before the next run")));
            }
        }
    }
    broken
}

/// Whether a planned step may turn out to be this one: itself, or a replacement that comes down to a change.
fn allows(step: &Step, op: Op) -> bool {
    step.op == op || (step.maybe && step.replaces && step.op == Op::Create && op == Op::Update)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Reason;
    use crate::urn::KindName;

    fn step(name: &str, op: Op) -> Step {
        Step::empty(&urn(name), op, Reason::New)
    }

    fn urn(name: &str) -> Urn {
        Urn::new("test", &[name], &KindName::new("test:net/network")).unwrap()
    }

    #[test]
    fn what_was_planned_may_be_done_or_not() {
        let planned = [step("a", Op::Create), step("b", Op::Delete), step("c", Op::Same)];
        assert!(broken(&planned, &[(urn("a"), Op::Create)]).is_empty());
        assert!(broken(&planned, &[(urn("b"), Op::Delete), (urn("a"), Op::Create)]).is_empty());
    }

    #[test]
    fn nothing_is_added_hardened_or_done_twice() {
        let planned = [step("a", Op::Update), step("c", Op::Same)];
        for done in [
            vec![(urn("a"), Op::Create)],
            vec![(urn("c"), Op::Update)],
            vec![(urn("d"), Op::Create)],
            vec![(urn("a"), Op::Update), (urn("a"), Op::Update)],
        ] {
            let broken = broken(&planned, &done);
            assert_eq!(broken.len(), 1, "{done:?}");
            assert_eq!(broken[0].1.turn, Turn::Bug);
        }
    }

    #[test]
    fn only_a_replacement_that_was_a_maybe_may_come_down_to_a_change() {
        let maybe = Step { maybe: true, replaces: true, ..step("a", Op::Create) };
        assert!(broken(std::slice::from_ref(&maybe), &[(urn("a"), Op::Update)]).is_empty());
        let sure = Step { maybe: false, ..maybe };
        assert_eq!(broken(&[sure], &[(urn("a"), Op::Update)]).len(), 1);
    }
}

//! What a plan needs consent for.

use super::node::Context;
use super::{OWNERSHIP_TAGS, Op, Reason, Step};
use crate::settings::names;
use crate::urn::Urn;

/// What must be consented to and is not, by resource. Hazards that need no consent stand at their steps.
pub(super) fn needed(context: &Context<'_>, steps: &[Step]) -> Vec<(Urn, String)> {
    let settings = context.settings;
    let mut consents = Vec::new();
    for step in steps {
        let path = step.urn.path();
        let allowed = settings.consent_implied || names(&settings.allow_delete, &step.urn);
        let maybe = if step.maybe { "may have to be" } else { "is" };
        let sentence = match step.op {
            Op::Delete if step.data_store && step.replaces => {
                Some(format!("{path} {maybe} replaced ({}), and what it holds is not carried over", step.reason))
            }
            Op::Delete if step.data_store => Some(format!("{path} is deleted with everything it holds")),
            Op::Update | Op::Resume | Op::Adopt if step.hazards.iter().any(|hazard| hazard.needs_consent()) => {
                let words: Vec<&str> = step.hazards.iter().filter(|h| h.needs_consent()).map(|h| h.word()).collect();
                let arguments = step.changes.iter().map(|change| change.path.as_str());
                let what: Vec<&str> = arguments.filter(|path| *path != OWNERSHIP_TAGS).collect();
                Some(format!("{path}: the change of {} is marked {}", what.join(", "), words.join(" and ")))
            }
            _ => None,
        };
        consents.extend(sentence.filter(|_| !allowed).map(|sentence| (step.urn.clone(), sentence)));
        if step.op == Op::Forget && step.reason == Reason::Vanished {
            let row = step.row.as_ref().and_then(|key| context.recorded.rows().get(key));
            let schema = row.and_then(|recorded| context.schema(&recorded.row));
            let precious = row.is_some_and(|recorded| recorded.row.options.protect)
                || row.zip(schema).is_some_and(|(recorded, schema)| super::make::holds_data(schema, &recorded.row));
            if precious && !settings.consent_implied && !names(&settings.accept_gone, &step.urn) {
                consents.push((
                    step.urn.clone(),
                    format!("{path} is gone from the account with everything it held: --accept-gone {}", step.urn),
                ));
            }
        }
    }
    consents
}

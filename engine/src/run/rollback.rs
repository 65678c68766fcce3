//! Going back to an earlier deployment: its program from the records, and the plan towards it.

use std::collections::BTreeMap;

use super::{Preview, Session, places};
use crate::error::Error;
use crate::history::History;
use crate::program::Program;
use crate::rollback::{Past, Rollback, declared, providers};
use crate::settings::Return;
use crate::shape::Schema;
use crate::urn::KindName;

impl Session {
    /// What an earlier deployment declared, from the records alone. Asks who the credentials are, and calls nothing else.
    ///
    /// # Errors
    /// A wrong account or store; no such deployment; everything that cannot be declared again, by name.
    pub async fn rollback(&mut self, history: &History, number: u64) -> Result<Rollback, Vec<Error>> {
        let then = history.at(number).map_err(|error| vec![error])?;
        let binding = self.store.snapshot().binding().or(then.binding());
        let (project, stack) = binding.map(|it| (it.project.clone(), it.stack.clone())).unwrap_or_default();
        let program = Program { providers: providers(history, number, &then)?, ..Program::empty(&project, &stack) };
        self.identify(&program).await?;
        let rows = declared(&then);
        let places = rows.iter().map(|row| (row.provider.clone(), row.region.clone()));
        let registries = places::registries(&*self.cloud, &program, places).await?;
        let schemas: BTreeMap<KindName, &'static Schema> = rows
            .iter()
            .filter_map(|row| {
                let registry = registries.get(&(row.provider.clone(), row.region.clone()))?;
                Some((row.kind.clone(), registry.kind(row.kind.as_str())?.schema()))
            })
            .collect();
        let now = self.store.snapshot();
        Past { number, then, now, history, schemas: &schemas, sealer: self.sealer.as_ref() }.rollback()
    }

    /// The plan towards an earlier deployment; an `up` of its program does it.
    ///
    /// # Errors
    /// Those of a preview; what the plan needs and nobody knows any more, by name.
    pub async fn preview_rollback(&mut self, rollback: &Rollback) -> Result<Preview, Vec<Error>> {
        self.settings.rollback = Some(Return { number: rollback.number, pins: rollback.pins.clone() });
        let mut preview = self.preview(&rollback.program).await?;
        let refused = rollback.refusals(&preview.plan);
        if !refused.is_empty() {
            return Err(refused);
        }
        if !preview.plan.is_noop() {
            preview.plan.notes.splice(..0, rollback.notes.iter().cloned());
        }
        Ok(preview)
    }
}

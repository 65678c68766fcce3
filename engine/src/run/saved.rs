//! Plans that are kept, and done later.

use super::{Preview, Session};
use crate::error::{Error, Turn};
use crate::plan::{Basis, Restricted, SavedPlan, Step};
use crate::settings::Settings;

impl Preview {
    /// The plan with what it was made from, to be kept. `settings` are those it was made with.
    pub fn to_saved(&self, settings: &Settings) -> SavedPlan {
        SavedPlan::of(self.basis(settings))
    }

    fn basis<'a>(&'a self, settings: &'a Settings) -> Basis<'a> {
        Basis {
            plan: &self.plan,
            graph: &self.graph,
            recorded: &self.recorded,
            observations: &self.observations,
            settings,
            identity: &self.identity,
            lineage: self.lineage.as_deref(),
        }
    }
}

impl Session {
    /// Makes of a preview one that does the steps of a saved plan and no others. Answers it, with the steps that are left out.
    ///
    /// # Errors
    /// A refusal: it was done already, it belongs elsewhere, or what it was made from has moved; everything that moved is named.
    pub fn restrict(&self, preview: Preview, saved: &SavedPlan) -> Result<(Preview, Vec<Step>), Error> {
        let deployments = self.store.snapshot().deployments().values();
        let mut of_this = deployments.filter(|run| run.start.saved_plan.as_deref() == Some(saved.id()));
        if let Some(run) = of_this.next_back() {
            let number = run.start.number;
            let reason = match run.end.as_ref().map(|end| end.outcome.as_str()) {
                Some("done") => format!("it was done already, by run {number}"),
                _ => format!("run {number} began it, and did not get to its end"),
            };
            let error = Error::new(Turn::Refused, "do the saved plan", reason);
            return Err(error.hint("run `preview` to see what is left to do"));
        }
        let Restricted { plan, left_out, outputs_left_out } = saved.hold(preview.basis(&self.settings))?;
        let done = Some((saved.id().to_owned(), outputs_left_out));
        Ok((Preview { plan, saved: done, ..preview }, left_out))
    }
}

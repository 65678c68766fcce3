//! What people and machines read: pure functions from plans, events and errors to text. Nothing here prints.

mod errors;
mod graph;
mod history;
mod pace;
mod plan;
mod problems;
mod progress;
mod style;
mod summary;
mod survey;
mod table;
mod value;

pub use errors::errors;
pub use plan::{Heading, Intent, plan};
pub use problems::problems;
pub use style::Look;

pub(crate) use errors::shown_error;
pub(crate) use graph::{graph, graph_dot, graph_json};
pub(crate) use history::{
    Listed, deployment, deployment_json, deployments, deployments_json, differences, differences_json,
};
pub(crate) use pace::throttled;
pub(crate) use progress::{Progress, Telling, Waiting, error_json};
pub(crate) use style::{Ink, duration, fit, pad, plural, wide, wrapped};
pub(crate) use summary::{Outcome, calls, summary};
pub(crate) use survey::{survey, survey_json};
pub(crate) use table::{Last, table};
pub(crate) use value::shown;

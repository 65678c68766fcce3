//! Another program that uses the engine: no command line, no configuration file, no terminal of Formwork's.
//!
//! It keeps a VPC with the tags it is given, as a part of something larger would. Run it with the region and the tag:
//! `cargo run -p formwork --example embed -- eu-west-1 platform`. Credentials come from the standard AWS chain, and
//! `AWS_ENDPOINT_URL` is honoured, so `eval "$(… local env)"` makes it speak to LocalStack.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use formwork::aws::{AwsCloud, AwsConfig, ec2};
use formwork::engine::apply::Cancel;
use formwork::engine::clock::{Clock, TokioClock};
use formwork::engine::event::{Consumer, Event};
use formwork::engine::run::{Session, Summary};
use formwork::engine::settings::Settings;
use formwork::engine::state::{Holder, LocalStore, OpenMode};
use formwork::engine::{Error, Program, Stack, Turn};

/// What the larger program wants to be there.
fn program(team: &str) -> Result<Program, Vec<Error>> {
    let mut stack = Stack::new("embedded", "network", BTreeMap::new());
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block("10.7.0.0/16").tags([("team", team)]).build());
    stack.export("vpc_id", &vpc.id);
    stack.finish()
}

/// Hears what happens. It cannot steer the run, and must not block it.
struct Listener;

impl Consumer for Listener {
    fn consume(&self, event: &Event) {
        if let Event::StepFinished { urn, op, id, .. } = event {
            // A reader that went away is no reason to stop.
            let _ = writeln!(std::io::stderr(), "{} {urn} {}", op.word(), id.as_deref().unwrap_or_default());
        }
    }
}

async fn keep(region: &str, team: &str) -> Result<Summary, Vec<Error>> {
    let program = program(team)?;
    let cloud = AwsCloud::connect(AwsConfig { region: Some(region.to_owned()), ..AwsConfig::default() }).await;
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::new());
    let holder = Holder {
        pid: std::process::id(),
        boot: String::new(),
        host: "here".to_owned(),
        user: "embedder".to_owned(),
        started_at: clock.now_millis(),
        command: "embed".to_owned(),
    };
    let folder = std::path::Path::new(".formwork").join("embedded");
    let store = LocalStore::open(&folder, OpenMode::Write(holder)).map_err(|error| vec![error.into()])?;
    let mut session = Session::new(Arc::new(cloud), Box::new(store), Arc::new(Listener), clock, Settings::default());

    session.recover(&program).await?;
    let preview = session.preview(&program).await?;
    if preview.plan.counts().delete > 0 {
        return Err(vec![Error::new(Turn::Refused, "keep the network", "this program never deletes")]);
    }
    session.up(&program, preview, &Cancel::new()).await
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (region, team) = (args.next().unwrap_or_else(|| "eu-west-1".to_owned()), args.next().unwrap_or_default());
    let mut out = std::io::stdout();
    let (text, code) = match keep(&region, &team).await {
        Ok(summary) => {
            (format!("{} steps done, outputs {:?}\n", summary.done.len(), summary.outputs), summary.exit_code())
        }
        Err(errors) => {
            let code = errors.first().map_or(1, Error::exit_code);
            (formwork::render::errors(&errors, formwork::render::Look::default()), code)
        }
    };
    let _ = out.write_all(text.as_bytes());
    ExitCode::from(code)
}

//! Engine scale: plans and applies thousands of resources on a cloud in memory, with the store on disk, and prints what it took.
//!
//! `bench 1000 5000`: for each number of resources, milliseconds and bytes of log for each step, and the commits of each run. With `ungrouped` before
//! the numbers, each step is committed by itself instead of with what comes at the same time. `bench reads`: the calls of a preview of several
//! hundred resources on LocalStack. What needs a build is timed by `run.sh` beside this.

#![expect(clippy::disallowed_macros, reason = "a program that prints numbers for people")]

mod reads;
mod ungrouped;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use formwork_engine::apply::Cancel;
use formwork_engine::clock::{Clock, TokioClock};
use formwork_engine::event::Silent;
use formwork_engine::expr::Expr;
use formwork_engine::run::Session;
use formwork_engine::settings::Settings;
use formwork_engine::state::{Holder, LocalStore, OpenMode, Store};
use formwork_engine::testing::ScriptedCloud;
use formwork_engine::{
    ArgSchema, Change, ChangeRule, Declaration, Guard, KindName, Moves, Options, OutputSchema, Program, Rust, Schema,
    Shape, SourceLine, Stage, Urn, Value, Wait,
};

use crate::ungrouped::Ungrouped;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [what] = &args[..]
        && what == "reads"
    {
        return reads::run().await;
    }
    let grouped = args.first().is_none_or(|first| first != "ungrouped");
    let mut sizes = Vec::new();
    for arg in args.into_iter().skip(usize::from(!grouped)) {
        sizes.push(arg.parse::<usize>().with_context(|| format!("`{arg}` is no number of resources"))?);
    }
    if sizes.is_empty() {
        bail!("how many resources, or `reads`? for example: bench 1000 5000, or bench ungrouped 1000");
    }
    // A commit is three syncs: of the log, of the next head, of the folder that it is renamed in.
    println!("resources  run      plan s  run s   ms per step  log bytes per step  commits  resident MB");
    for size in sizes {
        scale(size, grouped).await?;
    }
    Ok(())
}

/// Creates, finds nothing to do, updates a tenth, destroys.
async fn scale(size: usize, grouped: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench {
        cloud: ScriptedCloud::new(&[&NETWORK, &MEMBER]),
        clock: Arc::new(TokioClock::new()),
        store: folder.path().join("store"),
        size,
        grouped,
    };
    bench.run("create", &program(size, "first"), size).await?;
    bench.run("same", &program(size, "first"), 0).await?;
    bench.run("update", &program(size, "second"), size / PER_NETWORK).await?;
    bench.run("destroy", &Program::empty("bench", "scale"), size).await
}

struct Bench {
    cloud: ScriptedCloud,
    clock: Arc<TokioClock>,
    store: std::path::PathBuf,
    size: usize,
    /// Whether what comes at the same time is committed together, as it is in every real run.
    grouped: bool,
}

impl Bench {
    /// One run in a session of its own, as a command has it.
    async fn run(&self, name: &str, program: &Program, steps: usize) -> Result<()> {
        let before = bytes(&self.store)?;
        let began = self.clock.elapsed();
        let holder = Holder::here("bench", self.clock.now_millis());
        let store = LocalStore::open(&self.store, OpenMode::Write(holder))?;
        let commits = store.snapshot().sequence();
        let store: Box<dyn Store> = if self.grouped { Box::new(store) } else { Box::new(Ungrouped(store)) };
        let settings = Settings { consent_implied: true, destroy: program.resources.is_empty(), ..Settings::default() };
        let (cloud, clock) = (Arc::new(self.cloud.clone()), Arc::clone(&self.clock));
        let mut session = Session::new(cloud, store, Arc::new(Silent), clock, settings);
        let preview = session.preview(program).await.map_err(said)?;
        let planned = self.clock.elapsed();
        let summary = session.up(program, preview, &Cancel::new()).await.map_err(said)?;
        let done = self.clock.elapsed();
        ensure!(summary.exit_code() == 0, "{name}: exit code {}", summary.exit_code());
        ensure!(summary.done.len() == steps, "{name}: {} steps were done, {steps} expected", summary.done.len());
        let commits = session.store.snapshot().sequence() - commits;
        drop(session);
        let written = bytes(&self.store)?.saturating_sub(before);
        let per = |total: f64| if steps == 0 { "-".to_owned() } else { format!("{:.2}", total / count(steps)) };
        println!(
            "{:>9}  {name:<8} {:>6.2}  {:>6.2}  {:>11}  {:>18}  {commits:>7}  {:>11}",
            self.size,
            seconds(planned, began),
            seconds(done, planned),
            per(seconds(done, planned) * 1000.0),
            per(count(usize::try_from(written)?)),
            resident_megabytes()?,
        );
        Ok(())
    }
}

fn said(errors: Vec<formwork_engine::Error>) -> anyhow::Error {
    anyhow::anyhow!(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn seconds(end: Duration, start: Duration) -> f64 {
    end.saturating_sub(start).as_secs_f64()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of steps and bytes are far below 2^52, and are printed with two digits"
)]
fn count(number: usize) -> f64 {
    number as f64
}

/// The bytes of the log: everything in the folder but the view, which is made from it.
fn bytes(folder: &Path) -> Result<u64> {
    if !folder.exists() {
        return Ok(0);
    }
    let mut total = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() {
            total += metadata.len();
        }
    }
    Ok(total)
}

/// The most that this process has held so far.
fn resident_megabytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading how much memory is used")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc/self/status")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024)
}

/// Resources of which one is a network and the others are members of it.
const PER_NETWORK: usize = 10;

/// Networks with members, each of which refers to its network and to the member before it. `note` is an argument of the networks.
fn program(size: usize, note: &str) -> Program {
    let mut program = Program::empty("bench", "scale");
    for number in 0..size {
        let network = format!("network-{}", number / PER_NETWORK);
        if number % PER_NETWORK == 0 {
            let args = [("cidr", Expr::text("10.0.0.0/16")), ("note", Expr::text(note))];
            declare(&mut program, &NETWORK, &[&network, "main"], args);
        } else {
            let before = match number % PER_NETWORK {
                1 => Expr::null(),
                place => id(&MEMBER, &[&network, &format!("member-{}", place - 1)]),
            };
            let name = format!("member-{}", number % PER_NETWORK);
            let args = [("network", id(&NETWORK, &[&network, "main"])), ("before", before)];
            declare(&mut program, &MEMBER, &[&network, &name], args);
        }
    }
    program
}

fn declare<const N: usize>(program: &mut Program, schema: &'static Schema, path: &[&str], args: [(&str, Expr); N]) {
    let urn = urn(schema, path);
    let args: BTreeMap<String, Expr> = args.into_iter().map(|(name, expr)| (name.to_owned(), expr)).collect();
    let declaration =
        Declaration { urn: urn.clone(), schema, args, options: Options::default(), source: SourceLine::here() };
    program.order.push(urn.clone());
    program.resources.insert(urn, declaration);
}

fn urn(schema: &Schema, path: &[&str]) -> Urn {
    let named = Urn::new("scale", path, &KindName::new(schema.kind));
    named.unwrap_or_else(|error| unreachable!("paths are made of letters, digits and hyphens: {error}"))
}

fn id(schema: &Schema, path: &[&str]) -> Expr {
    Expr::Output { urn: urn(schema, path), name: "id".to_owned() }
}

const fn arg(name: &'static str, shape: Shape, change: Change) -> ArgSchema {
    ArgSchema {
        name,
        cfn: "",
        doc: "",
        shape,
        rust: Rust::literal::<String>(),
        required: false,
        default: None,
        change: ChangeRule::Always(change),
        after_create: false,
        write_only: false,
        drift_ignored: false,
        tags: false,
        hazards: None,
        same: None,
        instead_of: None,
    }
}

const ID: OutputSchema = OutputSchema {
    name: "id",
    doc: "",
    shape: Shape::Text,
    rust: Rust::literal::<String>(),
    moves: Moves::Stable,
    stage: Stage::Accepted,
    echoes: None,
};

const fn schema(kind: &'static str, args: &'static [ArgSchema]) -> Schema {
    Schema {
        kind,
        rust: || "made_up::Thing",
        cfn: "",
        doc: "",
        version: 1,
        args,
        outputs: &[ID],
        data_store: false,
        guard: Guard::Token,
        natural_key: &[],
        exclusive: &[],
        delete_first: false,
        visibility: Duration::from_secs(10),
        create_wait: Wait::NONE,
        update_wait: Wait::NONE,
        delete_wait: Wait::NONE,
        after: &[],
        ending: formwork_engine::Ending::PLAIN,
    }
}

static NETWORK: Schema = schema(
    "bench:net/network",
    &[
        arg("cidr", Shape::Text, Change::Replace),
        arg("note", Shape::Optional(&Shape::Text), Change::InPlace),
        ArgSchema {
            default: Some(Value::empty_map),
            tags: true,
            ..arg("tags", Shape::Map(&Shape::Text), Change::InPlace)
        },
    ],
);

static MEMBER: Schema = schema(
    "bench:net/member",
    &[arg("network", Shape::Text, Change::Replace), arg("before", Shape::Optional(&Shape::Text), Change::InPlace)],
);

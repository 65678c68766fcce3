//! `state rename`, `state forget`, `accept`: the records are changed, and nothing in the account.

use formwork_engine::Error;
use formwork_engine::amend::{self, Accepted, Amender, Amendment, Forgotten, Renamed};
use formwork_engine::clock::{Clock as _, TokioClock};
use formwork_engine::error::exit;
use formwork_engine::state::Store;
use serde_json::{Value as Json, json};

use super::args::{AcceptArgs, StackArgs};
use super::session::{self, Purpose};
use super::store::let_go;
use super::target::Target;
use super::{At, prompt};
use crate::render::{Telling, shown};

/// Runs `state rename`.
pub(super) fn rename(at: At<'_>, stack: &StackArgs, names: (&str, &str), json: bool) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, stack)?;
    let mut records = Records::open(at, &target, "state rename")?;
    let amendment = amend::rename(records.store.snapshot(), names.0, names.1).map_err(|error| vec![error])?;
    records.commit(&amendment)?;
    let line = |one: &Renamed| format!("{} is {} now", one.from.path(), one.to.path());
    let object = |one: &Renamed| json!({ "from": one.from, "to": one.to });
    tell(at, json, "renamed", &amendment.changes, line, object);
    if !json {
        let preview = target.command(at, "preview", stack);
        at.terminal.say(&format!("nothing else was changed; declare it under the new name, then look at `{preview}`"));
    }
    Ok(exit::DONE)
}

/// Runs `state forget`.
pub(super) fn forget(at: At<'_>, stack: &StackArgs, named: &[String], go: Go) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, stack)?;
    let mut records = Records::open(at, &target, "state forget")?;
    let amendment = amend::forget(records.store.snapshot(), named)?;
    let id = |one: &Forgotten| match one.row.id.as_str() {
        "" => "it".to_owned(),
        id => id.to_owned(),
    };
    if !go.yes {
        for one in &amendment.changes {
            at.terminal.say(&format!("{} would be forgotten; {} stays in the account", one.row.urn.path(), id(one)));
        }
        prompt::go_ahead("Forget this?", at.terminal).map_err(|error| vec![error])?;
    }
    records.commit(&amendment)?;
    let line = |one: &Forgotten| format!("{} is forgotten; {} stays in the account", one.row.urn.path(), id(one));
    let object = |Forgotten { row }: &Forgotten| json!({ "urn": row.urn, "kind": row.kind, "id": row.id, "generation": row.generation });
    tell(at, go.json, "forgotten", &amendment.changes, line, object);
    if !go.json {
        at.terminal
            .say("while the program declares it, the next `up` makes another one; options().import(id) takes it back");
    }
    Ok(exit::DONE)
}

/// The flags of `state forget`.
#[derive(Clone, Copy)]
pub(super) struct Go {
    /// Does not ask.
    pub(super) yes: bool,
    /// Prints an object.
    pub(super) json: bool,
}

/// Runs `accept`.
pub(super) fn accept(at: At<'_>, args: &AcceptArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let settings = session::settings(&target, &super::args::PlanArgs::default())?;
    let program = target.program(at)?;
    let emulator = target.emulator(at)?;
    let accepted = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let telling = if at.terminal.is_live() { Telling::Live } else { Telling::Lines };
        let purpose = Purpose::Change(format!("accept {}", target.stack));
        let (mut session, progress) = session::open(at, &target, &connected, settings, telling, &purpose).await?;
        let accepted = session.accept(&program, &args.urns).await;
        progress.end();
        let_go(at, &mut *session.store).await;
        accepted
    })?;
    let line = |one: &Accepted| {
        let Accepted { urn, path, declared, observed } = one;
        format!("{}: {path} stays {} (declared {})", urn.path(), shown(observed), shown(declared))
    };
    let object = |one: &Accepted| {
        json!({
            "urn": one.urn,
            "path": one.path,
            "declared": one.declared.to_json(),
            "observed": one.observed.to_json(),
        })
    };
    tell(at, args.json, "accepted", &accepted, line, object);
    Ok(exit::DONE)
}

/// Prints what was done: a line each, or one object.
fn tell<T>(
    at: At<'_>,
    json: bool,
    name: &str,
    changes: &[T],
    line: impl Fn(&T) -> String,
    object: impl Fn(&T) -> Json,
) {
    let text = match json {
        true => format!("{:#}", json!({ "version": 1, name: changes.iter().map(object).collect::<Vec<_>>() })),
        false => changes.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    at.terminal.data(&text);
}

/// The records of a stack, held for writing. Nothing is called but what a store in S3 needs.
struct Records<'a> {
    at: At<'a>,
    store: Box<dyn Store>,
    by: Amender,
    // Keeps the lease of a store in S3 while somebody is asked.
    runtime: tokio::runtime::Runtime,
}

impl<'a> Records<'a> {
    fn open(at: At<'a>, target: &Target, command: &str) -> Result<Self, Vec<Error>> {
        let clock = TokioClock::new();
        let who = format!("{}@{}", at.environment.user(), at.environment.host());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| {
            vec![Error::new(formwork_engine::error::Turn::Bug, "start the runtime", error.to_string())]
        })?;
        let shared = target.base.store.s3.is_some();
        let emulator = if shared { target.emulator(at)? } else { None };
        let store = runtime.block_on(async {
            let connected = if shared { Some(target.connect(at, emulator).await?) } else { None };
            let line = format!("{command} {}", target.stack);
            session::open_for_writing(at, target, connected.as_ref(), &line, &clock).await
        })?;
        Ok(Self { at, store, by: Amender { who, at: clock.now_millis(), command: command.to_owned() }, runtime })
    }

    fn commit<T>(&mut self, amendment: &Amendment<T>) -> Result<(), Vec<Error>> {
        let entries = amendment.commit(self.store.snapshot(), self.by.clone());
        self.runtime.block_on(self.store.commit(&entries)).map_err(|error| vec![Error::from(error)])
    }
}

impl Drop for Records<'_> {
    fn drop(&mut self) {
        self.runtime.block_on(let_go(self.at, &mut *self.store));
    }
}

//! The commands. Each one reads its flags, calls the engine, and hands what comes back to [`crate::render`].

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory as _, FromArgMatches as _};
use formwork_engine::Error;
use formwork_engine::error::{Turn, exit};

use crate::Runner;
use crate::config::{ConfigFile, nearest};
use crate::environment::Environment;
use crate::render;
use crate::terminal::Terminal;
use crate::trail;

mod amend;
mod args;
mod configure;
mod generate;
mod graph;
mod history;
mod import;
mod keys;
mod local;
mod migrate;
mod output;
mod permissions;
mod preview;
mod prompt;
mod refresh;
mod rollback;
mod saved;
mod schema;
mod session;
mod shared;
mod state;
mod store;
mod target;
#[cfg(test)]
mod tests;
mod transfer;
mod up;

use args::{Command, CommandLine};
use up::Doing;

/// Names that the state folder uses for itself.
const RESERVED: [&str; 4] = ["cache", "emulator", EXCHANGE, "local"];
/// The folder beside the stores in which stacks publish and register.
const EXCHANGE: &str = "exchange";

/// Runs one command line; the answer is the exit code.
pub(crate) fn run(runner: &Runner, args: Vec<OsString>, terminal: &Terminal) -> u8 {
    let line = match parse(runner, args) {
        Ok(line) => line,
        Err(error) => return usage(&error, terminal),
    };
    trail::records(Environment, terminal);
    match command(runner, &line.command, Environment, terminal) {
        Ok(code) => code,
        Err(errors) => {
            terminal.say(&render::errors(&errors, terminal.err_look()));
            exit_code(&errors)
        }
    }
}

fn parse(runner: &Runner, args: Vec<OsString>) -> Result<CommandLine, clap::Error> {
    let stacks: Vec<&str> = runner.names().collect();
    let known = match stacks.is_empty() {
        true => "There are no stacks yet.".to_owned(),
        false => format!("Stacks: {}", stacks.join(", ")),
    };
    let command = CommandLine::command().after_help(known);
    CommandLine::from_arg_matches(&command.try_get_matches_from(args)?)
}

/// Help and version are data; everything else is a wrong command line, for which clap's own code (2) would mean "changes" here.
fn usage(error: &clap::Error, terminal: &Terminal) -> u8 {
    let text = error.render();
    let look = if error.use_stderr() { terminal.err_look() } else { terminal.out_look() };
    let text = if look.colour { text.ansi().to_string() } else { text.to_string() };
    if error.use_stderr() {
        terminal.say(&text);
        exit::BAD_INPUT
    } else {
        terminal.data(&text);
        exit::DONE
    }
}

fn command(
    runner: &Runner,
    command: &Command,
    environment: Environment,
    terminal: &Terminal,
) -> Result<u8, Vec<Error>> {
    let at = At { runner, environment, terminal };
    match command {
        Command::Preview(args) => preview::command(at, args),
        Command::Up(args) => up::command(at, args, Doing::Up),
        Command::Destroy(args) => up::command(at, args, Doing::Destroy),
        Command::Import(args) => import::command(at, args),
        Command::Generate(args) => generate::command(at, args),
        Command::Graph(args) => graph::command(at, args),
        Command::Refresh(args) => refresh::command(at, args),
        Command::Accept(args) => amend::accept(at, args),
        Command::Output(args) => output::command(at, args),
        Command::History(args) => history::command(at, args),
        Command::Diff(args) => history::diff(at, args),
        Command::Rollback(args) => rollback::command(at, args),
        Command::Permissions(args) => permissions::command(at, args),
        Command::State(command) => state::command(at, command),
        Command::Config(command) => configure::command(at, command),
        Command::Schema(args) => schema::command(args, terminal),
        Command::Local(command) => local::command(runner, command, environment, terminal),
    }
}

/// Where a command runs.
#[derive(Clone, Copy)]
struct At<'a> {
    runner: &'a Runner,
    environment: Environment,
    terminal: &'a Terminal,
}

impl At<'_> {
    /// Runs what is asynchronous.
    fn block_on<T>(self, future: impl Future<Output = Result<T, Vec<Error>>>) -> Result<T, Vec<Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
        match runtime {
            Ok(runtime) => {
                let result = runtime.block_on(future);
                // A call that still hangs must not keep the process: everything that counts is recorded.
                runtime.shutdown_background();
                result
            }
            Err(error) => Err(vec![Error::new(Turn::Bug, "start the runtime", error.to_string())]),
        }
    }
}

/// The configuration of a stack that the runner knows.
fn find_config(
    runner: &Runner,
    stack: &str,
    file: Option<&Path>,
    environment: Environment,
) -> Result<ConfigFile, Vec<Error>> {
    known(runner, stack)?;
    let found = match file {
        Some(file) => ConfigFile::read(file),
        None => ConfigFile::find(stack, &environment.current_folder(), environment.manifest_folder().as_deref()),
    };
    found.map_err(|error| vec![error])
}

fn known(runner: &Runner, stack: &str) -> Result<(), Vec<Error>> {
    let act = "find the stack";
    if RESERVED.contains(&stack) {
        let reason = format!("`{stack}` cannot be the name of a stack: the state folder uses it for itself");
        return Err(vec![Error::new(Turn::You, act, reason)]);
    }
    if runner.names().any(|name| name == stack) {
        return Ok(());
    }
    let names: Vec<&str> = runner.names().collect();
    let error = Error::new(Turn::You, act, format!("there is no stack `{stack}`"));
    let error = match nearest(stack, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    };
    Err(vec![error.hint(format!("stacks here: {}", names.join(", ")))])
}

/// The exit code of several errors: that of the one which says most about what to do.
fn exit_code(errors: &[Error]) -> u8 {
    const ORDER: [u8; 6] = [exit::BUG, exit::HELD, exit::REFUSED, exit::BAD_INPUT, exit::INTERRUPTED, exit::FAILED];
    let codes: Vec<u8> = errors.iter().map(Error::exit_code).collect();
    ORDER.into_iter().find(|code| codes.contains(code)).unwrap_or(exit::BAD_INPUT)
}

/// `1 store`, `2 stores`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

//! [`Runner`]: the command line around the stacks of a project.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use formwork_engine::error::exit;
use formwork_engine::kind::Cloud;
use formwork_engine::{Error, Program, Stack};
use serde::de::DeserializeOwned;

use crate::cli;
use crate::config::{ConfigFile, Secrets};
use crate::environment::Environment;
use crate::terminal::Terminal;

/// Declares a stack from its configuration.
type Declare = Box<dyn Fn(&mut Stack, &ConfigFile, &Secrets<'_>) -> Result<(), Vec<Error>> + Send + Sync>;

/// The command line of a project: knows its stacks, reads their configuration, previews and runs them.
///
/// ```no_run
/// # use formwork::prelude::*;
/// # fn prod(stack: &mut Stack, config: &()) -> Result<()> { Ok(()) }
/// fn main() -> std::process::ExitCode {
///     formwork::Runner::new("acme").stack("prod", prod).main()
/// }
/// ```
pub struct Runner {
    project: String,
    stacks: BTreeMap<String, Declare>,
    simulated: Option<Arc<dyn Cloud>>,
}

impl Runner {
    /// A project without stacks. The name is part of the ownership tag of everything it makes: it must not change.
    pub fn new(project: impl Into<String>) -> Self {
        Self { project: project.into(), stacks: BTreeMap::new(), simulated: None }
    }

    /// Adds a stack: its name and its function, which is given the configuration of `stacks/<name>.toml` as its own struct.
    #[must_use]
    pub fn stack<C: DeserializeOwned>(
        mut self,
        name: impl Into<String>,
        declare: impl Fn(&mut Stack, &C) -> crate::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let run = move |stack: &mut Stack, file: &ConfigFile, secrets: &Secrets<'_>| {
            let config: C = file.stack(secrets)?;
            declare(stack, &config).map_err(|error| vec![error])
        };
        self.stacks.insert(name.into(), Box::new(run));
        self
    }

    /// Runs the command that the process was given. The exit codes are those of [`formwork_engine::error::exit`].
    pub fn main(self) -> ExitCode {
        let terminal = Terminal::detect(Environment);
        crate::trail::panics(&terminal);
        ExitCode::from(self.run(std::env::args_os(), &terminal))
    }

    /// Runs one command. A panic has been reported when this returns, and counts as a bug.
    pub(crate) fn run(&self, args: impl IntoIterator<Item = OsString>, terminal: &Terminal) -> u8 {
        let args: Vec<OsString> = args.into_iter().collect();
        let run = std::panic::AssertUnwindSafe(|| cli::run(self, args, terminal));
        std::panic::catch_unwind(run).unwrap_or_else(|_| {
            terminal.say("this is a bug of Formwork or a panic of the stack's own code: what was recorded is safe, run again to go on");
            exit::BUG
        })
    }

    /// Works in this cloud instead of AWS; for tests of the commands.
    #[cfg(test)]
    pub(crate) fn simulating(mut self, cloud: Arc<dyn Cloud>) -> Self {
        self.simulated = Some(cloud);
        self
    }

    /// The cloud that stands for AWS, in tests.
    pub(crate) fn simulated(&self) -> Option<Arc<dyn Cloud>> {
        self.simulated.clone()
    }

    pub(crate) fn project(&self) -> &str {
        &self.project
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.stacks.keys().map(String::as_str)
    }

    /// Runs a stack's function.
    pub(crate) fn program(
        &self,
        stack: &str,
        file: &ConfigFile,
        secrets: &Secrets<'_>,
        default_tags: BTreeMap<String, String>,
    ) -> Result<Program, Vec<Error>> {
        let Some(declare) = self.stacks.get(stack) else {
            return Err(vec![crate::mistake(format!("there is no stack {stack}"))]);
        };
        let mut declared = Stack::new(&self.project, stack, default_tags);
        let result = declare(&mut declared, file, secrets);
        match (result, declared.finish()) {
            (Ok(()), program) => program,
            (Err(errors), Ok(_)) => Err(errors),
            (Err(mut errors), Err(more)) => {
                errors.extend(more);
                Err(errors)
            }
        }
    }
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("project", &self.project).field("stacks", &self.stacks.keys()).finish()
    }
}

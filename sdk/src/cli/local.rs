//! `--local` and the commands `local …`: the LocalStack that this program installs, starts and keeps.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use formwork_emulator as emulator;
use formwork_engine::Error;
use formwork_engine::error::{Turn, exit};
use serde_json::json;

use super::args::LocalCommand;
use crate::Runner;
use crate::config::{Base, ConfigFile};
use crate::environment::Environment;
use crate::render::Waiting;
use crate::terminal::Terminal;

/// The account of a stack whose configuration names none.
const ACCOUNT: &str = "000000000000";
/// The region of a stack whose configuration names none.
pub(super) const REGION: &str = "eu-west-1";

/// The emulator of a project and where its things are.
#[derive(Debug, Clone)]
pub(super) struct Local {
    folder: PathBuf,
    config: emulator::Config,
}

impl Local {
    /// Of the project whose `stacks/` or `.formwork/` is in `root`.
    pub(super) fn of(root: &Path, environment: Environment) -> Self {
        let folder = root.join(".formwork");
        let cache = environment.cache_folder().map_or_else(|| folder.join("cache"), |cache| cache.join("formwork"));
        let config = emulator::Config {
            cache,
            run: folder.join("emulator"),
            port: None,
            lifetime: emulator::Lifetime::Kept,
            python: environment.python(),
        };
        Self { folder: folder.join("local"), config }
    }

    /// The folder of a stack's local store.
    pub(super) fn store(&self, stack: &str) -> PathBuf {
        self.folder.join(stack)
    }

    /// The file of the seed from which missing secrets are made up: survives the emulator, so that a value once seen stays.
    pub(super) fn seed(&self) -> PathBuf {
        self.folder.join("seed")
    }

    /// Provides the running emulator. Blocks; says what it does.
    pub(super) fn ensure(&self, terminal: &Terminal) -> Result<emulator::Emulator, Error> {
        self.keep_out_of_repositories()?;
        let waiting = Waiting::new(terminal.clone());
        let mut tell = |progress: emulator::Progress| match progress {
            // What is there already, or takes no time, need not be told.
            emulator::Progress::Ready { reused: true, .. } | emulator::Progress::LookingForPython => {}
            emulator::Progress::Ready { .. } => waiting.done(&progress.to_string()),
            other => waiting.doing(&other.to_string()),
        };
        let emulator = emulator::Emulator::ensure(&self.config, &mut tell);
        waiting.end();
        let emulator = emulator.map_err(|error| failed("start LocalStack", &error))?;
        confirm_ours(&emulator)?;
        Ok(emulator)
    }

    /// The state folder is private and ignores itself, also where no store has made it so yet.
    fn keep_out_of_repositories(&self) -> Result<(), Error> {
        use std::os::unix::fs::DirBuilderExt as _;
        let top = self.folder.parent().unwrap_or(&self.folder);
        let ignore = top.join(".gitignore");
        let make = || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            if ignore.exists() { Ok(()) } else { std::fs::write(&ignore, "*\n") }
        };
        make().map_err(|error| Error::new(Turn::State, "make the state folder", format!("{}: {error}", top.display())))
    }
}

/// Refuses anything but our emulator on this machine: consent is implied there, and nowhere else.
fn confirm_ours(emulator: &emulator::Emulator) -> Result<(), Error> {
    let host = emulator.endpoint().trim_start_matches("http://").split([':', '/']).next().unwrap_or_default();
    let loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let health = emulator.admin().health().map_err(|error| failed("recognise LocalStack", &error))?;
    if loopback && health.instance == emulator.instance() {
        return Ok(());
    }
    let reason = format!("what answers at {} is not the LocalStack that this program started", emulator.endpoint());
    Err(Error::new(Turn::Refused, "use LocalStack", reason).hint("run `local stop`, then try again"))
}

fn failed(act: &str, error: &emulator::Error) -> Error {
    // The emulator's errors are whole sentences with the next step in them, one per line.
    let text = error.to_string();
    let text = text.strip_prefix("failed to ").unwrap_or(&text);
    Error::new(Turn::You, act, text.to_owned())
}

/// The account that a stack works in with `--local`.
pub(super) fn account(base: &Base) -> String {
    base.aws.account_id.clone().unwrap_or_else(|| ACCOUNT.to_owned())
}

/// The folder that holds the project's `stacks/` or `.formwork/`, from `start` upwards; `start` where there is none.
pub(super) fn project_root(start: &Path, manifest: Option<&Path>) -> PathBuf {
    let holds = |folder: &&Path| folder.join(".formwork").is_dir() || folder.join("stacks").is_dir();
    let above = |folder: &Path| folder.ancestors().find(holds).map(Path::to_path_buf);
    above(start).or_else(|| above(manifest?)).unwrap_or_else(|| start.to_path_buf())
}

/// Runs `local …`.
pub(super) fn command(
    runner: &Runner,
    command: &LocalCommand,
    environment: Environment,
    terminal: &Terminal,
) -> Result<u8, Vec<Error>> {
    let root = project_root(&environment.current_folder(), environment.manifest_folder().as_deref());
    let mut local = Local::of(&root, environment);
    let status = |local: &Local| {
        emulator::Emulator::status(&local.config.run).map_err(|error| vec![failed("look at LocalStack", &error)])
    };
    match command {
        LocalCommand::Start { port } => {
            local.config.port = *port;
            let emulator = local.ensure(terminal).map_err(|error| vec![error])?;
            terminal.say(&format!(
                "LocalStack runs at {} (process {}); log: {}",
                emulator.endpoint(),
                emulator.pid(),
                emulator.log().display()
            ));
        }
        LocalCommand::Stop => {
            let stopped =
                emulator::Emulator::stop(&local.config.run).map_err(|error| vec![failed("stop LocalStack", &error)])?;
            terminal.say(if stopped { "stopped; what it held is gone" } else { "it was not running" });
        }
        LocalCommand::Status { json } => show_status(&status(&local)?, *json, terminal),
        LocalCommand::Env { stack, config } => {
            let emulator::Status::Running(emulator) = status(&local)? else {
                let error = Error::new(Turn::You, "print the environment", "LocalStack does not run");
                return Err(vec![error.hint("start it with `local start`")]);
            };
            let base = match stack {
                Some(stack) => super::find_config(runner, stack, config.as_deref(), environment)?.base()?,
                None => Base::default(),
            };
            terminal.data(&exports(emulator.endpoint(), &base));
        }
        LocalCommand::Reset => {
            let emulator::Status::Running(emulator) = status(&local)? else {
                terminal.say("it does not run, and so holds nothing");
                return Ok(exit::DONE);
            };
            emulator.reset(None).map_err(|error| vec![failed("empty LocalStack", &error)])?;
            let removed = forget_stores(&local)?;
            terminal.say(&format!(
                "emptied; {}",
                super::counted(removed, "local store", "local stores") + " removed with it"
            ));
        }
    }
    Ok(exit::DONE)
}

fn show_status(status: &emulator::Status, json: bool, terminal: &Terminal) {
    let (word, object) = match status {
        emulator::Status::Stopped => ("it does not run".to_owned(), json!({ "status": "stopped" })),
        emulator::Status::Running(emulator) => (
            format!(
                "it runs at {} (process {}); log: {}",
                emulator.endpoint(),
                emulator.pid(),
                emulator.log().display()
            ),
            json!({
                "status": "running",
                "endpoint": emulator.endpoint(),
                "pid": emulator.pid(),
                "instance": emulator.instance(),
                "log": emulator.log(),
            }),
        ),
        emulator::Status::Unanswering { log } => (
            format!("its process does not answer; log: {}", log.display()),
            json!({ "status": "unanswering", "log": log }),
        ),
    };
    terminal.data(&if json { format!("{object:#}") } else { word });
}

/// The variables by which other programs find the emulator.
fn exports(endpoint: &str, base: &Base) -> String {
    let region = base.aws.region.as_deref().unwrap_or(REGION);
    let account = account(base);
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", &account),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    variables.iter().map(|(name, value)| format!("export {name}={value}\n")).collect()
}

/// Removes the stores that described what the emulator held.
fn forget_stores(local: &Local) -> Result<usize, Vec<Error>> {
    let fail = |error: std::io::Error| {
        vec![Error::new(Turn::State, "remove local stores", format!("{}: {error}", local.folder.display()))]
    };
    let entries = match std::fs::read_dir(&local.folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(fail(error)),
    };
    let mut removed = 0;
    for entry in entries {
        let path = entry.map_err(fail)?.path();
        if path.is_dir() {
            std::fs::remove_dir_all(&path).map_err(fail)?;
            removed += usize::from(!path.ends_with(super::EXCHANGE));
        }
    }
    Ok(removed)
}

/// Moves a local store aside that described another life of the emulator. Answers where to.
pub(super) fn begin_anew(store: &Path, now_millis: u64) -> Result<PathBuf, Error> {
    let name = store.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let aside = store.with_file_name(format!("{name}.{now_millis}"));
    match std::fs::rename(store, &aside) {
        Ok(()) => Ok(aside),
        Err(error) => {
            Err(Error::new(Turn::State, "move the former local store aside", format!("{}: {error}", store.display())))
        }
    }
}

/// Whether `file` and the emulator agree about the project: a configuration from elsewhere has a local store of its own.
pub(super) fn for_config(file: &ConfigFile, environment: Environment) -> Local {
    Local::of(file.root(), environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_for_other_programs_names_account_and_region() {
        let mut base = Base::default();
        assert!(exports("http://127.0.0.1:4566", &base).contains("export AWS_ACCESS_KEY_ID=000000000000\n"));
        base.aws.account_id = Some("123456789012".into());
        base.aws.region = Some("us-east-1".into());
        let text = exports("http://127.0.0.1:4566", &base);
        assert!(
            text.contains("export AWS_ACCESS_KEY_ID=123456789012\n") && text.contains("export AWS_REGION=us-east-1\n")
        );
    }

    #[test]
    fn the_exchange_is_emptied_with_the_stores_and_is_none_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let local = Local::of(folder.path(), Environment);
        for name in ["prod", "network", super::super::EXCHANGE] {
            std::fs::create_dir_all(local.store(name)).unwrap();
        }
        std::fs::write(local.seed(), "kept").unwrap();
        assert_eq!(forget_stores(&local).unwrap(), 2);
        assert!(!local.store(super::super::EXCHANGE).exists() && local.seed().exists());
    }

    #[test]
    fn a_store_of_another_life_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("prod");
        std::fs::create_dir(&store).unwrap();
        let aside = begin_anew(&store, 7).unwrap();
        assert!(!store.exists() && aside.ends_with("prod.7") && aside.is_dir());
    }
}

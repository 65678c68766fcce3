//! A LocalStack that a command installs, starts and keeps by itself: no Docker, no account, nothing to set up.
//!
//! What [`Emulator::ensure`] does, in order:
//!
//! 1. A server that runs in the run folder, answers, and carries this crate's plugin is used as it is (`process`).
//! 2. Otherwise a fitting Python is looked for (`python`), and LocalStack and the plugin are installed into the cache
//!    folder unless they are there (`install`). Only the first installation needs a network.
//! 3. A server is started on loopback, detached from the terminal, and waited for (`process`); its services are loaded.
//! 4. [`Admin`] speaks to the plugin inside: what was called, what stands, and which calls shall fail, hang or get lost.
//!
//! The plugin is Python and lives beside this crate in `plugin/`; it is embedded here, so a user has only one binary.
//! This crate knows nothing of stacks, plans or the AWS SDK, prints nothing, and reads no environment but PATH.

mod admin;
mod error;
mod install;
mod process;
mod python;

use std::path::{Path, PathBuf};

pub use admin::{Action, Admin, Call, Deed, Deeds, Fault, FaultState, Health, HeldCall, Phase, Resource, Weather};
pub use error::{Error, Rejected};
pub use python::Version;

use process::{Record, RunFolder};

/// The release of LocalStack that is installed. Later ones need Python 3.12 syntax or an account token.
pub const LOCALSTACK_VERSION: &str = "4.13.1";

/// Where things go and how long the server lives.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the virtual environments, about 500 MB; may be shared by clones of a repository and by run folders.
    pub cache: PathBuf,
    /// Folder of this one server: its record, its log, its files.
    pub run: PathBuf,
    /// The port on 127.0.0.1; a free one with `None`.
    pub port: Option<u16>,
    /// How long the server lives.
    pub lifetime: Lifetime,
    /// The Python to use (what FORMWORK_PYTHON says); looked for on PATH with `None`.
    pub python: Option<PathBuf>,
}

/// How long a server lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is stopped.
    Kept,
    /// Until this process is gone, however it ended.
    WithParent(u32),
}

/// What is happening, for a caller that tells its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Interpreters are being asked for their versions.
    LookingForPython,
    /// LocalStack is being installed: happens once per machine and cache folder.
    Installing {
        /// The Python it is installed for.
        python: Version,
        /// The folder it goes to.
        folder: PathBuf,
    },
    /// A server that does not fit any more is being stopped; what it held is lost.
    Replacing {
        /// The process.
        pid: u32,
    },
    /// The server has been started and does not answer yet.
    Starting {
        /// Its port.
        port: u16,
    },
    /// The server answers and loads the services that Formwork drives.
    Loading,
    /// The server can be used.
    Ready {
        /// Its address.
        endpoint: String,
        /// Whether it ran before, with what it held.
        reused: bool,
    },
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LookingForPython => write!(f, "looking for Python"),
            Self::Installing { python, .. } => {
                write!(
                    f,
                    "installing LocalStack {LOCALSTACK_VERSION} for Python {python} (the first time only, one to three minutes)"
                )
            }
            Self::Replacing { pid } => {
                write!(f, "stopping LocalStack (process {pid}), which does not fit this version any more")
            }
            Self::Starting { port } => write!(f, "starting LocalStack {LOCALSTACK_VERSION} on 127.0.0.1:{port}"),
            Self::Loading => write!(f, "loading services"),
            Self::Ready { endpoint, reused: true } => write!(f, "LocalStack is running at {endpoint}"),
            Self::Ready { endpoint, reused: false } => write!(f, "LocalStack is ready at {endpoint}"),
        }
    }
}

/// A running server with our plugin. Dropping this value does not stop it.
#[derive(Debug, Clone)]
pub struct Emulator {
    record: Record,
    admin: Admin,
    log: PathBuf,
}

/// What [`Emulator::status`] found in a run folder.
#[derive(Debug, Clone)]
pub enum Status {
    /// No server.
    Stopped,
    /// A server that answers.
    Running(Emulator),
    /// A process that holds the folder and does not answer as the recorded server: starting, stuck, or stopping.
    Unanswering {
        /// Its log.
        log: PathBuf,
    },
}

impl Emulator {
    /// Provides a running server, installing and starting what is missing.
    ///
    /// # Expected flow
    ///
    /// The first time on a machine one to three minutes; later a few seconds; with a running server a few milliseconds.
    /// A running server that carries another build of the plugin is replaced.
    ///
    /// # Guarantees
    ///
    /// One server per run folder, also when two processes ask at once. A server that was reused lives at least as long
    /// as the lifetime given here asks for. A failed start leaves no process behind.
    ///
    /// # Caveats
    ///
    /// Blocks; call it before a runtime exists, or through `spawn_blocking`.
    ///
    /// # Errors
    ///
    /// Every variant of [`Error`] but those of stopping; each says what to do next.
    pub fn ensure(config: &Config, progress: &mut dyn FnMut(Progress)) -> Result<Self, Error> {
        let run = RunFolder::create(&config.run)?;
        let _deciding = run.decide()?;
        if let Some(emulator) = Self::reuse(&run, config)? {
            progress(Progress::Ready { endpoint: emulator.endpoint().to_owned(), reused: true });
            return Ok(emulator);
        }
        let installed = install::ensure(&config.cache, config.python.as_deref(), progress)?;
        let claimed = match run.claim()? {
            Some(claimed) => claimed,
            None => {
                progress(Progress::Replacing { pid: run.record().map_or(0, |record| record.pid) });
                process::stop(&run)?;
                run.claim()?.ok_or_else(|| Error::Stop { pid: 0, reason: "another one started in its place".into() })?
            }
        };
        let port = match config.port {
            Some(port) => process::check_port(port)?,
            None => process::free_port()?,
        };
        progress(Progress::Starting { port });
        let record = process::start(&run, claimed, &installed, port, config.lifetime)?;
        let emulator = Self::of(&run, record);
        progress(Progress::Loading);
        for (service, outcome) in emulator.admin.warm(None)? {
            if let Some(reason) = outcome.as_str() {
                tracing::warn!(service, reason, "a service of the emulator could not be loaded");
            }
        }
        progress(Progress::Ready { endpoint: emulator.endpoint().to_owned(), reused: false });
        Ok(emulator)
    }

    /// What runs in a run folder, without changing anything.
    pub fn status(run: &Path) -> Result<Status, Error> {
        let Some(run) = RunFolder::open(run) else { return Ok(Status::Stopped) };
        if let Some(record) = process::running(&run) {
            return Ok(Status::Running(Self::of(&run, record)));
        }
        // Claimed for a moment only: the lock is free again when this returns.
        Ok(if run.claim()?.is_some() { Status::Stopped } else { Status::Unanswering { log: run.log() } })
    }

    /// Ends the server of a run folder and waits until it is gone; what it held is lost. False when none ran.
    pub fn stop(run: &Path) -> Result<bool, Error> {
        let Some(run) = RunFolder::open(run) else { return Ok(false) };
        let _deciding = run.decide()?;
        process::stop(&run)
    }

    /// The address, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.admin.endpoint()
    }

    /// The server's name for this life of it. State kept beside another instance describes nothing that exists.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.record.instance
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.record.port
    }

    /// The server's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.record.pid
    }

    /// The server's log file.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The client of the plugin in this server.
    #[must_use]
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Empties an account, or everything with `None`: resources, recorded calls, faults.
    pub fn reset(&self, account: Option<&str>) -> Result<(), Error> {
        self.admin.reset(account)
    }

    fn of(run: &RunFolder, record: Record) -> Self {
        Self { admin: Admin::new(record.port), log: run.log(), record }
    }

    fn reuse(run: &RunFolder, config: &Config) -> Result<Option<Self>, Error> {
        let fitting = process::running(run)
            .filter(|record| record.plugin == install::plugin_hash())
            .filter(|record| config.port.is_none_or(|port| port == record.port));
        let Some(record) = fitting else { return Ok(None) };
        let emulator = Self::of(run, record);
        let stays = emulator.admin.stay(match config.lifetime {
            Lifetime::Kept => None,
            Lifetime::WithParent(pid) => Some(pid),
        });
        // Refused by a server whose last parent has just gone: it is ending, and a new one takes its place.
        if stays.is_err() {
            return Ok(None);
        }
        Ok(Some(emulator))
    }
}

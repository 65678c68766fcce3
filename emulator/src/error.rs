//! What can go wrong between "no emulator" and "ready", each with the next step that a person can take.

use std::fmt::Write as _;
use std::path::PathBuf;

/// A failure to install, start, stop or talk to the emulator. Its text names the act, the reason and the next step.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No interpreter on this machine can run the pinned LocalStack.
    #[error(
        "failed to find a Python for LocalStack, which needs 3.11, 3.12 or 3.13 with venv: {}. Install one (Debian and Ubuntu: \
         apt install python3.11-venv or python3-venv; macOS: brew install python@3.12; anywhere: uv python install 3.12 or \
         pyenv install 3.12), or point FORMWORK_PYTHON to one",
        describe(seen)
    )]
    NoPython {
        /// What was looked at, and what was wrong with it.
        seen: Vec<Rejected>,
    },

    /// The virtual environment could not be made or filled.
    #[error(
        "failed to install LocalStack ({act}): {reason}\nThe first start needs access to a Python package index; \
         a mirror or a proxy is configured for pip as usual (pip config, PIP_INDEX_URL, HTTPS_PROXY). Then run the command again"
    )]
    Install {
        /// The step that failed, such as "pip install".
        act: String,
        /// The last lines that the step said.
        reason: String,
    },

    /// A file or folder of ours cannot be used.
    #[error("failed to {act} {}: {source}. The folder must be writable, and on a disk with room (LocalStack takes about 500 MB)", path.display())]
    Folder {
        /// What was tried, such as "create".
        act: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// The port that was asked for belongs to somebody else.
    #[error(
        "failed to listen on 127.0.0.1:{port}: it is taken by another process. Choose another port, or none to get a free one"
    )]
    PortTaken {
        /// The port.
        port: u16,
    },

    /// The server's process ended before it answered.
    #[error("failed to start LocalStack: its process ended with {status}. The last it said:\n{tail}\nThe whole log: {}", log.display())]
    Died {
        /// The exit status as the system words it.
        status: String,
        /// The last lines of the log.
        tail: String,
        /// The log file.
        log: PathBuf,
    },

    /// The server's process lives and does not answer.
    #[error("failed to reach LocalStack on 127.0.0.1:{port} within {seconds} s after its start. The last it said:\n{tail}\nThe whole log: {}", log.display())]
    Silent {
        /// The port it should answer on.
        port: u16,
        /// How long it was waited for.
        seconds: u64,
        /// The last lines of the log.
        tail: String,
        /// The log file.
        log: PathBuf,
    },

    /// The server does not go away.
    #[error("failed to stop LocalStack, process {pid}: {reason}. End it by hand: kill -9 {pid}")]
    Stop {
        /// The process.
        pid: u32,
        /// Why it could not be stopped.
        reason: String,
    },

    /// A request to the plugin failed.
    #[error("failed to {act} in the emulator at {endpoint}: {reason}. Is it still running? Its log tells more")]
    Admin {
        /// What was asked for, such as "list calls".
        act: &'static str,
        /// Where.
        endpoint: String,
        /// What came back.
        reason: String,
    },
}

/// An interpreter that was looked at and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Where it was found.
    pub path: PathBuf,
    /// Why it cannot be used.
    pub reason: String,
}

fn describe(seen: &[Rejected]) -> String {
    let Some((first, rest)) = seen.split_first() else { return "none was found on PATH".to_owned() };
    let mut text = format!("{} {}", first.path.display(), first.reason);
    for rejected in rest {
        // Writing to a String cannot fail.
        let _ = write!(text, "; {} {}", rejected.path.display(), rejected.reason);
    }
    text
}

/// Adds what was tried, and where, to an error of the system.
pub(crate) fn folder(act: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.into();
    move |source| Error::Folder { act, path, source }
}

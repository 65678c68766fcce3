//! The server's process: one per run folder, started detached from the terminal, found again by later commands.
//!
//! Whether a server runs in a folder is told by a file lock and not by a process id, which the system may have given to
//! somebody else. The starter locks `server.lock` and hands the open file to the server as its standard input; the lock
//! belongs to the open file, so it is held until the server is gone, whether it was stopped, killed, or its starter was.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::admin::Admin;
use crate::error::{Error, folder};
use crate::install::{Installed, last_lines, plugin_hash};
use crate::{Lifetime, python};

/// From start to the first answer. A cold start on a slow disk takes 20 s; byte-compiled and cached it is 2 s.
const START: Duration = Duration::from_secs(120);
/// From SIGTERM to SIGKILL. LocalStack itself waits up to 10 s for requests that are being served.
const STOP: Duration = Duration::from_secs(15);
/// Between two looks at a starting or stopping server.
const LOOK: Duration = Duration::from_millis(50);

/// What a run folder says about its server, in `emulator.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The version of this file's shape: 1.
    pub(crate) version: u32,
    /// The server's process.
    pub(crate) pid: u32,
    /// The port on 127.0.0.1.
    pub(crate) port: u16,
    /// The server's own name for this life of it; everything it held is lost when this changes.
    pub(crate) instance: String,
    /// The hash of the plugin that it runs.
    pub(crate) plugin: String,
}

/// The files of a run folder.
#[derive(Debug, Clone)]
pub(crate) struct RunFolder {
    root: PathBuf,
}

impl RunFolder {
    /// Makes the folder if it is missing.
    pub(crate) fn create(root: &Path) -> Result<Self, Error> {
        fs::create_dir_all(root).map_err(folder("create", root))?;
        Ok(Self { root: fs::canonicalize(root).map_err(folder("find", root))? })
    }

    /// The folder, if it is there.
    pub(crate) fn open(root: &Path) -> Option<Self> {
        fs::canonicalize(root).ok().map(|root| Self { root })
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("emulator.log")
    }

    /// Held by a command while it decides about the server: two of them never start one each.
    pub(crate) fn decide(&self) -> Result<File, Error> {
        let path = self.root.join("start.lock");
        let file = File::create(&path).map_err(folder("create", &path))?;
        file.lock().map_err(folder("lock", &path))?;
        Ok(file)
    }

    /// The record of the last start. One that cannot be read is as good as none: the server answers for itself.
    pub(crate) fn record(&self) -> Option<Record> {
        let text = fs::read_to_string(self.root.join("emulator.json")).ok()?;
        serde_json::from_str(&text).ok().filter(|record: &Record| record.version == 1)
    }

    pub(crate) fn write_record(&self, record: &Record) -> Result<(), Error> {
        let path = self.root.join("emulator.json");
        let next = self.root.join("emulator.json.next");
        let mut text =
            serde_json::to_string_pretty(record).map_err(std::io::Error::from).map_err(folder("write", &path))?;
        text.push('\n');
        // Renamed into place, so that a reader never sees half of it.
        fs::write(&next, text).map_err(folder("write", &next))?;
        fs::rename(&next, &path).map_err(folder("write", &path))
    }

    pub(crate) fn forget_record(&self) -> Result<(), Error> {
        let path = self.root.join("emulator.json");
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(folder("remove", path)(error)),
            _ => Ok(()),
        }
    }

    /// The locked lock file when no server runs here, `None` when one does.
    pub(crate) fn claim(&self) -> Result<Option<File>, Error> {
        let path = self.root.join("server.lock");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(folder("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(folder("lock", path)(error)),
        }
    }

    /// The process that holds the lock, as it wrote itself into the file when it began.
    fn holder(&self) -> Option<u32> {
        let mut text = String::new();
        File::open(self.root.join("server.lock")).ok()?.read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }

    fn tail(&self) -> String {
        last_lines(&String::from_utf8_lossy(&fs::read(self.log()).unwrap_or_default()), 15)
    }
}

/// The running server of a folder, if it answers as the one that is recorded.
pub(crate) fn running(run: &RunFolder) -> Option<Record> {
    let record = run.record()?;
    let health = Admin::new(record.port).health().ok()?;
    (health.instance == record.instance && health.pid == record.pid).then_some(record)
}

/// Starts a server, `claimed` being the lock file of [`RunFolder::claim`], and waits until it answers.
pub(crate) fn start(
    run: &RunFolder,
    claimed: File,
    installed: &Installed,
    port: u16,
    lifetime: Lifetime,
) -> Result<Record, Error> {
    claimed.set_len(0).map_err(folder("write", run.root.join("server.lock")))?;
    let mut child = spawn(run, claimed, installed, port, lifetime)?;
    let pid = child.id();
    let instance = match wait_for_answer(run, &mut child, port) {
        Ok(instance) => instance,
        Err(error) => {
            // It is ours and nobody knows of it: leaving it would hold the folder.
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
    };
    // A server that ends before this process would stay as a zombie.
    std::thread::spawn(move || child.wait());
    let record = Record { version: 1, pid, port, instance, plugin: plugin_hash() };
    run.write_record(&record)?;
    Ok(record)
}

/// A free port on loopback. Somebody may take it before the server does; [`start`] then says so.
pub(crate) fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(folder("find a free port on", "127.0.0.1"))
}

/// Refuses a port that somebody listens on.
pub(crate) fn check_port(port: u16) -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(|_| port).map_err(|_| Error::PortTaken { port })
}

/// Ends the server of a folder and waits until it is gone. False when none ran.
pub(crate) fn stop(run: &RunFolder) -> Result<bool, Error> {
    if run.claim()?.is_some() {
        run.forget_record()?;
        return Ok(false);
    }
    // A server that has only just been spawned has not written its process id yet.
    let pid = match poll(STOP, || Ok(run.holder()))? {
        Some(pid) => pid,
        None => {
            return Err(Error::Stop {
                pid: 0,
                reason: "it holds its lock and does not say which process it is".into(),
            });
        }
    };
    for (signal, patience) in [(Signal::TERM, STOP), (Signal::KILL, STOP)] {
        send(pid, signal)?;
        if poll(patience, || run.claim())?.is_some() {
            run.forget_record()?;
            return Ok(true);
        }
    }
    Err(Error::Stop { pid, reason: "it ignores SIGKILL".into() })
}

fn spawn(run: &RunFolder, claimed: File, installed: &Installed, port: u16, lifetime: Lifetime) -> Result<Child, Error> {
    let log = run.log();
    let out = File::create(&log).map_err(folder("create", &log))?;
    let err = out.try_clone().map_err(folder("open", &log))?;
    let volume = run.root.join("volume");
    let temporary = run.root.join("tmp");
    for path in [&volume, &temporary] {
        fs::create_dir_all(path).map_err(folder("create", path))?;
    }
    let mut command = Command::new(&installed.python);
    command
        .args(["-m", "formwork_localstack"])
        // A clean environment: LocalStack has some two hundred variables, and AWS_* ones change what boto does inside.
        .env_clear()
        .env("PATH", python::search_path())
        .env("LANG", "C.UTF-8")
        .env("HOME", &installed.home)
        .env("XDG_CACHE_HOME", installed.home.join("cache"))
        .env("CONFIG_DIR", &installed.home)
        .env("TMPDIR", &temporary)
        .env("PYTHONPATH", &installed.plugin)
        .env("PYTHONUNBUFFERED", "1")
        .env("GATEWAY_LISTEN", format!("127.0.0.1:{port}"))
        .env("LOCALSTACK_VOLUME_DIR", &volume)
        .env("FILESYSTEM_ROOT", &volume)
        // The native ones need a download or a newer Python; moto's are installed, and RDS sees moto's keys.
        .env("PROVIDER_OVERRIDE_KMS", "moto")
        .env("PROVIDER_OVERRIDE_DYNAMODB", "moto")
        .env("MOTO_ACM_VALIDATION_WAIT", "4")
        // A thousand images for each account and region, a third of a second each time; the plugin has the handful that stacks look up.
        .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        // Nothing leaves the machine, and nothing of it is changed: no name server, no usage events, no certificate download.
        .env("DNS_ADDRESS", "0")
        .env("DISABLE_EVENTS", "1")
        .env("SKIP_SSL_CERT_DOWNLOAD", "1")
        .current_dir(&run.root)
        .stdin(Stdio::from(claimed))
        .stdout(out)
        .stderr(err)
        // Ctrl-C in a terminal goes to the foreground's process group, which the server must not be in.
        .process_group(0);
    if let Lifetime::WithParent(pid) = lifetime {
        command.env("FORMWORK_PARENT_PID", pid.to_string());
    }
    command.spawn().map_err(folder("run", &installed.python))
}

/// The instance of the server once it answers.
fn wait_for_answer(run: &RunFolder, child: &mut Child, port: u16) -> Result<String, Error> {
    let admin = Admin::new(port);
    let answered = poll(START, || {
        if let Some(status) = child.try_wait().map_err(folder("watch", run.log()))? {
            return Err(Error::Died { status: status.to_string(), tail: run.tail(), log: run.log() });
        }
        Ok(admin.health().ok())
    })?;
    match answered {
        Some(health) if health.pid == child.id() => Ok(health.instance),
        Some(_) => Err(Error::PortTaken { port }),
        None => Err(Error::Silent { port, seconds: START.as_secs(), tail: run.tail(), log: run.log() }),
    }
}

fn send(pid: u32, signal: Signal) -> Result<(), Error> {
    let failed = |reason: String| Error::Stop { pid, reason };
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| failed("no such process id".into()))?;
    match kill_process(process, signal) {
        // Gone already is as good as stopped.
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Asks until there is an answer or the time is over.
#[expect(
    clippy::disallowed_methods,
    reason = "waits for another process, which no clock of a run knows; called before any runtime exists"
)]
fn poll<T>(patience: Duration, mut ask: impl FnMut() -> Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if begun.elapsed() > patience {
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record { version: 1, pid: 7, port: 4566, instance: "i".into(), plugin: "p".into() }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::create(folder.path()).unwrap();
        assert_eq!(run.record(), None);
        run.write_record(&record()).unwrap();
        assert_eq!(run.record(), Some(record()));
        run.forget_record().unwrap();
        run.forget_record().unwrap();
        assert_eq!(run.record(), None);
    }

    #[test]
    fn a_broken_or_foreign_record_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::create(folder.path()).unwrap();
        for text in
            ["", "{", "{\"version\":1}", "{\"version\":2,\"pid\":7,\"port\":4566,\"instance\":\"i\",\"plugin\":\"p\"}"]
        {
            fs::write(folder.path().join("emulator.json"), text).unwrap();
            assert_eq!(run.record(), None, "{text}");
        }
    }

    #[test]
    fn a_folder_is_claimed_once_and_free_again_when_the_holder_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::create(folder.path()).unwrap();
        let claimed = run.claim().unwrap();
        assert!(claimed.is_some());
        assert!(run.claim().unwrap().is_none());
        drop(claimed);
        assert!(run.claim().unwrap().is_some());
    }

    #[test]
    fn a_child_that_got_the_lock_as_standard_input_keeps_it_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::create(folder.path()).unwrap();
        let claimed = run.claim().unwrap().unwrap();
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::from(claimed)).spawn().unwrap();
        assert!(run.claim().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(run.claim().unwrap().is_some());
    }

    #[test]
    fn stopping_where_nothing_runs_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::create(folder.path()).unwrap();
        run.write_record(&record()).unwrap();
        assert!(!stop(&run).unwrap());
        assert_eq!(run.record(), None);
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_refused() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(matches!(check_port(port), Err(Error::PortTaken { port: refused }) if refused == port));
    }
}

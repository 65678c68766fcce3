//! [`Disk`]: a process whose calls on the files below one folder are recorded, fail, or are the last thing it does.
//!
//! Works on any binary as it is: the library `disk-shim` is loaded into it from outside. Linux only, as the loader's variable is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;

/// What becomes of a process's files below one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    folder: PathBuf,
    trace: Option<PathBuf>,
    at: Option<(String, &'static str)>,
}

/// Where in a call a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Before it is made.
    Before,
    /// When half of it is made, where it is a write.
    Within,
    /// When it is made.
    After,
}

/// What a disk says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskError {
    /// No space is left.
    Full,
    /// It is mounted for reading.
    ReadOnly,
    /// It is broken.
    Broken,
}

/// One call on a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskCall {
    /// Seconds since 1970 at its end, in microseconds.
    pub micros: u64,
    /// Its name, such as `fdatasync`; every way to write in place is `pwrite`.
    pub operation: String,
    /// The file, named from the folder on; of a rename the one that is replaced; `.` for the folder.
    pub file: String,
    /// How many bytes were to be written.
    pub length: u64,
    /// What came of it; the negative number of the error where it failed.
    pub result: i64,
}

impl Disk {
    /// The files below a folder, which may be made by the process itself.
    ///
    /// # Errors
    /// When no part of the path exists.
    pub fn below(folder: &Path) -> Result<Self> {
        let whole = std::path::absolute(folder)?;
        let real = whole.ancestors().find_map(|above| {
            let real = above.canonicalize().ok()?;
            // Joining nothing would add a separator at the end.
            let rest = whole.strip_prefix(above).ok().filter(|rest| *rest != Path::new(""));
            Some(rest.map_or_else(|| real.clone(), |rest| real.join(rest)))
        });
        Ok(Self { folder: real.context("no part of the folder exists")?, trace: None, at: None })
    }

    /// Adds a line to this file for every call, for [`calls`].
    #[must_use]
    pub fn traced(self, file: &Path) -> Self {
        Self { trace: Some(file.to_owned()), ..self }
    }

    /// The process ends as by `kill -9` at its `number`th (from 1) of these operations on this file. Operations are joined by commas, and `*` are
    /// all of them, as it is all files.
    #[must_use]
    pub fn kill(self, cut: Cut, operations: &str, file: &str, number: u64) -> Self {
        let deed = match cut {
            Cut::Before => "kill-before",
            Cut::Within => "kill-within",
            Cut::After => "kill-after",
        };
        Self { at: Some((format!("{operations} {file} {number}"), deed)), ..self }
    }

    /// The process's `number`th (from 1) of these operations on this file fails, and all later ones do.
    #[must_use]
    pub fn fail(self, error: DiskError, operations: &str, file: &str, number: u64) -> Self {
        let deed = match error {
            DiskError::Full => "ENOSPC",
            DiskError::ReadOnly => "EROFS",
            DiskError::Broken => "EIO",
        };
        Self { at: Some((format!("{operations} {file} {number}"), deed)), ..self }
    }

    /// Makes a command run so. The processes that it starts are left alone.
    ///
    /// # Errors
    /// When the library cannot be built.
    pub fn load(&self, command: &mut Command) -> Result<()> {
        command.env("LD_PRELOAD", library()?).env("DISK_SHIM_FOLDER", &self.folder);
        if let Some(trace) = &self.trace {
            command.env("DISK_SHIM_TRACE", std::path::absolute(trace)?);
        }
        if let Some((at, deed)) = &self.at {
            command.env("DISK_SHIM_AT", at).env("DISK_SHIM_DO", deed);
        }
        Ok(())
    }
}

/// What a traced process did, in the order of the ends of its calls. Nothing when it did nothing.
///
/// # Errors
/// When the file is not a trace.
pub fn calls(trace: &Path) -> Result<Vec<DiskCall>> {
    let text = match std::fs::read_to_string(trace) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    text.lines().map(|line| call(line).with_context(|| format!("`{line}` is no call"))).collect()
}

fn call(line: &str) -> Option<DiskCall> {
    let mut fields = line.split('\t');
    let mut next = || fields.next();
    Some(DiskCall {
        micros: next()?.parse().ok()?,
        operation: next()?.to_owned(),
        file: next()?.to_owned(),
        length: next()?.parse().ok()?,
        result: next()?.parse().ok()?,
    })
}

/// The library, built once for a process: nothing of the workspace depends on it, so that nothing builds it before.
fn library() -> Result<&'static Path> {
    static LIBRARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = LIBRARY.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.as_deref().map_err(|error| anyhow!("building disk-shim: {error}"))
}

fn build() -> Result<PathBuf> {
    if !cfg!(target_os = "linux") {
        bail!("what is done to a disk is seen only on Linux");
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--locked", "--package", "disk-shim", "--message-format", "json"]);
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).stderr(Stdio::piped()).stdin(Stdio::null());
    let built = cargo.output().context("failed to run cargo")?;
    let said = String::from_utf8_lossy(&built.stdout);
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut artifacts = messages.filter(|message| message["target"]["name"] == "disk_shim");
    let made = artifacts.find_map(|message| message["filenames"][0].as_str().map(PathBuf::from));
    made.filter(|_| built.status.success()).with_context(|| String::from_utf8_lossy(&built.stderr).into_owned())
}

//! The virtual environment with LocalStack, and the plugin that is embedded in this crate.
//!
//! Both live in the cache folder, which many clones and run folders may share. The environment is keyed by the locked
//! requirements and the Python version, the plugin by its own content, so that a change of the plugin does not install
//! LocalStack again. A folder counts only when its marker, written last, is there: what a killed installation left is
//! made anew.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use include_dir::{Dir, DirEntry, include_dir};
use sha2::{Digest as _, Sha256};

use crate::Progress;
use crate::error::{Error, folder};
use crate::python::{self, Python};

/// Every package with its version; LocalStack's own ranges allow releases that break it.
const REQUIREMENTS: &str = include_str!("../requirements.txt");

static PLUGIN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/plugin/formwork_localstack");
const PYPROJECT: &str = include_str!("../plugin/pyproject.toml");

/// The package's name inside the plugin folder.
const PACKAGE: &str = "formwork_localstack";

const MARKER: &str = ".complete";

/// What [`ensure`] provides.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    /// The interpreter of the virtual environment.
    pub(crate) python: PathBuf,
    /// A folder for PYTHONPATH that holds the plugin and its entry points.
    pub(crate) plugin: PathBuf,
    /// A home folder for the server, so that it reads no `~/.aws` and no `~/.localstack` of the user.
    pub(crate) home: PathBuf,
}

/// Installs what is missing. Blocks while another process installs into the same cache folder.
pub(crate) fn ensure(
    cache: &Path,
    named: Option<&Path>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Installed, Error> {
    fs::create_dir_all(cache).map_err(folder("create", cache))?;
    let cache = fs::canonicalize(cache).map_err(folder("find", cache))?;
    let lock = cache.join("install.lock");
    let held = File::create(&lock).map_err(folder("create", &lock))?;
    held.lock().map_err(folder("lock", &lock))?;

    progress(Progress::LookingForPython);
    let python = python::find(named)?;
    let environment = cache.join(format!("localstack-{}", environment_key(&python)));
    let interpreter = environment.join("bin/python");
    // The second condition: the environment links to the Python it was made with, which may have been uninstalled.
    if !environment.join(MARKER).is_file() || !interpreter.exists() {
        progress(Progress::Installing { python: python.version, folder: environment.clone() });
        make_anew(&environment, |folder| install_localstack(&python, folder, &held))?;
    }

    let plugin = cache.join(format!("plugin-{}", plugin_hash()));
    if !plugin.join(MARKER).is_file() {
        make_anew(&plugin, |folder| write_plugin(&interpreter, folder, &held))?;
    }
    let home = cache.join("home");
    fs::create_dir_all(&home).map_err(folder("create", &home))?;
    Ok(Installed { python: interpreter, plugin, home })
}

/// A short hash of the embedded plugin: a server that runs another one is replaced.
pub(crate) fn plugin_hash() -> String {
    let mut hash = Sha256::new();
    hash.update(PYPROJECT);
    for (path, contents) in plugin_files() {
        hash.update(path.to_string_lossy().as_bytes());
        hash.update(contents);
    }
    short(hash)
}

fn environment_key(python: &Python) -> String {
    let mut hash = Sha256::new();
    hash.update(REQUIREMENTS);
    hash.update(python.version.to_string());
    short(hash)
}

fn short(hash: Sha256) -> String {
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Removes what is there, fills the folder, and marks it complete.
fn make_anew(path: &Path, fill: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    if path.exists() {
        fs::remove_dir_all(path).map_err(folder("remove the unfinished", path))?;
    }
    fs::create_dir_all(path).map_err(folder("create", path))?;
    fill(path)?;
    let marker = path.join(MARKER);
    fs::write(&marker, "").map_err(folder("write", &marker))
}

fn install_localstack(python: &Python, environment: &Path, lock: &File) -> Result<(), Error> {
    run("python -m venv", lock, Command::new(&python.path).args(["-m", "venv"]).arg(environment))?;
    let requirements = environment.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(folder("write", &requirements))?;
    run(
        "pip install",
        lock,
        Command::new(environment.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes"])
            .arg("--requirement")
            .arg(&requirements)
            // pip byte-compiles what it installs unless told otherwise, and without that every start takes seconds.
            .env_remove("PYTHONDONTWRITEBYTECODE")
            .env_remove("PYTHONPATH")
            .env_remove("PIP_NO_COMPILE"),
    )
}

/// Writes the package beside a hand-made `.dist-info`, which is all that Python needs to find entry points. No build
/// backend is involved, so no network.
fn write_plugin(interpreter: &Path, target: &Path, lock: &File) -> Result<(), Error> {
    for (path, contents) in plugin_files() {
        let path = target.join(PACKAGE).join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(folder("create", parent))?;
        }
        fs::write(&path, contents).map_err(folder("write", &path))?;
    }
    let description = target.join(format!("{PACKAGE}.dist-info"));
    fs::create_dir_all(&description).map_err(folder("create", &description))?;
    for (name, contents) in [
        ("METADATA", format!("Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {}\n", env!("CARGO_PKG_VERSION"))),
        ("entry_points.txt", entry_points(PYPROJECT)),
    ] {
        let path = description.join(name);
        let mut file = File::create(&path).map_err(folder("create", &path))?;
        file.write_all(contents.as_bytes()).map_err(folder("write", &path))?;
    }
    run("python -m compileall", lock, Command::new(interpreter).args(["-m", "compileall", "-q"]).arg(target))
}

/// The entry points of `pyproject.toml` in the format in which an installed package carries them.
fn entry_points(pyproject: &str) -> String {
    let document: toml::Table = pyproject.parse().unwrap_or_default();
    let groups =
        document.get("project").and_then(|project| project.get("entry-points")).and_then(toml::Value::as_table);
    let mut text = String::new();
    for (group, entries) in groups.into_iter().flatten() {
        text.push_str(&format!("[{group}]\n"));
        for (name, object) in entries.as_table().into_iter().flatten() {
            text.push_str(&format!("{name} = {}\n", object.as_str().unwrap_or_default()));
        }
    }
    text
}

/// The plugin's source files with their paths inside the package, in a fixed order.
fn plugin_files() -> Vec<(&'static Path, &'static [u8])> {
    fn walk(dir: &'static Dir<'static>, found: &mut Vec<(&'static Path, &'static [u8])>) {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(inner) => walk(inner, found),
                // Nothing else is part of the plugin: byte code and tool caches that a developer's own work left there
                // would change the hash from clone to clone.
                DirEntry::File(file) if file.path().extension().is_some_and(|extension| extension == "py") => {
                    found.push((file.path(), file.contents()));
                }
                DirEntry::File(_) => {}
            }
        }
    }
    let mut found = Vec::new();
    walk(&PLUGIN, &mut found);
    found.sort();
    found
}

/// Runs a step of the installation and keeps the last lines of what it said for the error.
///
/// The step shares the lock as its (empty) standard input: when this process is killed while pip runs on, the folder
/// stays locked until pip is through, and nobody removes it under its hands.
fn run(act: &str, lock: &File, command: &mut Command) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Install { act: act.to_owned(), reason: error.to_string() };
    let output = command.stdin(Stdio::from(lock.try_clone().map_err(failed)?)).output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Error::Install { act: act.to_owned(), reason: last_lines(&String::from_utf8_lossy(&said), 12) })
}

/// The last `count` lines of a text that say something.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_points_are_written_as_an_installed_package_carries_them() {
        let text = entry_points(PYPROJECT);
        assert!(
            text.contains("[localstack.hooks.on_infra_start]\nformwork = formwork_localstack.hooks:register\n"),
            "{text}"
        );
    }

    #[test]
    fn only_the_sources_of_the_plugin_are_embedded() {
        let paths: Vec<_> = plugin_files().into_iter().map(|(path, _)| path).collect();
        assert!(paths.contains(&Path::new("hooks.py")) && paths.contains(&Path::new("__main__.py")), "{paths:?}");
        assert!(paths.iter().all(|path| path.extension().is_some_and(|extension| extension == "py")), "{paths:?}");
    }

    #[test]
    fn a_folder_without_its_marker_is_made_anew() {
        let cache = tempfile::tempdir().unwrap();
        let target = cache.path().join("thing");
        fs::create_dir_all(&target).unwrap();
        fs::write(target.join("half"), "").unwrap();
        make_anew(&target, |path| fs::write(path.join("whole"), "").map_err(folder("write", path))).unwrap();
        assert!(!target.join("half").exists() && target.join("whole").exists() && target.join(MARKER).exists());
    }

    #[test]
    fn a_folder_that_could_not_be_filled_gets_no_marker() {
        let cache = tempfile::tempdir().unwrap();
        let target = cache.path().join("thing");
        let failed =
            make_anew(&target, |_| Err(Error::Install { act: "pip install".into(), reason: "no network".into() }));
        assert!(failed.is_err() && !target.join(MARKER).exists());
    }

    #[test]
    fn every_requirement_is_pinned_by_version_and_hash() {
        let entries = REQUIREMENTS.replace("\\\n", "");
        let loose: Vec<_> = entries
            .lines()
            .filter(|line| !(line.starts_with('#') || line.contains("==") && line.contains("--hash=sha256:")))
            .collect();
        assert!(loose.is_empty(), "{loose:?}");
        assert!(
            entries.lines().any(|line| line.starts_with(&format!("localstack-core=={}", crate::LOCALSTACK_VERSION)))
        );
    }

    #[test]
    fn the_last_lines_skip_empty_ones() {
        assert_eq!(last_lines("a\n\nb\nc\n\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
    }
}

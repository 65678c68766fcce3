//! Finding a Python that runs the pinned LocalStack.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Rejected};

/// Commands that are tried on PATH, the best known first.
const NAMES: [&str; 5] = ["python3.11", "python3.12", "python3.13", "python3", "python"];

/// Says the version and whether virtual environments can be made: Debian ships Python without `ensurepip`, and then
/// `python -m venv` fails only after it has made half of one.
const PROBE: &str = "import sys\ntry:\n import venv, ensurepip\n v = 'venv'\nexcept ImportError:\n v = 'bare'\nprint('%d.%d.%d' % sys.version_info[:3], v)";

/// An interpreter and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    /// The command to run.
    pub(crate) path: PathBuf,
    /// Its version.
    pub(crate) version: Version,
}

/// A version of Python: major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Reads `3.11.7`. Anything else, such as `3.13.0rc1`, is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(str::parse::<u32>);
        let version = Self(numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        numbers.next().is_none().then_some(version)
    }

    /// Whether the locked set of packages installs on it and serves. 3.10 and below: some packages of the set refuse
    /// to install. 3.14 and above: not tried.
    #[must_use]
    pub fn fits(self) -> bool {
        (Self(3, 11, 0)..Self(3, 14, 0)).contains(&self)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// The first interpreter that fits: the one that was named, else the first on PATH. A named one that does not fit is
/// an error and not a reason to look further, because somebody meant it.
pub(crate) fn find(named: Option<&Path>) -> Result<Python, Error> {
    let candidates = match named {
        Some(path) => vec![path.to_owned()],
        None => on_path(&search_path()),
    };
    let mut seen = Vec::new();
    for path in candidates {
        match probe(&path) {
            Ok(version) => return Ok(Python { path, version }),
            Err(reason) => seen.push(Rejected { path, reason }),
        }
    }
    Err(Error::NoPython { seen })
}

/// Every file on the search path that has one of the names, each once.
fn on_path(path: &OsString) -> Vec<PathBuf> {
    let mut known = BTreeSet::new();
    NAMES
        .iter()
        .flat_map(|name| std::env::split_paths(path).map(move |folder| folder.join(name)))
        .filter(|candidate| candidate.is_file() && known.insert(candidate.clone()))
        .collect()
}

/// The version of an interpreter that fits, or why it does not.
fn probe(path: &Path) -> Result<Version, String> {
    let output = Command::new(path)
        .args(["-c", PROBE])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot be run ({error})"))?;
    if !output.status.success() {
        return Err("does not run (a pyenv shim without its version?)".to_owned());
    }
    judge(&String::from_utf8_lossy(&output.stdout))
}

/// Reads what [`PROBE`] printed.
fn judge(answer: &str) -> Result<Version, String> {
    let mut words = answer.split_whitespace();
    let version =
        words.next().and_then(Version::parse).ok_or_else(|| format!("says {:?} about itself", answer.trim()))?;
    if !version.fits() {
        return Err(format!("is {version}"));
    }
    if words.next() != Some("venv") {
        return Err(format!("is {version} without the venv and ensurepip modules"));
    }
    Ok(version)
}

/// The folders in which the user's shell finds commands.
#[expect(
    clippy::disallowed_methods,
    reason = "where a command is found is a property of the machine and reaches no plan; the one read here"
)]
pub(crate) fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_three_numbers() {
        assert_eq!(Version::parse("3.11.7"), Some(Version(3, 11, 7)));
        for text in ["", "3.11", "3.11.7.1", "3.13.0rc1", "three.one.two"] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_versions_that_were_run_fit() {
        let fitting: Vec<_> =
            [(3, 10, 13), (3, 11, 0), (3, 11, 7), (3, 12, 1), (3, 13, 0), (3, 14, 0), (4, 0, 0), (2, 7, 18)]
                .into_iter()
                .map(|(major, minor, patch)| Version(major, minor, patch))
                .filter(|version| version.fits())
                .collect();
        assert_eq!(fitting, [Version(3, 11, 0), Version(3, 11, 7), Version(3, 12, 1), Version(3, 13, 0)]);
    }

    #[test]
    fn an_interpreter_is_judged_by_version_and_venv() {
        assert_eq!(judge("3.12.1 venv\n"), Ok(Version(3, 12, 1)));
        assert_eq!(judge("3.12.1 bare\n"), Err("is 3.12.1 without the venv and ensurepip modules".to_owned()));
        assert_eq!(judge("3.9.2 venv\n"), Err("is 3.9.2".to_owned()));
        assert!(judge("hello").is_err());
    }

    #[test]
    fn a_named_interpreter_that_is_not_there_is_reported_and_nothing_else_is_tried() {
        let named = Path::new("/nonexistent/python3");
        let Err(Error::NoPython { seen }) = find(Some(named)) else { panic!("found a Python that is not there") };
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].path, named);
    }

    #[test]
    fn commands_are_found_in_the_order_of_names_and_not_of_folders() {
        let folder = tempfile::tempdir().unwrap();
        for (sub, name) in [("a", "python3"), ("b", "python3.11")] {
            std::fs::create_dir_all(folder.path().join(sub)).unwrap();
            std::fs::write(folder.path().join(sub).join(name), "").unwrap();
        }
        let path = std::env::join_paths([folder.path().join("a"), folder.path().join("b")]).unwrap();
        let found = on_path(&path);
        assert_eq!(found, [folder.path().join("b/python3.11"), folder.path().join("a/python3")]);
    }
}

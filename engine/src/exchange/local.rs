//! [`LocalExchange`]: an exchange in a folder beside the stores of the stacks.
//!
//! ```text
//! published/<project>/<stack>.json    the outputs of a stack
//! uses/<project>/<stack>.json         what a stack uses of others
//! ```
//!
//! A file is written beside itself, synced, renamed into place, and the folder synced. One that is half written has another name and is
//! passed over; the next writer of it overwrites it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Exchange;
use crate::record::{EXCHANGE_FORMAT, Published, Uses};
use crate::state::{StateError, folder};

pub(super) const PUBLISHED: &str = "published";
pub(super) const USES: &str = "uses";
pub(super) const ENDING: &str = ".json";

/// An exchange in a folder. Nothing is made before something is written.
#[derive(Debug, Clone)]
pub struct LocalExchange {
    folder: PathBuf,
}

impl LocalExchange {
    /// The exchange in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn project(&self, sort: &str, project: &str) -> PathBuf {
        self.folder.join(sort).join(file_name(project))
    }

    fn file(&self, sort: &str, project: &str, stack: &str) -> PathBuf {
        self.project(sort, project).join(format!("{}{ENDING}", file_name(stack)))
    }

    async fn write(&self, path: PathBuf, object: &impl Serialize) -> Result<(), StateError> {
        let text = serde_json::to_string_pretty(object);
        let text = text.map_err(|error| StateError::Misuse { reason: error.to_string() })?;
        let top = self.folder.clone();
        blocking(move || {
            folder::prepare(&top)?;
            replace(&path, &text).map_err(|error| folder::failed("write", &path, &error))
        })
        .await
    }
}

#[async_trait]
impl Exchange for LocalExchange {
    async fn publish(&self, published: &Published) -> Result<(), StateError> {
        self.write(self.file(PUBLISHED, &published.project, &published.stack), published).await
    }

    async fn fetch(&self, project: &str, stack: &str) -> Result<Option<Published>, StateError> {
        let path = self.file(PUBLISHED, project, stack);
        blocking(move || read(&path)).await
    }

    async fn published(&self, project: &str) -> Result<Vec<String>, StateError> {
        let folder = self.project(PUBLISHED, project);
        // The name stands in the file as it is.
        let published: Vec<Published> = blocking(move || read_all(&folder)).await?;
        Ok(published.into_iter().map(|published| published.stack).collect())
    }

    async fn register(&self, uses: &Uses) -> Result<(), StateError> {
        self.write(self.file(USES, &uses.project, &uses.stack), uses).await
    }

    async fn withdraw(&self, project: &str, stack: &str) -> Result<(), StateError> {
        let path = self.file(USES, project, stack);
        blocking(move || remove(&path).map_err(|error| folder::failed("remove", &path, &error))).await
    }

    async fn registered(&self, project: &str) -> Result<Vec<Uses>, StateError> {
        let folder = self.project(USES, project);
        blocking(move || read_all(&folder)).await
    }

    fn place(&self, project: &str, stack: &str) -> String {
        self.file(USES, project, stack).display().to_string()
    }
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, StateError> + Send + 'static,
) -> Result<T, StateError> {
    let ended = tokio::task::spawn_blocking(act).await;
    ended.unwrap_or_else(|error| {
        Err(StateError::Misuse { reason: format!("the thread that worked on the exchange ended: {error}") })
    })
}

/// A name as a file may be called: what is neither letter nor digit, nor harmless, is written as `%` and its bytes in hex.
pub(super) fn file_name(name: &str) -> String {
    let mut file = String::new();
    for (at, byte) in name.bytes().enumerate() {
        let harmless = byte.is_ascii_alphanumeric() || b"_+=@-".contains(&byte) || byte == b'.' && at > 0;
        match harmless {
            true => file.push(char::from(byte)),
            false => file.push_str(&format!("%{byte:02X}")),
        }
    }
    file
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut next = path.as_os_str().to_owned();
    next.push(".next");
    let next = PathBuf::from(next);
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    File::open(folder)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StateError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(folder::failed("read", path, &error)),
    };
    understand(path, &text).map(Some)
}

fn read_all<T: DeserializeOwned>(folder: &Path) -> Result<Vec<T>, StateError> {
    let failed = |error: &io::Error| folder::failed("list", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(&error))?.path();
        if path.to_string_lossy().ends_with(ENDING) {
            paths.push(path);
        }
    }
    // The order of a folder is nobody's.
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        // One that was withdrawn meanwhile is withdrawn.
        found.extend(read(&path)?);
    }
    Ok(found)
}

pub(super) fn understand<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, StateError> {
    let broken = |error: serde_json::Error| {
        StateError::File {
        act: "understand".to_owned(),
        path: path.to_owned(),
        reason: error.to_string(),
        next: "put it back from a backup; or remove it and run `up` of the stack that it is called by, which writes it anew".to_owned(),
    }
    };
    let json: serde_json::Value = serde_json::from_slice(text).map_err(broken)?;
    let format = json.get("format").and_then(serde_json::Value::as_u64).unwrap_or_default();
    let format = u32::try_from(format).unwrap_or(u32::MAX);
    if format > EXCHANGE_FORMAT {
        return Err(StateError::Newer { path: path.to_owned(), found: format, known: EXCHANGE_FORMAT });
    }
    serde_json::from_value(json).map_err(broken)
}

#[cfg(test)]
pub(super) mod tests;

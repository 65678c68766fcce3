//! The lock of a store: a file held with `flock`, which the kernel lets go of with the process, and the holder's name beside it.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::folder::failed;
use super::{Holder, StateError};

/// A held lock; let go of when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    holder: PathBuf,
    // Never read: the lock lasts as long as the open file.
    _file: File,
}

impl Lock {
    /// Takes the lock of a store's folder, or says who has it.
    pub(super) fn take(folder: &Path, holder: &Holder) -> Result<Self, StateError> {
        let path = folder.join("lock");
        let name = folder.join("holder.json");
        let open = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = open.map_err(|error| failed("open", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read(&name).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
                return Err(StateError::Held { folder: folder.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", &path, &error)),
        }
        let text = serde_json::to_vec(holder).unwrap_or_default();
        super::folder::write_private(&name, &text).map_err(|error| failed("write", &name, &error))?;
        Ok(Self { holder: name, _file: file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only for tidiness: who finds the lock free does not look at the name.
        let _ = fs::remove_file(&self.holder);
    }
}

impl Holder {
    /// This process. `command` is what it does, such as `up prod`; `started_at` milliseconds since 1970.
    pub fn here(command: impl Into<String>, started_at: u64) -> Self {
        let line = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
        let host = [line("/proc/sys/kernel/hostname"), line("/etc/hostname"), "this host".to_owned()];
        Self {
            pid: std::process::id(),
            boot: line("/proc/sys/kernel/random/boot_id"),
            host: host.into_iter().find(|name| !name.is_empty()).unwrap_or_default(),
            user: user(&line("/proc/self/status"), &line("/etc/passwd")),
            started_at,
            command: command.into(),
        }
    }
}

/// The user's name by the kernel's word and the system's list, or the number; not `$USER`, which `sudo` and containers leave wrong.
fn user(status: &str, passwd: &str) -> String {
    let Some(id) = status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next()) else {
        return "somebody".to_owned();
    };
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("user {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_named_as_the_system_knows_them() {
        let status = "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n";
        assert_eq!(user(status, "root:x:0:0::/root:\nada:x:1000:1000::/home/ada:"), "ada");
        assert_eq!(user(status, "root:x:0:0::/root:"), "user 1000");
        assert_eq!(user("", ""), "somebody");
    }
}

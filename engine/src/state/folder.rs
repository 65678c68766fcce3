//! The folder of a store: made private, and not on a network file system.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::StateError;

/// File systems on which a lock may not lock and an fsync may not sync, as `/proc/self/mountinfo` names them.
const NETWORK: &[&str] = &[
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "fuse.ceph",
    "fuse.davfs",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.goofys",
    "fuse.mountpoint-s3",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "fuse.vmhgfs-fuse",
    "gfs2",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "smb2",
    "smb3",
    "smbfs",
];

/// Makes the folder of a store, readable by its user alone, with a `.gitignore` of its own at its top: the folder `.formwork`
/// above it, where there is one, so that no state and no lock is ever added to a repository.
pub(crate) fn prepare(folder: &Path) -> Result<(), StateError> {
    refuse_network(folder)?;
    let make = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    make.map_err(|error| failed("make the folder", folder, &error))?;
    let top = folder.ancestors().find(|path| path.file_name().is_some_and(|name| name == ".formwork"));
    let top = top.unwrap_or(folder);
    for path in [top, folder] {
        make_private(path).map_err(|error| failed("make private", path, &error))?;
    }
    let ignore = top.join(".gitignore");
    if !ignore.exists() {
        write_private(&ignore, b"*\n").map_err(|error| failed("write", &ignore, &error))?;
    }
    Ok(())
}

/// Takes a folder away from everybody else; left alone where it is private already, since it may be somebody else's to change.
fn make_private(folder: &Path) -> io::Result<()> {
    if fs::metadata(folder)?.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Writes a file that only its user may read.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(bytes)
}

/// The error for a file or folder that could not be used, with the next step that fits what the system said.
pub(crate) fn failed(act: &str, path: &Path, error: &io::Error) -> StateError {
    let next = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "let the user who runs this write there, or choose another folder in [store]"
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is mounted read-only; choose another folder in [store]",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make space there and run again; what was committed is not touched"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "something that is no folder is in the way; move it, or choose another folder in [store]"
        }
        _ => "look at the disk and the system's log; choose another folder in [store] if it is broken",
    };
    StateError::File { act: act.to_owned(), path: path.to_owned(), reason: error.to_string(), next: next.to_owned() }
}

fn refuse_network(folder: &Path) -> Result<(), StateError> {
    // The folder may not be there yet: its nearest ancestor that is decides.
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let Some(real) = absolute.ancestors().find_map(|path| path.canonicalize().ok()) else { return Ok(()) };
    // Elsewhere than on Linux there is no such list and nothing is refused.
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return Ok(()) };
    match network_mount(&mounts, &real) {
        Some((mount, kind)) => Err(StateError::Network { folder: folder.to_owned(), mount, kind }),
        None => Ok(()),
    }
}

/// The mount that holds a path, when it is a network one.
fn network_mount(mounts: &str, path: &Path) -> Option<(PathBuf, String)> {
    let parsed = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        Some((unescaped(place.split(' ').nth(4)?), kind.split(' ').next()?))
    });
    // Of two mounts on one place the later one is seen, which `max_by_key` returns too.
    let (mount, kind) =
        parsed.filter(|(mount, _)| path.starts_with(mount)).max_by_key(|(mount, _)| mount.as_os_str().len())?;
    NETWORK.contains(&kind).then(|| (mount, kind.to_owned()))
}

/// A path of mountinfo, where blanks and backslashes are written in octal.
fn unescaped(text: &str) -> PathBuf {
    let mut path = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        path.push_str(before);
        match after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(code) => {
                path.push(char::from(code));
                rest = &after[3..];
            }
            None => {
                path.push('\\');
                rest = after;
            }
        }
    }
    path.push_str(rest);
    PathBuf::from(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 0:21 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:30 / /home rw - nfs4 server:/home rw
31 30 0:31 / /home/ada/local\\040disk rw - xfs /dev/vdb rw
32 22 0:32 / /mnt/share rw - cifs //server/share rw
33 22 0:33 / /mnt/far rw - fuse.sshfs ada@far: rw
34 22 0:34 / /mnt/share rw - tmpfs tmpfs rw
";

    #[test]
    fn the_mount_that_holds_the_folder_decides() {
        let kind = |path: &str| network_mount(MOUNTS, Path::new(path)).map(|(_, kind)| kind);
        assert_eq!(kind("/srv/project"), None);
        assert_eq!(kind("/home/ada/project").as_deref(), Some("nfs4"));
        assert_eq!(kind("/homestead"), None);
        assert_eq!(kind("/home/ada/local disk/project"), None);
        assert_eq!(kind("/mnt/far").as_deref(), Some("fuse.sshfs"));
        assert_eq!(kind("/mnt/share/x"), None, "a later mount hides the earlier one");
    }
}

//! Which file a call is about, named from the watched folder on.

use std::ffi::{CStr, CString};

use libc::{c_char, c_int};

/// More than any path of a test.
const LONGEST: usize = 4096;

/// The file behind a descriptor, when it is below the folder.
pub(crate) fn of_descriptor(folder: &[u8], descriptor: c_int) -> Option<Vec<u8>> {
    below(folder, &descriptor_path(descriptor)?)
}

/// The file of this name, when it is below the folder.
///
/// # Safety
/// `path` is null or ends with a zero.
pub(crate) unsafe fn of_path(folder: &[u8], from: c_int, path: *const c_char) -> Option<Vec<u8>> {
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller says so.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    if path.first() == Some(&b'/') {
        return below(folder, path);
    }
    let mut whole = if from == libc::AT_FDCWD { working_folder()? } else { descriptor_path(from)? };
    whole.push(b'/');
    whole.extend_from_slice(path);
    below(folder, &whole)
}

fn below(folder: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    match path.strip_prefix(folder)? {
        [] | [b'/'] => Some(b".".to_vec()),
        [b'/', rest @ ..] => Some(rest.to_vec()),
        _ => None,
    }
}

fn descriptor_path(descriptor: c_int) -> Option<Vec<u8>> {
    let link = CString::new(format!("/proc/self/fd/{descriptor}")).ok()?;
    let mut path = vec![0_u8; LONGEST];
    // SAFETY: the link ends with a zero, the buffer is as long as is said, and both live until the call is over.
    let length =
        unsafe { libc::syscall(libc::SYS_readlinkat, libc::AT_FDCWD, link.as_ptr(), path.as_mut_ptr(), path.len()) };
    path.truncate(usize::try_from(length).ok()?);
    Some(path)
}

fn working_folder() -> Option<Vec<u8>> {
    let mut path = vec![0_u8; LONGEST];
    // SAFETY: the buffer is as long as is said and lives until the call is over.
    let length = unsafe { libc::syscall(libc::SYS_getcwd, path.as_mut_ptr(), path.len()) };
    // With the zero at its end.
    path.truncate(usize::try_from(length).ok()?.checked_sub(1)?);
    Some(path)
}

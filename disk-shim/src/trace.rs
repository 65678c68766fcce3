//! The record of calls.

use std::ffi::CString;
use std::io::Write as _;

use libc::c_int;

/// An open file.
pub(crate) struct Trace {
    descriptor: c_int,
}

impl Trace {
    /// Opens or makes it.
    pub(crate) fn open(path: &str) -> Option<Self> {
        let path = CString::new(path).ok()?;
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC;
        // SAFETY: the path ends with a zero and lives until the call is over.
        let descriptor = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o600) };
        (descriptor >= 0).then_some(Self { descriptor: c_int::try_from(descriptor).ok()? })
    }

    /// Adds a line, in one write, so that threads do not mix theirs.
    pub(crate) fn add(&self, operation: &str, file: &[u8], length: usize, result: i64) {
        let mut line = Vec::with_capacity(128);
        let _ = write!(line, "{}\t{operation}\t", now());
        line.extend_from_slice(file);
        let _ = writeln!(line, "\t{length}\t{result}");
        // SAFETY: the buffer is as long as is said and lives until the call is over.
        unsafe { libc::syscall(libc::SYS_write, self.descriptor, line.as_ptr(), line.len()) };
    }
}

fn now() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes into a value of the right type.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time) };
    time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}

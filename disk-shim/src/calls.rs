//! The functions that stand in the place of the C library's. Each makes the system call itself, so that nothing has to be looked up and
//! nothing here can call itself.

use libc::{c_char, c_int, c_long, c_uint, iovec, mode_t, off_t, off64_t, size_t, ssize_t};

use crate::place::{of_descriptor, of_path};
use crate::rule::{Deed, Rule, rule};

/// Makes a call on a file, or what was asked for instead. `make` is given how many bytes.
fn through(
    operation: &str,
    file: impl FnOnce(&Rule) -> Option<Vec<u8>>,
    length: usize,
    make: impl FnOnce(usize) -> c_long,
) -> c_long {
    let Some(rule) = rule() else { return make(length) };
    let Some(file) = file(rule) else { return make(length) };
    let result = match rule.deed(operation, &file) {
        Deed::Nothing => make(length),
        Deed::KillBefore => killed(),
        Deed::KillWithin => {
            if length > 0 {
                make(length / 2);
            }
            killed()
        }
        Deed::KillAfter => {
            let result = make(length);
            record(rule, operation, &file, length, result);
            killed()
        }
        Deed::Fail(number) => {
            // SAFETY: the place of this thread's number of the last error.
            unsafe { *libc::__errno_location() = number };
            -1
        }
    };
    record(rule, operation, &file, length, result);
    result
}

fn record(rule: &Rule, operation: &str, file: &[u8], length: usize, result: c_long) {
    let Some(trace) = &rule.trace else { return };
    // SAFETY: the place of this thread's number of the last error, which the caller is to find as the call left it.
    let number = unsafe { *libc::__errno_location() };
    trace.add(operation, file, length, if result < 0 { -i64::from(number) } else { result });
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = number };
}

/// Ends the process as `kill -9` does: nothing of it runs any more.
fn killed() -> ! {
    // SAFETY: plain numbers. The signal cannot be caught, and the call does not return.
    unsafe {
        libc::syscall(libc::SYS_kill, libc::getpid(), libc::SIGKILL);
        libc::_exit(137)
    }
}

/// What a caller of the C library gets.
fn as_int(result: c_long) -> c_int {
    c_int::try_from(result).unwrap_or(-1)
}

fn opened(from: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: what the caller of `open` gave.
    let make = |_| unsafe { libc::syscall(libc::SYS_openat, from, path, flags, c_uint::from(mode)) };
    if flags & (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) == 0 {
        return as_int(make(0));
    }
    // SAFETY: a path that is opened ends with a zero.
    as_int(through("open", |rule| unsafe { of_path(&rule.folder, from, path) }, 0, make))
}

fn written(descriptor: c_int, bytes: *const u8, length: size_t, place: Option<off64_t>) -> ssize_t {
    let file = |rule: &Rule| of_descriptor(&rule.folder, descriptor);
    // SAFETY: what the caller of `write` gave, or less of it.
    let result = match place {
        None => through("write", file, length, |length| unsafe {
            libc::syscall(libc::SYS_write, descriptor, bytes, length)
        }),
        Some(place) => through("pwrite", file, length, |length| unsafe {
            libc::syscall(libc::SYS_pwrite64, descriptor, bytes, length, place)
        }),
    };
    ssize_t::try_from(result).unwrap_or(-1)
}

fn cut(descriptor: c_int, length: off64_t) -> c_int {
    let file = |rule: &Rule| of_descriptor(&rule.folder, descriptor);
    // SAFETY: plain numbers.
    as_int(through("ftruncate", file, 0, |_| unsafe { libc::syscall(libc::SYS_ftruncate, descriptor, length) }))
}

/// In the place of `open`. Its third argument is there only where a file may be made, and is not looked at elsewhere.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    opened(libc::AT_FDCWD, path, flags, mode)
}

/// In the place of `open64`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    opened(libc::AT_FDCWD, path, flags | libc::O_LARGEFILE, mode)
}

/// In the place of `openat`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn openat(from: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    opened(from, path, flags, mode)
}

/// In the place of `openat64`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn openat64(from: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    opened(from, path, flags | libc::O_LARGEFILE, mode)
}

/// In the place of `write`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn write(descriptor: c_int, bytes: *const u8, length: size_t) -> ssize_t {
    written(descriptor, bytes, length, None)
}

/// In the place of `writev`. Its parts are not halved: it is made or not.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn writev(descriptor: c_int, parts: *const iovec, number: c_int) -> ssize_t {
    let file = |rule: &Rule| of_descriptor(&rule.folder, descriptor);
    // SAFETY: what the caller gave.
    let make = |_| unsafe { libc::syscall(libc::SYS_writev, descriptor, parts, number) };
    ssize_t::try_from(through("write", file, 0, make)).unwrap_or(-1)
}

/// In the place of `pwrite`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pwrite(descriptor: c_int, bytes: *const u8, length: size_t, place: off_t) -> ssize_t {
    written(descriptor, bytes, length, Some(place))
}

/// In the place of `pwrite64`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn pwrite64(descriptor: c_int, bytes: *const u8, length: size_t, place: off64_t) -> ssize_t {
    written(descriptor, bytes, length, Some(place))
}

/// In the place of `fdatasync`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn fdatasync(descriptor: c_int) -> c_int {
    let file = |rule: &Rule| of_descriptor(&rule.folder, descriptor);
    // SAFETY: a plain number.
    as_int(through("fdatasync", file, 0, |_| unsafe { libc::syscall(libc::SYS_fdatasync, descriptor) }))
}

/// In the place of `fsync`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn fsync(descriptor: c_int) -> c_int {
    let file = |rule: &Rule| of_descriptor(&rule.folder, descriptor);
    // SAFETY: a plain number.
    as_int(through("fsync", file, 0, |_| unsafe { libc::syscall(libc::SYS_fsync, descriptor) }))
}

/// In the place of `sync_file_range`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn sync_file_range(descriptor: c_int, from: off64_t, length: off64_t, flags: c_uint) -> c_int {
    let file = |rule: &Rule| of_descriptor(&rule.folder, descriptor);
    // SAFETY: plain numbers.
    let make = |_| unsafe { libc::syscall(libc::SYS_sync_file_range, descriptor, from, length, flags) };
    as_int(through("sync_file_range", file, 0, make))
}

/// In the place of `ftruncate`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ftruncate(descriptor: c_int, length: off_t) -> c_int {
    cut(descriptor, length)
}

/// In the place of `ftruncate64`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ftruncate64(descriptor: c_int, length: off64_t) -> c_int {
    cut(descriptor, length)
}

/// In the place of `rename`. The file is the one that is replaced.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: a path ends with a zero.
    let file = |rule: &Rule| unsafe { of_path(&rule.folder, libc::AT_FDCWD, to) };
    // SAFETY: what the caller gave; without flags it is `rename`.
    let make = |_| unsafe { libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) };
    as_int(through("rename", file, 0, make))
}

/// In the place of `unlink`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn unlink(path: *const c_char) -> c_int {
    unlinkat(libc::AT_FDCWD, path, 0)
}

/// In the place of `unlinkat`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn unlinkat(from: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: a path ends with a zero.
    let file = |rule: &Rule| unsafe { of_path(&rule.folder, from, path) };
    // SAFETY: what the caller gave.
    as_int(through("unlink", file, 0, |_| unsafe { libc::syscall(libc::SYS_unlinkat, from, path, flags) }))
}

/// In the place of `mkdir`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: a path ends with a zero.
    let file = |rule: &Rule| unsafe { of_path(&rule.folder, libc::AT_FDCWD, path) };
    // SAFETY: what the caller gave.
    let make = |_| unsafe { libc::syscall(libc::SYS_mkdirat, libc::AT_FDCWD, path, c_uint::from(mode)) };
    as_int(through("mkdir", file, 0, make))
}

//! Stands between a process and the files below one folder: records what is done to them, fails it, or ends the process at it. For tests,
//! which load it into the very binary that users run (`LD_PRELOAD`), so that no switch for tests is in that binary.
//!
//! | variable | what |
//! | --- | --- |
//! | `DISK_SHIM_FOLDER` | absolute, without links; files elsewhere and the calls of other processes are left alone |
//! | `DISK_SHIM_TRACE` | a file that gets a line for each call: microseconds since 1970 at its end, operation, file, bytes asked for and result (negative, the number of the error, where it failed), with tabs between |
//! | `DISK_SHIM_AT` | `OPERATIONS FILE NUMBER`, such as `fdatasync log 3` or `write,pwrite * 1`: the third call of these on this file; a file is named from the folder on, which is `.` itself |
//! | `DISK_SHIM_DO` | what happens there: `kill-before`, `kill-within` (half of a write is done), `kill-after`; or `ENOSPC`, `EROFS`, `EIO`, which that call and all later ones of the kind fail with |
//!
//! Operations: `open` (for writing), `write`, `pwrite`, `fdatasync`, `fsync`, `sync_file_range`, `ftruncate`, `rename` (of the file that is
//! replaced), `unlink`, `mkdir`. Only what goes through the C library is seen, as std's and sled's calls do.
#![cfg(target_os = "linux")]
#![expect(
    unsafe_code,
    reason = "functions of the C library are replaced, and the calls they made are made in their place"
)]

mod calls;
mod place;
mod rule;
mod trace;

/// Reads the variables before `main`, and takes itself away from the processes that this one starts.
extern "C" fn begin() {
    rule::read();
    // SAFETY: no other thread runs before `main`, so nobody reads the environment meanwhile.
    unsafe { libc::unsetenv(c"LD_PRELOAD".as_ptr()) };
}

// SAFETY: the loader calls what stands in this section, functions of the C convention that return.
#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn() = begin;

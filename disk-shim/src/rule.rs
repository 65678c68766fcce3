//! What was asked for, read once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::c_int;

use crate::trace::Trace;

static RULE: OnceLock<Rule> = OnceLock::new();

/// What was asked for.
pub(crate) struct Rule {
    /// The folder that is watched.
    pub(crate) folder: Vec<u8>,
    /// Where calls are recorded.
    pub(crate) trace: Option<Trace>,
    at: Option<At>,
}

/// A call, and what happens there.
struct At {
    operations: Vec<String>,
    file: String,
    number: u64,
    deed: Deed,
    seen: AtomicU64,
}

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It is made.
    Nothing,
    /// The process ends and it is not made.
    KillBefore,
    /// Half of it is made, where it has halves, and the process ends.
    KillWithin,
    /// It is made and the process ends.
    KillAfter,
    /// It is not made and fails with this number.
    Fail(c_int),
}

/// What was asked for; nothing before it was read, and in a process that nothing was asked of.
pub(crate) fn rule() -> Option<&'static Rule> {
    RULE.get()
}

/// Reads the variables. A wish that cannot be understood ends the process: it would be a test that tests nothing.
pub(crate) fn read() {
    let Some(folder) = variable("DISK_SHIM_FOLDER") else { return };
    let at = match (variable("DISK_SHIM_AT"), variable("DISK_SHIM_DO")) {
        (None, None) => None,
        (Some(at), Some(deed)) => match At::parse(&at, &deed) {
            Some(at) => Some(at),
            None => refuse(),
        },
        _ => refuse(),
    };
    let trace = variable("DISK_SHIM_TRACE").map(|path| Trace::open(&path).unwrap_or_else(|| refuse()));
    let _ = RULE.set(Rule { folder: folder.into_bytes(), trace, at });
}

impl Rule {
    /// What happens at the call that is about to be made. Counts it.
    pub(crate) fn deed(&self, operation: &str, file: &[u8]) -> Deed {
        let Some(at) = &self.at else { return Deed::Nothing };
        let fits = at.operations.iter().any(|one| one == "*" || one == operation);
        if !fits || (at.file != "*" && at.file.as_bytes() != file) {
            return Deed::Nothing;
        }
        let number = at.seen.fetch_add(1, Ordering::SeqCst) + 1;
        match at.deed {
            Deed::Fail(_) if number >= at.number => at.deed,
            Deed::Fail(_) => Deed::Nothing,
            deed if number == at.number => deed,
            _ => Deed::Nothing,
        }
    }
}

impl At {
    fn parse(at: &str, deed: &str) -> Option<Self> {
        let mut words = at.split(' ');
        let (operations, file, number) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
        let deed = match deed {
            "kill-before" => Deed::KillBefore,
            "kill-within" => Deed::KillWithin,
            "kill-after" => Deed::KillAfter,
            "ENOSPC" => Deed::Fail(libc::ENOSPC),
            "EROFS" => Deed::Fail(libc::EROFS),
            "EIO" => Deed::Fail(libc::EIO),
            _ => return None,
        };
        let operations = operations.split(',').map(str::to_owned).collect();
        words.next().is_none().then(|| Self {
            operations,
            file: file.to_owned(),
            number,
            deed,
            seen: AtomicU64::new(0),
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment is the only way in: this is loaded into a program that does not know of it"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn refuse() -> ! {
    const WORDS: &[u8] = b"disk-shim: DISK_SHIM_AT, DISK_SHIM_DO or DISK_SHIM_TRACE cannot be used as it is\n";
    // SAFETY: the bytes are constant and as many as is said; `_exit` takes any number.
    unsafe {
        libc::syscall(libc::SYS_write, 2, WORDS.as_ptr(), WORDS.len());
        libc::_exit(127)
    }
}

//! [`emulator`]: starts LocalStack once for a test process.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use formwork_emulator::{Config, Emulator, Lifetime};

/// The emulator of this process, started with the first call and gone with the process. `folder` holds its log.
///
/// Several test processes of one folder share it: each of them keeps it alive.
///
/// # Panics
/// When it cannot be started: a test that needs it fails then, and is not skipped.
pub fn emulator(folder: &Path) -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| {
        Emulator::ensure(&config(folder), &mut |_| {}).unwrap_or_else(|error| panic!("the emulator: {error}"))
    })
}

fn config(folder: &Path) -> Config {
    Config {
        cache: cache(),
        run: folder.join("emulator"),
        port: None,
        lifetime: Lifetime::WithParent(std::process::id()),
        python: variable("FORMWORK_PYTHON").map(PathBuf::from),
    }
}

/// The folder that `--local` uses too, so that LocalStack is installed once for both.
pub fn cache() -> PathBuf {
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    cache.unwrap_or_else(|| PathBuf::from(".cache")).join("formwork")
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests run outside the sdk, which reads the environment for everybody else"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

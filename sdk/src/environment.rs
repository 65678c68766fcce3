//! The environment, read here and nowhere else: what a plan depends on is the program, its configuration and what stands in this file.

use std::path::PathBuf;

/// What a run takes from the process's environment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Environment;

impl Environment {
    /// A variable that is set and not empty.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
    pub(crate) fn variable(self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// The region that the standard AWS chain would take from the environment, with the variable's name.
    pub(crate) fn aws_region(self) -> Option<(&'static str, String)> {
        ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| Some((name, self.variable(name)?)))
    }

    /// The profile that the standard AWS chain would take from the environment.
    pub(crate) fn aws_profile(self) -> Option<String> {
        self.variable("AWS_PROFILE")
    }

    /// An endpoint other than AWS's own for all services.
    pub(crate) fn aws_endpoint(self) -> Option<String> {
        self.variable("AWS_ENDPOINT_URL")
    }

    /// Whether colour is unwanted (<https://no-color.org>) or the terminal cannot do it.
    pub(crate) fn no_colour(self) -> bool {
        self.variable("NO_COLOR").is_some() || self.dumb_terminal()
    }

    /// Whether the terminal says that it can only write lines.
    pub(crate) fn dumb_terminal(self) -> bool {
        self.variable("TERM").is_some_and(|term| term == "dumb")
    }

    /// The Python that the emulator shall use.
    pub(crate) fn python(self) -> Option<PathBuf> {
        self.variable("FORMWORK_PYTHON").map(PathBuf::from)
    }

    /// The folder for what may be made again: `$XDG_CACHE_HOME`, or `~/.cache`.
    pub(crate) fn cache_folder(self) -> Option<PathBuf> {
        let home = || self.variable("HOME").map(|home| PathBuf::from(home).join(".cache"));
        self.variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)
    }

    /// What to log, in the syntax of `tracing-subscriber`'s filter, such as `formwork=debug`.
    pub(crate) fn log_filter(self) -> Option<String> {
        self.variable("FORMWORK_LOG")
    }

    /// The folder of the manifest, when cargo runs the program.
    pub(crate) fn manifest_folder(self) -> Option<PathBuf> {
        self.variable("CARGO_MANIFEST_DIR").map(PathBuf::from)
    }

    /// How this program was called, for a next command that can be typed as it is shown.
    pub(crate) fn invocation(self) -> String {
        if let (Some(package), Some(_)) = (self.variable("CARGO_PKG_NAME"), self.manifest_folder()) {
            return format!("cargo run -p {package} --");
        }
        std::env::args().next().unwrap_or_else(|| "formwork".to_owned())
    }

    /// The user's name.
    pub(crate) fn user(self) -> String {
        self.variable("USER").or_else(|| self.variable("LOGNAME")).unwrap_or_else(|| "unknown".to_owned())
    }

    /// The machine's name.
    pub(crate) fn host(self) -> String {
        line_of("/proc/sys/kernel/hostname")
            .or_else(|| self.variable("HOSTNAME"))
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// Which boot of the machine this is; empty where the system does not say.
    pub(crate) fn boot(self) -> String {
        line_of("/proc/sys/kernel/random/boot_id").unwrap_or_default()
    }

    /// Whether the process was begun to outlive its terminal (`nohup`). Where the system does not say, it was not.
    pub(crate) fn ignores_hangup(self) -> bool {
        std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_first_signal(&status))
    }

    /// The folder that the command was given in.
    pub(crate) fn current_folder(self) -> PathBuf {
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
    }
}

/// Whether the kernel's status of a process lists signal 1, SIGHUP, among the ignored ones.
fn ignores_first_signal(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.is_some_and(|mask| mask.trim().ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']))
}

fn line_of(file: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_bit_of_the_mask_is_hangup() {
        assert!(ignores_first_signal("Name:\ta\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000"));
        assert!(!ignores_first_signal("Name:\ta\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000001"));
        assert!(!ignores_first_signal("Name:\ta"));
    }
}

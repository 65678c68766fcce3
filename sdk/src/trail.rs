//! What is said beside a run, for whoever looks for a fault: inner records where the environment asks for them, and panics. Both go to
//! stderr, and through the mask of the terminal.

use std::io;
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::environment::Environment;
use crate::terminal::Terminal;

/// Crates that write whole requests and answers at their finer levels, with every password in them, and how far each may go whatever the
/// environment asks for. What was called, and what came of it, they say at these levels too.
const BELOW: &[(&str, LevelFilter)] = &[
    ("aws_", LevelFilter::INFO),
    ("h2", LevelFilter::INFO),
    ("hyper", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("tokio_rustls", LevelFilter::INFO),
    ("tower", LevelFilter::INFO),
    ("ureq", LevelFilter::INFO),
];

/// Shows the program's inner records where the environment asks for it.
pub(crate) fn records(environment: Environment, terminal: &Terminal) {
    let Some(filter) = environment.log_filter() else { return };
    let silent = filter_fn(|metadata| *metadata.level() <= furthest(metadata.target()));
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Masked { terminal: terminal.clone() })
        .with_ansi(false)
        // A stderr that is gone is nothing to complain about on stderr: that would be a panic.
        .log_internal_errors(false)
        .with_filter(EnvFilter::new(filter).and(silent));
    // Somebody else may listen already, when this runs inside another program.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// How far the records of a crate may go.
fn furthest(target: &str) -> LevelFilter {
    let known = BELOW.iter().find(|(name, _)| target.starts_with(name));
    known.map_or(LevelFilter::TRACE, |(_, level)| *level)
}

/// Says where a panic was and what it said, without the secrets that are known. Values in it may be a program's own.
pub(crate) fn panics(terminal: &Terminal) {
    let terminal = terminal.clone();
    std::panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        let said = panic.payload_as_str().unwrap_or("(no words)");
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        terminal.say(&format!("panicked{place}: {said}"));
        let trace = std::backtrace::Backtrace::capture();
        if trace.status() == std::backtrace::BacktraceStatus::Captured {
            terminal.say(&trace.to_string());
        }
    }));
}

/// Writes records to the terminal's stderr, one at a time.
#[derive(Clone)]
struct Masked {
    terminal: Terminal,
}

impl io::Write for Masked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The layer hands over one whole record at a time.
        self.terminal.say(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Masked {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_that_write_bodies_are_kept_short_and_ours_are_not() {
        for target in
            ["aws_smithy_runtime::client::orchestrator", "aws_sigv4::http_request", "hyper_util::client", "h2"]
        {
            assert_eq!(furthest(target), LevelFilter::INFO, "{target}");
        }
        assert_eq!(furthest("formwork_engine::apply"), LevelFilter::TRACE);
        assert_eq!(furthest("stacks"), LevelFilter::TRACE);
    }

    #[test]
    fn records_are_masked() {
        use io::Write as _;
        let (terminal, kept) = Terminal::keeping();
        terminal.mask().learn_text("hunter2-of-the-test");
        Masked { terminal }.write_all(b"TRACE stacks: got hunter2-of-the-test\n").unwrap();
        assert_eq!(kept.lock().unwrap().err, "TRACE stacks: got (secret)\n");
    }
}

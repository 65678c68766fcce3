//! The terminal: the one place that prints, knows how wide a line is, whether colour is wanted, and whether somebody is there to answer.
//!
//! Data goes to stdout, everything else to stderr. A reader that went away (`| head`) is no error: the rest is not written.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use formwork_engine::mask::Mask;
use zeroize::Zeroizing;

use crate::environment::Environment;
use crate::render::Look;

/// How wide a line is where nobody says.
const WIDTH_WITHOUT_TERMINAL: usize = 100;
/// Narrower than this is taken as this: below it no layout is of use.
const NARROWEST: usize = 40;
/// Wider lines are hard to read.
const WIDEST: usize = 140;

/// Stdout, stderr and stdin of a run.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    out: Look,
    err: Look,
    live: bool,
    answers: bool,
    kept: Option<Arc<Mutex<Kept>>>,
    mask: Mask,
}

/// What a run wrote, when it wrote into memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Terminal {
    /// The process's own, as it was given.
    pub(crate) fn detect(environment: Environment) -> Self {
        let look = |term: &console::Term, is_terminal: bool| Look {
            width: match term.size_checked() {
                Some((_, columns)) if is_terminal => usize::from(columns).clamp(NARROWEST, WIDEST),
                _ => WIDTH_WITHOUT_TERMINAL,
            },
            colour: is_terminal && !environment.no_colour(),
        };
        let err_is_terminal = io::stderr().is_terminal();
        Self {
            out: look(&console::Term::stdout(), io::stdout().is_terminal()),
            err: look(&console::Term::stderr(), err_is_terminal),
            live: err_is_terminal && !environment.dumb_terminal(),
            answers: io::stdin().is_terminal() && err_is_terminal,
            kept: None,
            mask: Mask::default(),
        }
    }

    /// The secrets that are kept out of what is said: whoever comes to know one adds it. Data is printed as it is, since a secret may be asked
    /// for there.
    pub(crate) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Keeps what is written, as a pipe of 100 columns would get it; nobody answers.
    #[cfg(test)]
    pub(crate) fn keeping() -> (Self, Arc<Mutex<Kept>>) {
        let look = Look { width: WIDTH_WITHOUT_TERMINAL, colour: false };
        let kept = Arc::new(Mutex::new(Kept::default()));
        (
            Self { out: look, err: look, live: false, answers: false, kept: Some(kept.clone()), mask: Mask::default() },
            kept,
        )
    }

    /// How data on stdout looks.
    pub(crate) fn out_look(&self) -> Look {
        self.out
    }

    /// How everything else looks.
    pub(crate) fn err_look(&self) -> Look {
        self.err
    }

    /// Whether progress may move the cursor.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// Whether somebody can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        self.answers
    }

    /// Writes data to stdout.
    pub(crate) fn data(&self, text: &str) {
        match &self.kept {
            Some(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).out.push_str(&ended(text)),
            None => deliver(&mut io::stdout().lock(), text),
        }
    }

    /// Writes something about the run to stderr.
    pub(crate) fn say(&self, text: &str) {
        let text = &self.mask.text(text);
        match &self.kept {
            Some(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).err.push_str(&ended(text)),
            None => deliver(&mut io::stderr().lock(), text),
        }
    }

    /// Asks a question and takes a line; `None` when the input ends or nobody can be asked.
    pub(crate) fn ask(&self, question: &str) -> Option<String> {
        if !self.answers {
            return None;
        }
        let mut err = io::stderr().lock();
        // A terminal that cannot be written to cannot answer either: reading then ends at once.
        let _ = err.write_all(question.as_bytes()).and_then(|()| err.flush());
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim().to_owned()),
        }
    }
}

impl Terminal {
    /// Asks for something that must not be seen while it is typed; `None` when the input ends or nobody can be asked.
    pub(crate) fn ask_hidden(&self, question: &str) -> Option<Zeroizing<String>> {
        if !self.answers {
            return None;
        }
        let mut err = io::stderr().lock();
        let _ = err.write_all(question.as_bytes()).and_then(|()| err.flush());
        drop(err);
        console::Term::stderr().read_secure_line().ok().map(Zeroizing::new)
    }
}

/// The text with an end of line, unless it has one or is empty.
fn ended(text: &str) -> String {
    format!("{text}{}", if text.ends_with('\n') || text.is_empty() { "" } else { "\n" })
}

/// Writes a text. A write that fails has no reader any more (a closed pipe, a full disk under a redirection): there is nobody left
/// to tell.
fn deliver(stream: &mut impl io::Write, text: &str) {
    let _ = stream.write_all(ended(text).as_bytes()).and_then(|()| stream.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        deliver(&mut Closed, "text");
        let mut kept = Vec::new();
        deliver(&mut kept, "text");
        deliver(&mut kept, "");
        assert_eq!(kept, b"text\n");
    }
}

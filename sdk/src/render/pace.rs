//! Calls that wait for their turn, in a line.

use formwork_engine::kind::Throttled;

use super::{duration, plural};

/// `ec2 eu-west-1: 12 calls wait, 3.2/s after throttling`.
pub(crate) fn waiting(service: &str, region: &str, waiting: usize, rate: f64, throttled: bool) -> String {
    let verb = if waiting == 1 { "waits" } else { "wait" };
    let why = if throttled { " after throttling" } else { "" };
    format!("{service} {region}: {} {verb}, {}{why}", plural(waiting, "call"), per_second(rate))
}

/// What came of a run's throttling, in a sentence for each place.
pub(crate) fn throttled(one: &Throttled) -> String {
    let Throttled { service, region, mutate, refused, slowest, waited } = one;
    let what = if *mutate { "changing" } else { "reading" };
    format!(
        "{service} {region} refused {} for {what} too fast: down to {}, its calls waited {} in all",
        plural(usize::try_from(*refused).unwrap_or(usize::MAX), "call"),
        per_second(*slowest),
        duration(*waited)
    )
}

/// Whole from ten on, a tenth below, a hundredth below one.
fn per_second(rate: f64) -> String {
    let digits = match rate {
        rate if rate >= 10.0 => 0,
        rate if rate >= 1.0 => 1,
        _ => 2,
    };
    format!("{rate:.digits$}/s")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use formwork_engine::event::{Consumer as _, Event};
    use formwork_engine::testing::ScriptedClock;

    use super::*;
    use crate::render::{Progress, Telling};
    use crate::terminal::{Kept, Terminal};

    #[test]
    fn what_waits_where_and_why_is_one_line() {
        assert_eq!(waiting("ec2", "eu-west-1", 12, 3.2, true), "ec2 eu-west-1: 12 calls wait, 3.2/s after throttling");
        assert_eq!(waiting("iam", "global", 1, 20.0, false), "iam global: 1 call waits, 20/s");
        assert_eq!(waiting("ec2", "eu-west-1", 2, 0.3, false), "ec2 eu-west-1: 2 calls wait, 0.30/s");
    }

    #[test]
    fn the_end_says_how_much_it_was() {
        let one = Throttled {
            service: "ec2".to_owned(),
            region: "eu-west-1".to_owned(),
            mutate: true,
            refused: 14,
            slowest: 1.25,
            waited: Duration::from_secs(90),
        };
        let said = "ec2 eu-west-1 refused 14 calls for changing too fast: down to 1.2/s, its calls waited";
        assert!(throttled(&one).starts_with(said), "{}", throttled(&one));
    }

    /// What a run tells of calls that begin to wait, wait on, come to an end, and wait again.
    fn told(telling: Telling) -> Kept {
        let (terminal, kept) = Terminal::keeping();
        let progress = Progress::new(terminal, telling, Arc::new(ScriptedClock::new()));
        for waiting in [2, 7, 0, 1] {
            progress.consume(&Event::CallsPaced {
                service: "ec2".to_owned(),
                region: "eu-west-1".to_owned(),
                mutate: true,
                rate: 2.5,
                waiting,
                throttled: true,
            });
        }
        let kept = kept.lock().unwrap();
        kept.clone()
    }

    #[test]
    fn plain_lines_tell_of_a_place_once_a_minute_and_machines_are_told_everything() {
        assert_eq!(told(Telling::Lines).err, "  . ec2 eu-west-1: 2 calls wait, 2.5/s after throttling\n");
        let lines = told(Telling::Json).out;
        let first = r#"{"version":1,"event":"calls_paced","service":"ec2","region":"eu-west-1","mutate":true,"calls_per_second":2.5,"waiting":2,"throttled":true}"#;
        assert_eq!(lines.lines().next(), Some(first));
        assert_eq!(lines.lines().count(), 4);
    }
}

//! Every registered type, killed in its whole life ([`whole`]) or at one call of each part of it ([`sample`]).

use anyhow::{Context as _, Result};
use formwork_engine::Stack;

use super::{Declared, Kills, Mode};

/// How many cases the example of a type has.
///
/// # Errors
/// When the type is not registered.
pub fn cases(kind: &str) -> Result<usize> {
    let example = formwork_aws::examples().into_iter().find(|example| example.kind == kind);
    let example = example.with_context(|| format!("{kind} is not registered"))?;
    let mut stack = Stack::new("kills", "kills", std::collections::BTreeMap::new());
    Ok((example.describe)(&mut stack).cases.len())
}

/// One kill of each part of its life: the answer of the create lost, its first change executed late, its delete cut short; and a create that
/// nobody declares any more when the next run comes.
///
/// # Errors
/// When the emulator does not answer, or what the example needs does not come up.
pub fn sample(kills: &mut Kills) -> Result<()> {
    let cases = cases(&kills.kind)?;
    let mut run = kills.standing()?;
    run.declare(Declared::Cases(0));
    kills.once(&run, "create", Mode::After)?;
    run.declare(Declared::Bare);
    kills.finish(&run, "create killed after its first call, then not declared any more")?;
    run.declare(Declared::Cases(0));
    kills.once(&run, "create", Mode::Late)?;
    kills.finish(&run, "create killed at its first call, which is executed late")?;
    if cases > 0 {
        run.declare(Declared::Cases(1));
        kills.once(&run, "case 1", Mode::Late)?;
        kills.finish(&run, "case 1 killed at its first call, which is executed late")?;
    }
    run.declare(Declared::Bare);
    kills.once(&run, "delete", Mode::After)?;
    kills.finish(&run, "delete killed after its first call")
}

/// Its whole life in each mode: every run is killed at its next call, those that recover too. Then, for each case, a program that has gone on
/// by another one when the next run comes.
///
/// # Errors
/// When the emulator does not answer, or what the example needs does not come up.
pub fn whole(kills: &mut Kills, modes: &[Mode]) -> Result<()> {
    let cases = cases(&kills.kind)?;
    for mode in modes {
        let mut run = kills.standing()?;
        for case in 0..=cases {
            run.declare(Declared::Cases(case));
            let phase = if case == 0 { "create".to_owned() } else { format!("case {case}") };
            kills.at_every_call(&run, &phase, *mode)?;
        }
        run.declare(Declared::Bare);
        kills.at_every_call(&run, "delete", *mode)?;
        run.declare(Declared::Nothing);
        kills.finish(&run, "the rest is deleted")?;
    }
    for mode in [Mode::After, Mode::Late] {
        let mut run = kills.standing()?;
        run.declare(Declared::Cases(0));
        kills.once(&run, "create", mode)?;
        run.declare(Declared::Bare);
        kills.finish(&run, &format!("create killed at its first call ({mode:?}), then not declared any more"))?;
    }
    let mut run = kills.standing()?;
    for case in (0..cases).step_by(2) {
        run.declare(Declared::Cases(case));
        kills.once(&run, &format!("case {case}"), Mode::After)?;
        run.declare(Declared::Cases(case + 1));
        kills.finish(&run, &format!("case {case} killed after its first call, then case {} declared", case + 1))?;
    }
    Ok(())
}

//! What is asked before anything is changed.

use formwork_engine::error::Turn;
use formwork_engine::{Error, Urn};

use crate::render::wrapped;
use crate::terminal::Terminal;

/// Asks for consent to each thing of the plan that needs it: the name must be typed. Answers what was consented to.
///
/// # Errors
/// When consent was not given, or nobody can be asked.
pub(super) fn consents(unmet: &[(Urn, String)], terminal: &Terminal) -> Result<Vec<Urn>, Error> {
    let mut given = Vec::new();
    for (urn, sentence) in unmet {
        let look = terminal.err_look();
        terminal.say(&wrapped(sentence, look.width, "! ", "  "));
        match terminal.ask(&format!("  type `{}` to consent: ", urn.name())) {
            Some(answer) if answer == urn.name() || answer == urn.path() || answer == urn.as_str() => {
                given.push(urn.clone());
            }
            Some(_) => return Err(refused("consent was not given", unmet)),
            None => return Err(refused("it needs consent, and there is no terminal to ask on", unmet)),
        }
    }
    Ok(given)
}

/// The refusal of what needs consent, with the flags that would give it.
pub(super) fn refused(reason: &str, unmet: &[(Urn, String)]) -> Error {
    let (gone, deleted): (Vec<_>, Vec<_>) = unmet.iter().partition(|(_, sentence)| sentence.contains("--accept-gone"));
    let paths = |list: &[&(Urn, String)]| list.iter().map(|(urn, _)| urn.path()).collect::<Vec<_>>().join(" ");
    let mut error = Error::new(Turn::Refused, "begin", reason);
    if !deleted.is_empty() {
        error = error.hint(format!("add --allow-delete {}", paths(&deleted)));
    }
    if !gone.is_empty() {
        error = error.hint(format!("add --accept-gone {}", paths(&gone)));
    }
    error
}

/// Asks whether to do what was shown.
///
/// # Errors
/// When the answer is not `yes`, or nobody can be asked.
pub(super) fn go_ahead(question: &str, terminal: &Terminal) -> Result<(), Error> {
    if !terminal.can_ask() {
        return Err(Error::new(Turn::Refused, "begin", "there is no terminal to ask on, and no --yes")
            .hint("look at the plan above, then run the same command with --yes"));
    }
    match terminal.ask(&format!("\n{question} Type `yes` to go on: ")) {
        Some(answer) if answer.eq_ignore_ascii_case("yes") => Ok(()),
        _ => Err(Error::new(Turn::Refused, "begin", "the answer was not `yes`; nothing was changed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_engine::error::exit;

    #[test]
    fn nobody_to_ask_is_a_refusal() {
        let (terminal, _) = Terminal::keeping();
        assert_eq!(go_ahead("Do it?", &terminal).unwrap_err().exit_code(), exit::REFUSED);
        let urn: Urn = "prod::data/db::aws:rds/instance".parse().unwrap();
        let error = consents(&[(urn, "would be deleted".into())], &terminal).unwrap_err();
        assert_eq!((error.exit_code(), error.hints), (exit::REFUSED, vec!["add --allow-delete data/db".to_owned()]));
    }
}

//! What AWS would refuse of a plan, by resource.
//!
//! ```text
//! AWS would refuse this in 2 places; nothing was changed
//!
//!   ! network/private-1  ec2/subnet  src/prod.rs:40
//!       `cidr_block` 10.1.0.0/24 lies outside of network/main, which has 10.0.0.0/16
//!       hint: choose a part of 10.0.0.0/16
//! ```

use formwork_engine::preflight::Problem;

use super::{Ink, Look, plural, wrapped};

/// The text of a plan's problems, with an end of line; empty when there are none. A hint that several problems of one resource share is said once.
pub fn problems(problems: &[Problem], look: Look) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let places = plural(problems.len(), "place");
    let mut text =
        format!("\n{}\n", look.paint(Ink::Bad, &format!("AWS would refuse this in {places}; nothing was changed")));
    for of_one in problems.chunk_by(|one, next| one.urn == next.urn) {
        let Some(first) = of_one.first() else { continue };
        let kind = first.urn.kind();
        let source = first.source.as_ref().map(|line| format!("  {line}")).unwrap_or_default();
        text.push_str(&format!(
            "\n{}\n",
            wrapped(&format!("{}  {}{source}", first.urn.path(), kind.short()), look.width, "  ! ", "      ")
        ));
        for (at, problem) in of_one.iter().enumerate() {
            text.push_str(&wrapped(&problem.reason, look.width, "      ", "        "));
            text.push('\n');
            if of_one.get(at + 1).is_none_or(|next| next.hint != problem.hint) {
                text.push_str(&wrapped(&problem.hint, look.width, "      hint: ", "        "));
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use formwork_engine::Urn;

    use super::*;

    #[test]
    fn problems_stand_under_their_resource_with_its_line_and_a_shared_hint_once() {
        let urn: Urn = "prod::network/private-1::aws:ec2/subnet".parse().unwrap();
        let source = formwork_engine::SourceLine::here();
        let problem = |reason: &str| Problem {
            urn: urn.clone(),
            source: Some(source.clone()),
            reason: reason.to_owned(),
            hint: "choose another".to_owned(),
        };
        let text = problems(&[problem("`a` is wrong"), problem("`b` is wrong")], Look::default());
        assert_eq!(
            text,
            format!(
                "\nAWS would refuse this in 2 places; nothing was changed\n\n  ! network/private-1  ec2/subnet  {source}\n      \
             `a` is wrong\n      `b` is wrong\n      hint: choose another\n"
            )
        );
        assert_eq!(problems(&[], Look::default()), "");
    }
}

//! Names in DNS: Route 53 answers them in small letters, with a dot at the end, and with unusual characters as octal numbers.

/// A name in the one spelling in which it is compared and recorded: small letters, no dot at the end, `*` and the like as themselves.
pub(super) fn canonical(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()).map(char::from);
        match code {
            // A dot or a backslash inside of a label is something else than one by itself.
            Some(character) if character.is_ascii_graphic() && !matches!(character, '.' | '\\') => {
                plain.push(character);
                rest = &after[3..];
            }
            _ => {
                plain.push('\\');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain.strip_suffix('.').unwrap_or(&plain).to_ascii_lowercase()
}

/// Whether two names are the same.
#[expect(clippy::ptr_arg, reason = "an equality takes references to the type of its field")]
pub(super) fn same(wanted: &String, found: &String) -> bool {
    canonical(wanted) == canonical(found)
}

/// The longest string in a record; DNS counts its length in one byte.
const STRING: usize = 255;

/// A text as TXT records want it: in quotation marks, and in pieces where it is longer than 255 characters.
///
/// ```
/// assert_eq!(formwork_aws::route53::quoted("v=spf1 -all"), r#""v=spf1 -all""#);
/// ```
pub fn quoted(text: &str) -> String {
    let mut pieces = vec![String::new()];
    let mut length = 0;
    for character in text.chars() {
        if length + character.len_utf8() > STRING {
            pieces.push(String::new());
            length = 0;
        }
        length += character.len_utf8();
        let piece = pieces.last_mut();
        if let Some(piece) = piece {
            if matches!(character, '"' | '\\') {
                piece.push('\\');
            }
            piece.push(character);
        }
    }
    let pieces: Vec<String> = pieces.into_iter().map(|piece| format!("\"{piece}\"")).collect();
    pieces.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_all_spellings() {
        let same = |a: &str, b: &str| same(&a.to_owned(), &b.to_owned());
        assert!(same("Example.COM", "example.com."));
        assert!(same("*.example.com", "\\052.example.com."));
        assert!(same("_a@b.example.com", "_a\\100b.example.com."));
        assert!(!same("a\\056b.example.com", "a.b.example.com"));
        assert!(!same("*.example.com", "example.com"));
        assert_eq!(canonical("a\\"), "a\\");
        assert_eq!(canonical("a\\9"), "a\\9");
    }

    #[test]
    fn a_text_is_quoted_and_a_long_one_in_pieces() {
        assert_eq!(quoted(r#"say "hi" \o/"#), r#""say \"hi\" \\o/""#);
        let long = quoted(&"k".repeat(300));
        assert_eq!(long, format!("\"{}\" \"{}\"", "k".repeat(255), "k".repeat(45)));
        assert_eq!(quoted(""), "\"\"");
    }
}

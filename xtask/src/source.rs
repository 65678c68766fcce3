//! One Rust file as the house rules see it: lines of code, without what comments and strings say.

use std::ops::Range;

/// A Rust source file, prepared for rules that look for words in its code.
#[derive(Debug)]
pub(crate) struct Source {
    /// The path from the root of the repository, with `/`.
    pub path: String,
    /// The code. Comments and the insides of string and character literals are blanks, so every byte
    /// that is left stands where it stood and line numbers hold.
    pub code: String,
    tests: Vec<Range<usize>>,
}

impl Source {
    /// Prepares a file.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = blank_comments_and_literals(text);
        let tests = test_modules(&code);
        Self { path: path.to_owned(), code, tests }
    }

    /// The same, for a file that another one declares as a `#[cfg(test)]` module: all of it.
    pub(crate) fn all_test(self) -> Self {
        Self { tests: std::iter::once(0..self.code.len()).collect(), ..self }
    }

    /// The files that this one declares as `#[cfg(test)]` modules.
    pub(crate) fn test_files(&self) -> Vec<String> {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let beneath = match name {
            "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
            name => format!("{folder}/{}", name.trim_end_matches(".rs")),
        };
        let declared = self.tests.iter().filter_map(|range| self.code[range.clone()].strip_suffix(';'));
        let modules = declared.filter_map(|item| item.rsplit_once("mod ")).map(|(_, module)| module.trim());
        modules.map(|module| format!("{beneath}/{module}.rs")).collect()
    }

    /// How many lines the file has.
    pub(crate) fn lines(&self) -> usize {
        self.code.lines().count()
    }

    /// The line, counted from one, of a byte of the code.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Whether a byte of the code belongs to tests: a `#[cfg(test)]` item (a file that such an
    /// item names included), a `tests` folder or file, or one of the crates that are tests and measurements as a whole.
    pub(crate) fn is_test(&self, at: usize) -> bool {
        let whole = self.path.starts_with("localstack-tests/")
            || self.path.starts_with("bench/")
            || self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
            || self.path.ends_with("_tests.rs");
        whole || self.tests.iter().any(|range| range.contains(&at))
    }

    /// Where a word stands in the code, as a whole word at both ends that are letters.
    pub(crate) fn find<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            let joins = |inside: Option<char>, outside: Option<char>| {
                inside.is_some_and(is_word) && outside.is_some_and(is_word)
            };
            !joins(word.chars().next(), before) && !joins(word.chars().next_back(), after)
        })
    }

    /// Every identifier of the code with its place.
    pub(crate) fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .split(|c: char| !is_word(c))
            .filter(|word| !word.is_empty())
            .map(|word| (word.as_ptr() as usize - self.code.as_ptr() as usize, word))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Replaces comments, and what stands between the quotes of literals, by blanks of the same length.
fn blank_comments_and_literals(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let blank = if rest.starts_with(b"//") {
            at..at + rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            at..at + block_comment(rest)
        } else if let Some((start, end, next)) = literal(bytes, at) {
            for byte in &mut code[start..end] {
                blank_byte(byte);
            }
            at = next;
            continue;
        } else {
            at += 1;
            continue;
        };
        at = blank.end;
        for byte in &mut code[blank] {
            blank_byte(byte);
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

fn blank_byte(byte: &mut u8) {
    if *byte != b'\n' {
        *byte = b' ';
    }
}

/// The length of the block comment that begins here. They nest.
fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The inside of the literal that begins here, and where the code goes on.
fn literal(bytes: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let inside_word = at > 0 && is_word(bytes[at - 1] as char);
    match bytes[at] {
        b'"' => {
            let end = quoted(bytes, at + 1, b'"');
            Some((at + 1, end, end + 1))
        }
        b'r' | b'b' | b'c' if !inside_word => raw_string(bytes, at),
        b'\'' => {
            // 'a', '\n' and 'é' are characters; 'a without a closing quote is a lifetime.
            let escaped = bytes.get(at + 1) == Some(&b'\\');
            let end = if escaped {
                quoted(bytes, at + 1, b'\'')
            } else {
                let wide = std::str::from_utf8(&bytes[at + 1..]).ok()?.chars().next()?.len_utf8();
                at + 1 + wide
            };
            (bytes.get(end) == Some(&b'\'')).then_some((at + 1, end, end + 1))
        }
        _ => None,
    }
}

/// Where the closing quote stands, escapes skipped.
fn quoted(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// `r"…"`, `r#"…"#`, `br"…"` and so on.
fn raw_string(bytes: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let prefix = bytes[at..].iter().take_while(|b| matches!(b, b'r' | b'b' | b'c')).count();
    if !bytes[at..at + prefix].contains(&b'r') {
        return None;
    }
    let hashes = bytes[at + prefix..].iter().take_while(|&&b| b == b'#').count();
    let start = at + prefix + hashes;
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    let closing: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let length = bytes[start + 1..].windows(closing.len()).position(|part| part == closing)?;
    let end = start + 1 + length;
    Some((start + 1, end, end + closing.len()))
}

/// The items behind `#[cfg(test)]`, from the attribute to the closing brace or semicolon.
fn test_modules(code: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (start, attribute) in code.match_indices("#[cfg(test)]") {
        let (mut depth, mut end) = (0usize, code.len());
        for (at, c) in code[start + attribute.len()..].char_indices() {
            let here = start + attribute.len() + at + c.len_utf8();
            match c {
                '{' => depth += 1,
                '}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        end = here;
                        break;
                    }
                }
                ';' if depth == 0 => {
                    end = here;
                    break;
                }
                _ => {}
            }
        }
        ranges.push(start..end);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::new("engine/src/a.rs", text).code
    }

    #[test]
    fn comments_are_blank_and_lines_hold() {
        assert_eq!(code("a // b\nc /* d /* e */ f\n */ g"), "a     \nc               \n    g");
    }

    #[test]
    fn literals_keep_their_quotes_only() {
        assert_eq!(code(r#"f("a\"b // c", 'x', '\'', 'é')"#), r#"f("         ", ' ', '  ', '  ')"#);
        assert_eq!(code(r###"f(r#"a"b"#, br"c")"###), r###"f(r#"   "#, br" ")"###);
    }

    #[test]
    fn a_lifetime_is_no_character() {
        assert_eq!(code("fn f<'a>(x: &'a str) -> &'a str { \"b\" }"), "fn f<'a>(x: &'a str) -> &'a str { \" \" }");
    }

    #[test]
    fn an_identifier_that_begins_like_a_raw_string_is_none() {
        assert_eq!(code("break bar(\"x\")"), "break bar(\" \")");
    }

    #[test]
    fn only_the_test_module_counts_as_test() {
        let source = Source::new("engine/src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}");
        let is_test = |word: &str| source.find(word).next().map(|at| source.is_test(at));
        assert_eq!((is_test("a"), is_test("b"), is_test("c")), (Some(false), Some(true), Some(false)));
    }

    #[test]
    fn a_declared_test_module_ends_at_its_semicolon() {
        let source = Source::new("engine/src/a.rs", "#[cfg(test)]\nmod tests;\nfn c() {}");
        assert_eq!(source.find("c").next().map(|at| source.is_test(at)), Some(false));
    }

    #[test]
    fn a_declared_test_module_names_its_file() {
        let text = "#[cfg(test)]\nmod fixtures;\nmod c;\n#[cfg(test)]\nmod tests { fn a() {} }";
        assert_eq!(Source::new("engine/src/lib.rs", text).test_files(), ["engine/src/fixtures.rs"]);
        assert_eq!(Source::new("engine/src/run.rs", text).test_files(), ["engine/src/run/fixtures.rs"]);
        assert!(Source::new("engine/src/fixtures.rs", "fn a() {}").all_test().is_test(3));
    }

    #[test]
    fn a_tests_folder_is_all_tests() {
        assert!(Source::new("sdk/tests/cli/main.rs", "fn a() {}").is_test(0));
        assert!(!Source::new("sdk/src/testing.rs", "fn a() {}").is_test(0));
    }

    #[test]
    fn find_takes_whole_words() {
        let source = Source::new("a.rs", "HashMap MyHashMap HashMaps x::HashMap<");
        assert_eq!(source.find("HashMap").count(), 2);
    }
}

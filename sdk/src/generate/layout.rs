//! Code as a tree, and its text in the shape that rustfmt gives it at 120 columns.

use std::collections::BTreeMap;

use super::names::variable;

/// The widest line.
pub(super) const WIDTH: usize = 120;

/// Elements at most this wide share lines in a list that does not fit into one.
const SHORT: usize = 10;

/// A piece of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Code {
    /// What is never broken: a literal, a name.
    Atom(String),
    /// `[a, b]`.
    Array(Vec<Code>),
    /// `("a", b)`.
    Tuple(Vec<Code>),
    /// `s3::Encryption::kms(&key)`.
    Call(String, Vec<Code>),
    /// `ec2::Vpc::builder().cidr_block("10.0.0.0/16").build()`: the beginning, and calls with their arguments.
    Chain(String, Vec<(String, Vec<Code>)>),
}

/// Text as a literal.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Text with many quotes as a raw literal.
pub(super) fn raw(text: &str) -> String {
    let mut hashes = "#".to_owned();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

impl Code {
    fn flat(&self) -> String {
        match self {
            Code::Atom(text) => text.clone(),
            Code::Array(items) => format!("[{}]", list(items)),
            Code::Tuple(items) => format!("({})", list(items)),
            Code::Call(function, args) => format!("{function}({})", list(args)),
            Code::Chain(root, calls) => {
                let calls = calls.iter().map(|(name, args)| format!(".{name}({})", list(args)));
                format!("{root}{}", calls.collect::<String>())
            }
        }
    }

    fn is_atom(&self) -> bool {
        match self {
            Code::Atom(_) => true,
            Code::Tuple(items) => items.iter().all(Code::is_atom),
            _ => false,
        }
    }
}

fn list(items: &[Code]) -> String {
    items.iter().map(Code::flat).collect::<Vec<_>>().join(", ")
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// A statement, with what does not fit into a line of it put into statements of its own before it.
pub(super) fn statement(indent: usize, variable: Option<&str>, code: Code) -> String {
    let mut text = String::new();
    write(indent, variable, variable.unwrap_or("part"), code, &mut text);
    text
}

/// `part` is what the names of parts begin with.
fn write(indent: usize, variable: Option<&str>, part: &str, code: Code, text: &mut String) {
    if whole(indent, variable, &code, text) {
        return;
    }
    let code = match code {
        Code::Chain(root, calls) if root != "stack" => Code::Chain(root, hoist(indent, part, calls, text)),
        Code::Call(function, args) if !in_lines(indent, &args) => Code::Call(function, apart(indent, part, args, text)),
        Code::Tuple(items) => Code::Tuple(apart(indent, part, items, text)),
        code => code,
    };
    if whole(indent, variable, &code, text) {
        return;
    }
    let space = " ".repeat(indent);
    let binding = variable.map(|name| format!("let {name} = ")).unwrap_or_default();
    let broken = match &code {
        Code::Chain(root, calls) if root == "stack" => {
            calls.iter().map(|(name, args)| format!("{root}.{name}({})", parts(indent, args))).collect()
        }
        Code::Chain(root, calls) => {
            let last = calls.len().saturating_sub(1);
            let calls = calls.iter().enumerate();
            let calls = calls.map(|(index, (name, args))| match one_call(indent + 4, index == last, name, args) {
                Some(line) => format!("\n{line}"),
                None => format!("\n{space}    .{name}({})", parts(indent + 4, args)),
            });
            format!("{root}{}", calls.collect::<String>())
        }
        Code::Call(function, args) => format!("{function}({})", parts(indent, args)),
        // Longer than a line, and nothing to break it at.
        code => code.flat(),
    };
    text.push_str(&format!("{space}{binding}{broken};\n"));
}

/// Writes a statement that fits into one line, beside its name or below it.
fn whole(indent: usize, variable: Option<&str>, code: &Code, text: &mut String) -> bool {
    let space = " ".repeat(indent);
    let binding = variable.map(|name| format!("let {name} = ")).unwrap_or_default();
    let flat = code.flat();
    if indent + width(&binding) + width(&flat) < WIDTH {
        text.push_str(&format!("{space}{binding}{flat};\n"));
        true
    } else if variable.is_some() && indent + 4 + width(&flat) < WIDTH {
        text.push_str(&format!("{space}{}\n{space}    {flat};\n", binding.trim_end()));
        true
    } else {
        false
    }
}

/// The calls of a chain, with what does not fit into their lines in statements before.
fn hoist(indent: usize, part: &str, calls: Vec<(String, Vec<Code>)>, before: &mut String) -> Vec<(String, Vec<Code>)> {
    let last = calls.len().saturating_sub(1);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut hoisted = Vec::new();
    let whole_part = part;
    for (index, (name, args)) in calls.into_iter().enumerate() {
        let times = seen.entry(name.clone()).and_modify(|times| *times += 1).or_insert(1);
        let part = match *times {
            1 => format!("{part}_{name}"),
            times => format!("{part}_{name}_{times}"),
        };
        let stays = one_call(indent + 4, index == last, &name, &args).is_some() || in_lines(indent + 4, &args);
        let args = match args {
            args if stays => args,
            // A property of many is called as it is named.
            args => match keyed(&args) {
                Some(key) => {
                    let part = format!("{whole_part}_{}", variable(&spaced(&key)));
                    args.into_iter().flat_map(|arg| apart(indent, &part, vec![arg], before)).collect()
                }
                None => apart(indent, &part, args, before),
            },
        };
        hoisted.push((name, args));
    }
    hoisted
}

/// The text that the first of two arguments is, where the other one is what it stands for.
fn keyed(args: &[Code]) -> Option<String> {
    match args {
        [Code::Atom(key), value] if !value.is_atom() => Some(key.strip_prefix('"')?.strip_suffix('"')?.to_owned()),
        _ => None,
    }
}

/// Words of a name in AWS's manner: `KmsKeyId` is `Kms Key Id`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && words.ends_with(|before: char| before.is_lowercase() || before.is_ascii_digit()) {
            words.push(' ');
        }
        words.push(c);
    }
    words
}

/// A call of a chain in one line, if it fits; the semicolon follows the last.
fn one_call(indent: usize, last: bool, name: &str, args: &[Code]) -> Option<String> {
    let line = format!("{}.{name}({})", " ".repeat(indent), list(args));
    (width(&line) + usize::from(last) <= WIDTH).then_some(line)
}

/// Arguments over several lines, as they stand between the brackets of a call.
fn parts(indent: usize, args: &[Code]) -> String {
    match args {
        [Code::Array(items)] => bracketed(indent, items),
        [one] => one.flat(),
        _ => format!("\n{}\n{}", lines(indent, args).join("\n"), " ".repeat(indent)),
    }
}

/// Whether the only argument is a list of several elements of which each fits into a line of its own.
fn in_lines(indent: usize, args: &[Code]) -> bool {
    match args {
        [Code::Array(items)] => items.len() > 1 && items.iter().all(|item| indent + 5 + width(&item.flat()) <= WIDTH),
        _ => false,
    }
}

/// Gives what is no atom a name of its own, in a statement before.
fn apart(indent: usize, part: &str, args: Vec<Code>, before: &mut String) -> Vec<Code> {
    let several = args.len() > 1;
    let mut name = |code: Code, index: usize, several: bool| {
        if code.is_atom() {
            return code;
        }
        let name = if several { format!("{part}_{}", index + 1) } else { part.to_owned() };
        write(indent, Some(&name), &name, code, before);
        Code::Atom(name)
    };
    let mut apart = Vec::new();
    for (index, arg) in args.into_iter().enumerate() {
        apart.push(match arg {
            Code::Array(items) => {
                let many = items.len() > 1;
                Code::Array(items.into_iter().enumerate().map(|(index, item)| name(item, index, many)).collect())
            }
            arg => name(arg, index, several),
        });
    }
    apart
}

/// A list over several lines, brackets included.
fn bracketed(indent: usize, items: &[Code]) -> String {
    let space = " ".repeat(indent);
    let flat: Vec<String> = items.iter().map(Code::flat).collect();
    if flat.iter().any(|item| width(item) > SHORT || item.contains('(')) {
        return format!("[\n{}\n{space}]", lines(indent, items).join("\n"));
    }
    let mut text = format!("[\n{space}    ");
    let mut column = indent + 4;
    for (index, item) in flat.iter().enumerate() {
        if index > 0 {
            if column + 1 + width(item) + 1 > WIDTH {
                text.push_str(&format!("\n{space}    "));
                column = indent + 4;
            } else {
                text.push(' ');
                column += 1;
            }
        }
        text.push_str(&format!("{item},"));
        column += width(item) + 1;
    }
    format!("{text}\n{space}]")
}

/// Each in a line of its own.
fn lines(indent: usize, items: &[Code]) -> Vec<String> {
    items.iter().map(|item| format!("{}{},", " ".repeat(indent + 4), item.flat())).collect()
}

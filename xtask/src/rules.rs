//! The house rules: what must never appear in this repository, one file each.
//!
//! A rule is a function over one source file beside the examples it must and must not object to.
//! The table tests itself with those examples: a rule that cannot fail is a defect of the rule.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::source::Source;

mod bare_allow;
mod changes_whole;
mod engine_environment;
mod engine_no_aws;
mod engine_silent;
mod file_size;
mod glossary;
mod hash_order;
mod ignored_tests;
mod resource_state;
mod test_sleeps;
mod unwraps;

/// Every rule, in the order in which they are reported.
pub(crate) static RULES: &[Rule] = &[
    engine_no_aws::RULE,
    engine_silent::RULE,
    engine_environment::RULE,
    resource_state::RULE,
    changes_whole::RULE,
    hash_order::RULE,
    unwraps::RULE,
    bare_allow::RULE,
    ignored_tests::RULE,
    test_sleeps::RULE,
    file_size::RULE,
    glossary::RULE,
];

/// One house rule.
pub(crate) struct Rule {
    /// How reports and people call it.
    pub name: &'static str,
    /// What it asks for, and why.
    pub says: &'static str,
    /// The places, as bytes of the code, that break it.
    pub look: fn(&Source) -> Vec<usize>,
    /// Files (path and text) that break it. At least one.
    pub breaks: &'static [(&'static str, &'static str)],
    /// Files that come close and keep it. At least one.
    pub keeps: &'static [(&'static str, &'static str)],
}

/// Looks at every Rust file of the repository; the answer is one line for each breach.
pub(crate) fn breaches(root: &Path) -> Result<Vec<String>> {
    for rule in RULES {
        self_test(rule)?;
    }
    let files = rust_files(root)?;
    ensure!(files.len() > RULES.len(), "found hardly any Rust files below {}", root.display());
    let mut sources = Vec::new();
    for file in files {
        let path = file.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&file).with_context(|| format!("failed to read {path}"))?;
        sources.push(Source::new(&path, &text));
    }
    let of_tests: BTreeSet<String> = sources.iter().flat_map(Source::test_files).collect();
    let mut lines = Vec::new();
    for source in sources {
        let source = if of_tests.contains(&source.path) { source.all_test() } else { source };
        for rule in RULES {
            for at in (rule.look)(&source) {
                lines.push(format!("{}:{}: {}: {}", source.path, source.line_of(at), rule.name, rule.says));
            }
        }
    }
    Ok(lines)
}

/// Whether a rule tells its own examples apart. Checked before every use: it costs nothing, and a rule
/// that became blind must not pass for a repository that became clean.
fn self_test(rule: &Rule) -> Result<()> {
    let objects = |(path, text): &(&str, &str)| !(rule.look)(&Source::new(path, text)).is_empty();
    ensure!(!rule.breaks.is_empty() && !rule.keeps.is_empty(), "{} lacks examples", rule.name);
    if let Some(example) = rule.breaks.iter().find(|example| !objects(example)) {
        bail!("{} overlooks {example:?}", rule.name);
    }
    if let Some(example) = rule.keeps.iter().find(|example| objects(example)) {
        bail!("{} objects to {example:?}", rule.name);
    }
    Ok(())
}

/// The repository's Rust files in the order of their paths, without build output and hidden folders.
fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_tells_its_examples_apart() {
        for rule in RULES {
            self_test(rule).expect("a rule that works");
        }
    }

    #[test]
    fn a_rule_that_cannot_fail_is_a_defect() {
        let blind = Rule { look: |_| Vec::new(), ..unwraps::RULE };
        let error = self_test(&blind).expect_err("it overlooks everything");
        assert!(error.to_string().starts_with("no-unwrap overlooks "), "{error}");
        let grumpy = Rule { look: |_| vec![0], ..unwraps::RULE };
        let error = self_test(&grumpy).expect_err("it objects to everything");
        assert!(error.to_string().starts_with("no-unwrap objects to "), "{error}");
    }

    #[test]
    fn rule_names_are_unique() {
        let names: BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn every_rule_file_is_in_the_table() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
        assert_eq!(rust_files(&folder).expect("the folder is there").len(), RULES.len());
    }

    #[test]
    fn a_breach_names_file_line_and_rule() {
        let root = tempfile::tempdir().expect("a folder");
        let engine = root.path().join("engine/src");
        std::fs::create_dir_all(&engine).expect("a folder");
        for at in 0..=RULES.len() {
            std::fs::write(engine.join(format!("f{at:02}.rs")), "fn f() {}\n").expect("a file");
        }
        std::fs::write(engine.join("loud.rs"), "fn f() {\n    println!(\"x\");\n}\n").expect("a file");
        let found = breaches(root.path()).expect("readable");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("engine/src/loud.rs:2: engine-is-silent: "), "{found:?}");
    }
}

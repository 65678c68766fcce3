//! How much of each AWS resource Formwork can say, measured against CloudFormation's schemas.
//!
//! Three inputs: what the resource types say of themselves (the example `schemas`), the
//! table that `xtask/cloudformation/extract.py` derived from CloudFormation's schemas, and the reasons
//! in `xtask/cloudformation/missing.toml`. [`compare::compare`] is pure; the rest reads, runs and writes.

use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::checks::cargo;

mod compare;
mod inputs;

use compare::{TypeCoverage, compare};
use inputs::{Reasons, ResourceType, Table};

/// At least this share of a type's writable properties must be arguments, in percent.
const LEAST_PERCENT: usize = 80;

/// And at least this share of the writable properties of all types together.
const LEAST_OF_ALL_PERCENT: usize = 90;

/// What was found out about every type.
pub(crate) struct Report {
    /// One for each type that names a CloudFormation type, by name.
    types: Vec<TypeCoverage>,
    /// How many types there are, with those that CloudFormation does not have.
    kinds: usize,
    /// What is wrong, in words. Empty if the check passes.
    pub problems: Vec<String>,
    /// Where the table came from.
    source: String,
}

/// Compares the resource types with the table; they are read from `schemas`, or asked of the types themselves.
pub(crate) fn report(root: &Path, schemas: Option<&Path>) -> Result<Report> {
    let folder = root.join("xtask/cloudformation");
    let table: Table = serde_json::from_str(&read(&folder.join("properties.json"))?)?;
    let reasons: Reasons = toml::from_str(&read(&folder.join("missing.toml"))?)?;
    let json = match schemas {
        Some(file) => read(file)?,
        None => ask_types(root)?,
    };
    let types: Vec<ResourceType> = serde_json::from_str(&json).context("failed to read the resource types")?;
    ensure!(!types.is_empty(), "there is not one resource type");
    Ok(assess(&types, &table, &reasons))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}

/// Asks the example `schemas`, which is built from the resource types as they are now.
fn ask_types(root: &Path) -> Result<String> {
    let mut command = cargo(root);
    command.args(["run", "--quiet", "--package", "xtask", "--example", "schemas"]).stderr(Stdio::inherit());
    let output = command.output().context("failed to run cargo")?;
    ensure!(output.status.success(), "the example `schemas` failed with {}", output.status);
    String::from_utf8(output.stdout).context("the example `schemas` wrote something that is not text")
}

fn assess(types: &[ResourceType], table: &Table, reasons: &Reasons) -> Report {
    let kinds = types.len();
    let (types, mut problems) = compare(types, table, reasons, LEAST_PERCENT);
    let (covered, writable) = sum(&types);
    if covered * 100 < writable * LEAST_OF_ALL_PERCENT {
        problems
            .push(format!("{covered} of {writable} writable properties are covered, and not {LEAST_OF_ALL_PERCENT} %"));
    }
    let from = &table.source;
    let source = format!("{} {} of {}, region {}", from.package, from.version, from.date, from.region);
    Report { types, kinds, problems, source }
}

/// How many properties of all types are covered, of how many.
fn sum(types: &[TypeCoverage]) -> (usize, usize) {
    types.iter().fold((0, 0), |(covered, writable), of| (covered + of.covered, writable + of.writable))
}

impl Report {
    /// The table and the problems, for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("CloudFormation schemas: {}\n", self.source);
        text.push_str(&format!("{:40} {:>9} {:>5} {:>8}\n", "type", "covered", "%", "differs"));
        for of in &self.types {
            let covered = format!("{}/{}", of.covered, of.writable);
            let line = format!("{:40} {covered:>9} {:>5} {:>8}\n", of.cloudformation, of.percent(), of.differs.len());
            text.push_str(&line);
        }
        text.push_str(&self.all());
        text.push('\n');
        for problem in &self.problems {
            text.push_str(&format!("problem: {problem}\n"));
        }
        text
    }

    /// All types in a sentence.
    fn all(&self) -> String {
        let (covered, writable) = sum(&self.types);
        let share = (covered * 1000).checked_div(writable).unwrap_or(1000);
        let percent = format!("{}.{}", share / 10, share % 10);
        format!(
            "{} types; of the {writable} writable properties that CloudFormation has for them, {covered} are covered: {percent} %.",
            self.kinds
        )
    }

    /// The page `docs/coverage.md`.
    pub(crate) fn page(&self) -> String {
        let mut page = String::new();
        self.write_page(&mut page).expect("writing to a String does not fail");
        page
    }

    fn write_page(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "# Coverage of resource types\n")?;
        writeln!(
            page,
            "Written by `cargo xtask coverage --write`; do not edit. Measured against CloudFormation's schemas"
        )?;
        writeln!(page, "({}).\n", self.source)?;
        writeln!(
            page,
            "A property counts if it can be written and an argument stands for it. Every other writable property is"
        )?;
        writeln!(
            page,
            "listed below with the reason why there is no argument, and so is every argument that answers \"does a"
        )?;
        writeln!(page, "change make a new resource?\" differently from CloudFormation.\n")?;
        writeln!(
            page,
            "Every type's whole life is tested: created with all its arguments, each of them changed, found again, deleted. In an"
        )?;
        writeln!(
            page,
            "emulator, where there is one; what that cannot show of a type is counted and listed. Where there is none, calls and"
        )?;
        writeln!(page, "answers are held against the service's model, and the type has never run.\n")?;
        writeln!(page, "{}\n", self.all())?;
        writeln!(page, "| kind | CloudFormation | covered | percent | tested |\n| --- | --- | ---: | ---: | --- |")?;
        for of in &self.types {
            let (covered, writable) = (of.covered, of.writable);
            let (kind, name, percent) = (&of.kind, &of.cloudformation, of.percent());
            writeln!(page, "| `{kind}` | {name} | {covered} of {writable} | {percent} | {} |", tested(of))?;
        }
        let has_more = |of: &&TypeCoverage| !(of.missing.is_empty() && of.differs.is_empty() && of.unseen.is_empty());
        for of in self.types.iter().filter(has_more) {
            writeln!(page, "\n## {}\n", of.cloudformation)?;
            for (property, reason) in &of.missing {
                writeln!(page, "- no `{property}`: {}", reason.as_deref().unwrap_or("(no reason given)"))?;
            }
            for (argument, reason) in &of.unseen {
                writeln!(page, "- the emulator does not show `{argument}`: {reason}")?;
            }
            for (property, difference, reason) in &of.differs {
                let reason = reason.as_deref().unwrap_or("(not explained)");
                writeln!(page, "- `{property}` ({difference}): {reason}")?;
            }
        }
        Ok(())
    }
}

/// How a type is tested, for the table.
fn tested(of: &TypeCoverage) -> String {
    match (&of.double, of.unseen.len()) {
        (Some(_), _) => "model-checked, never run".to_owned(),
        (None, 0) => "emulator".to_owned(),
        (None, 1) => "emulator, but for one argument".to_owned(),
        (None, unseen) => format!("emulator, but for {unseen} arguments"),
    }
}

const PAGE: &str = "docs/coverage.md";

/// Writes the page.
pub(crate) fn write(root: &Path, report: &Report) -> Result<()> {
    let path = root.join(PAGE);
    std::fs::create_dir_all(root.join("docs")).context("failed to make docs/")?;
    std::fs::write(&path, report.page()).with_context(|| format!("failed to write {}", path.display()))
}

/// Whether the page says what the report says.
pub(crate) fn is_written(root: &Path, report: &Report) -> Result<bool> {
    Ok(read(&root.join(PAGE))? == report.page())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"{
        "source": {"package": "cfn-lint", "version": "1.0", "date": "2026-01-31", "region": "us-east-1"},
        "types": {"AWS::EC2::Thing": {"properties": {
            "Size": {"type": "string", "createOnly": true}, "Tags": {"type": "array"}, "Id": {"type": "string", "readOnly": true}
        }}}
    }"#;
    const TYPES: &str = r#"[{
        "kind": "aws:ec2/thing", "cloudformation": "AWS::EC2::Thing", "data_store": false, "outputs": [],
        "args": [{"name": "size", "cloudformation": "Size", "required": true, "change": "in_place", "doc": ""}]
    }]"#;

    fn assessed(reasons: &str) -> Report {
        let types: Vec<ResourceType> = serde_json::from_str(TYPES).expect("the shape of `schema --json`");
        let table = serde_json::from_str(TABLE).expect("the shape of properties.json");
        assess(&types, &table, &toml::from_str(reasons).expect("the shape of missing.toml"))
    }

    #[test]
    fn the_page_gives_every_reason() {
        let report = assessed("[\"AWS::EC2::Thing\"]\nTags = \"it has none\"\nSize = \"it grows in place\"\n");
        let page = report.page();
        assert!(page.contains("(cfn-lint 1.0 of 2026-01-31, region us-east-1)"), "{page}");
        assert!(page.contains("| `aws:ec2/thing` | AWS::EC2::Thing | 1 of 2 | 50 | emulator |"), "{page}");
        assert!(page.contains("- no `Tags`: it has none\n"), "{page}");
        assert!(page.contains("- `Size` (here in_place, there createOnly): it grows in place\n"), "{page}");
    }

    #[test]
    fn a_page_that_says_something_else_is_noticed() {
        let root = tempfile::tempdir().expect("a folder");
        let before = assessed("");
        write(root.path(), &before).expect("writable");
        assert!(is_written(root.path(), &before).expect("readable"));
        let after = assessed("[\"AWS::EC2::Thing\"]\nTags = \"it has none\"\n");
        assert!(!is_written(root.path(), &after).expect("readable"));
    }

    #[test]
    fn the_committed_files_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cloudformation");
        let table: Table = serde_json::from_str(&read(&folder.join("properties.json")).expect("there")).expect("valid");
        let reasons: Reasons = toml::from_str(&read(&folder.join("missing.toml")).expect("there")).expect("valid");
        assert!(table.types.contains_key("AWS::EC2::VPC"));
        for name in reasons.keys() {
            assert!(
                table.types.contains_key(name),
                "missing.toml speaks of {name}, which properties.json does not have"
            );
        }
    }
}

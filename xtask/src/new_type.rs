//! `cargo xtask new-type AWS::SQS::Queue --schema FILE`: the file of a resource type as far as CloudFormation's schema knows it.
//!
//! The schema knows arguments, their types and limits, what a change of each does, and what can only be read. It does not know how the service is
//! spoken to: the verbs are there with their names, refuse with a sentence, and are written by hand. The way from here is `docs/adding-a-type.md`.

mod model;
mod names;
mod print;
mod schema;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use self::model::Skeleton;
use self::names::TypeName;
use self::schema::Schema;

/// A file to write, and where it belongs.
pub(crate) struct Draft {
    /// From the root of the repository: `aws/src/sqs/queue.rs`.
    pub(crate) path: PathBuf,
    /// What stands in it.
    pub(crate) text: String,
    /// What is still to be done by hand, a line each.
    pub(crate) next: Vec<String>,
}

/// Drafts the file of a type.
///
/// # Errors
/// When the name is none, the schema cannot be read, or it is of another type.
pub(crate) fn draft(type_name: &str, schema: &Path) -> Result<Draft> {
    let name = TypeName::parse(type_name)?;
    let file = match schema.is_dir() {
        // As AWS names them in the archive of all schemas of a region.
        true => schema.join(format!("{}.json", type_name.to_ascii_lowercase().replace("::", "-"))),
        false => schema.to_owned(),
    };
    let text = std::fs::read_to_string(&file).with_context(|| {
        format!(
            "{} cannot be read: write it with `aws cloudformation describe-type --type RESOURCE --type-name {type_name} --query Schema --output text`",
            file.display()
        )
    })?;
    draft_of(&name, &text).with_context(|| file.display().to_string())
}

fn draft_of(name: &TypeName, text: &str) -> Result<Draft> {
    let schema = Schema::parse(text)?;
    ensure!(
        schema.type_name() == name.full(),
        "this is the schema of {}, and not of {}",
        schema.type_name(),
        name.full()
    );
    let skeleton = Skeleton::of(name, &schema)?;
    let text = formatted(&print::file(&skeleton))?;
    let path = Path::new("aws/src").join(name.service_module()).join(format!("{}.rs", name.module()));
    Ok(Draft { path, text, next: next_steps(name, &skeleton) })
}

/// Writes a draft below the root.
///
/// # Errors
/// When the file is there already: what somebody wrote is not written over.
pub(crate) fn write(root: &Path, draft: &Draft) -> Result<()> {
    let path = root.join(&draft.path);
    if path.exists() {
        bail!("{} is there already; print the draft without --write and take over what is new", draft.path.display());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::write(&path, &draft.text).with_context(|| path.display().to_string())
}

fn next_steps(name: &TypeName, skeleton: &Skeleton) -> Vec<String> {
    let (service, module, noun) = (name.service_module(), name.module(), name.noun());
    let mut steps = vec![
        format!(
            "aws/src/{service}.rs: `mod {module};` and `pub use {module}::{{…}};`, and `pub mod {service};` in aws/src/lib.rs if the service is new"
        ),
        format!(
            "the client: `aws-sdk-{service}` in Cargo.toml and a method of `Aws` in aws/src/context.rs, if the service is new"
        ),
        format!("the verbs of {noun}; the calls that AWS's own handlers make stand above each"),
        format!(
            "`impl Conforms for {noun}` with an example that changes every argument, then its line in aws/src/registry.rs"
        ),
        format!("{} in xtask/cloudformation/extract.py, then `cargo xtask coverage --write`", name.full()),
    ];
    if skeleton.args.iter().any(|arg| arg.decide) {
        steps.insert(
            2,
            "the functions that decide whether a change replaces: CloudFormation says that it depends on the values"
                .to_owned(),
        );
    }
    steps
}

/// What rustfmt makes of a text, with the repository's settings.
fn formatted(text: &str) -> Result<String> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt did not start; `rustup component add rustfmt` installs it")?;
    let mut stdin = rustfmt.stdin.take().context("rustfmt has no input")?;
    stdin.write_all(text.as_bytes()).context("rustfmt took no text")?;
    drop(stdin);
    let output = rustfmt.wait_with_output().context("rustfmt did not end")?;
    ensure!(output.status.success(), "the draft is no Rust, which is a fault of new-type");
    String::from_utf8(output.stdout).context("rustfmt's answer is no text")
}

#[cfg(test)]
mod tests;

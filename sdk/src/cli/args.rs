//! The command line as data: a contract that scripts depend on.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::history::{DiffArgs, HistoryArgs};
use super::rollback::RollbackArgs;
use super::transfer::{ExportArgs, StateImportArgs};
use formwork_engine::settings::OnDrift;

use super::configure::ConfigCommand;

/// Shows, makes and takes down AWS stacks that are written in Rust.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows what `up` would do, and does nothing.
    Preview(PreviewArgs),
    /// Makes the account as the stack declares it: shows the plan, asks, does it.
    Up(UpArgs),
    /// Deletes everything the stack has made: shows the plan, asks, does it.
    Destroy(UpArgs),
    /// Takes over what exists for resources that the stack declares: by its ids, or all that a state of Terraform or Pulumi holds. Shows the
    /// plan, asks, does it.
    Import(ImportArgs),
    /// Prints Rust code that declares what exists, for a stack that takes it over.
    Generate(GenerateArgs),
    /// Prints what the stack declares and what needs what; calls nothing.
    Graph(super::graph::GraphArgs),
    /// Reads the account and records what it says beside what was applied.
    Refresh(RefreshArgs),
    /// Makes the present drift of resources permanent, without a change of the program or the account.
    Accept(AcceptArgs),
    /// Prints the outputs of the stack's last run, or one of them.
    Output(OutputArgs),
    /// Lists the stack's deployments, or tells all of one.
    History(HistoryArgs),
    /// Says what differs between two deployments: resources, fields, outputs.
    Diff(DiffArgs),
    /// Goes back to what an earlier deployment declared, without the code of then: shows the plan, asks, does it.
    Rollback(RollbackArgs),
    /// Prints the IAM policy that the stack needs for a command; calls nothing.
    Permissions(super::permissions::PermissionsArgs),
    /// Looks into the stack's records, or changes names and rows in them.
    #[command(subcommand)]
    State(StateCommand),
    /// Reads and edits the stack's configuration, and seals secrets in it.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prints the resource types, their arguments and outputs.
    Schema(SchemaArgs),
    /// Starts, stops and empties the LocalStack that `--local` uses.
    #[command(subcommand)]
    Local(LocalCommand),
}

/// Which stack, and where.
#[derive(Debug, Clone, Args)]
pub(crate) struct StackArgs {
    /// The stack's name.
    pub(crate) stack: String,
    /// The configuration, instead of stacks/<STACK>.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Work in a LocalStack that this command installs, starts and keeps; needs no AWS account.
    #[arg(long)]
    pub(crate) local: bool,
}

/// What the plan is about.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PlanArgs {
    /// Believe the records instead of reading the account.
    #[arg(long)]
    pub(crate) no_refresh: bool,
    /// Only these resources and what they need (urns, or paths such as network/main).
    #[arg(long, value_name = "URN", num_args = 1..)]
    pub(crate) target: Vec<String>,
    /// Not these resources, nor what depends on them.
    #[arg(long, value_name = "URN", num_args = 1..)]
    pub(crate) exclude: Vec<String>,
    /// Replace these resources although nothing about them changed.
    #[arg(long, value_name = "URN", num_args = 1..)]
    pub(crate) replace: Vec<String>,
    /// Take the newest answer of these pinned lookups.
    #[arg(long, value_name = "URN", num_args = 1..)]
    pub(crate) repin: Vec<String>,
    /// What becomes of changes that were made outside: revert them, keep them, or stop.
    #[arg(long, value_name = "WHAT")]
    pub(crate) on_drift: Option<Drift>,
    /// Believe that these resources are gone although much of the stack reads as gone.
    #[arg(long, value_name = "URN", num_args = 1..)]
    pub(crate) accept_gone: Vec<String>,
    /// Consent to these resources being deleted, replaced or losing data.
    #[arg(long, value_name = "URN", num_args = 1..)]
    pub(crate) allow_delete: Vec<String>,
}

/// What becomes of drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drift {
    /// What is declared wins.
    Revert,
    /// What was changed outside stays.
    Keep,
    /// Stop and list it.
    Fail,
}

impl From<Drift> for OnDrift {
    fn from(drift: Drift) -> Self {
        match drift {
            Drift::Revert => OnDrift::Revert,
            Drift::Keep => OnDrift::Keep,
            Drift::Fail => OnDrift::Fail,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct PreviewArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// Print the plan as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep the plan in a file, for `up --plan`.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Exit with 2 when there are changes, and with 0 only when there is nothing to do.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Do exactly this plan, or refuse and say what moved.
    #[arg(long = "plan", value_name = "FILE")]
    pub(crate) saved: Option<PathBuf>,
    /// Print events as JSON lines; does not ask.
    #[arg(long)]
    pub(crate) json: bool,
    /// How many calls may be under way at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) parallel: Option<u16>,
    /// Refuse with 5 when there is something to do.
    #[arg(long)]
    pub(crate) expect_no_changes: bool,
    /// Begin nothing more after the first failure.
    #[arg(long)]
    pub(crate) fail_fast: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Which declared resource (its urn, or its path such as network/main) and the id of what exists; once or several times.
    #[arg(value_names = ["URN", "ID"], num_args = 2.., required_unless_present_any = ["from_terraform", "from_pulumi"])]
    pub(crate) pairs: Vec<String>,
    #[command(flatten)]
    pub(crate) from: FromTool,
    /// With a file: which thing is which resource, where that cannot be told: "ADDRESS" = "path", in TOML.
    #[arg(long, value_name = "FILE", conflicts_with = "pairs")]
    pub(crate) map: Option<PathBuf>,
    /// Do not ask. With a file, without a terminal and without this, nothing is changed.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Consent to these resources losing data by what is declared of them.
    #[arg(long, value_name = "URN", num_args = 1)]
    pub(crate) allow_delete: Vec<String>,
    /// Print events as JSON lines, and the report about a file; does not ask.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The state of another tool.
#[derive(Debug, Args)]
#[group(multiple = false, conflicts_with = "pairs")]
pub(crate) struct FromTool {
    /// A state of Terraform or OpenTofu (format 4), as `terraform state pull` writes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_terraform: Option<PathBuf>,
    /// A deployment of Pulumi, as `pulumi stack export` writes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_pulumi: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// The type of what exists, such as aws:ec2/vpc, and its id; once or several times.
    #[arg(value_names = ["KIND", "ID"], num_args = 2.., required = true)]
    pub(crate) pairs: Vec<String>,
    /// Put the resources into this component.
    #[arg(long, value_name = "NAME")]
    pub(crate) component: Option<String>,
    /// Print an object that holds the code and what it declares.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RefreshArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print what was found as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Whose drift: urns, or paths such as network/main.
    #[arg(value_name = "URN", required = true)]
    pub(crate) urns: Vec<String>,
    /// Print what was accepted as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print this one only, and nothing else.
    pub(crate) name: Option<String>,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print secrets too: they are computed from the program and the account, since no record holds them.
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Lists the recorded resources.
    List {
        #[command(flatten)]
        stack: StackArgs,
        /// Print an array.
        #[arg(long)]
        json: bool,
    },
    /// Prints everything that is recorded of one resource.
    Show {
        #[command(flatten)]
        stack: StackArgs,
        /// Its urn, or its path such as network/main.
        urn: String,
        /// Print an object.
        #[arg(long)]
        json: bool,
    },
    /// Makes the bucket of `s3` under [store], or what it lacks: private, encrypted, versioned, spoken to over TLS only.
    Bucket(super::shared::BucketArgs),
    /// Moves the state to the bucket of `s3` under [store], or back to the local folder.
    Migrate(super::shared::MigrateArgs),
    /// Prints all records as one JSON document: sealed where the stack has a key.
    Export(ExportArgs),
    /// Puts the records of such a document in the place of the present ones.
    Import(StateImportArgs),
    /// Gives another name to a resource, or to a component with everything in it. Nothing in the account changes.
    Rename {
        #[command(flatten)]
        stack: StackArgs,
        /// The name so far: a urn, a path such as network/main, or a component such as network.
        old: String,
        /// The name from now on.
        new: String,
        /// Print an object.
        #[arg(long)]
        json: bool,
    },
    /// Gives up the rows of resources, which stay in the account as they are.
    Forget {
        #[command(flatten)]
        stack: StackArgs,
        /// Which: urns, or paths such as network/main.
        #[arg(value_name = "URN", required = true)]
        urns: Vec<String>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
        /// Print an object.
        #[arg(long)]
        json: bool,
    },
    /// Records anew what the stack has in the account, where the records are lost or damaged. Shows it, asks, writes; nothing in the account changes.
    Rebuild(super::state::rebuild::RebuildArgs),
    /// Holds the records against themselves and the account, and proposes what would put right what is wrong. Changes nothing unless told what.
    Repair(super::state::repair::RepairArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Only this type, such as aws:ec2/vpc.
    pub(crate) kind: Option<String>,
    /// Print an array.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LocalCommand {
    /// Installs LocalStack unless it is there, and starts it unless it runs.
    Start {
        /// The port on 127.0.0.1; a free one when absent.
        #[arg(long)]
        port: Option<u16>,
    },
    /// Stops it; what it holds is lost.
    Stop,
    /// Says whether it runs, and where.
    Status {
        /// Print an object.
        #[arg(long)]
        json: bool,
    },
    /// Prints `export NAME=value` lines for other programs that shall speak to it.
    Env {
        /// The stack whose account and region are meant.
        stack: Option<String>,
        /// The configuration, instead of stacks/<STACK>.toml.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Empties it: all accounts.
    Reset,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn the_flags_of_the_contract_are_taken() {
        for line in [
            "x preview prod --json --save f --no-refresh --target a b --exclude d --replace c --detailed-exitcode",
            "x up prod --yes --plan f --json --parallel 4 --expect-no-changes --allow-delete a --on-drift revert --accept-gone b",
            "x destroy prod --local --yes --config f",
            "x import prod network/main vpc-1 network/private-1 subnet-1 --yes --json --local",
            "x generate prod aws:ec2/vpc vpc-1 iam/role app --component network --json",
            "x output prod database_url --json --show-secrets",
            "x graph prod --json --local",
            "x graph prod --dot --config f",
            "x history prod --json",
            "x history show prod 3 --json --local",
            "x diff prod 3 4 --json",
            "x rollback prod 3 --yes --allow-delete a --on-drift revert",
            "x rollback prod 3 --preview --json --local",
            "x state export prod --plain",
            "x state import prod f --yes --force --replace-lineage --json",
            "x state list prod --json",
            "x state show prod network/main",
            "x state export prod",
            "x state rename prod network net --json",
            "x state forget prod a b --yes",
            "x state rebuild prod --yes --json --local --lineage abc",
            "x state repair prod --apply gone:a edge:b --json",
            "x accept prod network/main a --json",
            "x schema --json",
            "x config init-key prod --kms arn:aws:kms:eu-west-1:123456789012:key/a",
            "x config set prod database.password --secret",
            "x config set prod cluster.version 1.34",
            "x config get prod database.password --show-secrets --json",
            "x config list prod --json",
            "x config rm prod database.password",
            "x config rotate prod --wrapping-only",
            "x permissions prod --preview --json",
            "x permissions prod --up --explain --local",
            "x permissions prod --destroy --config f",
            "x local env prod",
            "x import prod --from-terraform terraform.tfstate --map map.toml --local --json --yes",
            "x import prod --from-pulumi export.json --allow-delete a --allow-delete b",
        ] {
            CommandLine::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
        assert!(CommandLine::try_parse_from(["x", "up", "prod", "--parallel", "0"]).is_err());
        assert!(CommandLine::try_parse_from(["x", "import", "prod"]).is_err());
        assert!(CommandLine::try_parse_from(["x", "permissions", "prod"]).is_err());
        assert!(CommandLine::try_parse_from(["x", "permissions", "prod", "--up", "--destroy"]).is_err());
        let both = ["x", "import", "prod", "--from-terraform", "a", "--from-pulumi", "b"];
        assert!(CommandLine::try_parse_from(both).is_err());
    }
}

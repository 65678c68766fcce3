//! Outputs of other stacks, read by a program: [`Stack::read_stack`] and what `derive(StackOutputs)` writes.

use std::collections::BTreeMap;

use super::{ProviderName, ReadDeclaration, Stack};
use crate::error::{Error, Turn};
use crate::expr::Expr;
use crate::field::{Field, Mismatch};
use crate::input::Output;
use crate::shape::ReadSchema;
use crate::urn::{SourceLine, Urn};
use crate::value::Value;

/// The read that stands for another stack. Never pinned: what the other stack has now is what counts.
pub static STACK_OUTPUTS: ReadSchema = ReadSchema {
    kind: "formwork:stack/outputs",
    doc: "The outputs of another stack of the project, as its last run published them.",
    pinned: false,
};

/// The component under which reads of other stacks stand.
const COMPONENT: &str = "stack";

/// Another stack that a program reads.
#[derive(Debug, Clone)]
pub struct StackRead {
    /// Its name.
    pub stack: String,
    /// The outputs that the program counts on, without doubles.
    pub wanted: Vec<WantedOutput>,
}

/// An output of another stack, and what it must be.
#[derive(Debug, Clone, Copy)]
pub struct WantedOutput {
    /// The name under which the other stack exports it.
    pub name: &'static str,
    /// Whether a value is of the type that this program takes it for.
    pub check: fn(&Value) -> Result<(), Mismatch>,
    types: fn() -> &'static str,
}

impl WantedOutput {
    /// An output that is taken for an `O`; called by `derive(StackOutputs)`.
    pub const fn new<O: StackOutput>(name: &'static str) -> Self {
        Self { name, check: O::check, types: std::any::type_name::<O> }
    }
}

/// A struct of the outputs of another stack, each field an [`Output`]; written by `derive(StackOutputs)`.
pub trait StackOutputs: Sized {
    /// The outputs.
    const WANTED: &'static [WantedOutput];

    /// References to the outputs of the read of that name.
    fn refs(urn: &Urn) -> Self;
}

/// The type of a field of [`StackOutputs`]: an [`Output`] of anything that an argument may be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no output of a stack",
    label = "a field of `derive(StackOutputs)` is an `Output<T>`, such as `Output<VpcId>`"
)]
pub trait StackOutput {
    /// Whether a value can be taken for it.
    ///
    /// # Errors
    /// When it is of another sort.
    fn check(value: &Value) -> Result<(), Mismatch>;

    /// The reference to an output.
    fn of(urn: &Urn, name: &str) -> Self;
}

impl<T: Field> StackOutput for Output<T> {
    fn check(value: &Value) -> Result<(), Mismatch> {
        T::from_value(value).map(drop)
    }

    fn of(urn: &Urn, name: &str) -> Self {
        Output::of(Expr::Output { urn: urn.clone(), name: name.to_owned() })
    }
}

impl Stack {
    /// The outputs of another stack of this project, as its last run published them. Looked up while planning; the next `up` registers the
    /// use, and from then on the other stack refuses to delete or replace what these outputs come from.
    ///
    /// ```
    /// # use formwork_engine::{Output, Stack, StackOutputs};
    /// #[derive(StackOutputs)]
    /// # #[stack_outputs(engine = formwork_engine)]
    /// struct Network {
    ///     vpc_id: Output<String>,
    ///     private_subnets: Output<Vec<String>>,
    /// }
    ///
    /// # fn app(stack: &mut Stack) {
    /// let network = stack.read_stack::<Network>("network");
    /// stack.export("subnet", network.private_subnets.at(0));
    /// # }
    /// ```
    #[track_caller]
    pub fn read_stack<T: StackOutputs>(&mut self, stack: &str) -> T {
        let source = SourceLine::here();
        if stack == self.program.stack {
            let reason = format!("a stack does not read its own outputs ({source})");
            let error = Error::new(Turn::You, format!("read the stack {stack}"), reason);
            self.errors.push(error.hint("use the handles and outputs themselves: they are known in this very run"));
        }
        let path = std::mem::replace(&mut self.path, vec![COMPONENT.to_owned()]);
        let urn = self.urn(stack, STACK_OUTPUTS.kind, &source);
        self.path = path;
        let read = self.program.reads.entry(urn.clone()).or_insert_with(|| ReadDeclaration {
            urn: urn.clone(),
            schema: &STACK_OUTPUTS,
            args: BTreeMap::from([("stack".to_owned(), Expr::text(stack))]),
            provider: ProviderName::default(),
            source,
            stack: Some(StackRead { stack: stack.to_owned(), wanted: Vec::new() }),
        });
        if let Some(read) = &mut read.stack {
            for wanted in T::WANTED {
                let known = read.wanted.iter().any(|it| it.name == wanted.name && (it.types)() == (wanted.types)());
                if !known {
                    read.wanted.push(*wanted);
                }
            }
        }
        T::refs(&urn)
    }
}

/// The other stack that a urn stands for, when it stands for one.
pub fn stack_of(urn: &Urn) -> Option<&str> {
    (urn.kind().as_str() == STACK_OUTPUTS.kind).then(|| urn.name())
}

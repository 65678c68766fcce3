//! [`Conforms`]: what a resource type offers to the conformance suite, from its own file.
//!
//! The suite (in `localstack-tests`) brings the base declaration up against the emulator, expects the next plan to be empty, makes
//! every case, expects an update or a replacement as the schema says and an empty plan again, deletes the resource behind the
//! engine's back, deletes it twice. It fails when an argument occurs nowhere, when an argument that can change in place has no
//! case, and when one that forces a replacement has none.

use std::collections::BTreeMap;

use formwork_engine::{Declared, Expr, Resource, Stack};

/// A resource type with examples that the conformance suite can run.
pub trait Conforms: Resource {
    /// Declares what the resource needs (the VPC of a subnet) and answers its examples.
    fn conformance(stack: &mut Stack) -> Conformance<Self>;
}

/// The examples of one type.
pub struct Conformance<R> {
    /// With every argument that can stand together.
    pub base: Declared<R>,
    /// Changes of single arguments, made one after the other, each on top of the former.
    pub cases: Vec<Case>,
    /// Arguments that the emulator does not show or take, with the reason.
    pub unseen: BTreeMap<&'static str, &'static str>,
    /// What stands in for the service, where the emulator has no part of it: requests and answers are held against the service's model, and
    /// nothing is behind them.
    pub double: Option<&'static str>,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Case {
    /// The arguments that change, with what they become; the first is the one that the case is about.
    pub changes: Vec<(&'static str, Expr)>,
}

impl<R: Resource> Conformance<R> {
    /// Starts from a declaration.
    pub fn of(base: Declared<R>) -> Self {
        Self { base, cases: Vec::new(), unseen: BTreeMap::new(), double: None }
    }

    /// A case: this argument becomes this (a literal, an output, what a block's `build()` gives).
    #[must_use]
    pub fn change(mut self, arg: &'static str, value: impl Into<Expr>) -> Self {
        self.cases.push(Case { changes: vec![(arg, value.into())] });
        self
    }

    /// A further argument that must change together with the one of the last case.
    #[must_use]
    pub fn together_with(mut self, arg: &'static str, value: impl Into<Expr>) -> Self {
        if let Some(case) = self.cases.last_mut() {
            case.changes.push((arg, value.into()));
        }
        self
    }

    /// An argument that the emulator cannot show, and why.
    #[must_use]
    pub fn unseen(mut self, arg: &'static str, reason: &'static str) -> Self {
        self.unseen.insert(arg, reason);
        self
    }

    /// The emulator has no such service: what stands in for it, in a few words.
    #[must_use]
    pub fn on_double(mut self, what: &'static str) -> Self {
        self.double = Some(what);
        self
    }
}

/// The examples of a type without its type, as the suite walks them.
pub struct Example {
    /// The kind.
    pub kind: &'static str,
    /// Declares what is needed and the resource itself under the name `it`, with the changes of the cases up to that index applied (0: the
    /// base).
    pub declare: fn(&mut Stack, usize),
    /// The cases and the unseen arguments.
    pub describe: fn(&mut Stack) -> Described,
}

/// What [`Example::describe`] answers.
pub struct Described {
    /// The arguments of the base declaration.
    pub base: BTreeMap<String, Expr>,
    /// The cases.
    pub cases: Vec<Case>,
    /// Arguments that the emulator cannot show, with the reason.
    pub unseen: BTreeMap<&'static str, &'static str>,
    /// What stands in for the service, where the emulator has no part of it.
    pub double: Option<&'static str>,
}

/// The example of a type.
pub fn example<R: Conforms>() -> Example {
    fn declare<R: Conforms>(stack: &mut Stack, cases: usize) {
        let conformance = R::conformance(stack);
        let mut args = conformance.base.args;
        for (arg, value) in conformance.cases.into_iter().take(cases).flat_map(|case| case.changes) {
            args.insert(arg.to_owned(), value);
        }
        stack.add("it", Declared::<R>::new(args));
    }
    fn describe<R: Conforms>(stack: &mut Stack) -> Described {
        let Conformance { base, cases, unseen, double } = R::conformance(stack);
        Described { base: base.args, cases, unseen, double }
    }
    Example { kind: R::schema().kind, declare: declare::<R>, describe: describe::<R> }
}

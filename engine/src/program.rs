//! [`Stack`] and [`Program`]: what a user's function declares. Nothing is contacted.

mod elsewhere;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

pub use elsewhere::{STACK_OUTPUTS, StackOutput, StackOutputs, StackRead, WantedOutput, stack_of};

use crate::error::{Error, Turn};
use crate::expr::Expr;
use crate::field::Field;
use crate::input::Output;
use crate::options::{Options, options};
use crate::resource::{Declared, OutputFields, Resource};
use crate::shape::{ReadSchema, Schema};
use crate::urn::{KindName, SourceLine, Urn};
use crate::value::Value;

/// The name of a provider: an account and a region that resources are made in. The empty name is the default one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct ProviderName(pub String);

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "default" } else { &self.0 })
    }
}

/// What a provider other than the default one is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProviderSpec {
    /// The region, such as `us-east-1`; the default provider's when absent.
    pub region: Option<String>,
    /// The role assumed for another account; none when absent.
    pub assume_role: Option<String>,
}

/// One declared resource.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Its name.
    pub urn: Urn,
    /// Its type.
    pub schema: &'static Schema,
    /// The arguments that were given, by name.
    pub args: BTreeMap<String, Expr>,
    /// Its options.
    pub options: Options,
    /// Where the program declares it.
    pub source: SourceLine,
}

/// One declared read.
#[derive(Debug, Clone)]
pub struct ReadDeclaration {
    /// Its name; reads of one kind with the same arguments are one read.
    pub urn: Urn,
    /// Its type.
    pub schema: &'static ReadSchema,
    /// The arguments.
    pub args: BTreeMap<String, Expr>,
    /// Where it looks.
    pub provider: ProviderName,
    /// Where the program declares it.
    pub source: SourceLine,
    /// The other stack that it reads, where it reads one and not the account.
    pub stack: Option<StackRead>,
}

/// One output of the stack.
#[derive(Debug, Clone)]
pub struct Export {
    /// The value.
    pub expr: Expr,
    /// Where the program declares it.
    pub source: SourceLine,
}

/// What a program declares, complete: the input of [`crate::graph::Graph`].
#[derive(Debug, Clone)]
pub struct Program {
    /// The project: the first half of the ownership tag.
    pub project: String,
    /// The stack's name.
    pub stack: String,
    /// The resources by name.
    pub resources: BTreeMap<Urn, Declaration>,
    /// The resources in the order in which the program declared them: the order of what people read.
    pub order: Vec<Urn>,
    /// The reads by name.
    pub reads: BTreeMap<Urn, ReadDeclaration>,
    /// The stack's outputs.
    pub exports: BTreeMap<String, Export>,
    /// The providers apart from the default one.
    pub providers: BTreeMap<ProviderName, ProviderSpec>,
}

impl Program {
    /// The program that declares nothing: what `destroy` plans.
    pub fn empty(project: &str, stack: &str) -> Self {
        Self {
            project: project.to_owned(),
            stack: stack.to_owned(),
            resources: BTreeMap::new(),
            order: Vec::new(),
            reads: BTreeMap::new(),
            exports: BTreeMap::new(),
            providers: BTreeMap::new(),
        }
    }
}

/// What a stack function writes into.
#[derive(Debug)]
pub struct Stack {
    program: Program,
    path: Vec<String>,
    default_tags: BTreeMap<String, String>,
    errors: Vec<Error>,
}

impl Stack {
    /// An empty stack. `default_tags` are merged under the tags of every resource that has some.
    pub fn new(project: &str, stack: &str, default_tags: BTreeMap<String, String>) -> Self {
        Self { program: Program::empty(project, stack), path: Vec::new(), default_tags, errors: Vec::new() }
    }

    /// The stack's name.
    pub fn name(&self) -> &str {
        &self.program.stack
    }

    /// Declares a resource.
    #[track_caller]
    pub fn add<R: Resource>(&mut self, name: &str, declared: Declared<R>) -> Handle<R> {
        self.add_with(name, declared, options())
    }

    /// Declares a resource with options.
    #[track_caller]
    pub fn add_with<R: Resource>(&mut self, name: &str, declared: Declared<R>, options: Options) -> Handle<R> {
        let source = SourceLine::here();
        let schema = R::schema();
        let urn = self.urn(name, schema.kind, &source);
        let mut args = declared.args;
        self.merge_default_tags(schema, &mut args);
        let declaration = Declaration { urn: urn.clone(), schema, args, options, source: source.clone() };
        match self.program.resources.get(&urn) {
            Some(first) => {
                let reason = format!("it is declared twice: at {} and at {source}", first.source);
                self.errors.push(
                    Error::new(Turn::You, "declare a resource", reason)
                        .about(&urn, Some(&source))
                        .hint("give one of them another name"),
                );
            }
            None => {
                self.program.order.push(urn.clone());
                self.program.resources.insert(urn.clone(), declaration);
            }
        }
        Handle { refs: R::Outputs::refs(&urn), urn }
    }

    /// Declares a read: something looked up while planning. Used by the types' own functions, such as `ec2::availability_zones`.
    #[track_caller]
    pub fn read<T: Field>(
        &mut self,
        schema: &'static ReadSchema,
        args: BTreeMap<String, Expr>,
        output: &str,
        provider: ProviderName,
    ) -> Output<T> {
        let source = SourceLine::here();
        let noun = schema.kind.rsplit('/').next().unwrap_or(schema.kind);
        let same = self.program.reads.values().find(|read| {
            read.schema.kind == schema.kind
                && read.provider == provider
                && format!("{:?}", read.args) == format!("{args:?}")
        });
        let urn = match same {
            Some(read) => read.urn.clone(),
            None => {
                let number = self.program.reads.values().filter(|read| read.schema.kind == schema.kind).count();
                let name = if number == 0 { noun.to_owned() } else { format!("{noun}-{}", number + 1) };
                let path = std::mem::take(&mut self.path);
                let urn = self.urn(&name, schema.kind, &source);
                self.path = path;
                let read = ReadDeclaration { urn: urn.clone(), schema, args, provider, source, stack: None };
                self.program.reads.insert(urn.clone(), read);
                urn
            }
        };
        Output::of(Expr::Output { urn, name: output.to_owned() })
    }

    /// Runs `body` one path segment deeper.
    #[track_caller]
    pub fn component<T>(&mut self, name: &str, body: impl FnOnce(&mut Stack) -> T) -> T {
        self.path.push(name.to_owned());
        let result = body(self);
        self.path.pop();
        result
    }

    /// A provider for another region, in the same stack and the same run.
    pub fn provider(&mut self, region: &str) -> ProviderName {
        let spec = ProviderSpec { region: Some(region.to_owned()), assume_role: None };
        self.provider_with(region, spec)
    }

    /// A provider for another region or account under a name of its own.
    pub fn provider_with(&mut self, name: &str, spec: ProviderSpec) -> ProviderName {
        let name = ProviderName(name.to_owned());
        self.program.providers.insert(name.clone(), spec);
        name
    }

    /// Declares an output of the stack.
    #[track_caller]
    pub fn export(&mut self, name: &str, value: impl Into<Expr>) {
        let source = SourceLine::here();
        let export = Export { expr: value.into(), source: source.clone() };
        if let Some(first) = self.program.exports.insert(name.to_owned(), export) {
            let reason = format!("the output `{name}` is declared twice: at {} and at {source}", first.source);
            self.errors.push(Error::new(Turn::You, "declare an output", reason).hint("give one of them another name"));
        }
    }

    /// Records a mistake of the program found by a component, with the caller's place; the run stops before anything is called.
    #[track_caller]
    pub fn mistake(&mut self, reason: impl Into<String>) {
        let source = SourceLine::here();
        self.errors.push(Error::new(Turn::You, "read the program", format!("{} ({source})", reason.into())));
    }

    /// The complete program.
    ///
    /// # Errors
    /// Every mistake found while declaring: names used twice, wrong names.
    pub fn finish(self) -> Result<Program, Vec<Error>> {
        if self.errors.is_empty() { Ok(self.program) } else { Err(self.errors) }
    }

    fn urn(&mut self, name: &str, kind: &str, source: &SourceLine) -> Urn {
        let mut path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        path.push(name);
        match Urn::new(&self.program.stack, &path, &KindName::new(kind)) {
            Ok(urn) => urn,
            Err(error) => {
                self.errors.push(Error::new(Turn::You, "declare a resource", format!("{error} (at {source})")));
                // A stand-in that cannot clash, so that the rest of the program can still be checked.
                let name = format!("invalid-{}", self.errors.len());
                Urn::new("invalid", &[name], &KindName::new(kind))
                    .unwrap_or_else(|_| unreachable!("all parts are valid"))
            }
        }
    }

    fn merge_default_tags(&self, schema: &Schema, args: &mut BTreeMap<String, Expr>) {
        let Some(arg) = schema.args.iter().find(|arg| arg.tags) else { return };
        if self.default_tags.is_empty() {
            return;
        }
        let defaults = self.default_tags.iter().map(|(k, v)| (k.clone(), Expr::text(v)));
        let merged = match args.remove(arg.name) {
            None => Expr::Record(defaults.collect()),
            Some(Expr::Record(declared)) => {
                let mut merged: BTreeMap<String, Expr> = defaults.collect();
                merged.extend(declared);
                Expr::Record(merged)
            }
            Some(Expr::Literal(Value::Map(declared))) => {
                let mut merged: BTreeMap<String, Expr> = defaults.collect();
                merged.extend(declared.into_iter().map(|(k, v)| (k, Expr::Literal(v))));
                Expr::Record(merged)
            }
            // Keys are computed: those of the program come last and win.
            Some(Expr::Entries(declared)) => {
                Expr::Entries(defaults.map(|(k, v)| (Expr::text(k), v)).chain(declared).collect())
            }
            Some(whole) => whole,
        };
        args.insert(arg.name.to_owned(), merged);
    }
}

/// A declared resource: derefs to its typed outputs, and stands for its id where an argument wants that.
pub struct Handle<R: Resource> {
    urn: Urn,
    refs: <R::Outputs as OutputFields>::Refs,
}

impl<R: Resource> Handle<R> {
    /// Its name.
    pub fn urn(&self) -> &Urn {
        &self.urn
    }

    pub(crate) fn id_expr(&self) -> Expr {
        Expr::Output { urn: self.urn.clone(), name: "id".to_owned() }
    }
}

impl<R: Resource> Deref for Handle<R> {
    type Target = <R::Outputs as OutputFields>::Refs;

    fn deref(&self) -> &Self::Target {
        &self.refs
    }
}

impl<R: Resource> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.urn)
    }
}

impl<R: Resource> From<&Handle<R>> for Expr {
    fn from(handle: &Handle<R>) -> Self {
        handle.id_expr()
    }
}

impl<R: Resource> From<&Handle<R>> for Urn {
    fn from(handle: &Handle<R>) -> Self {
        handle.urn.clone()
    }
}

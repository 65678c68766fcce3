//! [`Options`]: what a program says about a resource beside its arguments.

use std::time::Duration;

use crate::expr::Expr;
use crate::program::ProviderName;
use crate::urn::Urn;

/// The options of one resource; made with [`options`] and chained.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Comes after these, although no argument says so.
    pub depends_on: Vec<Urn>,
    /// `Some(true)`: may not be deleted or replaced; recorded. `Some(false)`: lifts it, for runs after the one that applied this.
    pub protect: Option<bool>,
    /// Removed from the program, it is forgotten and stays in the account.
    pub retain_on_delete: bool,
    /// A replacement deletes first.
    pub delete_before_create: bool,
    /// Arguments (paths such as `tags.team`) of which changes and drift are ignored after creation.
    pub ignore_changes: Vec<String>,
    /// A change of one of these values replaces the resource.
    pub replace_when: Vec<Expr>,
    /// Former names: a whole urn, or a former path (`network/main`) of the same kind in the same stack.
    pub aliases: Vec<String>,
    /// Adopts the existing resource of this id instead of creating one.
    pub import: Option<String>,
    /// Adopts what exists under the natural key of the declaration, where something does, instead of refusing or overwriting it.
    pub adopt_if_exists: bool,
    /// Region and account.
    pub provider: ProviderName,
    /// Longest waits, where the type's do not do.
    pub timeouts: Timeouts,
    /// Is not read while planning: what was applied is believed.
    pub no_refresh: bool,
}

/// Longest waits for one resource; the type's own where absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// After create.
    pub create: Option<Duration>,
    /// After update.
    pub update: Option<Duration>,
    /// After delete.
    pub delete: Option<Duration>,
}

/// No options yet.
pub fn options() -> Options {
    Options::default()
}

impl Options {
    /// Comes after `other`, and is deleted before it.
    #[must_use]
    pub fn depends_on(mut self, other: impl Into<Urn>) -> Self {
        self.depends_on.push(other.into());
        self
    }

    /// May not be deleted or replaced until a run has applied [`Options::unprotect`].
    #[must_use]
    pub fn protect(mut self) -> Self {
        self.protect = Some(true);
        self
    }

    /// Lifts an earlier [`Options::protect`]; takes effect for the runs after the one that applies it.
    #[must_use]
    pub fn unprotect(mut self) -> Self {
        self.protect = Some(false);
        self
    }

    /// Stays in the account when it leaves the program.
    #[must_use]
    pub fn retain_on_delete(mut self) -> Self {
        self.retain_on_delete = true;
        self
    }

    /// A replacement deletes the former one first.
    #[must_use]
    pub fn delete_before_create(mut self) -> Self {
        self.delete_before_create = true;
        self
    }

    /// Ignores changes and drift of an argument after creation.
    #[must_use]
    pub fn ignore_changes(mut self, path: impl Into<String>) -> Self {
        self.ignore_changes.push(path.into());
        self
    }

    /// Replaces the resource when this value changes.
    #[must_use]
    pub fn replace_when(mut self, value: impl Into<Expr>) -> Self {
        self.replace_when.push(value.into());
        self
    }

    /// A former name of the resource: a urn, or a path such as `network/main`.
    #[must_use]
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// Adopts the existing resource of this id.
    #[must_use]
    pub fn import(mut self, id: impl Into<String>) -> Self {
        self.import = Some(id.into());
        self
    }

    /// Adopts what exists under the natural key of the declaration (its name, mostly), and makes it where nothing does. What belongs to another
    /// stack is refused all the same. A type without such a key, and a name of which only the beginning is declared, are errors.
    ///
    /// A key that is known only after something else was made (a subnet of a new VPC) stands for nothing that exists yet: it is made.
    #[must_use]
    pub fn adopt_if_exists(mut self) -> Self {
        self.adopt_if_exists = true;
        self
    }

    /// Uses another region or account.
    #[must_use]
    pub fn provider(mut self, provider: &ProviderName) -> Self {
        self.provider = provider.clone();
        self
    }

    /// Longest waits.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Is not read while planning.
    #[must_use]
    pub fn no_refresh(mut self) -> Self {
        self.no_refresh = true;
        self
    }
}

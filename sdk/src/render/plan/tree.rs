//! The tree of components.

use super::Item;

/// What stands in one component: its own things, then the components in it, both in the order of the plan.
#[derive(Default)]
pub(super) struct Branch<'a> {
    items: Vec<&'a Item<'a>>,
    below: Vec<(&'a str, Branch<'a>)>,
}

/// One line of the tree: a component, or a thing under its name.
pub(super) struct Line<'a> {
    pub(super) depth: usize,
    pub(super) name: String,
    pub(super) item: Option<&'a Item<'a>>,
}

impl<'a> Branch<'a> {
    pub(super) fn new(items: &'a [Item<'a>]) -> Self {
        let mut root = Branch::default();
        for item in items {
            let mut branch = &mut root;
            for component in item.main.urn.components() {
                let at = branch.below.iter().position(|(name, _)| *name == component).unwrap_or_else(|| {
                    branch.below.push((component, Branch::default()));
                    branch.below.len() - 1
                });
                branch = &mut branch.below[at].1;
            }
            branch.items.push(item);
        }
        root
    }

    /// The tree in lines. A component with one thing in it takes one line and not two.
    pub(super) fn lines(&self) -> Vec<Line<'a>> {
        let mut lines = Vec::new();
        self.write(0, &mut lines);
        lines
    }

    fn write(&self, depth: usize, lines: &mut Vec<Line<'a>>) {
        lines.extend(self.items.iter().map(|item| Line {
            depth,
            name: item.main.urn.name().to_owned(),
            item: Some(item),
        }));
        for (name, below) in &self.below {
            if let Some((name, item)) = below.only(name) {
                lines.push(Line { depth, name, item: Some(item) });
            } else {
                lines.push(Line { depth, name: (*name).to_owned(), item: None });
                below.write(depth + 1, lines);
            }
        }
    }

    /// The only thing in here, with the path that leads to it from above.
    fn only(&self, name: &str) -> Option<(String, &'a Item<'a>)> {
        match (&self.items[..], &self.below[..]) {
            ([item], []) => Some((format!("{name}/{}", item.main.urn.name()), item)),
            ([], [(inner, below)]) => below.only(&format!("{name}/{inner}")),
            _ => None,
        }
    }
}

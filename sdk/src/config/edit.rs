//! [`Document`]: a configuration as a text that is edited: comments, order and layout stay.

use formwork_engine::Error;
use formwork_engine::error::Turn;
use formwork_engine::seal::{self, OpenError, Sealer};
use toml_edit::{DocumentMut, InlineTable, Item, Key, Table, Value};

use super::ConfigFile;

/// The key of a sealed value, as in `password = { sealed = "v1:…" }`.
const SEALED: &str = "sealed";

/// A configuration that is edited.
pub(crate) struct Document {
    place: String,
    toml: DocumentMut,
}

/// One value of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its dotted key.
    pub(crate) key: String,
    /// Its value in TOML's words, or the sealed text.
    pub(crate) value: Shown,
}

/// How a value stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// In the clear: the text of a string, and TOML for everything else.
    Clear(String),
    /// Sealed.
    Sealed(String),
}

impl Document {
    /// A configuration that was read.
    ///
    /// # Errors
    /// When it is no TOML.
    pub(crate) fn of(file: &ConfigFile) -> Result<Self, Error> {
        let place = file.path().display().to_string();
        match file.text().parse() {
            Ok(toml) => Ok(Self { place, toml }),
            Err(error) => {
                let error: toml_edit::TomlError = error;
                let reason = format!("{place}: {}", error.message().replace('\n', ", "));
                Err(Error::new(Turn::You, "read the configuration", reason))
            }
        }
    }

    /// The text to write.
    pub(crate) fn text(&self) -> String {
        self.toml.to_string()
    }

    /// Every value, in the order of the file.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut found = Vec::new();
        walk(self.toml.as_table(), "", &mut found);
        found
    }

    /// The value of a key; of a table, the values in it.
    ///
    /// # Errors
    /// When there is nothing of that name.
    pub(crate) fn get(&self, key: &str) -> Result<Vec<Entry>, Error> {
        let within = format!("{key}.");
        let entries = self.entries();
        let all = || entries.iter().map(|entry| entry.key.as_str());
        let near = super::nearest(key, all());
        let found: Vec<Entry> =
            entries.iter().filter(|entry| entry.key == key || entry.key.starts_with(&within)).cloned().collect();
        if found.is_empty() { Err(self.unknown("find the key", key, near)) } else { Ok(found) }
    }

    /// Gives a key a value: TOML where the text is some, and a string otherwise, or where there was a string before.
    ///
    /// # Errors
    /// When the key is no key, or something on the way to it is no table.
    pub(crate) fn set(&mut self, key: &str, text: &str) -> Result<(), Error> {
        let was_text = self.at(key).is_some_and(|item| item.as_str().is_some());
        let parsed = text.parse::<Value>().ok().filter(|_| !was_text);
        self.put(key, parsed.unwrap_or_else(|| Value::from(text)))
    }

    /// Gives a key a sealed value.
    ///
    /// # Errors
    /// As [`Document::set`].
    pub(crate) fn set_sealed(&mut self, key: &str, sealed: &str) -> Result<(), Error> {
        self.put(key, sealed_value(sealed))
    }

    /// Takes a key out.
    ///
    /// # Errors
    /// When there is nothing of that name.
    pub(crate) fn remove(&mut self, key: &str) -> Result<(), Error> {
        let act = "remove the key";
        let path = self.path(act, key)?;
        let Some((last, above)) = path.split_last() else { return Err(self.unknown(act, key, None)) };
        let table = above.iter().try_fold(self.toml.as_item_mut(), |item, name| item.get_mut(name.get()));
        let removed = table.and_then(Item::as_table_like_mut).and_then(|table| table.remove(last.get()));
        match removed {
            Some(_) => Ok(()),
            None => {
                let near = self.entries();
                let near = super::nearest(key, near.iter().map(|entry| entry.key.as_str()));
                Err(self.unknown(act, key, near))
            }
        }
    }

    /// Seals every sealed value anew; answers how many are not what they were.
    ///
    /// # Errors
    /// The first that does not open, by its key.
    pub(crate) fn reseal(&mut self, sealer: &Sealer) -> Result<usize, Error> {
        let mut changed = 0;
        for Entry { key, value } in self.entries() {
            let Shown::Sealed(sealed) = value else { continue };
            let again = sealer.open_text(&sealed).map(|text| sealer.seal_text(&text));
            let again = again.map_err(|error: OpenError| {
                let reason = format!("{}: `{key}`: {error}", self.place);
                Error::new(Turn::You, "seal the configuration anew", reason)
                    .hint(format!("put the key back that it was sealed with, or set `{key}` again"))
            })?;
            if again != sealed {
                self.set_sealed(&key, &again)?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    fn at(&self, key: &str) -> Option<&Item> {
        let path = Key::parse(key).ok()?;
        path.iter().try_fold(self.toml.as_item(), |item, name| item.get(name.get()))
    }

    fn path(&self, act: &str, key: &str) -> Result<Vec<Key>, Error> {
        Key::parse(key).map_err(|_| {
            Error::new(Turn::You, act, format!("{}: `{key}` is no key", self.place))
                .hint("keys are written as in TOML, with dots between them: database.password")
        })
    }

    fn put(&mut self, key: &str, value: Value) -> Result<(), Error> {
        let act = "set the key";
        let path = self.path(act, key)?;
        let Some((last, above)) = path.split_last() else { return Err(self.unknown(act, key, None)) };
        let mut item = self.toml.as_item_mut();
        for name in above {
            let Some(table) = item.as_table_like_mut() else { return Err(no_table(&self.place, key)) };
            item = table.entry(name.get()).or_insert_with(|| Item::Table(implicit()));
        }
        let Some(table) = item.as_table_like_mut() else { return Err(no_table(&self.place, key)) };
        match table.get_mut(last.get()) {
            Some(Item::Value(before)) => {
                // What is written behind a value on its line stays there.
                let decor = before.decor().clone();
                *before = value;
                *before.decor_mut() = decor;
            }
            Some(_) => return Err(no_table(&self.place, key).hint("it is a table: name a key in it")),
            None => drop(table.insert(last.get(), Item::Value(value))),
        }
        Ok(())
    }

    fn unknown(&self, act: &str, key: &str, near: Option<&str>) -> Error {
        let error = Error::new(Turn::You, act, format!("{} has no `{key}`", self.place));
        match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`config list` shows what it has"),
        }
    }
}

/// The sealed text of an inline table `{ sealed = "v1:…" }`.
fn sealed_text(value: &Value) -> Option<&str> {
    let table = value.as_inline_table().filter(|table| table.len() == 1)?;
    let text = table.get(SEALED)?.as_str()?;
    seal::key_of(text).map(|_| text)
}

fn sealed_value(sealed: &str) -> Value {
    let mut table = InlineTable::new();
    table.insert(SEALED, Value::from(sealed));
    Value::InlineTable(table)
}

/// A table that is not written as `[name]` unless it has values of its own.
fn implicit() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

fn no_table(place: &str, key: &str) -> Error {
    Error::new(Turn::You, "set the key", format!("{place}: `{key}` cannot be set: something else stands in its place"))
}

fn walk(table: &dyn toml_edit::TableLike, above: &str, found: &mut Vec<Entry>) {
    for (name, item) in table.iter() {
        let name = Key::new(name).display_repr().into_owned();
        let key = if above.is_empty() { name } else { format!("{above}.{name}") };
        match item {
            Item::Value(value) => match sealed_text(value) {
                Some(text) => found.push(Entry { key, value: Shown::Sealed(text.to_owned()) }),
                None => found.push(Entry { key, value: Shown::Clear(shown(value)) }),
            },
            Item::Table(table) => walk(table, &key, found),
            Item::ArrayOfTables(tables) => {
                for (index, table) in tables.iter().enumerate() {
                    walk(table, &format!("{key}[{index}]"), found);
                }
            }
            Item::None => {}
        }
    }
}

fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.clone().decorated("", "").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_engine::seal::DataKey;

    const TEXT: &str = "\
# The sizes.
nodes = 3 # not fewer

[database]
password = \"hunter2\" # moves to the vault
tags = { a = \"b\" }
";

    fn document(text: &str) -> Document {
        Document::of(&ConfigFile::from_text("stacks/prod.toml", text)).unwrap()
    }

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&DataKey::from_bytes(&[byte; 32]).unwrap())
    }

    #[test]
    fn values_are_set_where_they_stand_and_everything_else_stays() {
        let mut document = document(TEXT);
        document.set("nodes", "5").unwrap();
        document.set_sealed("database.password", "v1:x").unwrap();
        document.set("cache.size", "big").unwrap();
        document.set("zones", "[\"a\", \"b\"]").unwrap();
        let expected = TEXT
            .replace("nodes = 3", "nodes = 5")
            .replace("\"hunter2\"", "{ sealed = \"v1:x\" }")
            .replace("\n[database]", "zones = [\"a\", \"b\"]\n\n[database]")
            + "\n[cache]\nsize = \"big\"\n";
        assert_eq!(document.text(), expected);
        document.remove("database.password").unwrap();
        assert!(!document.text().contains("password"), "{}", document.text());
    }

    #[test]
    fn a_string_stays_a_string_and_wrong_keys_are_named() {
        let mut document = document("version = \"1.33\"\n[a]\nb = 1\n");
        document.set("version", "1.34").unwrap();
        assert!(document.text().starts_with("version = \"1.34\"\n"));
        let error = document.get("versoin").unwrap_err();
        assert_eq!(error.hints, ["did you mean `version`?"]);
        assert!(document.remove("a.c").unwrap_err().reason.contains("has no `a.c`"));
        assert!(document.set("version.x", "1").unwrap_err().reason.contains("something else stands in its place"));
        assert!(document.set("a", "1").unwrap_err().reason.contains("`a` cannot be set"));
        assert!(document.set("a..b", "1").unwrap_err().reason.contains("is no key"));
    }

    #[test]
    fn sealed_values_are_found_and_sealed_anew() {
        let sealed = sealer(1).seal_text("hunter2");
        let mut document = document(&format!("[database]\npassword = {{ sealed = \"{sealed}\" }} # why\nsize = 2\n"));
        let entries = document.entries();
        assert_eq!(entries[0], Entry { key: "database.password".into(), value: Shown::Sealed(sealed) });
        assert_eq!(entries[1].value, Shown::Clear("2".into()));
        let next = sealer(2).opening(&DataKey::from_bytes(&[1; 32]).unwrap());
        assert_eq!((document.reseal(&next).unwrap(), document.reseal(&next).unwrap()), (1, 0));
        let Shown::Sealed(again) = &document.get("database.password").unwrap()[0].value else { panic!() };
        assert_eq!(sealer(2).open_text(again).unwrap().as_str(), "hunter2");
        assert!(document.text().contains("\" } # why"), "{}", document.text());
        let error = document.reseal(&sealer(3)).unwrap_err();
        assert!(error.reason.contains("`database.password`: it was sealed with the key"), "{error}");
    }
}

//! The serde deserializer of a configuration: keeps paths and places, refuses unknown keys at every depth, finds secrets.

use std::cell::RefCell;

use formwork_engine::field::SECRET_NAME;
use serde::de::value::{MapAccessDeserializer, MapDeserializer, StrDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::secrets::{Found, SecretPlace};
use super::{Fault, Secrets, nearest};

type Entry<'a, 'i> = (&'a str, std::ops::Range<usize>, &'a Spanned<DeValue<'i>>);

/// What the reading of one file shares.
pub(super) struct Reader<'s> {
    secrets: &'s Secrets<'s>,
    /// Faults that do not stop the reading, so that several are reported together.
    faults: RefCell<Vec<Fault>>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(secrets: &'s Secrets<'s>) -> Self {
        Self { secrets, faults: RefCell::default() }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }

    /// Reads those entries of a table that belong to `C`.
    pub(super) fn table<C: DeserializeOwned>(
        &self,
        table: &DeTable<'_>,
        belongs: &dyn Fn(&str) -> bool,
    ) -> Result<C, Fault> {
        let entries = entries(table).filter(|(key, ..)| belongs(key)).collect();
        C::deserialize(Node { reader: self, path: String::new(), span: 0..0, thing: Thing::Table(entries) })
    }
}

fn entries<'a, 'i>(table: &'a DeTable<'i>) -> impl Iterator<Item = Entry<'a, 'i>> {
    let mut entries: Vec<Entry<'a, 'i>> =
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
    entries.sort_by_key(|(_, span, _)| span.start);
    entries.into_iter()
}

enum Thing<'a, 'i> {
    Value(&'a DeValue<'i>),
    Table(Vec<Entry<'a, 'i>>),
}

/// A value of the file with the path that leads to it.
struct Node<'a, 'i, 's> {
    reader: &'a Reader<'s>,
    path: String,
    span: std::ops::Range<usize>,
    thing: Thing<'a, 'i>,
}

impl<'a, 'i, 's> Node<'a, 'i, 's> {
    fn child(&self, segment: &str) -> String {
        match (self.path.as_str(), segment.starts_with('[')) {
            ("", _) => segment.to_owned(),
            (path, true) => format!("{path}{segment}"),
            (path, false) => format!("{path}.{segment}"),
        }
    }

    fn entries(&self) -> Option<Vec<Entry<'a, 'i>>> {
        match &self.thing {
            Thing::Table(entries) => Some(entries.clone()),
            Thing::Value(DeValue::Table(table)) => Some(entries(table).collect()),
            Thing::Value(_) => None,
        }
    }

    fn map(&self, entries: Vec<Entry<'a, 'i>>) -> Entries<'a, 'i, 's> {
        Entries { reader: self.reader, path: self.path.clone(), left: entries.into_iter(), value: None }
    }

    /// Takes out the entries that a struct does not have, as faults.
    fn known(&self, entries: Vec<Entry<'a, 'i>>, fields: &[&str]) -> Vec<Entry<'a, 'i>> {
        let (known, unknown): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, ..)| fields.contains(key));
        let free = || fields.iter().copied().filter(|field| known.iter().all(|(key, ..)| key != field));
        for (key, span, _) in unknown {
            let hint = match nearest(key, free()).or_else(|| nearest(key, fields.iter().copied())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let mut fields = fields.to_vec();
                    fields.sort_unstable();
                    format!("known here: {}", fields.join(", "))
                }
            };
            let fault = Fault {
                path: self.child(key),
                span: Some(span),
                hints: vec![hint],
                ..Fault::new("this key is not known")
            };
            self.reader.faults.borrow_mut().push(fault);
        }
        known
    }

    fn secret_place(&self) -> Result<SecretPlace, Fault> {
        let wrong = || Fault {
            hints: vec![
                "write { env = \"NAME\" } or { file = \"PATH\" }, or seal one with `config set … --secret`".to_owned(),
            ],
            ..Fault::new("a secret is wanted here")
        };
        if let Thing::Value(DeValue::String(text)) = &self.thing {
            return Ok(SecretPlace::Clear(text.as_ref().to_owned()));
        }
        match self.entries().as_deref() {
            Some([(key, _, value)]) => match (*key, value.get_ref()) {
                ("env", DeValue::String(name)) => Ok(SecretPlace::Variable(name.as_ref().to_owned())),
                ("sealed", DeValue::String(text)) => Ok(SecretPlace::Sealed(text.as_ref().to_owned())),
                ("file", DeValue::String(path)) => Ok(SecretPlace::File(path.as_ref().into())),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl<'de> Deserializer<'de> for Node<'_, '_, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(entries) = self.entries() {
            return visitor.visit_map(self.map(entries));
        }
        let Thing::Value(value) = self.thing else {
            return Err(Fault::new("a value is wanted here"));
        };
        match value {
            DeValue::String(text) => visitor.visit_str(text),
            DeValue::Boolean(truth) => visitor.visit_bool(*truth),
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => visitor.visit_i64(number),
                Err(error) => Err(Fault::new(error.to_string())),
            },
            DeValue::Float(float) => match float.as_str().parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(Fault::new("this is no number")),
            },
            DeValue::Datetime(datetime) => visitor.visit_string(datetime.to_string()),
            DeValue::Array(array) => {
                let items = array.iter().enumerate();
                visitor.visit_seq(Items { reader: self.reader, path: self.path, left: items })
            }
            DeValue::Table(_) => Err(Fault::new("a value is wanted here")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        if name != SECRET_NAME {
            return visitor.visit_newtype_struct(self);
        }
        let place = self.secret_place()?;
        let found = self.reader.secrets.find(&self.path, &place).unwrap_or_else(|fault| {
            // Told together with whatever else is missing; the empty value goes nowhere, since there is a fault.
            let fault = Fault { path: self.path.clone(), span: Some(self.span.clone()), ..fault };
            self.reader.faults.borrow_mut().push(fault);
            Found::Value(String::new())
        });
        let stand_in = |name: &str, text: String| MapDeserializer::new([(name.to_owned(), text)].into_iter());
        match found {
            Found::Value(value) => visitor.visit_newtype_struct(StringDeserializer::<Fault>::new(value)),
            Found::Digest(digest) => visitor.visit_map(stand_in("$secret", digest)),
            Found::Unknown(name) => visitor.visit_map(stand_in("$unknown", name)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.entries() {
            Some(entries) => {
                let known = self.known(entries, fields);
                visitor.visit_map(self.map(known))
            }
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Thing::Value(DeValue::String(word)) = &self.thing {
            if let (false, Some(near)) = (variants.contains(&word.as_ref()), nearest(word, variants.iter().copied())) {
                let hints = vec![format!("did you mean \"{near}\"?")];
                return Err(Fault { hints, ..Fault::new(format!("\"{word}\" is not known here")) });
            }
            let word: StrDeserializer<'_, Fault> = word.as_ref().into_deserializer();
            return visitor.visit_enum(word);
        }
        match self.entries() {
            Some(entries) if entries.len() == 1 => visitor.visit_enum(MapAccessDeserializer::new(self.map(entries))),
            _ => Err(Fault::new(format!("one of these is wanted here: {}", variants.join(", ")))),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.entries() {
            Some(entries) => {
                self.known(entries, &[]);
                visitor.visit_unit()
            }
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf seq tuple tuple_struct map
        identifier ignored_any
    }
}

struct Entries<'a, 'i, 's> {
    reader: &'a Reader<'s>,
    path: String,
    left: std::vec::IntoIter<Entry<'a, 'i>>,
    value: Option<Entry<'a, 'i>>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.value = self.left.next();
        match &self.value {
            Some((key, span, _)) => {
                let text: StrDeserializer<'_, Fault> = (*key).into_deserializer();
                seed.deserialize(text).map(Some).map_err(|fault| fault.within(key, span))
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((key, span, value)) = self.value.take() else {
            return Err(Fault::new("a value without a key"));
        };
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let node = Node { reader: self.reader, path, span: span.clone(), thing: Thing::Value(value.get_ref()) };
        seed.deserialize(node).map_err(|fault| fault.within(key, &span))
    }
}

struct Items<'a, 's, I> {
    reader: &'a Reader<'s>,
    path: String,
    left: I,
}

impl<'de, 'a, 'i: 'a, I> SeqAccess<'de> for Items<'a, '_, I>
where
    I: Iterator<Item = (usize, &'a Spanned<DeValue<'i>>)>,
{
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        match self.left.next() {
            Some((index, value)) => {
                let segment = format!("[{index}]");
                let path = format!("{}{segment}", self.path);
                let node = Node { reader: self.reader, path, span: value.span(), thing: Thing::Value(value.get_ref()) };
                seed.deserialize(node).map(Some).map_err(|fault| fault.within(&segment, &value.span()))
            }
            None => Ok(None),
        }
    }
}

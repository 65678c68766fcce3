//! `derive(Choice)`.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, LitStr, Variant};

use crate::attributes::Problems;

/// Everything generated for an enum of words.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let (ident, vis) = (&input.ident, &input.vis);
    let words = words(input, &mut problems);
    let (variants, words): (Vec<_>, Vec<_>) = words.into_iter().unzip();
    let names: Vec<String> = variants.iter().map(ToString::to_string).collect();
    let expected = one_of(&words);
    let problems = problems.into_tokens();
    quote! {
        #problems

        #[allow(dead_code, reason = "conversions come in pairs")]
        impl #ident {
            /// The word that AWS uses.
            #vis fn as_str(&self) -> &'static str {
                match *self {
                    #(Self::#variants => #words,)*
                }
            }

            /// The choice that AWS calls by this word; `None` when it is not known here.
            #vis fn parse(word: &str) -> ::core::option::Option<Self> {
                match word {
                    #(#words => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }
        }

        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::formwork_engine::Field for #ident {
            const SHAPE: ::formwork_engine::Shape = ::formwork_engine::Shape::Choice(&[#(#words),*]);
            const RUST: ::formwork_engine::Rust =
                ::formwork_engine::Rust::of::<Self>(::formwork_engine::Form::Choice(&[#((#words, #names)),*]));

            fn to_value(&self) -> ::formwork_engine::Value {
                ::formwork_engine::Value::from(self.as_str())
            }

            fn from_value(
                value: &::formwork_engine::Value,
            ) -> ::core::result::Result<Self, ::formwork_engine::Mismatch> {
                value
                    .as_text()
                    .and_then(Self::parse)
                    .ok_or_else(|| ::formwork_engine::Mismatch::new(#expected, value))
            }
        }

        ::formwork_engine::accepts_itself!(#ident);
    }
}

fn words(input: &DeriveInput, problems: &mut Problems) -> Vec<(syn::Ident, String)> {
    let Data::Enum(data) = &input.data else {
        problems.add(&input.ident, "derive(Choice) takes an enum");
        return Vec::new();
    };
    if data.variants.is_empty() {
        problems.add(&input.ident, "a choice has at least one variant");
    }
    if !input.generics.params.is_empty() {
        problems.add(&input.generics, "derive(Choice) takes an enum without type parameters");
    }
    let mut taken = BTreeSet::new();
    data.variants
        .iter()
        .filter_map(|variant| {
            let word = word(variant, problems)?;
            if !taken.insert(word.clone()) {
                problems.add(&variant.ident, format!("`{word}` is the word of an earlier variant"));
            }
            Some((variant.ident.clone(), word))
        })
        .collect()
}

/// The word of a variant without fields.
fn word(variant: &Variant, problems: &mut Problems) -> Option<String> {
    let ident = &variant.ident;
    if variant.fields.is_empty() {
        return Some(attribute(variant, problems));
    }
    problems.add(ident, format!("a choice is only a word, and `{ident}` has fields: derive(Block) takes those"));
    None
}

/// What `#[choice("word")]` of a variant says. Without one the rest of the enum is still generated, under a stand-in.
pub(crate) fn attribute(variant: &Variant, problems: &mut Problems) -> String {
    let ident = &variant.ident;
    let Some(attribute) = variant.attrs.iter().find(|attribute| attribute.path().is_ident("choice")) else {
        problems.add(ident, format!("say by which word AWS calls `{ident}`: #[choice(\"word\")]"));
        return ident.to_string();
    };
    problems.keep(attribute.parse_args::<LitStr>()).map_or_else(|| ident.to_string(), |word| word.value())
}

/// The words as a message names what is wanted.
pub(crate) fn one_of(words: &[String]) -> String {
    match words {
        [only] => format!("`{only}`"),
        all => format!("one of {}", all.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
    }
}

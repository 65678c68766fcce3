//! `derive(StackOutputs)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{DeriveInput, Field, LitStr, Path, parse_quote};

use crate::attributes::{Problems, named_fields, word};

/// Everything generated for the outputs of another stack.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let ident = &input.ident;
    let engine = engine(input, &mut problems);
    let fields = named_fields(input, "StackOutputs", &mut problems);
    let idents: Vec<_> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let names: Vec<String> = fields.iter().map(|field| name(field, &mut problems)).collect();
    for (at, name) in names.iter().enumerate().filter(|(at, name)| names[..*at].contains(name)) {
        problems.add(idents[at], format!("`{name}` is the output of an earlier field"));
    }
    let problems = problems.into_tokens();
    quote! {
        #problems

        impl #engine::StackOutputs for #ident {
            const WANTED: &'static [#engine::WantedOutput] = &[
                #(#engine::WantedOutput::new::<#types>(#names),)*
            ];

            fn refs(urn: &#engine::Urn) -> Self {
                Self {
                    #(#idents: <#types as #engine::StackOutput>::of(urn, #names),)*
                }
            }
        }
    }
}

/// The path by which generated code names the engine: programs depend on the crate that re-exports it.
fn engine(input: &DeriveInput, problems: &mut Problems) -> Path {
    let mut engine: Path = parse_quote!(::formwork::engine);
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("stack_outputs")) {
        problems.keep(attribute.parse_nested_meta(|meta| {
            if word(&meta.path) != "engine" {
                return Err(meta.error("not known here: engine = path is"));
            }
            engine = meta.value()?.parse()?;
            Ok(())
        }));
    }
    engine
}

/// The name under which the other stack exports it: the field's, unless `#[output(name = "…")]` says another.
fn name(field: &Field, problems: &mut Problems) -> String {
    let mut name = field.ident.as_ref().map(|ident| ident.unraw().to_string()).unwrap_or_default();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("output")) {
        problems.keep(attribute.parse_nested_meta(|meta| {
            if word(&meta.path) != "name" {
                return Err(meta.error("not known here: name = \"…\" is"));
            }
            name = meta.value()?.parse::<LitStr>()?.value();
            Ok(())
        }));
    }
    name
}

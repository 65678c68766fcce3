//! `derive(Block)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, LitStr};

use crate::arguments::{self, Built};
use crate::attributes::{self, Of, Problems, named_fields, word};
use crate::variants;

/// Everything generated for a block.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match &input.data {
        Data::Enum(data) => variants::derive(input, data),
        _ => derive_struct(input),
    }
}

fn derive_struct(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let (ident, vis) = (&input.ident, &input.vis);
    let cfn_prefix = cfn_prefix(input, &mut problems);
    let fields = named_fields(input, "Block", &mut problems);
    let args = attributes::args(&fields, Of::Block, &cfn_prefix, &mut problems);

    let built = Built {
        ty: quote!(::formwork_engine::Input<#ident>),
        expr: quote!(::formwork_engine::Input::of(::formwork_engine::Expr::Record(self.args))),
        doc: "The block, for the argument that takes it.".to_owned(),
    };
    let builder = arguments::builder(ident, vis, &args, &built);
    let debug = arguments::debug(ident, &args);
    let functions = arguments::functions(&args);
    let schemas = arguments::schemas(&args);
    let (to_value, from_value) = arguments::conversions(ident, &args);
    let problems = problems.into_tokens();
    quote! {
        #problems
        #builder
        #debug

        const _: () = {
            #functions

            impl ::formwork_engine::Field for #ident {
                const SHAPE: ::formwork_engine::Shape = ::formwork_engine::Shape::Block(#schemas);
                const RUST: ::formwork_engine::Rust = ::formwork_engine::Rust::of::<Self>(::formwork_engine::Form::Block);

                fn to_value(&self) -> ::formwork_engine::Value {
                    #to_value
                }

                fn from_value(
                    value: &::formwork_engine::Value,
                ) -> ::core::result::Result<Self, ::formwork_engine::Mismatch> {
                    #from_value
                }
            }
        };

        ::formwork_engine::accepts_itself!(#ident);
    }
}

/// What stands before the CloudFormation names of all fields: `#[block(cfn = "Transition")]` makes `Transition.Days` of `days`.
fn cfn_prefix(input: &DeriveInput, problems: &mut Problems) -> String {
    let mut prefix = String::new();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("block")) {
        problems.keep(attribute.parse_nested_meta(|meta| {
            if word(&meta.path) != "cfn" {
                return Err(meta.error("not known here: cfn = \"Name\" is"));
            }
            prefix = format!("{}.", meta.value()?.parse::<LitStr>()?.value());
            Ok(())
        }));
    }
    prefix
}

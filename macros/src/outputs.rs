//! `derive(Outputs)`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::{DeriveInput, Field, Ident, Type};

use crate::attributes::{Problems, named_fields, names, option_of, optional, required_doc, strings, word};

/// One output.
struct Output {
    ident: Ident,
    name: String,
    doc: String,
    ty: Type,
    moves: TokenStream,
    stage: TokenStream,
    echoes: Option<String>,
}

/// Everything generated for a struct of outputs.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let (ident, vis) = (&input.ident, &input.vis);
    let fields = named_fields(input, "Outputs", &mut problems);
    let outputs: Vec<Output> = fields.iter().filter_map(|field| output(field, &mut problems)).collect();
    match outputs.first() {
        Some(first) if first.name != "id" => {
            problems.add(&first.ident, "the first output is the id: put the field `id` here");
        }
        None => problems.add(ident, "a resource has at least the output `id`"),
        Some(_) => {}
    }

    let refs = format_ident!("{ident}Refs");
    let refs_doc = format!("The outputs of [`{ident}`] as expressions, known later.");
    let expected = format!("the outputs `{ident}`");
    let schemas = outputs.iter().map(schema);
    let idents: Vec<_> = outputs.iter().map(|output| &output.ident).collect();
    let names: Vec<_> = outputs.iter().map(|output| &output.name).collect();
    let docs = outputs.iter().map(|output| &output.doc);
    let types: Vec<_> = outputs.iter().map(|output| &output.ty).collect();
    // Whether there is something is known when the value is: who refers to an optional output wants what is in it.
    let inner = outputs.iter().map(|output| option_of(&output.ty).unwrap_or(&output.ty));
    let problems = problems.into_tokens();
    quote! {
        #problems

        #[doc = #refs_doc]
        #[derive(Debug, Clone)]
        #[allow(dead_code, reason = "a program uses the outputs that it needs")]
        #vis struct #refs {
            #(#[doc = #docs] #vis #idents: ::formwork_engine::Output<#inner>,)*
        }

        impl ::formwork_engine::OutputFields for #ident {
            type Refs = #refs;

            const SCHEMA: &'static [::formwork_engine::OutputSchema] = &[#(#schemas),*];

            fn refs(urn: &::formwork_engine::Urn) -> Self::Refs {
                #refs {
                    #(#idents: ::formwork_engine::Output::of(::formwork_engine::Expr::Output {
                        urn: ::core::clone::Clone::clone(urn),
                        name: ::std::string::String::from(#names),
                    }),)*
                }
            }

            fn to_value(&self) -> ::formwork_engine::Value {
                ::formwork_engine::Value::Map(::std::collections::BTreeMap::from([
                    #((::std::string::String::from(#names), <#types as ::formwork_engine::Field>::to_value(&self.#idents)),)*
                ]))
            }

            fn from_value(
                value: &::formwork_engine::Value,
            ) -> ::core::result::Result<Self, ::formwork_engine::Mismatch> {
                if value.as_map().is_none() {
                    return ::core::result::Result::Err(::formwork_engine::Mismatch::new(#expected, value));
                }
                ::core::result::Result::Ok(Self {
                    #(#idents: <#types as ::formwork_engine::Field>::from_value(value.get(#names))
                        .map_err(|mismatch| mismatch.within(#names))?,)*
                })
            }
        }
    }
}

fn output(field: &Field, problems: &mut Problems) -> Option<Output> {
    let ident = field.ident.clone()?;
    let mut output = Output {
        name: ident.unraw().to_string(),
        doc: required_doc(&field.attrs, &ident, problems),
        ty: field.ty.clone(),
        moves: quote!(Stable),
        stage: quote!(Ready),
        echoes: None,
        ident,
    };
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("output")) {
        problems.keep(attribute.parse_nested_meta(|meta| entry(&meta, &mut output)));
    }
    Some(output)
}

fn entry(meta: &ParseNestedMeta<'_>, output: &mut Output) -> syn::Result<()> {
    match word(&meta.path).as_str() {
        "stable" => output.moves = quote!(Stable),
        "always" => output.moves = quote!(Always),
        "moves_with" => {
            let names = strings(&names(meta)?);
            output.moves = quote!(With(#names));
        }
        "stage" => {
            let stage: Ident = meta.value()?.parse()?;
            output.stage = match stage.to_string().as_str() {
                "accepted" => quote!(Accepted),
                "ready" => quote!(Ready),
                _ => return Err(syn::Error::new(stage.span(), "a stage is accepted or ready")),
            };
        }
        "echoes" => output.echoes = Some(meta.value()?.call(Ident::parse_any)?.unraw().to_string()),
        _ => {
            return Err(
                meta.error("not known here: stable, always, moves_with(…), stage = accepted and echoes = argument are")
            );
        }
    }
    Ok(())
}

fn schema(output: &Output) -> TokenStream {
    let Output { name, doc, ty, moves, stage, .. } = output;
    let echoes = optional(output.echoes.as_ref());
    quote! {
        ::formwork_engine::OutputSchema {
            name: #name,
            doc: #doc,
            shape: <#ty as ::formwork_engine::Field>::SHAPE,
            rust: <#ty as ::formwork_engine::Field>::RUST,
            moves: ::formwork_engine::Moves::#moves,
            stage: ::formwork_engine::Stage::#stage,
            echoes: #echoes,
        }
    }
}

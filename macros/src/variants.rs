//! `derive(Block)` on an enum: alternatives, each a word with fields of its own.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DataEnum, DeriveInput, Fields, Ident, LitStr, parse_quote};

use crate::attributes::{Arg, Of, Problems, args, pascal_case, required_doc, word};
use crate::{arguments, choice};

/// What `#[block(…)]` says.
struct Container {
    choice: String,
    choice_cfn: Option<String>,
    cfn_prefix: String,
}

/// One alternative.
struct Alternative {
    ident: Ident,
    doc: String,
    word: String,
    args: Vec<Arg>,
}

/// Everything generated for an enum of alternatives.
pub(crate) fn derive(input: &DeriveInput, data: &DataEnum) -> TokenStream {
    let mut problems = Problems::default();
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        problems.add(&input.generics, "derive(Block) takes an enum without type parameters");
    }
    let container = container(input, &mut problems);
    let alternatives = alternatives(data, &container, &mut problems);
    let words: Vec<String> = alternatives.iter().map(|alternative| alternative.word.clone()).collect();
    check_words(&alternatives, &mut problems);
    let fields = all_fields(&alternatives, &container, &mut problems);

    let constructors = alternatives.iter().map(|alternative| constructor(input, &container, alternative));
    let debug = alternatives.iter().map(debug);
    let functions = arguments::functions(&fields);
    let schemas = fields.iter().map(arguments::schema_of);
    let to_value = alternatives.iter().map(|alternative| to_value(&container, alternative, &fields));
    let from_value = alternatives.iter().map(from_value);
    let written = alternatives.iter().map(written);
    let (choice_name, expected) = (&container.choice, choice::one_of(&words));
    let choice_cfn = match &container.choice_cfn {
        Some(none) if none.is_empty() => String::new(),
        Some(cfn) => format!("{}{cfn}", container.cfn_prefix),
        None => format!("{}{}", container.cfn_prefix, pascal_case(choice_name)),
    };
    let choice_doc = format!("Which alternative: {expected}.");
    let problems = problems.into_tokens();
    quote! {
        #problems

        #[allow(dead_code, reason = "a program takes the alternatives that it needs")]
        impl #ident {
            #(#constructors)*
        }

        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self {
                    #(#debug)*
                }
            }
        }

        const _: () = {
            #functions

            impl ::formwork_engine::Field for #ident {
                const SHAPE: ::formwork_engine::Shape = ::formwork_engine::Shape::Block(&[
                    ::formwork_engine::ArgSchema {
                        name: #choice_name,
                        cfn: #choice_cfn,
                        doc: #choice_doc,
                        shape: ::formwork_engine::Shape::Choice(&[#(#words),*]),
                        rust: <::std::string::String as ::formwork_engine::Field>::RUST,
                        required: true,
                        default: ::core::option::Option::None,
                        change: ::formwork_engine::ChangeRule::Always(::formwork_engine::Change::InPlace),
                        after_create: false,
                        write_only: false,
                        drift_ignored: false,
                        tags: false,
                        hazards: ::core::option::Option::None,
                        same: ::core::option::Option::None,
                        instead_of: ::core::option::Option::None,
                    },
                    #(#schemas),*
                ]);
                const RUST: ::formwork_engine::Rust = ::formwork_engine::Rust::of::<Self>(
                    ::formwork_engine::Form::Alternatives(#choice_name, &[#(#written),*]),
                );

                fn to_value(&self) -> ::formwork_engine::Value {
                    match self {
                        #(#to_value)*
                    }
                }

                fn from_value(
                    value: &::formwork_engine::Value,
                ) -> ::core::result::Result<Self, ::formwork_engine::Mismatch> {
                    let word = value.get(#choice_name);
                    match word.as_text() {
                        #(#from_value)*
                        _ => ::core::result::Result::Err(
                            ::formwork_engine::Mismatch::new(#expected, word).within(#choice_name),
                        ),
                    }
                }
            }
        };

        ::formwork_engine::accepts_itself!(#ident);
    }
}

fn container(input: &DeriveInput, problems: &mut Problems) -> Container {
    let mut container = Container { choice: "choice".to_owned(), choice_cfn: None, cfn_prefix: String::new() };
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("block")) {
        problems.keep(attribute.parse_nested_meta(|meta| {
            let text = || -> syn::Result<String> { Ok(meta.value()?.parse::<LitStr>()?.value()) };
            match word(&meta.path).as_str() {
                "choice" => container.choice = text()?,
                "choice_cfn" => container.choice_cfn = Some(text()?),
                "cfn" => container.cfn_prefix = format!("{}.", text()?),
                _ => {
                    let known = "not known here: choice = \"name\", choice_cfn = \"Name\" and cfn = \"Name\" are";
                    return Err(meta.error(known));
                }
            }
            Ok(())
        }));
    }
    container
}

fn alternatives(data: &DataEnum, container: &Container, problems: &mut Problems) -> Vec<Alternative> {
    data.variants
        .iter()
        .map(|variant| {
            if matches!(variant.fields, Fields::Unnamed(_)) {
                problems
                    .add(&variant.fields, format!("name the fields of `{}`: plans show their names", variant.ident));
            }
            let fields: Vec<_> = variant.fields.iter().filter(|field| field.ident.is_some()).collect();
            Alternative {
                ident: variant.ident.clone(),
                doc: required_doc(&variant.attrs, &variant.ident, problems),
                word: choice::attribute(variant, problems),
                args: args(&fields, Of::Block, &container.cfn_prefix, problems),
            }
        })
        .collect()
}

fn check_words(alternatives: &[Alternative], problems: &mut Problems) {
    for (index, Alternative { ident, word, .. }) in alternatives.iter().enumerate() {
        if alternatives[..index].iter().any(|earlier| earlier.word == *word) {
            problems.add(ident, format!("`{word}` is the word of an earlier variant"));
        }
    }
}

/// The fields of all alternatives, each once, as optional ones: a value of another alternative does not have them.
fn all_fields(alternatives: &[Alternative], container: &Container, problems: &mut Problems) -> Vec<Arg> {
    let mut types = BTreeMap::new();
    let mut fields = Vec::new();
    for arg in alternatives.iter().flat_map(|alternative| &alternative.args) {
        if !arg.required() {
            problems.add(
                &arg.ident,
                "all fields of an alternative are needed: put the optional ones into a block of their own",
            );
        }
        if arg.name == container.choice {
            problems
                .add(&arg.ident, "this is the entry of the word: #[block(choice = \"name\")] gives it another name");
        }
        let ty = &arg.ty;
        match types.insert(arg.name.clone(), quote!(#ty).to_string()) {
            Some(earlier) if earlier != quote!(#ty).to_string() => {
                problems.add(ty, format!("`{}` has another type in an earlier variant", arg.name));
            }
            Some(_) => {}
            None => {
                let absent_elsewhere = parse_quote!(::core::option::Option<#ty>);
                fields.push(Arg { ty: absent_elsewhere, optional: Some(ty.clone()), default: None, ..arg.clone() });
            }
        }
    }
    fields
}

/// How the alternative is written in a program.
fn written(alternative: &Alternative) -> TokenStream {
    let Alternative { ident, word, args, .. } = alternative;
    let (constructor, fields) = (function(ident).to_string(), args.iter().map(|arg| &arg.name));
    quote! {
        ::formwork_engine::Alternative { word: #word, constructor: #constructor, fields: &[#(#fields),*] }
    }
}

fn constructor(input: &DeriveInput, container: &Container, alternative: &Alternative) -> TokenStream {
    let vis = &input.vis;
    let Alternative { ident, doc, word, args } = alternative;
    let name = function(ident);
    let choice_name = &container.choice;
    let (idents, names): (Vec<_>, Vec<_>) = args.iter().map(|arg| (&arg.ident, &arg.name)).unzip();
    let types = args.iter().map(|arg| &arg.ty);
    let arguments: String = args.iter().map(|arg| format!("\n- `{}`: {}", arg.name, arg.doc)).collect();
    let doc = if args.is_empty() { doc.clone() } else { format!("{doc}\n{arguments}") };
    quote! {
        #[doc = #doc]
        #vis fn #name(#(#idents: impl ::formwork_engine::IntoInput<#types>),*) -> ::formwork_engine::Input<Self> {
            ::formwork_engine::Input::of(::formwork_engine::Expr::Record(::std::collections::BTreeMap::from([
                (::std::string::String::from(#choice_name), ::formwork_engine::Expr::text(#word)),
                #((::std::string::String::from(#names), #idents.into_input().into_expr()),)*
            ])))
        }
    }
}

fn debug(alternative: &Alternative) -> TokenStream {
    let Alternative { ident, args, .. } = alternative;
    let (idents, names): (Vec<_>, Vec<_>) = args.iter().map(|arg| (&arg.ident, &arg.name)).unzip();
    let text = ident.to_string();
    quote! {
        Self::#ident { #(#idents,)* } => {
            formatter.debug_struct(#text)#(.field(#names, &::formwork_engine::Field::to_value(#idents)))*.finish()
        }
    }
}

fn to_value(container: &Container, alternative: &Alternative, fields: &[Arg]) -> TokenStream {
    let Alternative { ident, word, args, .. } = alternative;
    let idents = args.iter().map(|arg| &arg.ident);
    let choice_name = &container.choice;
    let entries = fields.iter().map(|field| {
        let (name, ident) = (&field.name, &field.ident);
        let value = if args.iter().any(|arg| arg.name == field.name) {
            quote!(::formwork_engine::Field::to_value(#ident))
        } else {
            quote!(::formwork_engine::Value::Null)
        };
        quote!((::std::string::String::from(#name), #value))
    });
    quote! {
        Self::#ident { #(#idents),* } => ::formwork_engine::Value::Map(::std::collections::BTreeMap::from([
            (::std::string::String::from(#choice_name), ::formwork_engine::Value::from(#word)),
            #(#entries,)*
        ])),
    }
}

fn from_value(alternative: &Alternative) -> TokenStream {
    let Alternative { ident, word, args, .. } = alternative;
    let (idents, names): (Vec<_>, Vec<_>) = args.iter().map(|arg| (&arg.ident, &arg.name)).unzip();
    let types = args.iter().map(|arg| &arg.ty);
    quote! {
        ::core::option::Option::Some(#word) => ::core::result::Result::Ok(Self::#ident {
            #(#idents: <#types as ::formwork_engine::Field>::from_value(value.get(#names))
                .map_err(|mismatch| mismatch.within(#names))?,)*
        }),
    }
}

/// The function that makes an alternative: `r#static` of `Static`.
fn function(variant: &Ident) -> Ident {
    let snake = snake_case(&variant.to_string());
    syn::parse_str(&snake).unwrap_or_else(|_| Ident::new_raw(&snake, variant.span()))
}

/// `s3_managed` of `S3Managed`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut after_small = false;
    for letter in name.chars() {
        if letter.is_uppercase() && after_small {
            snake.push('_');
        }
        after_small = !letter.is_uppercase();
        snake.extend(letter.to_lowercase());
    }
    snake
}

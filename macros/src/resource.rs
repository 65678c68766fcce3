//! `derive(Resource)`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::meta::ParseNestedMeta;
use syn::{DeriveInput, Ident, LitInt, LitStr, Path, Token, Type, Visibility};

use crate::arguments::{self, Built};
use crate::attributes::{self, Arg, Of, Problems, named_fields, names, required_doc, strings, word};

/// What `#[resource(…)]` says.
#[derive(Default)]
struct Container {
    kind: Option<LitStr>,
    cfn: Option<LitStr>,
    id: Option<Type>,
    outputs: Option<Type>,
    guard: Option<Ident>,
    data_store: bool,
    delete_first: bool,
    version: Option<LitInt>,
    natural_key: Vec<Ident>,
    exclusive: Vec<Vec<Ident>>,
    visibility: Option<LitInt>,
    create_wait: Option<TokenStream>,
    update_wait: Option<TokenStream>,
    delete_wait: Option<TokenStream>,
    after: Option<Path>,
    ending: Option<Path>,
}

/// Everything generated for a resource.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut problems = Problems::default();
    let (ident, vis) = (&input.ident, &input.vis);
    let container = container(input, &mut problems);
    let doc = required_doc(&input.attrs, ident, &mut problems);
    let fields = named_fields(input, "Resource", &mut problems);
    let args = attributes::args(&fields, Of::Resource, "", &mut problems);
    check_names(&container, &args, &mut problems);

    let changes = changes(ident, vis, &args);
    let built = Built {
        ty: quote!(::formwork_engine::Declared<#ident>),
        expr: quote!(::formwork_engine::Declared::new(self.args)),
        doc: "The declaration, for `stack.add`.".to_owned(),
    };
    let builder = arguments::builder(ident, vis, &args, &built);
    let debug = arguments::debug(ident, &args);
    let resource = implementation(ident, &container, &doc, &args);
    let problems = problems.into_tokens();
    quote! {
        #problems
        #changes
        #builder
        #debug
        #resource
    }
}

fn container(input: &DeriveInput, problems: &mut Problems) -> Container {
    let mut container = Container::default();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("resource")) {
        problems.keep(attribute.parse_nested_meta(|meta| entry(&meta, &mut container)));
    }
    let ident = &input.ident;
    if container.kind.is_none() {
        problems.add(ident, "say which kind it is: #[resource(kind = \"aws:ec2/vpc\")]");
    }
    if container.id.is_none() {
        problems.add(ident, format!("say which type its id has: #[resource(id = {ident}Id)]"));
    }
    if container.outputs.is_none() {
        problems.add(ident, format!("say which struct has its outputs: #[resource(outputs = {ident}Outputs)]"));
    }
    if container.guard.is_none() {
        problems.add(
            ident,
            "say what keeps a create from happening twice: #[resource(guard = token)], unique_name, upsert or tag_only",
        );
    }
    if let Some(kind) = &container.kind
        && !is_kind(&kind.value())
    {
        problems.add(
            kind,
            "a kind is written `provider:service/noun` in small letters, digits and `-`, such as `aws:ec2/vpc`",
        );
    }
    container
}

fn entry(meta: &ParseNestedMeta<'_>, container: &mut Container) -> syn::Result<()> {
    match word(&meta.path).as_str() {
        "kind" => container.kind = Some(meta.value()?.parse()?),
        "cfn" => container.cfn = Some(meta.value()?.parse()?),
        "id" => container.id = Some(meta.value()?.parse()?),
        "outputs" => container.outputs = Some(meta.value()?.parse()?),
        "guard" => {
            let guard: Ident = meta.value()?.parse()?;
            let variant = match guard.to_string().as_str() {
                "token" => "Token",
                "unique_name" => "UniqueName",
                "upsert" => "Upsert",
                "tag_only" => "TagOnly",
                _ => return Err(syn::Error::new(guard.span(), "a guard is token, unique_name, upsert or tag_only")),
            };
            container.guard = Some(Ident::new(variant, guard.span()));
        }
        "data_store" => container.data_store = true,
        "delete_first" => container.delete_first = true,
        "version" => container.version = Some(meta.value()?.parse()?),
        "natural_key" => container.natural_key = names(meta)?,
        "exclusive" => container.exclusive.push(names(meta)?),
        "visibility" => container.visibility = Some(meta.value()?.parse()?),
        "create_wait" => container.create_wait = Some(wait(meta)?),
        "update_wait" => container.update_wait = Some(wait(meta)?),
        "delete_wait" => container.delete_wait = Some(wait(meta)?),
        "after" => container.after = Some(meta.value()?.parse()?),
        "ending" => container.ending = Some(meta.value()?.parse()?),
        _ => {
            return Err(meta.error(
                "not known here: kind, cfn, id, outputs, guard, data_store, delete_first, version, natural_key(…), exclusive(…), \
                 visibility, create_wait, update_wait, delete_wait, after and ending are",
            ));
        }
    }
    Ok(())
}

fn wait(meta: &ParseNestedMeta<'_>) -> syn::Result<TokenStream> {
    let input = meta.value()?;
    let content;
    let place = syn::parenthesized!(content in input);
    let numbers = content.parse_terminated(<LitInt as syn::parse::Parse>::parse, Token![,])?;
    if numbers.len() != 4 {
        let reason = "a wait is four numbers: seconds before the first poll, seconds between polls, answers in a row that must agree, seconds until it pauses";
        return Err(syn::Error::new(place.span.join(), reason));
    }
    Ok(quote!(::formwork_engine::Wait::seconds(#numbers)))
}

fn is_kind(kind: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    kind.split_once(':')
        .and_then(|(provider, rest)| rest.split_once('/').map(|(service, noun)| [provider, service, noun]))
        .is_some_and(|parts| parts.into_iter().all(word))
}

fn check_names(container: &Container, args: &[Arg], problems: &mut Problems) {
    for name in container.natural_key.iter().chain(container.exclusive.iter().flatten()) {
        if args.iter().all(|arg| arg.ident != *name) {
            problems.add(name, format!("there is no argument `{name}`"));
        }
    }
}

fn implementation(ident: &Ident, container: &Container, doc: &str, args: &[Arg]) -> TokenStream {
    // Without them nothing can stand in for the implementation; the mistake has been noted.
    let (Some(id), Some(outputs)) = (&container.id, &container.outputs) else { return TokenStream::new() };
    let changes = changes_ident(ident);
    let functions = arguments::functions(args);
    let schemas = arguments::schemas(args);
    let (to_value, from_value) = arguments::conversions(ident, args);
    let kind = container.kind.as_ref().map(LitStr::value).unwrap_or_default();
    let cfn = container.cfn.as_ref().map(LitStr::value).unwrap_or_default();
    let version = container.version.as_ref().map_or_else(|| quote!(1), |version| quote!(#version));
    let Container { data_store, delete_first, .. } = container;
    let guard = container.guard.as_ref().map_or_else(|| quote!(TagOnly), |guard| quote!(#guard));
    let natural_key = strings(&container.natural_key);
    let exclusive = container.exclusive.iter().map(|names| strings(names));
    let visibility = container.visibility.as_ref().map_or_else(|| quote!(120), |seconds| quote!(#seconds));
    let [create_wait, update_wait, delete_wait] =
        [&container.create_wait, &container.update_wait, &container.delete_wait]
            .map(|wait| wait.clone().unwrap_or_else(|| quote!(::formwork_engine::Wait::NONE)));
    let after = container.after.as_ref().map_or_else(|| quote!(&[]), |path| quote!(#path));
    let ending =
        container.ending.as_ref().map_or_else(|| quote!(::formwork_engine::Ending::PLAIN), |path| quote!(#path));
    quote! {
        const _: () = {
            #functions

            static SCHEMA: ::formwork_engine::Schema = ::formwork_engine::Schema {
                kind: #kind,
                rust: ::core::any::type_name::<#ident>,
                cfn: #cfn,
                doc: #doc,
                version: #version,
                args: #schemas,
                outputs: <#outputs as ::formwork_engine::OutputFields>::SCHEMA,
                data_store: #data_store,
                guard: ::formwork_engine::Guard::#guard,
                natural_key: #natural_key,
                exclusive: &[#(#exclusive),*],
                delete_first: #delete_first,
                visibility: ::core::time::Duration::from_secs(#visibility),
                create_wait: #create_wait,
                update_wait: #update_wait,
                delete_wait: #delete_wait,
                after: #after,
                ending: #ending,
            };

            impl ::formwork_engine::Resource for #ident {
                type Id = #id;
                type Outputs = #outputs;
                type Changes = #changes;

                fn schema() -> &'static ::formwork_engine::Schema {
                    &SCHEMA
                }

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
    }
}

/// The struct of bools that `update` takes apart.
fn changes(ident: &Ident, vis: &Visibility, args: &[Arg]) -> TokenStream {
    let changes = changes_ident(ident);
    let args: Vec<&Arg> = args.iter().filter(|arg| arg.reaches_update()).collect();
    let idents: Vec<_> = args.iter().map(|arg| &arg.ident).collect();
    let names: Vec<_> = args.iter().map(|arg| &arg.name).collect();
    let docs = names.iter().map(|name| format!("Whether `{name}` is to be set."));
    let doc = format!(
        "Which arguments of a [`{ident}`] are to be set. Take it apart without `..`, so that a new argument is not forgotten."
    );
    let unused = names.is_empty().then(|| quote!(let _ = names;));
    let insert = quote!(#(if self.#idents { names.insert(::std::string::String::from(#names)); })*);
    let mutable = (!names.is_empty()).then(|| quote!(mut));
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[allow(dead_code, clippy::struct_excessive_bools, reason = "one per argument; a type that is never updated reads none")]
        #vis struct #changes {
            #(#[doc = #docs] #vis #idents: bool,)*
        }

        impl ::formwork_engine::ChangeSet for #changes {
            fn from_names(names: &::std::collections::BTreeSet<::std::string::String>) -> Self {
                #unused
                Self { #(#idents: names.contains(#names),)* }
            }

            fn names(&self) -> ::std::collections::BTreeSet<::std::string::String> {
                let #mutable names = ::std::collections::BTreeSet::new();
                #insert
                names
            }
        }
    }
}

fn changes_ident(ident: &Ident) -> Ident {
    format_ident!("{ident}Changes")
}

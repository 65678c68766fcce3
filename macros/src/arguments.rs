//! What resources and blocks have in common: the schema of their arguments, the conversions, the builder.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprUnary, Ident, Lit, UnOp, Visibility};

use crate::attributes::{Arg, DefaultValue, Rule, generated, optional, pascal_case};

/// The functions that the schema and the conversions of these arguments call. Stand in the same anonymous `const` as those; their
/// names begin with `formwork_`, so that they do not shadow the author's.
pub(crate) fn functions(args: &[Arg]) -> TokenStream {
    args.iter().map(functions_of).collect()
}

fn functions_of(arg: &Arg) -> TokenStream {
    let ty = &arg.ty;
    let take = named("take", arg);
    let default = arg.default.as_ref().map(|value| {
        let (default, default_value) = (named("default", arg), named("default_value", arg));
        let expr = default_expr(value, arg);
        quote! {
            fn #default() -> #ty {
                #expr
            }

            fn #default_value() -> ::formwork_engine::Value {
                <#ty as ::formwork_engine::Field>::to_value(&#default())
            }
        }
    });
    let fill = arg.default.is_some().then(|| {
        let default = named("default", arg);
        quote! {
            if value.is_null() {
                return ::core::result::Result::Ok(#default());
            }
        }
    });
    let decide = match &arg.rule {
        Some(Rule::Decide(path)) => Some(comparison(
            arg,
            "decide",
            path,
            &quote!(::formwork_engine::Change),
            // Not knowing is treated as the worst that can come.
            &quote!(::formwork_engine::Change::Replace),
        )),
        _ => None,
    };
    let hazards = arg.hazards.as_ref().map(|path| {
        let all = quote! {
            &[
                ::formwork_engine::Hazard::DataLoss,
                ::formwork_engine::Hazard::Irreversible,
                ::formwork_engine::Hazard::Outage,
            ]
        };
        comparison(arg, "hazards", path, &quote!(&'static [::formwork_engine::Hazard]), &all)
    });
    let same = arg.same.as_ref().map(|path| comparison(arg, "same", path, &quote!(bool), &quote!(before == after)));
    quote! {
        #default

        fn #take(value: &::formwork_engine::Value) -> ::core::result::Result<#ty, ::formwork_engine::Mismatch> {
            #fill
            <#ty as ::formwork_engine::Field>::from_value(value)
        }

        #decide
        #hazards
        #same
    }
}

/// A function over two values that calls the author's over two typed ones, and answers `otherwise` when one of them is not known
/// or is of another sort (the digest of a secret, a row of an earlier version).
fn comparison(
    arg: &Arg,
    purpose: &str,
    path: &syn::Path,
    answer: &TokenStream,
    otherwise: &TokenStream,
) -> TokenStream {
    let (ty, take, name) = (&arg.ty, named("take", arg), named(purpose, arg));
    quote! {
        fn #name(before: &::formwork_engine::Value, after: &::formwork_engine::Value) -> #answer {
            match (#take(before), #take(after)) {
                (::core::result::Result::Ok(before), ::core::result::Result::Ok(after)) => {
                    let (before, after): (#ty, #ty) = (before, after);
                    // Called by its path, so that a function of `&str` serves a `String`.
                    let answer: #answer = #path(&before, &after);
                    answer
                }
                _ => #otherwise,
            }
        }
    }
}

/// The initial value of a `&'static [ArgSchema]`.
pub(crate) fn schemas(args: &[Arg]) -> TokenStream {
    let schemas = args.iter().map(schema_of);
    quote!(&[#(#schemas),*])
}

/// One `ArgSchema`.
pub(crate) fn schema_of(arg: &Arg) -> TokenStream {
    let Arg { name, cfn, doc, ty, after_create, write_only, drift_ignored, tags, .. } = arg;
    let required = arg.required();
    let default = optional(arg.default.as_ref().map(|_| named("default_value", arg)));
    let hazards = optional(arg.hazards.as_ref().map(|_| named("hazards", arg)));
    let same = optional(arg.same.as_ref().map(|_| named("same", arg)));
    let instead_of = optional(arg.instead_of.as_ref().map(ToString::to_string));
    let change = match &arg.rule {
        None | Some(Rule::InPlace) => quote!(Always(::formwork_engine::Change::InPlace)),
        Some(Rule::Replace) => quote!(Always(::formwork_engine::Change::Replace)),
        Some(Rule::Never) => quote!(Always(::formwork_engine::Change::Never)),
        Some(Rule::Decide(_)) => {
            let decide = named("decide", arg);
            quote!(Decide(#decide))
        }
    };
    quote! {
        ::formwork_engine::ArgSchema {
            name: #name,
            cfn: #cfn,
            doc: #doc,
            shape: <#ty as ::formwork_engine::Field>::SHAPE,
            rust: <#ty as ::formwork_engine::Field>::RUST,
            required: #required,
            default: #default,
            change: ::formwork_engine::ChangeRule::#change,
            after_create: #after_create,
            write_only: #write_only,
            drift_ignored: #drift_ignored,
            tags: #tags,
            hazards: #hazards,
            same: #same,
            instead_of: #instead_of,
        }
    }
}

/// The bodies of `to_value(&self)` and `from_value(value)`.
pub(crate) fn conversions(ident: &Ident, args: &[Arg]) -> (TokenStream, TokenStream) {
    let idents: Vec<_> = args.iter().map(|arg| &arg.ident).collect();
    let names: Vec<_> = args.iter().map(|arg| &arg.name).collect();
    let types = args.iter().map(|arg| &arg.ty);
    let takes = args.iter().map(|arg| named("take", arg));
    let expected = format!("a `{ident}`");
    let to_value = quote! {
        ::formwork_engine::Value::Map(::std::collections::BTreeMap::from([
            #((::std::string::String::from(#names), <#types as ::formwork_engine::Field>::to_value(&self.#idents)),)*
        ]))
    };
    let from_value = quote! {
        if value.as_map().is_none() {
            return ::core::result::Result::Err(::formwork_engine::Mismatch::new(#expected, value));
        }
        ::core::result::Result::Ok(Self {
            #(#idents: #takes(value.get(#names)).map_err(|mismatch| mismatch.within(#names))?,)*
        })
    };
    (to_value, from_value)
}

/// `Debug` through [`Value`], so that a secret never prints.
pub(crate) fn debug(ident: &Ident, args: &[Arg]) -> TokenStream {
    let idents = args.iter().map(|arg| &arg.ident);
    let names = args.iter().map(|arg| &arg.name);
    let types = args.iter().map(|arg| &arg.ty);
    let text = ident.to_string();
    quote! {
        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text)
                    #(.field(#names, &<#types as ::formwork_engine::Field>::to_value(&self.#idents)))*
                    .finish()
            }
        }
    }
}

/// What a builder's `build()` gives.
pub(crate) struct Built {
    /// The type.
    pub(crate) ty: TokenStream,
    /// It, made of `self.args`.
    pub(crate) expr: TokenStream,
    /// The line of documentation.
    pub(crate) doc: String,
}

/// The builder: one type parameter per required argument, which says whether that one has been given.
pub(crate) fn builder(ident: &Ident, vis: &Visibility, args: &[Arg], built: &Built) -> TokenStream {
    let builder = format_ident!("{ident}Builder");
    let required: Vec<&Arg> = args.iter().filter(|arg| arg.required()).collect();
    let parameters: Vec<Ident> = required.iter().map(|arg| parameter(arg)).collect();
    let setters = args.iter().map(|arg| setter(&builder, vis, arg, &required));
    let traits = required.iter().map(|arg| required_trait(ident, vis, arg));
    let needs = required.iter().map(|arg| needs(arg));
    let Built { ty: built_type, expr: built_expr, doc: built_doc } = built;
    let (builder_doc, start_doc) =
        (format!("Declares a [`{ident}`]."), format!("Starts the declaration of a `{ident}`."));
    quote! {
        #[doc = #builder_doc]
        #[must_use = "nothing is declared before `build()`"]
        #vis struct #builder<#(#parameters = ::formwork_engine::Unset),*> {
            args: ::std::collections::BTreeMap<::std::string::String, ::formwork_engine::Expr>,
            given: ::core::marker::PhantomData<fn() -> (#(#parameters,)*)>,
        }

        impl #ident {
            #[doc = #start_doc]
            #[allow(dead_code, reason = "a type that is only read back is not declared")]
            #vis fn builder() -> #builder {
                #builder { args: ::std::collections::BTreeMap::new(), given: ::core::marker::PhantomData }
            }
        }

        #[allow(dead_code, reason = "a program gives the arguments that it needs")]
        impl<#(#parameters),*> #builder<#(#parameters),*> {
            #(#setters)*
        }

        impl<#(#parameters),*> ::core::clone::Clone for #builder<#(#parameters),*> {
            fn clone(&self) -> Self {
                Self { args: self.args.clone(), given: ::core::marker::PhantomData }
            }
        }

        impl<#(#parameters),*> ::core::fmt::Debug for #builder<#(#parameters),*> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_map().entries(&self.args).finish()
            }
        }

        // The traits have no business outside, and an anonymous `const` keeps their names from meeting those of another type.
        const _: () = {
            #(#traits)*

            #[allow(dead_code, reason = "a type that is only read back is not declared")]
            impl<#(#parameters),*> #builder<#(#parameters),*> {
                #[doc = #built_doc]
                #vis fn build(self) -> #built_type
                where
                    #(#parameters: #needs,)*
                {
                    #built_expr
                }
            }
        };
    }
}

fn setter(builder: &Ident, vis: &Visibility, arg: &Arg, required: &[&Arg]) -> TokenStream {
    let Arg { ident, name, .. } = arg;
    let ty = arg.setter_type();
    let doc = setter_doc(arg);
    let (result, value) = if arg.required() {
        let parameters = required.iter().map(|other| {
            if other.name == arg.name {
                quote!(::formwork_engine::Given)
            } else {
                let parameter = parameter(other);
                quote!(#parameter)
            }
        });
        let value = quote!(#builder { args: self.args, given: ::core::marker::PhantomData });
        (quote!(#builder<#(#parameters),*>), value)
    } else {
        (quote!(Self), quote!(self))
    };
    quote! {
        #[doc = #doc]
        #vis fn #ident(mut self, value: impl ::formwork_engine::IntoInput<#ty>) -> #result {
            let input = ::formwork_engine::IntoInput::<#ty>::into_input(value);
            self.args.insert(::std::string::String::from(#name), input.into_expr());
            #value
        }
    }
}

fn setter_doc(arg: &Arg) -> String {
    let mut notes = Vec::new();
    match (&arg.default, &arg.optional) {
        (Some(DefaultValue::Expr(expr)), _) => notes.push(format!("Not declared: `{}`.", source(expr))),
        (Some(DefaultValue::OfType), _) => {
            notes.push("Not declared: nothing, and what is there is removed.".to_owned())
        }
        (None, Some(_)) => notes.push("Not declared: AWS decides, and it is not compared.".to_owned()),
        (None, None) => notes.push("Required.".to_owned()),
    }
    match &arg.rule {
        Some(Rule::InPlace) => notes.push("A change is made in place.".to_owned()),
        Some(Rule::Replace) => notes.push("A change replaces the resource.".to_owned()),
        Some(Rule::Never) => notes.push("It cannot be changed: a plan that would is refused.".to_owned()),
        Some(Rule::Decide(_)) => {
            notes.push("Whether a change is made in place or replaces the resource depends on the values.".to_owned());
        }
        None => {}
    }
    if arg.write_only {
        notes.push("It cannot be read back: what was applied counts as what is there.".to_owned());
    }
    if arg.drift_ignored {
        notes.push("What others make of it later is not reported as drift.".to_owned());
    }
    format!("{}\n\n{}", arg.doc, notes.join(" "))
}

/// An expression as the author wrote it, without the spaces that tokens get.
fn source(expr: &Expr) -> String {
    let text = quote!(#expr).to_string();
    text.replace(" :: ", "::")
        .replace(" (", "(")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace(" .", ".")
        .replace(" !", "!")
}

fn required_trait(ident: &Ident, vis: &Visibility, arg: &Arg) -> TokenStream {
    let needs = needs(arg);
    let message = format!("`{ident}` needs `.{}(…)` before `.build()`", arg.name);
    let label = format!("the required argument `{}` is missing", arg.name);
    let doc = format!("Implemented by the type parameter of a builder on which `{}` was called.", arg.name);
    quote! {
        #[doc = #doc]
        #[diagnostic::on_unimplemented(message = #message, label = #label)]
        #vis trait #needs {}

        impl #needs for ::formwork_engine::Given {}
    }
}

fn default_expr(value: &DefaultValue, arg: &Arg) -> TokenStream {
    let ty = &arg.ty;
    match value {
        DefaultValue::OfType => quote!(<#ty as ::core::default::Default>::default()),
        // A number has no type of its own yet, and takes the field's only where no conversion stands between.
        DefaultValue::Expr(expr) if is_number(expr) => quote!(#expr),
        DefaultValue::Expr(expr) => {
            quote::quote_spanned!(expr.span()=> ::core::convert::Into::<#ty>::into(#expr))
        }
    }
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => true,
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => is_number(expr),
        _ => false,
    }
}

/// Prefixed, so that it does not shadow a type of the same name as the field.
fn parameter(arg: &Arg) -> Ident {
    generated(&format!("Given{}", pascal_case(&arg.name)))
}

fn needs(arg: &Arg) -> Ident {
    generated(&format!("{}IsGiven", pascal_case(&arg.name)))
}

fn named(purpose: &str, arg: &Arg) -> Ident {
    generated(&format!("formwork_{purpose}_{}", arg.name))
}

//! What stands in the attributes and doc comments of a struct, read once for all derives, with every mistake collected.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, GenericArgument, Ident, Lit, LitStr, Path,
    PathArguments, Token, Type,
};

/// The mistakes found so far. Collected, so that one compile shows all of them, and so that the rest can still be generated.
#[derive(Default)]
pub(crate) struct Problems(Option<syn::Error>);

impl Problems {
    /// Adds a mistake at some tokens.
    pub(crate) fn add(&mut self, place: impl Spanned, message: impl std::fmt::Display) {
        self.push(syn::Error::new(place.span(), message));
    }

    /// Adds a mistake.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The result, or nothing and its mistake collected.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// The `compile_error!`s; empty when there is no mistake.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// What a change of an argument does.
#[derive(Clone)]
pub(crate) enum Rule {
    InPlace,
    Replace,
    Never,
    Decide(Path),
}

/// What "not declared" means, where it means a value.
#[derive(Clone)]
pub(crate) enum DefaultValue {
    /// `Default::default()`.
    OfType,
    /// An expression.
    Expr(Expr),
}

/// One argument of a resource or one field of a block.
#[derive(Clone)]
pub(crate) struct Arg {
    /// As the author wrote it.
    pub(crate) ident: Ident,
    /// The same without `r#`.
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) ty: Type,
    /// The `X` of an `Option<X>`.
    pub(crate) optional: Option<Type>,
    /// `None` only in blocks, where a change is one of the whole argument unless the field says more.
    pub(crate) rule: Option<Rule>,
    pub(crate) after_create: bool,
    pub(crate) write_only: bool,
    pub(crate) drift_ignored: bool,
    pub(crate) tags: bool,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) cfn: String,
    pub(crate) hazards: Option<Path>,
    pub(crate) same: Option<Path>,
    /// The argument that says the same.
    pub(crate) instead_of: Option<Ident>,
}

impl Arg {
    /// Whether the program must give it.
    pub(crate) fn required(&self) -> bool {
        self.optional.is_none() && self.default.is_none()
    }

    /// Whether `update` may be asked to change it.
    pub(crate) fn reaches_update(&self) -> bool {
        self.after_create || !matches!(self.rule, Some(Rule::Replace | Rule::Never))
    }

    /// What a setter takes: the field's type, for an `Option<X>` the `X`.
    pub(crate) fn setter_type(&self) -> &Type {
        self.optional.as_ref().unwrap_or(&self.ty)
    }
}

/// Whether a struct is a resource, whose fields must say what a change does, or a block, whose fields need not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Resource,
    Block,
}

/// The named fields of a struct without generics; collects a mistake otherwise.
pub(crate) fn named_fields<'a>(input: &'a DeriveInput, derive: &str, problems: &mut Problems) -> Vec<&'a Field> {
    if !input.generics.params.is_empty() {
        problems.add(&input.generics, format!("derive({derive}) takes a struct without type parameters"));
    }
    match &input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => data.fields.iter().collect(),
        _ => {
            problems.add(&input.ident, format!("derive({derive}) takes a struct with named fields"));
            Vec::new()
        }
    }
}

/// The arguments of a resource or a block.
pub(crate) fn args(fields: &[&Field], of: Of, cfn_prefix: &str, problems: &mut Problems) -> Vec<Arg> {
    let args: Vec<Arg> = fields.iter().filter_map(|field| arg(field, of, cfn_prefix, problems)).collect();
    for name in args.iter().filter_map(|arg| arg.instead_of.as_ref()) {
        if args.iter().all(|arg| arg.ident != *name) {
            problems.add(name, format!("there is no argument `{name}`"));
        }
    }
    let mut tags = args.iter().filter(|arg| arg.tags);
    if let (Some(_), Some(second)) = (tags.next(), tags.next()) {
        problems.add(&second.ident, "only one argument can be the resource's tags");
    }
    args
}

fn arg(field: &Field, of: Of, cfn_prefix: &str, problems: &mut Problems) -> Option<Arg> {
    let ident = field.ident.clone()?;
    let name = ident.unraw().to_string();
    if name == "build" {
        problems.add(&ident, "`build` is the last call of the builder: give the argument another name");
    }
    let mut arg = Arg {
        doc: required_doc(&field.attrs, &ident, problems),
        ty: field.ty.clone(),
        optional: option_of(&field.ty).cloned(),
        rule: None,
        after_create: false,
        write_only: false,
        drift_ignored: false,
        tags: false,
        default: None,
        cfn: format!("{cfn_prefix}{}", pascal_case(&name)),
        hazards: None,
        same: None,
        instead_of: None,
        ident,
        name,
    };
    let mut flaw = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("arg")) {
        problems.keep(attribute.parse_nested_meta(|meta| arg_entry(&meta, &mut arg, cfn_prefix, &mut flaw)));
    }
    if let Some(error) = flaw {
        problems.push(error);
    }
    check(&mut arg, of, problems);
    Some(arg)
}

fn arg_entry(
    meta: &ParseNestedMeta<'_>,
    arg: &mut Arg,
    cfn_prefix: &str,
    flaw: &mut Option<syn::Error>,
) -> syn::Result<()> {
    let mut rule = |rule: Rule| {
        if arg.rule.is_some() {
            *flaw = Some(meta.error(format!(
                "say only once what a change of `{}` does; where it depends on the values: #[arg(decide = function)]",
                arg.name
            )));
        }
        arg.rule = Some(rule);
    };
    match word(&meta.path).as_str() {
        "in_place" => rule(Rule::InPlace),
        "replace" => rule(Rule::Replace),
        "never" => rule(Rule::Never),
        "decide" => {
            let path = meta.value()?.parse()?;
            rule(Rule::Decide(path));
        }
        "after_create" => arg.after_create = true,
        "write_only" => arg.write_only = true,
        "drift_ignored" => arg.drift_ignored = true,
        "tags" => arg.tags = true,
        "default" if meta.input.peek(Token![=]) => arg.default = Some(DefaultValue::Expr(meta.value()?.parse()?)),
        "default" => arg.default = Some(DefaultValue::OfType),
        "cfn" => {
            let cfn = meta.value()?.parse::<LitStr>()?.value();
            arg.cfn = if cfn.is_empty() { cfn } else { format!("{cfn_prefix}{cfn}") };
        }
        "hazards" => arg.hazards = Some(meta.value()?.parse()?),
        "same" => arg.same = Some(meta.value()?.parse()?),
        "instead_of" => arg.instead_of = Some(meta.value()?.parse()?),
        _ => {
            return Err(meta.error(
                "not known here: in_place, replace, never, decide = function, after_create, write_only, drift_ignored, \
                 tags, default, default = value, cfn = \"Name\", hazards = function, same = function and instead_of = argument are",
            ));
        }
    }
    Ok(())
}

fn check(arg: &mut Arg, of: Of, problems: &mut Problems) {
    if arg.rule.is_none() && of == Of::Resource {
        problems.add(
            &arg.ident,
            format!("say what a change of `{}` does: #[arg(in_place)], #[arg(replace)] or #[arg(never)]", arg.name),
        );
        arg.rule = Some(Rule::InPlace);
    }
    if arg.optional.is_some() && arg.default.is_some() {
        problems.add(
            &arg.ident,
            format!(
                "an `Option` says that AWS decides when `{}` is not declared: leave out the default, or write the type without `Option`",
                arg.name
            ),
        );
        arg.default = None;
    }
    if arg.write_only && arg.required() {
        problems.add(
            &arg.ident,
            format!(
                "`{}` is write_only, so reading gives nothing to fill it with: make it an `Option` or give it a default",
                arg.name
            ),
        );
    }
    if of == Of::Block && (arg.after_create || arg.tags) {
        problems.add(&arg.ident, "after_create and tags belong to the argument of the resource that holds the block");
    }
}

/// The doc comment, of which there must be one.
pub(crate) fn required_doc(attributes: &[Attribute], ident: &Ident, problems: &mut Problems) -> String {
    let doc = doc(attributes);
    if doc.is_empty() {
        problems.add(
            ident,
            format!("say in a doc comment what `{}` is: plans, `schema` and the setter show it", ident.unraw()),
        );
    }
    doc
}

/// The doc comment; empty when there is none.
pub(crate) fn doc(attributes: &[Attribute]) -> String {
    let lines =
        attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| match &attribute
            .meta
            .require_name_value()
            .ok()?
            .value
        {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                let text = text.value();
                Some(text.strip_prefix(' ').unwrap_or(&text).to_owned())
            }
            _ => None,
        });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The `X` of `Option<X>`, `std::option::Option<X>` or `core::option::Option<X>`.
pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match (arguments.args.len(), arguments.args.first()) {
        (1, Some(GenericArgument::Type(inner))) => Some(inner),
        _ => None,
    }
}

/// `CidrBlock` of `cidr_block`.
pub(crate) fn pascal_case(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
        })
        .collect()
}

/// The only word of a path; empty when it has more.
pub(crate) fn word(path: &Path) -> String {
    path.get_ident().map(ToString::to_string).unwrap_or_default()
}

/// The names in `(a, b)`, each with its place.
pub(crate) fn names(meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Ident>> {
    let content;
    syn::parenthesized!(content in meta.input);
    let names = content.parse_terminated(Ident::parse_any, Token![,])?;
    if names.is_empty() {
        return Err(meta.error("name at least one field"));
    }
    Ok(names.into_iter().collect())
}

/// Names as the strings of a `&'static [&'static str]`.
pub(crate) fn strings(names: &[Ident]) -> TokenStream {
    let names = names.iter().map(|name| LitStr::new(&name.unraw().to_string(), name.span()));
    quote!(&[#(#names),*])
}

/// The tokens of an optional thing as an `Option`.
pub(crate) fn optional(tokens: Option<impl ToTokens>) -> TokenStream {
    match tokens {
        Some(tokens) => quote!(::core::option::Option::Some(#tokens)),
        None => quote!(::core::option::Option::None),
    }
}

/// An identifier of generated code.
pub(crate) fn generated(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

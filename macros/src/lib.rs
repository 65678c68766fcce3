//! The derives with which a resource type is written.

mod arguments;
mod attributes;
mod block;
mod choice;
mod outputs;
mod resource;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Resource.
#[proc_macro_derive(Resource, attributes(resource, arg))]
pub fn derive_resource(input: TokenStream) -> TokenStream {
    resource::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Block.
#[proc_macro_derive(Block, attributes(block, arg, choice))]
pub fn derive_block(input: TokenStream) -> TokenStream {
    block::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Outputs.
#[proc_macro_derive(Outputs, attributes(output))]
pub fn derive_outputs(input: TokenStream) -> TokenStream {
    outputs::derive(&parse_macro_input!(input as DeriveInput)).into()
}

/// Choice.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    choice::derive(&parse_macro_input!(input as DeriveInput)).into()
}

//! Has the crate built again when a file appears in the plugin: embedding a folder notices changes of the files it knew.
#![expect(clippy::disallowed_macros, reason = "printing is how a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=plugin");
    println!("cargo::rerun-if-changed=requirements.txt");
}

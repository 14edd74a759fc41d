//! Hands the compiled styles to the crate, so that the program needs no file beside it.

use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let styles = Path::new(&root).join("../../assets/dist/careslot.css");
    println!("cargo::rerun-if-changed={}", styles.display());
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    if fs::copy(&styles, Path::new(&out).join("careslot.css")).is_err() {
        println!("cargo::error=the styles of the pages are not there yet: run `make assets` first");
    }
}

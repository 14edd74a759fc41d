//! The package reader: any bytes as an archive, and any file of definitions.
#![no_main]

use profile::Definitions;
use profile::package::{File, add, unpack};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let files = unpack(bytes).unwrap_or_else(|_| vec![File { name: "any.json".to_owned(), bytes: bytes.to_vec() }]);
    let is_type = |file: &File| String::from_utf8_lossy(&file.bytes).contains("specialization");
    // New types are linked for as long as the process lives, which a fuzzer would call a leak.
    let files: Vec<File> = files.into_iter().filter(|file| !is_type(file)).collect();
    add(&mut Definitions::built_in(), &files);
});

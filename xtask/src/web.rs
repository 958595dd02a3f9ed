//! `cargo xtask web`: the npm package `keystead-web`, in `target/npm/keystead-web`. Compiles the core to
//! WebAssembly, lets wasm-bindgen write its JavaScript, and hands both to `crates/web-sdk/build.mjs`.

use crate::{install, run, workspace};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_TOOLCHAIN: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-14"];

/// Builds the package and answers where it is.
pub(crate) fn run() -> Result<PathBuf, String> {
    let module = compile()?;
    let glue = workspace().join("target/web/glue");
    Bindgen::new()
        .input_path(&module)
        .out_name("keystead")
        .typescript(false)
        .encode_into(EncodeInto::Always)
        .web(true)
        .and_then(|bindgen| bindgen.generate(&glue))
        .map_err(|error| format!("wasm-bindgen: {error}"))?;

    let folder = "crates/web-sdk";
    install::npm(folder)?;
    let package = workspace().join("target/npm/keystead-web");
    run::must(
        Command::new("node").arg("build.mjs").arg(&glue).arg(&package).current_dir(workspace().join(folder)),
    )?;
    Ok(package)
}

/// The core, as wasm-bindgen wants it: optimised for size, with its names.
fn compile() -> Result<PathBuf, String> {
    let target_dir = workspace().join("target/web");
    let mut cargo = toolchain()?;
    cargo
        .args(["build", "--release", "--package", "keystead-web-sdk", "--target", TARGET])
        .arg("--target-dir")
        .arg(&target_dir)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z")
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("CARGO_PROFILE_RELEASE_STRIP", "none")
        .current_dir(workspace());
    run::must(&mut cargo)?;
    Ok(target_dir.join(TARGET).join("release/keystead_web_sdk.wasm"))
}

/// A cargo that can build the standard library for the web, which makes everything a third smaller:
/// rustup's, where the library's sources are there or can be had, else Debian's.
fn toolchain() -> Result<Command, String> {
    let sysroot = run::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let has_sources = || Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library").is_dir();
    if !has_sources() && !install::has_debian(DEBIAN_TOOLCHAIN) {
        println!("asking rustup for the sources of the standard library");
        let rustup = Command::new("timeout").args(["60", "rustup", "component", "add", "rust-src"]).output();
        drop(rustup); // Whether that worked is what `has_sources` sees.
    }
    let mut cargo = if has_sources() {
        Command::new("cargo")
    } else {
        install::debian(DEBIAN_TOOLCHAIN)?;
        let mut cargo = Command::new("/usr/bin/cargo");
        cargo.env("RUSTC", "/usr/bin/rustc").env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-14");
        cargo
    };
    cargo
        .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"])
        // The compiler is a stable one; building the standard library asks for more.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zunstable-options -Cpanic=immediate-abort");
    Ok(cargo)
}

//! Builds the collector again when the built web UI (`ui/dist`) changes: it becomes part of the binary. Node is not
//! needed here: `make build` makes that folder, and a collector without it says how.

fn main() {
    // Cargo takes a folder that is missing for one that has changed, and would build everything each time. If it cannot
    // be made, only that is lost.
    let _ = std::fs::create_dir_all("ui/dist");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=ui/dist");
}

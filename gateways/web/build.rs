//! Lets the interface be embedded anew when it was built anew, and the hub be built without one.

fn main() {
    // Cargo takes a folder that is not there for one that has always just changed. Where it cannot be made
    // (sources that are read-only), the hub is built all the same.
    std::fs::create_dir_all("dist").ok();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=dist");
}

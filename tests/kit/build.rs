//! Makes the server's side of KurrentDB's protocol, for the double. No `protoc` is needed.

fn main() {
    let protos = ["protos/streams.proto", "protos/serverfeatures.proto"];
    let parsed = protox::compile(protos, ["protos"]).expect("the protocol's files are sound");
    tonic_build::configure()
        .build_client(false)
        .compile_well_known_types(true)
        .include_file("kurrent.rs")
        .bytes(["."])
        .compile_fds(parsed)
        .expect("the protocol's code can be written");
    println!("cargo::rerun-if-changed=protos");
}

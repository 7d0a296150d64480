//! Keeps the house as its plan says: floors, sizes, purity, reference pages, scripts. Only reads; needs git and bash.
//!
//! A rule is a function from what it reads to a list of complaints. Beside each stands a test that it can complain.

mod floors;
mod house;
mod pages;
mod purity;
mod scripts;
mod text;
mod tree;

/// Fails with every complaint at once.
#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

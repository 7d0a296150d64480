//! The files of the project, as git sees them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace. Asked for when the test runs: clones may share a folder of built tests.
pub fn root() -> PathBuf {
    let tests = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    Path::new(&tests).parent().expect("the tests are a folder of the workspace").to_owned()
}

/// One text file: where it is below the root, and what it says.
#[derive(Clone, Debug)]
pub struct File {
    /// With `/` between folders: `domain/src/lib.rs`.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl File {
    /// A file that a test makes up.
    pub fn made_up(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Whether its name ends in one of these.
    pub fn ends_in(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }
}

/// Every path that is tracked or could be: what git ignores is none of ours.
pub fn paths() -> Vec<String> {
    // A checkout may belong to somebody else than who tests it.
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git can be started");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("the names of our files are UTF-8");
    let mut paths: Vec<String> = names
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    assert!(!paths.is_empty(), "git knows no file in {}", root().display());
    paths
}

/// Every text file. A file that vanishes meanwhile, or is not UTF-8, is left out.
pub fn files() -> Vec<File> {
    paths()
        .into_iter()
        .filter_map(|path| Some(File { text: std::fs::read_to_string(root().join(&path)).ok()?, path }))
        .collect()
}

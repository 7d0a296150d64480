//! Shell scripts can be run: they say by what, may be executed, and bash can parse them.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use crate::tree::{File, files, root};

fn is_script(file: &File) -> bool {
    file.path.starts_with("scripts/") || file.path == ".ci/run" || file.ends_in(&[".sh"])
}

fn judge(file: &File, executable: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    let first = file.text.lines().next().unwrap_or_default();
    if !first.starts_with("#!") {
        complaints.push(format!("{}: does not say what runs it", file.path));
    }
    if !executable {
        complaints.push(format!("{}: is not executable", file.path));
    }
    if first.contains("sh")
        && let Err(said) = parse(&file.text)
    {
        complaints.push(format!("{}: {said}", file.path));
    }
    complaints
}

/// `bash -n`: reads a script and runs nothing of it.
fn parse(script: &str) -> Result<(), String> {
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash can be started");
    // A script that cannot be parsed may be left half read: what bash says of it is the answer.
    let _ = bash.stdin.take().expect("stdin is piped").write_all(script.as_bytes());
    let output = bash.wait_with_output().expect("bash ends");
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

#[test]
fn scripts_can_be_run() {
    let scripts: Vec<File> = files().into_iter().filter(is_script).collect();
    for needed in [".ci/run", "scripts/setup", "scripts/test"] {
        assert!(scripts.iter().any(|script| script.path == needed), "there is no {needed}");
    }
    let executable = |script: &File| {
        let metadata = root().join(&script.path).metadata().expect("it was there a moment ago");
        metadata.permissions().mode() & 0o100 != 0
    };
    let complaints: Vec<String> =
        scripts.iter().flat_map(|script| judge(script, executable(script))).collect();
    crate::none(&complaints);
}

#[test]
fn a_broken_script_is_seen() {
    let script = |text: &str| File::made_up("scripts/x", text);
    crate::none(&judge(&script("#!/usr/bin/env bash\nif true; then echo yes; fi\n"), true));
    assert_eq!(judge(&script("#!/usr/bin/env bash\nif true; then echo yes\n"), true).len(), 1);
    assert_eq!(judge(&script("#!/usr/bin/env bash\necho yes\n"), false).len(), 1);
    assert_eq!(judge(&script("echo yes\n"), true).len(), 1);
    crate::none(&judge(&script("#!/usr/bin/env python3\nif True: print('yes')\n"), true));
}

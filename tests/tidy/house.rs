//! The README's house stands: every folder that it lists holds something, and every folder is listed.

use crate::tree::{paths, root};

/// Found by the Makefile, not by who walks through the house.
const BACKSTAGE: &[&str] = &["scripts"];

/// The folders in the paragraph of the README that begins with `The house:`, each written as `` `name/` ``.
fn listed(readme: &str) -> Vec<&str> {
    let paragraphs = readme.split("\n\n");
    let house = paragraphs.filter_map(|paragraph| paragraph.split_once("The house:")).map(|(_, house)| house);
    house.flat_map(|house| house.split('`')).filter_map(|name| name.strip_suffix('/')).collect()
}

fn judge(readme: &str, paths: &[String]) -> Vec<String> {
    let listed = listed(readme);
    if listed.is_empty() {
        return vec!["README.md: no paragraph `The house:` lists folders".into()];
    }
    let empty = listed.iter().filter(|name| !paths.iter().any(|path| path.starts_with(&format!("{name}/"))));
    let mut complaints: Vec<String> = empty.map(|name| format!("{name}/: listed, but empty")).collect();
    let mut folders: Vec<&str> =
        paths.iter().filter_map(|path| path.split_once('/')).map(|(folder, _)| folder).collect();
    folders.dedup();
    let unlisted = folders
        .iter()
        .filter(|name| !name.starts_with('.') && !listed.contains(name) && !BACKSTAGE.contains(name));
    complaints.extend(unlisted.map(|name| format!("{name}/: not listed in the README's house")));
    complaints
}

#[test]
fn the_house_stands() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README.md");
    crate::none(&judge(&readme, &paths()));
}

#[test]
fn an_empty_room_is_seen() {
    let readme = "# X\n\nThe house: `domain/`, `attic/`.\n\nAlso `cellar/`.\n";
    assert_eq!(listed(readme), ["domain", "attic"]);
    let paths = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    crate::none(&judge(readme, &paths(&["README.md", ".ci/run", "attic/x", "domain/a", "scripts/x"])));
    assert_eq!(judge(readme, &paths(&["attics/x", "attic.md", "domain/a"])).len(), 2);
    assert_eq!(judge(readme, &paths(&["domain/a"])), ["attic/: listed, but empty"]);
    assert_eq!(judge("# X\n", &paths(&["domain/a"])).len(), 1);
}

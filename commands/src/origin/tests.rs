use std::net::IpAddr;

use super::*;

#[test]
fn a_user_agent_is_cut_and_cleaned() {
    let ip: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
    let origin = Origin::new(ip, Some(&format!("a\u{7}b\u{1b}[31m{}", "é".repeat(400))));
    let open = OpenOrigin::read(&origin.document().into()).unwrap();
    assert_eq!(open.ip, "192.0.2.7".parse::<IpAddr>().unwrap());
    let agent = open.user_agent.unwrap();
    assert!(agent.starts_with("ab[31m") && agent.chars().count() == 256, "{agent}");
    for empty in [None, Some(""), Some("\u{0}\u{7f}")] {
        let open = OpenOrigin::read(&Origin::new(ip, empty).document().into()).unwrap();
        assert_eq!(open.user_agent, None);
    }
}

#[test]
fn an_origin_shows_nothing_of_itself() {
    let origin = Origin::new("192.0.2.7".parse().unwrap(), Some("curl"));
    let shown = format!("{origin:?}");
    assert!(!shown.contains("192.0.2.7") && !shown.contains("curl"), "{shown}");
}

#[test]
fn the_key_is_that_of_whoever_acts() {
    let user = "user_01h455vb4pex5vsknk084sn02q";
    assert_eq!(subject(user, "cluster_01h455vb4pex5vsknk084sn02q"), user);
    assert_eq!(subject("system:sign-in", user), user);
}

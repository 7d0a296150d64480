use super::{allowed, host_allowed};

#[test]
fn what_no_user_may_name_is_refused() {
    let refused = [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "0.0.0.0",
        "::",
        "::ffff:0.0.0.0",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
    ];
    for address in refused {
        assert!(allowed(address.parse().expect("an address"), true).is_err(), "{address}");
    }
    for address in [
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "8.8.8.8",
        "fd00::1",
        "2001:db8::1",
        "64:ff9b::808:808",
    ] {
        assert_eq!(allowed(address.parse().expect("an address"), false), Ok(()), "{address}");
    }
    for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(allowed(address.parse().expect("an address"), true), Ok(()), "{address}");
        assert!(allowed(address.parse().expect("an address"), false).is_err(), "{address}");
    }
}

#[test]
fn a_host_is_judged_as_it_is_written() {
    for host in [
        "169.254.169.254",
        "[fd00:ec2::254]",
        "fd00:ec2::254",
        "metadata.google.internal",
        "Metadata.Google.Internal.",
        "metadata.goog",
    ] {
        assert!(host_allowed(host, true).is_err(), "{host}");
    }
    for host in ["siem.example.org", "10.1.2.3", "[2001:db8::1]", "metadata.example.org"] {
        assert_eq!(host_allowed(host, false), Ok(()), "{host}");
    }
    for host in ["localhost", "LOCALHOST.", "x.localhost", "127.0.0.1", "[::1]"] {
        assert_eq!(host_allowed(host, true), Ok(()), "{host}");
        assert!(host_allowed(host, false).is_err(), "{host}");
    }
}

use super::TraceIds;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

#[test]
fn a_traceparent_is_read_and_written_alike() {
    let header = format!("00-{TRACE}-{SPAN}-01");
    let ids = TraceIds::parse(&header).unwrap();
    assert_eq!((ids.trace_hex().as_str(), ids.span_hex().as_str()), (TRACE, SPAN));
    assert_eq!(ids.traceparent(), header);
}

#[test]
fn a_later_version_may_carry_more() {
    assert!(TraceIds::parse(&format!("01-{TRACE}-{SPAN}-01-more")).is_some());
}

#[test]
fn what_breaks_the_format_is_as_good_as_nothing() {
    for header in [
        String::new(),
        "00".into(),
        format!("00-{TRACE}-{SPAN}"),
        format!("00-{TRACE}-{SPAN}-01-more"),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("0-{TRACE}-{SPAN}-01"),
        format!("zz-{TRACE}-{SPAN}-01"),
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{TRACE}-{SPAN}-1"),
        format!("00-{TRACE}é-{SPAN}-01"),
    ] {
        assert_eq!(TraceIds::parse(&header), None, "{header}");
    }
}

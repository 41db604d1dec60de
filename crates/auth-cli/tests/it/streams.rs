//! Standard output that goes away, or cannot be written.

use std::fs::File;
use std::io::pipe;

use crate::harness::authctl;

#[test]
fn reader_that_has_gone_is_no_panic() {
    for args in [&["providers"][..], &["token", "mgplus", "--sim"], &["doctor", "s2s", "--sim"], &["--help"], &["demo"]]
    {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let done = authctl(args).stdout(writer).run_as_is().expect_code(0);
        assert_eq!(done.err, "", "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure_that_is_told() {
    for args in [
        &["providers"][..],
        &["token", "mgplus", "--sim"],
        &["doctor", "mgplus", "--sim"],
        &["doctor", "mgplus", "--sim", "--json"],
        &["sim", "mgplus"],
        &["--help"],
        &["--version"],
        &["help", "sim"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let done = authctl(args).stdout(full).run_as_is().expect_code(1);
        assert!(done.told().contains("standard output cannot be written"), "{done:?}");
    }
}

//! `authctl demo` where there is no terminal.

use auth_sim::Vendor;

use crate::harness::{Done, authctl};

fn assert_right_and_plain(done: Done) {
    let done = done.expect_code(0);
    assert!(done.out.ends_with("✓ every count is right\n"), "{done:?}");
    assert!(!done.out.contains('✗') && !done.out.contains(['\u{1b}', '\r']), "{done:?}");
    assert!(done.out.contains("expected   counted"), "{done:?}");
    for vendor in Vendor::ALL {
        assert!(done.out.contains(&format!("{vendor}: requests for a token")), "{done:?}");
    }
    assert!(done.out.lines().all(|line| line.chars().count() <= 80), "{done:?}");
    assert_eq!(done.err, "");
}

#[test]
fn counts_are_right_and_plain_lines_tell_so_when_standard_output_is_a_pipe() {
    assert_right_and_plain(authctl(&["demo"]).var("TERM", "xterm-256color").var("CLICOLOR_FORCE", "1").run());
}

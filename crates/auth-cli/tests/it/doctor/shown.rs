//! What people see: a list with marks, colours where they are wanted, a summary.

use auth_sim::Vendor;

use super::STEPS;
use crate::harness::{authctl, started};

#[test]
fn each_step_is_a_line_and_the_summary_says_what_to_do() {
    let done = authctl(&["doctor", "mgplus", "--sim"]).run().expect_code(0);
    let starts: Vec<_> = done.out.lines().filter(|line| !line.starts_with(' ')).collect();
    for (line, step) in starts.iter().zip(STEPS) {
        assert!(line.starts_with(&format!("{} {step:9}  ", if step == "tls" { '–' } else { '✓' })), "{line}");
    }
    assert_eq!(starts[13..], ["12 ok, 1 not checked: there is a token (exit code 0)"]);
    assert!(done.out.lines().all(|line| line.chars().count() <= 80), "{done:?}");
    assert_eq!(done.err, "");
}

#[test]
fn cross_has_what_to_do_below_it() {
    let done = authctl(&["doctor", "partner"]).run().expect_code(2);
    let expected = "✗ variables  missing variables: PARTNER_BASE_URL, PARTNER_CLIENT_ID,\n             \
                    PARTNER_CLIENT_SECRET; none is set\n             \
                    → change the command, the variables or the URL; `authctl providers`\n               lists the variables\n";
    assert!(done.out.starts_with(expected), "{}", done.out);
    assert!(done.out.contains("\n1 failed, 12 not checked: change the command"), "{}", done.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_are_there_if_they_are_forced_and_never_in_a_pipe_or_with_no_color() {
    let sim = started(Vendor::MgPlus).await;
    let token = authctl(&["token", "mgplus"]).vars_of(&sim).run().expect_code(0).out;
    for args in [&["doctor", "mgplus"][..], &["inspect"]] {
        let call = || authctl(args).vars_of(&sim).stdin(&token).var("TERM", "xterm-256color");
        let has_escapes = |call: crate::harness::Call| call.run().expect_code(0).out.contains('\u{1b}');
        assert!(has_escapes(call().var("CLICOLOR_FORCE", "1")), "{args:?}");
        assert!(!has_escapes(call()), "{args:?}: a pipe");
        assert!(!has_escapes(call().var("NO_COLOR", "1")), "{args:?}");
        assert!(!has_escapes(call().var("NO_COLOR", "1").var("CLICOLOR_FORCE", "1")), "{args:?}: both");
    }
    let json = authctl(&["doctor", "mgplus", "--json"]).vars_of(&sim).var("CLICOLOR_FORCE", "1").run().expect_code(0);
    assert!(!json.out.contains('\u{1b}'), "{json:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn readme_shows_what_is_printed() {
    let sim = started(Vendor::Partner).await;
    let call = authctl(&["doctor", "partner"]).vars_of(&sim);
    sim.rotate_secret("invented-secret-of-tomorrow");
    let done = call.run().expect_code(3);
    // Ports and times differ from run to run.
    let port = sim.url().rsplit_once(':').expect("a port").1;
    let shown = without_times(&done.out.replace(port, "40001"));
    let readme = without_times(include_str!("../../../README.md"));
    assert!(readme.contains(&format!("$ authctl doctor partner\n{shown}")), "\n{}", done.out.replace(port, "40001"));
}

/// Each number before `ms` as 0: what is wrapped elsewhere for it is not the same text.
fn without_times(text: &str) -> String {
    let words = text.split(' ').collect::<Vec<_>>();
    let next_is_unit = |place: usize| words.get(place + 1).is_some_and(|unit| unit.starts_with("ms"));
    let shown = words.iter().enumerate().map(|(place, word)| match next_is_unit(place) {
        true if word.starts_with('(') => "(0",
        true => "0",
        false => word,
    });
    shown.collect::<Vec<_>>().join(" ")
}

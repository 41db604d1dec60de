//! What a newcomer asks first.

use auth_sim::Vendor;

use crate::harness::{authctl, started};

#[test]
fn version_is_the_crates_own() {
    let done = authctl(&["--version"]).run().expect_code(0);
    assert_eq!(done.out, concat!("authctl ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn help_has_examples_and_says_what_the_exit_codes_mean() {
    assert!(authctl(&["--help"]).run().expect_code(0).out.contains("authctl demo"));
    for command in ["token", "doctor", "sim"] {
        let done = authctl(&[command, "--help"]).run().expect_code(0);
        assert!(done.out.contains("Examples:\n"), "{command}");
        for vendor in Vendor::ALL {
            assert!(done.out.contains(vendor.name()), "{command}: {vendor}");
        }
    }
    let token = authctl(&["token", "--help"]).run().out;
    for code in
        ["  2  change the command", "  3  a person must act", "  4  try again later", "  5  the vendor's answer"]
    {
        assert!(token.contains(code), "{code}");
    }
    let doctor = authctl(&["doctor", "--help"]).run().out;
    assert!((0..=5).all(|code| doctor.contains(&format!("\n  {code}  "))), "{doctor}");
    authctl(&["demo", "--help"]).run().expect_code(0);
}

#[test]
fn without_a_command_there_is_help_and_exit_code_2() {
    let done = authctl(&[]).run().expect_code(2);
    assert!(done.err.contains("Usage: authctl"), "{done:?}");
}

#[test]
fn providers_lists_the_five_with_requests_and_variables() {
    let done = authctl(&["providers"]).run().expect_code(0);
    for vendor in Vendor::ALL {
        assert!(done.out.contains(vendor.name()) && done.out.contains(vendor.short()), "{vendor}");
    }
    for words in ["/connect/token", "S2S_SCOPE", "[MOBILEPAY_MERCHANT_VAT]", "STONEX_ENVIRONMENT *"] {
        assert!(done.out.contains(words), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readme_shows_what_is_printed() {
    let readme = include_str!("../../README.md");
    let sim = started(Vendor::MgPlus).await;
    let call = authctl(&["token", "mgplus"]).vars_of(&sim);
    sim.rotate_secret("invented-secret-of-tomorrow");
    let done = call.run().expect_code(3);
    assert!(readme.contains(&format!("$ authctl token mgplus\n{}", done.err)), "{done:?}");

    let (_sim, lines) = authctl(&["sim", "stonex"]).run_until("# Ready");
    let (_, port) = lines[0].rsplit_once(':').unwrap();
    let lines: Vec<_> = lines[..5].iter().map(|line| line.replace(port, "4000")).collect();
    assert!(readme.contains(&lines.join("\n")), "{lines:?}");
}

//! `authctl inspect`, from outside.

use auth_sim::Vendor;

use crate::harness::authctl;

#[test]
fn token_of_every_vendor_is_shown_and_never_as_it_stands() {
    for vendor in Vendor::ALL {
        let token = authctl(&["token", vendor.short(), "--sim"]).run().expect_code(0);
        let shown = authctl(&["inspect"]).stdin(&token.out).run().expect_code(0);
        let is_opaque = vendor == Vendor::S2s;
        assert_eq!(shown.out.contains("opaque"), is_opaque, "{vendor}: {shown:?}");
        assert_eq!(
            shown.out.contains("% of ") && shown.out.contains("it expires in "),
            !is_opaque,
            "{vendor}: {shown:?}"
        );
        assert!(!shown.out.contains(token.out.trim()) && !shown.out.contains('\u{1b}'), "{vendor}: {shown:?}");
    }
}

#[test]
fn answer_in_json_and_a_header_are_understood() {
    let token = authctl(&["token", "mgplus", "--sim", "--format", "json"]).run().expect_code(0);
    assert!(authctl(&["inspect", "-"]).stdin(&token.out).run().expect_code(0).out.contains("RS256"));
    let header = authctl(&["token", "mgplus", "--sim", "--format", "headers"]).run().expect_code(0);
    assert!(authctl(&["inspect"]).stdin(&header.out).run().expect_code(0).out.contains("RS256"));
}

#[test]
fn nothing_and_a_file_that_is_not_there_are_told_and_exit_with_2() {
    let nothing = authctl(&["inspect"]).stdin("").run().expect_code(2);
    assert!(nothing.told().contains("there is no token; give a file, or pipe one in"), "{nothing:?}");
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not-there.txt");
    let missing = authctl(&["inspect", missing.to_str().unwrap()]).run().expect_code(2);
    let said = missing.err.replace(['\n', ' '], "");
    assert!(said.contains(&format!("in{}", folder.path().display())), "{missing:?}");
    let both = authctl(&["inspect", "--jwks", "-"]).stdin("").run().expect_code(2);
    assert!(both.told().contains("cannot both be standard input"), "{both:?}");
}

#[test]
fn token_in_the_place_of_its_file_is_not_repeated() {
    let token = authctl(&["token", "mgplus", "--sim"]).run().expect_code(0);
    for token in [token.token(), "invented-canary-token"] {
        let done = authctl(&["inspect", token]).run().expect_code(2);
        assert!(!done.err.contains(token) && done.told().contains("expected the name of a file"), "{done:?}");
    }
}

#[test]
fn signature_by_keys_of_others_exits_with_3() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys.json");
    let key = r#"{"kty":"oct","kid":"invented-key","k":"aW52ZW50ZWQtaW52ZW50ZWQtaW52ZW50ZWQtaW52ZW50ZWQ"}"#;
    std::fs::write(&keys, format!(r#"{{"keys":[{key}]}}"#)).expect("written");
    let token = authctl(&["token", "mgplus", "--sim"]).run().expect_code(0);
    let call = authctl(&["inspect", "--jwks", keys.to_str().expect("text")]).stdin(&token.out);
    let shown = call.run().expect_code(3);
    assert!(shown.out.contains("NOT valid"), "{shown:?}");
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = authctl(&["completions", shell]).run().expect_code(0).out;
        for command in ["token", "doctor", "inspect", "providers", "sim", "demo"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn completions_of_bash_are_a_script_that_bash_reads() {
    let script = authctl(&["completions", "bash"]).run().expect_code(0).out;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let read = |script: &str| {
        std::fs::write(file.path(), script).expect("written");
        let bash = std::process::Command::new("bash").arg("-n").arg(file.path()).output();
        bash.expect("bash, which Debian's package of that name has").status.success()
    };
    assert!(read(&script) && !read(&format!("{script}\nif")));
}

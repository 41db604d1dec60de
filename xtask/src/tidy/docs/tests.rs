use super::*;

type Rule = fn(&Files) -> Vec<Finding>;

fn findings(rule: Rule, files: &[(&str, &str)]) -> Vec<Finding> {
    rule(&Files::of(files.iter().copied()))
}

fn link_from(path: &str, link: &str) -> Vec<Finding> {
    let text = format!("# Title\n\n## What it `costs`\n\n[a]({link})\n");
    findings(links_lead_somewhere, &[(path, &text), ("a/README.md", "## A part\n"), ("a/b.txt", "")])
}

#[test]
fn link_to_a_file_a_folder_or_a_heading_that_is_there_is_let_through() {
    for link in ["a/b.txt", "a", "a/", "./a/README.md", "a#a-part", "a/README.md#a-part", "#what-it-costs", "c/../a"] {
        assert_eq!(link_from("NOTES.md", link), Vec::<Finding>::new(), "{link}");
    }
    assert_eq!(link_from("c/NOTES.md", "../a/b.txt"), Vec::<Finding>::new());
    assert_eq!(link_from("NOTES.md", "https://example.invalid/nowhere.md"), Vec::<Finding>::new());
}

#[test]
fn link_to_nothing_is_found_in_markdown_and_in_html() {
    for link in ["a/c.txt", "b", "a#another-part", "#title-of-another", "../a/b.txt", "a/b.txt#part"] {
        let findings = link_from("NOTES.md", link);
        assert!(findings.len() == 1 && findings[0].contains(&format!("({link})")), "{link}: {findings:?}");
    }
    for html in [
        "<img alt=\"\" src=\"gone.svg\">",
        "<picture><source srcset=\"gone.svg\"></picture>",
        "a <a href=\"gone.svg\">",
    ] {
        let findings = findings(links_lead_somewhere, &[("README.md", html)]);
        assert!(findings.len() == 1 && findings[0].contains("(gone.svg)"), "{html}: {findings:?}");
    }
}

#[test]
fn relative_link_in_a_crates_readme_is_found_even_if_the_file_is_there() {
    for link in ["../../a/b.txt", "b.txt"] {
        let files = [("crates/a/README.md", format!("[b]({link})")), ("crates/a/b.txt", String::new())];
        let findings = links_lead_somewhere(&Files::of(files));
        assert!(findings.len() == 1 && findings[0].contains("docs.rs"), "{findings:?}");
    }
    let own = [("crates/a/README.md", "# A\n## Limits\n[see](#limits), [`Type`], [`Type::method`]\n")];
    assert_eq!(findings(links_lead_somewhere, &own), Vec::<Finding>::new());
}

#[test]
fn link_in_code_is_no_link() {
    let text = "```text\n[a](gone)\n```\n`[a](gone)`\n";
    assert_eq!(findings(links_lead_somewhere, &[("README.md", text)]), Vec::<Finding>::new());
}

#[test]
fn crate_that_the_root_readme_does_not_link_is_found() {
    let files = [("README.md", "[a](crates/a)"), ("crates/a/x", ""), ("crates/b/x", "")];
    let findings = findings(root_readme_links_each_crate, &files);
    assert!(findings.len() == 1 && findings[0].contains("(crates/b)"), "{findings:?}");
}

fn readme_with(headings: &[&str]) -> String {
    headings.iter().map(|heading| format!("## {heading}\n\n### More\n\n")).collect()
}

#[test]
fn provider_readme_with_another_heading_or_another_order_is_found() {
    let rule = provider_readmes_have_the_same_headings;
    let good = readme_with(&HEADINGS);
    let core = ("crates/auth-core/README.md", "## Its own\n");
    assert_eq!(findings(rule, &[("crates/a/README.md", &good), core]), Vec::<Finding>::new());

    let mut turned = HEADINGS;
    turned.swap(0, 1);
    for wrong in [readme_with(&HEADINGS[1..]), readme_with(&turned), format!("{good}## More\n"), String::new()] {
        let findings = findings(rule, &[("crates/a/README.md", &wrong)]);
        assert!(findings.len() == 1 && findings[0].starts_with("crates/a/README.md: "), "{wrong}: {findings:?}");
    }
}

#[test]
fn variable_that_is_only_read_or_only_listed_is_found() {
    let table = "| variable | what |\n|---|---|\n| `A_URL`, `A_ID` | `A_NOTE`, `OTHER` |\n";
    let of = |code: &str| {
        findings(
            provider_readmes_list_the_variables,
            &[("crates/a/README.md", table), ("crates/a/src/config.rs", code)],
        )
    };
    let both = "const URL: &str = \"A_URL\";\nconst ID: &str = \"A_ID\";\nconst DK: &str = \"DK\";\n";
    assert_eq!(of(both), Vec::<Finding>::new());
    let more = of(&format!("{both}const SECRET: &str = \"A_SECRET\";\n"));
    assert!(more.len() == 1 && more[0].contains("add a row for A_SECRET"), "{more:?}");
    let less = of("const URL: &str = \"A_URL\";\n");
    assert!(less.len() == 1 && less[0].contains("take out A_ID"), "{less:?}");
}

#[test]
fn hidden_line_in_a_readme_is_found_and_an_attribute_is_none() {
    for (code, count) in [("# use a::B;\n#\nlet a = 1;", 2), ("#[tokio::main]\nasync fn main() {}", 0)] {
        let text = format!("# Title\n\n```rust,no_run\n{code}\n```\n\n```sh\n# a comment\n```\n");
        assert_eq!(
            findings(code_in_readmes_is_compiled_and_shown_whole, &[("crates/a/README.md", &text)]).len(),
            count,
            "{code}"
        );
    }
}

#[test]
fn code_that_is_not_compiled_is_found() {
    let text = |attribute: &str| format!("```rust{attribute}\nlet a = 1;\n```\n");
    for (attribute, count) in [("", 0), (",no_run", 0), (",ignore", 1)] {
        let findings = findings(code_in_readmes_is_compiled_and_shown_whole, &[("README.md", &text(attribute))]);
        assert_eq!(findings.len(), count, "{attribute}");
    }
}

#[test]
fn place_that_does_not_know_a_provider_is_found_and_so_is_one_that_the_guide_leaves_out() {
    let guide: String = PLACES.iter().map(|(place, _)| format!("`{place}`\n")).collect();
    let findings_of = |guide: &str, without: &str| {
        let known = PLACES.iter().map(|(place, _)| (*place, "a-vendor, a_vendor"));
        let fuzz = ("crates/fuzz/Cargo.toml", "[workspace]");
        let all = known.chain([("crates/a-vendor/x", ""), ("CONTRIBUTING.md", guide), fuzz]);
        providers_are_known_in_each_place(&Files::of(all.filter(|(path, _)| *path != without)))
    };
    assert_eq!(findings_of(&guide, ""), Vec::<Finding>::new());
    for (place, _) in PLACES {
        let unknown = findings_of(&guide, place);
        assert!(unknown.len() == 1 && unknown[0].starts_with(&format!("{place}: ")), "{place}: {unknown:?}");
        let unnamed = findings_of(&guide.replace(&format!("`{place}`\n"), ""), "");
        assert!(unnamed.len() == 1 && unnamed[0].contains(place), "{place}: {unnamed:?}");
    }
}

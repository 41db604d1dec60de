//! What the Markdown files promise: links that lead somewhere, one shape for all providers, variables that are read.

use super::{Finding, files::Files};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::collections::BTreeSet;

/// In the repository a relative link leads to a file, or to a heading of one. A crate's README is read on docs.rs and
/// crates.io too, where there is neither.
pub(crate) fn links_lead_somewhere(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in markdown(files) {
        for link in links(text).into_iter().filter(|link| is_relative(link)) {
            let finding = match target(path, &link) {
                _ if is_readme_of_a_crate(path) && !link.starts_with('#') => {
                    "leads nowhere on docs.rs; link to an item, `[Type]`, or by https, or name the file in words"
                }
                None => "leads out of the project; correct it",
                Some((file, heading)) if !leads_to(files, &file, &heading) => "leads to no file or heading; correct it",
                Some(_) => continue,
            };
            findings.push(format!("{path}: the link ({link}) {finding}"));
        }
    }
    findings
}

pub(crate) fn root_readme_links_each_crate(files: &Files) -> Vec<Finding> {
    let links = links(files.text("README.md").unwrap_or_default());
    let missing = files.crates().into_iter().map(|name| format!("crates/{name}")).filter(|path| !links.contains(path));
    missing.map(|path| format!("README.md: add a link to ({path}): it is where a reader looks for a crate")).collect()
}

/// Open one and you know the others.
pub(crate) fn provider_readmes_have_the_same_headings(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.providers() {
        let path = format!("crates/{name}/README.md");
        let text = files.text(&path).unwrap_or_default();
        let found: Vec<String> = headings(text).into_iter().filter(|(level, _)| *level == 2).map(|(_, h)| h).collect();
        if found != HEADINGS {
            let (found, expected) = (found.join(" · "), HEADINGS.join(" · "));
            findings.push(format!("{path}: its headings are {found}; make them, in this order, {expected}"));
        }
    }
    findings
}

/// A variable that the table leaves out is never set; one that no code reads is set in vain.
pub(crate) fn provider_readmes_list_the_variables(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in files.providers() {
        let (readme, code) = (format!("crates/{name}/README.md"), format!("crates/{name}/src/config.rs"));
        let listed = first_cells(files.text(&readme).unwrap_or_default());
        let listed: BTreeSet<&str> =
            listed.iter().flat_map(|cell| cell.split('`')).filter(|n| is_variable(n)).collect();
        let literals = files.text(&code).unwrap_or_default().split('"');
        let read: BTreeSet<&str> = literals.filter(|name| is_variable(name)).collect();
        for variable in read.difference(&listed) {
            findings.push(format!("{readme}: add a row for {variable}, which {code} reads"));
        }
        for variable in listed.difference(&read) {
            findings.push(format!("{readme}: take out {variable}: {code} does not read it"));
        }
    }
    findings
}

/// What lies outside a provider's crate and must learn of it. No compiler asks for most of it.
pub(crate) fn providers_are_known_in_each_place(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    let guide = files.text("CONTRIBUTING.md").unwrap_or_default();
    for (place, what) in PLACES {
        let text = files.text(place).unwrap_or_default();
        let is_known = |name: &&str| text.contains(*name) || text.contains(&name.replace('-', "_"));
        for name in files.providers().into_iter().filter(|name| !is_known(name)) {
            findings.push(format!("{place}: add {what} for {name}; CONTRIBUTING.md says how"));
        }
        if !guide.contains(&format!("`{place}`")) {
            findings.push(format!("CONTRIBUTING.md: name {place} under \"Adding a vendor\": {what} stands there"));
        }
    }
    findings
}

/// Code that nobody compiles is soon wrong. And rustdoc hides lines that begin with `# `; crates.io and the repository show
/// them.
pub(crate) fn code_in_readmes_is_compiled_and_shown_whole(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in markdown(files).filter(|(path, _)| path.ends_with("README.md")) {
        for (language, code) in rust_code(text) {
            if language.contains("ignore") {
                findings.push(format!("{path}: ```{language}: make it `no_run`, so that it is compiled"));
            }
            for line in code.lines().map(str::trim).filter(|line| *line == "#" || line.starts_with("# ")) {
                findings.push(format!("{path}: hidden by rustdoc alone; show it, or do without: {line}"));
            }
        }
    }
    findings
}

fn markdown(files: &Files) -> impl Iterator<Item = (&str, &str)> {
    files.iter().filter(|(path, _)| path.ends_with(".md"))
}

fn is_readme_of_a_crate(path: &str) -> bool {
    path.strip_prefix("crates/").is_some_and(|rest| rest.split_once('/').is_some_and(|(_, file)| file == "README.md"))
}

fn is_relative(link: &str) -> bool {
    !link.contains("://") && !link.starts_with("mailto:")
}

/// File and heading that `link` in the file `from` is about; none if it leaves the project.
fn target(from: &str, link: &str) -> Option<(String, String)> {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    if file.is_empty() {
        return Some((from.to_owned(), heading.to_owned()));
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in file.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some((parts.join("/"), heading.to_owned()))
}

/// A folder is shown by its README.
fn leads_to(files: &Files, path: &str, heading: &str) -> bool {
    let readme = format!("{path}/README.md");
    let is_folder = files.below(&format!("{path}/")).next().is_some();
    match files.text(path).or_else(|| files.text(&readme)) {
        Some(text) => heading.is_empty() || headings(text).iter().any(|(_, found)| anchor(found) == heading),
        None => is_folder && heading.is_empty(),
    }
}

/// As GitHub makes it, and rustdoc for headings of letters and blanks.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
}

fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

/// Where links and images lead, those in HTML too.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for event in events(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => links.push(dest_url.to_string()),
            Event::Html(html) | Event::InlineHtml(html) => links.extend(attributes(&html)),
            _ => {}
        }
    }
    links
}

fn attributes(html: &str) -> impl Iterator<Item = String> {
    let values = ["src=\"", "srcset=\"", "href=\""].map(|name| html.split(name).skip(1));
    values.into_iter().flatten().filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
}

/// Level and text of each heading.
fn headings(text: &str) -> Vec<(u8, String)> {
    let (mut headings, mut inside) = (Vec::new(), false);
    for event in events(text) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                headings.push((level as u8, String::new()));
                inside = true;
            }
            Event::End(TagEnd::Heading(_)) => inside = false,
            Event::Text(words) | Event::Code(words) if inside => {
                headings.iter_mut().last().into_iter().for_each(|(_, heading)| heading.push_str(&words));
            }
            _ => {}
        }
    }
    headings
}

/// The first cell of each row of each table, code in backticks.
fn first_cells(text: &str) -> Vec<String> {
    let (mut cells, mut nth) = (Vec::new(), usize::MAX);
    for event in events(text) {
        match event {
            Event::Start(Tag::TableRow) => nth = 0,
            Event::Start(Tag::TableCell) if nth == 0 => cells.push(String::new()),
            Event::End(TagEnd::TableCell) => nth = nth.saturating_add(1),
            Event::Code(code) if nth == 0 => {
                cells.iter_mut().last().into_iter().for_each(|cell| *cell += &format!("`{code}`"));
            }
            _ => {}
        }
    }
    cells
}

/// The Rust blocks, each with what stands behind its fence.
fn rust_code(text: &str) -> Vec<(String, String)> {
    let (mut blocks, mut inside) = (Vec::new(), false);
    for event in events(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if language.starts_with("rust") => {
                blocks.push((language.to_string(), String::new()));
                inside = true;
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(text) if inside => blocks.iter_mut().last().into_iter().for_each(|(_, code)| *code += &text),
            _ => {}
        }
    }
    blocks
}

/// As the providers' variables are called: `VENDOR_NAME`.
fn is_variable(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.contains('_') && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(inside)
}

/// What a reader asks, in the order of asking.
const HEADINGS: [&str; 6] = [
    "Configuration",
    "Calls with the token",
    "What the vendor says, what this crate does",
    "Errors, and what to do",
    "Platforms and Rust version",
    "Limits",
];

/// In the order in which the guide comes to them.
const PLACES: [(&str, &str); 15] = [
    ("Cargo.toml", "the workspace's requirement"),
    ("crates/auth-sim/src/vendor.rs", "a variant"),
    ("crates/auth-sim/README.md", "a row"),
    ("crates/auth-cli/Cargo.toml", "the dependency"),
    ("crates/auth-cli/src/provider.rs", "a variant"),
    ("crates/auth-trials/Cargo.toml", "the dependency"),
    ("crates/auth-trials/src/providers.rs", "a source"),
    ("crates/auth-trials/src/matrix/column.rs", "a column"),
    ("crates/auth-trials/src/soak/stage.rs", "an endpoint"),
    ("crates/auth-trials/tests/it/rotation.rs", "an endpoint"),
    ("crates/auth-trials/tests/canary/vendors.rs", "an endpoint"),
    ("crates/auth-trials/tests/canary/types.rs", "its types"),
    ("crates/fuzz/src/lib.rs", "a target"),
    ("crates/fuzz/README.md", "the target's name"),
    ("crates/auth-core/README.md", "a link"),
];

#[cfg(test)]
mod tests;

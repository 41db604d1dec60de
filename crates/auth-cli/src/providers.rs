//! `authctl providers`: what there is.

use std::io::Write as _;

use crate::exit::Exit;
use crate::provider::Provider;
use crate::setting::{self, Need, Setting};
use crate::trouble::Trouble;

pub(crate) fn print() -> Result<Exit, Trouble> {
    let mut out = std::io::stdout().lock();
    out.write_all(table().as_bytes())?;
    out.flush()?;
    Ok(Exit::Success)
}

fn table() -> String {
    let mut table = row("PROVIDER", "REQUESTS", "VARIABLES");
    for provider in Provider::ALL {
        let names = [provider.name().to_owned(), format!("({})", provider.short())];
        let variables: Vec<String> = setting::of(provider).iter().map(variable).collect();
        let requests = requests(provider);
        let cell = |cells: &[String], line: usize| cells.get(line).cloned().unwrap_or_default();
        table.push('\n');
        for line in 0..names.len().max(requests.len()).max(variables.len()) {
            let request = requests.get(line).copied().unwrap_or_default();
            table.push_str(&row(&cell(&names, line), request, &cell(&variables, line)));
        }
    }
    table + NOTES
}

fn row(provider: &str, requests: &str, variables: &str) -> String {
    format!("{provider:16}{requests:31}{variables}").trim_end().to_owned() + "\n"
}

fn variable(setting: &Setting) -> String {
    match setting.need {
        Need::Required => setting.variable.to_owned(),
        Need::OneOf => format!("{} *", setting.variable),
        Need::Optional => format!("[{}]", setting.variable),
    }
}

/// In the words of the vendors' pages, 29 characters a line at most.
fn requests(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::MgPlus => &["POST {url}/connect/token", "credentials in a form"],
        Provider::StoneX => &["POST {url}/api/v1/", "  authentication", "credentials in JSON"],
        Provider::Partner => &["POST {url}/api/oauth/token", "credentials in JSON"],
        Provider::S2s => &[
            "GET {url}/api/v1/s2s-oauth2/",
            "  code, then …/token",
            "credentials in headers, then",
            "Basic and a form",
        ],
        Provider::MobilePay => &["POST {url}/connect/token", "Basic and a form"],
    }
}

const NOTES: &str = "
*  exactly one of the two; an ENVIRONMENT is sandbox or production
[] need not be set

`authctl token --help` says which option takes the place of which variable.
`authctl sim PROVIDER` prints variables that work, without an account.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_names_every_provider_and_variable_and_fits_a_terminal() {
        let table = table();
        for provider in Provider::ALL {
            assert!(table.contains(provider.name()) && table.contains(&format!("({})", provider.short())));
            for setting in setting::of(provider) {
                assert!(table.contains(setting.variable), "{}", setting.variable);
            }
        }
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    }
}

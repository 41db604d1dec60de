//! Options of the command line, each in place of a variable.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use auth_core::{Error, Secret};

use crate::cli::Given;
use crate::habits;
use crate::input::{Input, cannot_read, is_stdin};
use crate::provider::Provider;
use crate::setting::{self, Need, Setting};
use crate::trouble::Trouble;

/// What the options say of variables.
pub(crate) struct Overrides {
    values: Vec<(Setting, OsString)>,
    /// Of several variables exactly one may be set: with an option for one, the environment's others do not count.
    hidden: Vec<&'static str>,
}

impl Overrides {
    /// The options given, for `provider`. Files are read here.
    ///
    /// # Errors
    ///
    /// [`Trouble`] naming an option that the provider does not know, one that is empty, or a file that cannot be read.
    pub(crate) fn read(provider: Provider, given: &Given) -> Result<Self, Trouble> {
        let options = given.options();
        check_known(provider, options.iter().map(|(option, _)| *option).chain(given.habits.options()))?;
        check_one_stdin(given)?;
        let (mut values, mut hidden) = (Vec::new(), Vec::new());
        let settings = setting::of(provider);
        for (option, place) in options {
            let Some(setting) = settings.iter().find(|setting| setting.option == option) else { continue };
            if setting.need == Need::OneOf {
                let rivals = settings.iter().filter(|rival| rival.need == Need::OneOf);
                hidden.extend(rivals.map(|rival| rival.variable));
            }
            // An empty variable counts as missing, and a token without a merchant is good for all of them.
            if matches!(place, Place::Here("")) {
                return Err(Trouble::Usage(format!("{option} is empty; give a value, or leave the option out")));
            }
            values.push((*setting, place.read(option)?));
        }
        Ok(Self { values, hidden })
    }

    /// Finds a variable among the options, then through `others`.
    pub(crate) fn over<'a>(
        &'a self,
        others: impl Fn(&str) -> Option<OsString> + 'a,
    ) -> impl Fn(&str) -> Option<OsString> + 'a {
        move |name| match self.values.iter().find(|(known, _)| known.variable == name) {
            Some((_, value)) => Some(value.clone()),
            None if self.hidden.contains(&name) => None,
            None => others(name),
        }
    }

    /// Whether an option stands in the place of `variable`.
    pub(crate) fn give(&self, variable: &str) -> bool {
        self.values.iter().any(|(setting, _)| setting.variable == variable)
    }

    /// `error`, which names variables, for whoever gave options: it names those as well.
    pub(crate) fn told(&self, error: Error) -> Trouble {
        let told = self.words(&error);
        if matches!(error, Error::Config(_)) && told != error.to_string() { Trouble::Usage(told) } else { error.into() }
    }

    /// The words of `error`, with the option beside each variable in whose place one was given.
    pub(crate) fn words(&self, error: &Error) -> String {
        let text = error.to_string();
        let given = self.values.iter().filter(|(setting, _)| text.contains(setting.variable));
        given.fold(text.clone(), |told, (Setting { variable, option, .. }, _)| {
            told.replacen(variable, &format!("{variable} (given by {option})"), 1)
        })
    }
}

/// Shows no value: it may be a secret.
impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.iter().map(|(setting, _)| setting.variable)).finish()
    }
}

/// Where the value of an option is.
enum Place<'a> {
    Here(&'a str),
    File(&'a Path),
}

impl Place<'_> {
    fn read(&self, option: &str) -> Result<OsString, Trouble> {
        match self {
            Self::Here(value) => Ok((*value).into()),
            Self::File(path) => secret(option, path),
        }
    }
}

impl Given {
    /// Those that were given, each with where its value is.
    fn options(&self) -> Vec<(&'static str, Place<'_>)> {
        let texts = [
            (setting::URL, &self.url),
            (setting::ENVIRONMENT, &self.environment),
            (setting::CLIENT_ID, &self.client_id),
            (setting::SERVICE_ACCOUNT_ID, &self.service_account_id),
            (setting::SCOPE, &self.scope),
            (setting::MERCHANT_VAT_OPTION, &self.merchant_vat),
            (setting::IBM_CLIENT_ID, &self.ibm_client_id),
            (setting::CLIENT_SYSTEM_VERSION, &self.client_system_version),
        ];
        let files = [
            (setting::CLIENT_SECRET_FILE, &self.client_secret_file),
            (setting::SERVICE_ACCOUNT_SECRET_FILE, &self.service_account_secret_file),
        ];
        let texts = texts.into_iter().filter_map(|(option, text)| Some((option, Place::Here(text.as_deref()?))));
        let files = files.into_iter().filter_map(|(option, path)| Some((option, Place::File(path.as_deref()?))));
        texts.chain(files).collect()
    }
}

fn check_known(provider: Provider, given: impl Iterator<Item = &'static str>) -> Result<(), Trouble> {
    let settings = setting::of(provider).iter().map(|setting| setting.option);
    let known: Vec<&str> = settings.chain(habits::of(provider).iter().copied()).collect();
    let unknown: Vec<&str> = given.filter(|option| !known.contains(option)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let (name, unknown, known) = (provider.name(), unknown.join(", "), known.join(", "));
    Err(Trouble::Usage(format!("{name} does not know {unknown}; it knows {known}")))
}

fn check_one_stdin(given: &Given) -> Result<(), Trouble> {
    let files = [&given.client_secret_file, &given.service_account_secret_file];
    if files.into_iter().flatten().filter(|path| is_stdin(path)).count() < 2 {
        return Ok(());
    }
    let (one, other) = (setting::CLIENT_SECRET_FILE, setting::SERVICE_ACCOUNT_SECRET_FILE);
    Err(Trouble::Usage(format!("{one} and {other} cannot both be standard input")))
}

/// Reads a secret, without the line end that editors add.
fn secret(option: &str, path: &Path) -> Result<OsString, Trouble> {
    let name = option.trim_start_matches('-').trim_end_matches("-file").replace('-', " ");
    let prompt = format!("The {name}, which is shown as you type");
    let input = Input { prompt: &prompt, kib: SECRET_LIMIT_KIB, expected: "one secret" };
    let text = input.read(path).map_err(|error| cannot_read(option, path, &error))?;
    let secret = Secret::from_file_text(&name, &text)?;
    Ok(secret.expose().into())
}

/// Far more than any secret has.
const SECRET_LIMIT_KIB: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(provider: Provider, given: Given) -> Overrides {
        Overrides::read(provider, &given).unwrap()
    }

    fn refusal(provider: Provider, given: &Given) -> String {
        match Overrides::read(provider, given) {
            Err(Trouble::Usage(what)) => what,
            other => panic!("{other:?}"),
        }
    }

    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    #[test]
    fn option_wins_over_the_variable_and_leaves_the_others() {
        let given = Given { client_id: text("from-the-option"), ..Given::default() };
        let overrides = overrides(Provider::MgPlus, given);
        let lookup = overrides.over(|name| Some(format!("environment's {name}").into()));
        assert_eq!(lookup("MGPLUS_CLIENT_ID").unwrap(), "from-the-option");
        assert_eq!(lookup("MGPLUS_STS_URL").unwrap(), "environment's MGPLUS_STS_URL");
    }

    #[test]
    fn option_for_the_place_hides_both_variables_for_it() {
        let given = Given { environment: text("sandbox"), ..Given::default() };
        let overrides = overrides(Provider::StoneX, given);
        let lookup = overrides.over(|_| Some("from the environment".into()));
        assert_eq!(lookup("STONEX_ENVIRONMENT").unwrap(), "sandbox");
        assert_eq!(lookup("STONEX_BASE_URL"), None);
    }

    #[test]
    fn option_that_the_provider_does_not_know_is_refused_with_those_it_knows() {
        let given = Given { scope: text("read"), merchant_vat: text("DK00000042"), ..Given::default() };
        let told = refusal(Provider::Partner, &given);
        assert!(told.contains("partner-oauth does not know --scope, --merchant-vat"), "{told}");
        for known in ["--url", "--client-id", "--client-secret-file"] {
            assert!(told.contains(known), "{told}");
        }
    }

    #[test]
    fn two_secrets_cannot_both_come_from_standard_input() {
        let stdin = || Some("-".into());
        let given = Given { client_secret_file: stdin(), service_account_secret_file: stdin(), ..Given::default() };
        let told = refusal(Provider::S2s, &given);
        assert!(told.contains("cannot both be standard input"), "{told}");
    }

    #[test]
    fn error_names_the_option_that_was_given_and_the_variable_alone_where_none_was() {
        let given = Given { url: text("ftp://acme.example"), ..Given::default() };
        let overrides = overrides(Provider::MgPlus, given);
        let told = |what: &'static str| overrides.told(Error::config(what)).to_string();
        let expected = "error: configuration: MGPLUS_STS_URL (given by --url): odd\n";
        assert!(told("MGPLUS_STS_URL: odd").starts_with(expected), "{}", told("MGPLUS_STS_URL: odd"));
        assert!(!told("missing variable: MGPLUS_CLIENT_ID").contains("given by"));
        let other = auth_core::Failure::of("acme").hint("see MGPLUS_STS_URL");
        assert!(matches!(overrides.told(Error::Rejected(other)), Trouble::Token { error: Error::Rejected(_), .. }));
    }

    #[test]
    fn debug_shows_names_alone() {
        let given = Given { client_id: text("invented-id"), ..Given::default() };
        assert_eq!(format!("{:?}", overrides(Provider::MgPlus, given)), r#"["MGPLUS_CLIENT_ID"]"#);
    }
}

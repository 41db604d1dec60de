//! The variables, or the options in their place, and the URL among them.

use std::ffi::OsString;
use std::fmt;

use auth_core::{BaseUrl, CredentialSet, Error, Redactor, RefreshPolicy, TokenSource, last_four};

use super::finding::{Checked, Finding};
use super::place::Place;
use crate::cli::DoctorArgs;
use crate::exit::Exit;
use crate::habits::Habits;
use crate::overrides::Overrides;
use crate::provider::Provider;
use crate::setting::{self, Need, Setting};
use crate::token::take_at_most;

/// What the provider was given, and what it made of it.
pub(super) struct Settings {
    provider: Provider,
    given: Vec<Given>,
    habits: Habits,
    /// What the provider refuses, one problem each.
    problems: Vec<String>,
    source: Result<Source, Error>,
}

/// A setting, and its value if there is one.
struct Given {
    setting: Setting,
    value: Option<OsString>,
    is_option: bool,
}

/// A source that can be asked, and the policy that it would have elsewhere.
struct Source {
    tokens: TokenSource,
    policy: RefreshPolicy,
}

impl Settings {
    pub(super) fn read(args: &DoctorArgs, overrides: &Overrides, others: impl Fn(&str) -> Option<OsString>) -> Self {
        let (provider, lookup) = (args.provider, overrides.over(others));
        let given = setting::of(provider).iter().map(|setting| Given {
            setting: *setting,
            value: lookup(setting.variable).filter(|value| !value.is_empty()),
            is_option: overrides.give(setting.variable),
        });
        let given: Vec<Given> = given.collect();
        let mut policy = RefreshPolicy::default();
        let tokens = provider.source_with(lookup, &args.given.habits, |own| {
            policy = own.clone();
            take_at_most(args.timeout, own);
        });
        let source = tokens.map(|tokens| Source { tokens, policy });
        let problems =
            source.as_ref().err().map(|error| problems(&overrides.words(error), provider)).unwrap_or_default();
        Self { provider, given, habits: args.given.habits.clone(), problems, source }
    }

    /// The source, if nothing is missing or odd.
    pub(super) fn source(&self) -> Result<&TokenSource, &Error> {
        self.source.as_ref().map(|source| &source.tokens)
    }

    pub(super) fn policy(&self) -> Option<&RefreshPolicy> {
        self.source.as_ref().ok().map(|source| &source.policy)
    }

    pub(super) fn requests_per_token(&self) -> u32 {
        self.provider.requests_per_token()
    }

    /// Knows every secret and every id.
    pub(super) fn redactor(&self) -> Redactor {
        let credentials = self.given.iter().filter(|given| given.kind() != Kind::Plain);
        Redactor::new(&Known(credentials.filter_map(Given::text).map(str::to_owned).collect()))
    }

    /// The ids, which a token may name.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.given.iter().filter(|given| given.kind() == Kind::Id).filter_map(Given::text).collect()
    }

    /// Which variables are set, and which are missing or odd. No value but the end of an id.
    pub(super) fn variables(&self) -> Checked<()> {
        let habits = self.habits.options().map(str::to_owned);
        let set: Vec<_> = self.given.iter().filter_map(Given::shown).chain(habits).collect();
        let set = if set.is_empty() { "none is set".to_owned() } else { format!("set: {}", set.join(", ")) };
        let wrong: Vec<_> = self.problems.iter().filter(|problem| !self.is_about_place(problem)).collect();
        if wrong.is_empty() {
            let free = self.given.iter().filter(|given| given.setting.need == Need::Optional && given.value.is_none());
            let free: Vec<_> = free.map(|given| given.setting.variable).collect();
            let none = if free.is_empty() { "" } else { "; not set, and need not be: " };
            return Finding::ok(set + none + &free.join(", ")).with(());
        }
        let wrong = wrong.into_iter().map(String::as_str).collect::<Vec<_>>().join("; ");
        Finding::failed(Exit::Usage, format!("{wrong}; {set}")).try_this(Exit::Usage.advice()).alone()
    }

    /// The URL that was read, from its own variable or by the name of an environment.
    pub(super) fn place(&self, redactor: &Redactor) -> Checked<Place> {
        if let Some(problem) = self.problems.iter().find(|problem| self.is_about_place(problem)) {
            return Finding::failed(Exit::Usage, problem).try_this(Exit::Usage.advice()).alone();
        }
        let Some((given, place)) = self.given.iter().find_map(|given| Some((given, self.place_of(given)?))) else {
            return Finding::skipped("it is not set").alone();
        };
        let url = redactor.clean(place.url().as_str());
        // Plain http to anybody else is refused.
        let kind = if place.is_https() { "" } else { ", in plain http, which stays on this machine" };
        Finding::ok(format!("{url}{kind}, by {}", given.name())).with(place)
    }

    fn place_of(&self, given: &Given) -> Option<Place> {
        let url = match given.setting.option {
            setting::URL => given.text()?,
            setting::ENVIRONMENT => self.provider.environment(given.text()?)?,
            _ => return None,
        };
        Place::of(BaseUrl::try_from(url).ok()?)
    }

    /// A problem begins with the name of the variable that it is about.
    fn is_about_place(&self, problem: &str) -> bool {
        let mut places =
            self.given.iter().filter(|given| [setting::URL, setting::ENVIRONMENT].contains(&given.setting.option));
        places.any(|given| problem.starts_with(given.setting.variable))
    }
}

/// Shows no value.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Given {
    fn text(&self) -> Option<&str> {
        self.value.as_ref()?.to_str()
    }

    fn name(&self) -> &'static str {
        if self.is_option { self.setting.option } else { self.setting.variable }
    }

    fn kind(&self) -> Kind {
        match self.setting.option {
            setting::CLIENT_SECRET_FILE | setting::SERVICE_ACCOUNT_SECRET_FILE => Kind::Secret,
            // It may say that there is no id.
            setting::IBM_CLIENT_ID if self.text() == Some("none") => Kind::Plain,
            setting::CLIENT_ID | setting::SERVICE_ACCOUNT_ID | setting::IBM_CLIENT_ID => Kind::Id,
            _ => Kind::Plain,
        }
    }

    /// The name of one that is set, with the end of an id.
    fn shown(&self) -> Option<String> {
        self.value.as_ref()?;
        // Of an odd one, which is refused, the end may be what moves a terminal's cursor.
        let id = self.text().filter(|id| self.kind() == Kind::Id && !id.contains(char::is_control));
        Some(self.name().to_owned() + &id.map(|id| format!(" ({})", last_four(id))).unwrap_or_default())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Secret,
    Id,
    Plain,
}

/// What may not be shown, for a [`Redactor`].
#[derive(Clone)]
struct Known(Vec<String>);

impl CredentialSet for Known {
    fn parts(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

/// What the provider says of its variables, one problem each. A part that begins with no name of a variable goes on with
/// the problem before; an error that names none is not about variables.
fn problems(words: &str, provider: Provider) -> Vec<String> {
    let text = words.strip_prefix("configuration: ").unwrap_or(words);
    let begins = |part: &str| {
        part.starts_with("missing variable")
            || setting::of(provider).iter().any(|setting| part.starts_with(setting.variable))
    };
    let mut problems: Vec<String> = Vec::new();
    for part in text.split("; ") {
        match problems.last_mut() {
            _ if begins(part) => problems.push(part.to_owned()),
            Some(problem) => *problem = format!("{problem}; {part}"),
            None => {}
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &'static str) -> Vec<String> {
        problems(&Error::config(text).to_string(), Provider::MobilePay)
    }

    #[test]
    fn problems_are_told_apart_though_one_has_a_semicolon_of_its_own() {
        let all = "missing variables: MOBILEPAY_CLIENT_ID, MOBILEPAY_CLIENT_SECRET; \
                   MOBILEPAY_BASE_URL: the URL has a query or a fragment; expected https://host[/path]; \
                   MOBILEPAY_MERCHANT_VAT: expected DK or FI";
        let [missing, url, vat] = &told(all)[..] else { panic!("{:?}", told(all)) };
        assert!(missing.ends_with("MOBILEPAY_CLIENT_SECRET") && vat.ends_with("expected DK or FI"));
        assert!(url.ends_with("expected https://host[/path]"), "{url}");
    }

    #[test]
    fn error_that_names_no_variable_is_about_none() {
        assert_eq!(told("no HTTP client can be built; expected CA certificates on the system"), [""; 0]);
    }
}

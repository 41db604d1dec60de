//! Reads environment variables, and names all that are wrong at once.

use std::ffi::OsString;
use std::fmt;

use crate::{BaseUrl, ClientCredentials, Error, Secret};

/// Collects the variables of a `from_vars` and what is wrong with them.
///
/// ```
/// use auth_core::{BaseUrl, Vars};
///
/// let mut vars = Vars::new(|name| (name == "STS_URL").then(|| "sts.example".into()));
/// let url = vars.needed("STS_URL", BaseUrl::try_from);
/// let credentials = vars.credentials(["CLIENT_ID", "CLIENT_SECRET"]);
/// let error = vars.all(|| Some((url?, credentials?))).unwrap_err().to_string();
/// assert!(error.starts_with("configuration: missing variables: CLIENT_ID, CLIENT_SECRET; STS_URL: the URL cannot be read"));
/// ```
pub struct Vars<F> {
    lookup: F,
    missing: Vec<String>,
    wrong: Vec<String>,
}

impl<F: Fn(&str) -> Option<OsString>> Vars<F> {
    /// Reads through `lookup`, which for the process's own environment is [`std::env::var_os`].
    pub fn new(lookup: F) -> Self {
        Self { lookup, missing: Vec::new(), wrong: Vec::new() }
    }

    /// The variable's text. If it is not there, empty or not UTF-8, that is kept for [`Vars::finish`], and the text is empty.
    pub fn required(&mut self, name: &str) -> String {
        self.needed_text(name).unwrap_or_default()
    }

    /// The variable's text, if it is there and not empty. One that is not UTF-8 is kept for [`Vars::finish`].
    pub fn optional(&mut self, name: &str) -> Option<String> {
        match self.read(name) {
            Read::Text(text) => Some(text),
            Read::Missing | Read::Wrong => None,
        }
    }

    /// What `parse` makes of the variable's text. If it is not there, empty or refused, that is kept for [`Vars::finish`].
    pub fn needed<T>(&mut self, name: &str, parse: impl FnOnce(String) -> Result<T, Error>) -> Option<T> {
        let text = self.needed_text(name)?;
        self.kept(name, parse(text))
    }

    /// What `parse` makes of the variable's text, if it is there and not empty. A refusal is kept for [`Vars::finish`],
    /// with the variable's name.
    pub fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(String) -> Result<T, Error>) -> Option<T> {
        let text = self.optional(name)?;
        self.kept(name, parse(text))
    }

    /// The client id and the client secret in the variables `names`, in this order. Each that is missing or wrong is kept
    /// for [`Vars::finish`].
    pub fn credentials(&mut self, names: [&str; 2]) -> Option<ClientCredentials> {
        let id = self.needed(names[0], |id| Secret::named("client id", id));
        let secret = self.needed(names[1], |secret| Secret::named("client secret", secret));
        let credentials = ClientCredentials::with_secret(id?.expose(), secret?);
        self.kept(names[0], credentials)
    }

    /// The URL in the first of `names`, or that of the environment in the second, which is one of those `known` by name and
    /// URL. Exactly one of the two variables is expected; none, both or a wrong one is kept for [`Vars::finish`].
    ///
    /// ```
    /// use auth_core::Vars;
    ///
    /// let known = [("sandbox", "https://sandbox.example"), ("production", "https://api.example")];
    /// let mut vars = Vars::new(|name| (name == "ENVIRONMENT").then(|| "sandbox".into()));
    /// let url = vars.url_or_environment(["URL", "ENVIRONMENT"], &known);
    /// assert_eq!(url.expect("a URL").as_str(), "https://sandbox.example");
    /// ```
    pub fn url_or_environment(&mut self, names: [&str; 2], known: &[(&str, &str)]) -> Option<BaseUrl> {
        let [url, environment] = names;
        match names.map(|name| self.read(name)) {
            [Read::Missing, Read::Missing] => {
                self.missing.push(format!("one of {url} or {environment}"));
                None
            }
            [Read::Text(text), Read::Missing] => self.kept(url, BaseUrl::try_from(text)),
            [Read::Missing, Read::Text(text)] => self.kept(environment, environment_url(&text, known)),
            [Read::Wrong, Read::Missing] | [Read::Missing, Read::Wrong] => None,
            [_, _] => {
                self.wrong(format!("{url} and {environment} are both set; expected exactly one"));
                None
            }
        }
    }

    /// The value, or `None` where it is an error, which is kept for [`Vars::finish`] with the variable's `name`. For what a
    /// variable must be beyond what it was parsed for.
    pub fn kept<T>(&mut self, name: &str, value: Result<T, Error>) -> Option<T> {
        value.map_err(|error| self.wrong(format!("{name}: {}", error.what()))).ok()
    }

    /// Keeps `what` was wrong with a variable for [`Vars::finish`]. It must hold no secret.
    pub fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    fn needed_text(&mut self, name: &str) -> Option<String> {
        match self.read(name) {
            Read::Text(text) => return Some(text),
            Read::Missing => self.missing.push(name.to_owned()),
            Read::Wrong => {}
        }
        None
    }

    fn read(&mut self, name: &str) -> Read {
        match (self.lookup)(name).map(OsString::into_string) {
            None => Read::Missing,
            Some(Ok(text)) if text.is_empty() => Read::Missing,
            Some(Ok(text)) => Read::Text(text),
            Some(Err(_)) => {
                let told = format!("{name} is not UTF-8");
                // A variable may be read twice; it is told once.
                if !self.wrong.contains(&told) {
                    self.wrong.push(told);
                }
                Read::Wrong
            }
        }
    }

    /// Says all that was wrong.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming every variable that is missing or wrong, never a value.
    pub fn finish(self) -> Result<(), Error> {
        let mut problems = self.wrong;
        match self.missing.as_slice() {
            [] => {}
            [one] => problems.insert(0, format!("missing variable: {one}")),
            all => problems.insert(0, format!("missing variables: {}", all.join(", "))),
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::config(problems.join("; "))) }
    }

    /// The values read, if nothing was missing or wrong: `values` is `None` where one of them is.
    ///
    /// # Errors
    ///
    /// As [`Vars::finish`].
    pub fn all<T>(self, values: impl FnOnce() -> Option<T>) -> Result<T, Error> {
        self.finish()?;
        values().ok_or_else(|| Error::config("a variable that is optional is expected to be set"))
    }
}

impl<F> fmt::Debug for Vars<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vars").field("missing", &self.missing).field("wrong", &self.wrong).finish_non_exhaustive()
    }
}

/// The URL of the environment called `name`. A wrong name is not repeated: it may be a misplaced secret.
fn environment_url(name: &str, known: &[(&str, &str)]) -> Result<BaseUrl, Error> {
    match known.iter().find(|(known, _)| *known == name) {
        Some((_, url)) => BaseUrl::try_from(*url),
        None => {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            Err(Error::config(format!("the environment has another name; expected {}", names.join(" or "))))
        }
    }
}

/// What a variable holds.
enum Read {
    /// Nothing: it is not there, or empty.
    Missing,
    /// What is no text; kept to be told.
    Wrong,
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(set: &'static [(&str, &str)]) -> Vars<impl Fn(&str) -> Option<OsString>> {
        Vars::new(move |name| set.iter().find(|(n, _)| *n == name).map(|(_, text)| (*text).into()))
    }

    #[test]
    fn empty_variable_counts_as_missing() {
        let mut vars = vars(&[("A", "")]);
        vars.required("A");
        assert!(vars.finish().unwrap_err().to_string().ends_with("missing variable: A"));
    }

    #[test]
    fn what_cannot_be_parsed_is_told_with_the_names_of_what_is_missing() {
        let mut vars = vars(&[("VAT", "odd")]);
        vars.required("ID");
        let vat: Option<u8> = vars.parsed("VAT", |_| Err(Error::config("expected DK or FI and eight digits")));
        assert_eq!(vat, None);
        let told = vars.finish().unwrap_err().to_string();
        assert_eq!(told, "configuration: missing variable: ID; VAT: expected DK or FI and eight digits");
    }

    #[cfg(unix)]
    #[test]
    fn variable_that_is_not_utf8_is_told_once_and_parsed_by_nobody() {
        use std::os::unix::ffi::OsStringExt;

        let mut vars = Vars::new(|name| (name == "ID").then(|| OsString::from_vec(vec![0xff])));
        assert_eq!(vars.required("ID"), "");
        assert_eq!(vars.parsed("ID", Ok), None);
        assert_eq!(vars.optional("ID"), None);
        assert_eq!(vars.needed("ID", Ok), None);
        assert_eq!(vars.credentials(["ID", "ID"]), None);
        assert!(vars.url_or_environment(["NONE", "ID"], &[]).is_none());
        assert_eq!(vars.finish().unwrap_err().to_string(), "configuration: ID is not UTF-8");
    }

    #[test]
    fn each_half_of_credentials_is_told_by_its_own_name() {
        let told = |set| {
            let mut vars = vars(set);
            assert_eq!(vars.credentials(["ID", "SECRET"]), None);
            vars.finish().unwrap_err().to_string()
        };
        assert_eq!(told(&[]), "configuration: missing variables: ID, SECRET");
        assert!(
            told(&[("ID", "a "), ("SECRET", "b")]).starts_with("configuration: ID: the client id ends with a blank")
        );
        let both = told(&[("ID", " a"), ("SECRET", "b\n")]);
        assert!(
            both.contains("ID: the client id starts") && both.contains("; SECRET: the client secret has"),
            "{both}"
        );
        let mut good = vars(&[("ID", "invented-id"), ("SECRET", "invented-secret")]);
        let given = ClientCredentials::new("invented-id", "invented-secret").unwrap();
        assert!(good.credentials(["ID", "SECRET"]) == Some(given) && good.finish().is_ok());
    }

    const NAMES: [&str; 2] = ["URL", "ENVIRONMENT"];
    const KNOWN: [(&str, &str); 2] = [("sandbox", "https://sandbox.example"), ("production", "https://api.example")];

    #[test]
    fn exactly_one_of_url_and_environment_leads_somewhere() {
        for (set, leads_to) in [
            (("URL", "https://own.example"), "https://own.example"),
            (("ENVIRONMENT", "sandbox"), "https://sandbox.example"),
            (("ENVIRONMENT", "production"), "https://api.example"),
        ] {
            let mut vars = Vars::new(move |name| (name == set.0).then(|| set.1.into()));
            assert_eq!(vars.url_or_environment(NAMES, &KNOWN).unwrap().as_str(), leads_to);
            assert!(vars.finish().is_ok());
        }
    }

    #[test]
    fn neither_both_or_a_wrong_one_of_url_and_environment_is_told_by_name() {
        let told = |set| {
            let mut vars = vars(set);
            assert!(vars.url_or_environment(NAMES, &KNOWN).is_none());
            vars.finish().unwrap_err().to_string()
        };
        assert_eq!(told(&[("URL", "")]), "configuration: missing variable: one of URL or ENVIRONMENT");
        let both = told(&[("URL", "https://own.example"), ("ENVIRONMENT", "sandbox")]);
        assert_eq!(both, "configuration: URL and ENVIRONMENT are both set; expected exactly one");
        let unknown = told(&[("ENVIRONMENT", "invented-secret")]);
        let words = "ENVIRONMENT: the environment has another name; expected sandbox or production";
        assert_eq!(unknown, format!("configuration: {words}"));
        assert!(told(&[("URL", "own")]).starts_with("configuration: URL: the URL cannot be read"));
    }

    #[test]
    fn value_that_nobody_needed_is_an_error_where_all_are_wanted_and_no_panic() {
        let mut optional = vars(&[]);
        let value = optional.optional("A");
        assert!(matches!(optional.all(|| value), Err(Error::Config(_))));
        assert_eq!(vars(&[]).all(|| Some(1)).unwrap(), 1);
    }
}

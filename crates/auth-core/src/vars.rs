//! Reads environment variables, and names all that are wrong at once.

use std::ffi::OsString;
use std::fmt;

use crate::Error;

/// Collects the variables of a `from_vars` and what is wrong with them.
///
/// ```
/// use auth_core::Vars;
///
/// let mut vars = Vars::new(|name| (name == "STS_URL").then(|| "https://sts.example".into()));
/// assert_eq!(vars.required("STS_URL"), "https://sts.example");
/// let (_, _) = (vars.required("CLIENT_ID"), vars.required("CLIENT_SECRET"));
/// assert_eq!(vars.finish().unwrap_err().to_string(), "configuration: missing variables: CLIENT_ID, CLIENT_SECRET");
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

    /// Exactly one of `names`: its place among them and its text.
    pub fn exactly_one<const N: usize>(&mut self, names: [&str; N]) -> (usize, String) {
        let set = names.map(|name| self.read(name)).into_iter().enumerate();
        let mut set = set.filter(|(_, read)| !matches!(read, Read::Missing));
        match (set.next(), set.next()) {
            (Some((at, Read::Text(text))), None) => (at, text),
            (Some((at, _)), None) => (at, String::new()),
            (None, _) => {
                self.missing.push(format!("one of {}", names.join(" or ")));
                (0, String::new())
            }
            (Some(_), Some(_)) => {
                self.wrong.push(format!("{} are both set; expected exactly one", names.join(" and ")));
                (0, String::new())
            }
        }
    }

    /// What `parse` makes of the variable's text, if it is there and not empty. A refusal is kept for [`Vars::finish`],
    /// with the variable's name.
    pub fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(String) -> Result<T, Error>) -> Option<T> {
        let text = self.optional(name)?;
        parse(text).map_err(|error| self.wrong(format!("{name}: {}", error.what()))).ok()
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
}

impl<F> fmt::Debug for Vars<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vars").field("missing", &self.missing).field("wrong", &self.wrong).finish_non_exhaustive()
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

        let mut vars = Vars::new(|_| Some(OsString::from_vec(vec![0xff])));
        assert_eq!(vars.required("ID"), "");
        assert_eq!(vars.parsed("ID", Ok), None);
        assert_eq!(vars.optional("ID"), None);
        assert_eq!(vars.exactly_one(["ID"]), (0, String::new()));
        assert_eq!(vars.finish().unwrap_err().to_string(), "configuration: ID is not UTF-8");
    }

    #[test]
    fn both_or_none_of_two_is_refused() {
        let mut both = vars(&[("URL", "x"), ("ENVIRONMENT", "sandbox")]);
        both.exactly_one(["URL", "ENVIRONMENT"]);
        assert!(both.finish().unwrap_err().to_string().contains("exactly one"));
        let mut none = vars(&[]);
        none.exactly_one(["URL", "ENVIRONMENT"]);
        assert!(none.finish().unwrap_err().to_string().contains("one of URL or ENVIRONMENT"));
        let mut second = vars(&[("ENVIRONMENT", "sandbox")]);
        assert_eq!(second.exactly_one(["URL", "ENVIRONMENT"]), (1, "sandbox".to_owned()));
        assert!(second.finish().is_ok());
    }
}

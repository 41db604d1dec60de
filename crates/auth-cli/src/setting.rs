//! What a provider is told, by a variable or by the option that takes its place.

use std::ffi::OsString;

use auth_sim::Simulator;

use crate::provider::Provider;

/// A variable of a provider, and the option in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) variable: &'static str,
    pub(crate) option: &'static str,
    pub(crate) need: Need,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// Exactly one of those of a provider that say so.
    OneOf,
    Optional,
}

/// The settings of `provider`, as its `from_vars` reads them.
pub(crate) fn of(provider: Provider) -> &'static [Setting] {
    match provider {
        Provider::MgPlus => {
            const {
                &[
                    required("MGPLUS_STS_URL", URL),
                    required("MGPLUS_CLIENT_ID", CLIENT_ID),
                    required("MGPLUS_CLIENT_SECRET", CLIENT_SECRET_FILE),
                ]
            }
        }
        Provider::StoneX => {
            const {
                &[
                    one_of("STONEX_BASE_URL", URL),
                    one_of("STONEX_ENVIRONMENT", ENVIRONMENT),
                    required("STONEX_CLIENT_ID", CLIENT_ID),
                    required("STONEX_CLIENT_SECRET", CLIENT_SECRET_FILE),
                ]
            }
        }
        Provider::Partner => {
            const {
                &[
                    required("PARTNER_BASE_URL", URL),
                    required("PARTNER_CLIENT_ID", CLIENT_ID),
                    required("PARTNER_CLIENT_SECRET", CLIENT_SECRET_FILE),
                ]
            }
        }
        Provider::S2s => {
            const {
                &[
                    required("S2S_BASE_URL", URL),
                    required("S2S_SERVICE_ACCOUNT_ID", SERVICE_ACCOUNT_ID),
                    required("S2S_SERVICE_ACCOUNT_SECRET", SERVICE_ACCOUNT_SECRET_FILE),
                    required("S2S_CLIENT_ID", CLIENT_ID),
                    required("S2S_CLIENT_SECRET", CLIENT_SECRET_FILE),
                    required("S2S_SCOPE", SCOPE),
                ]
            }
        }
        Provider::MobilePay => {
            const {
                &[
                    one_of("MOBILEPAY_BASE_URL", URL),
                    one_of("MOBILEPAY_ENVIRONMENT", ENVIRONMENT),
                    required("MOBILEPAY_CLIENT_ID", CLIENT_ID),
                    required("MOBILEPAY_CLIENT_SECRET", CLIENT_SECRET_FILE),
                    optional(MERCHANT_VAT, MERCHANT_VAT_OPTION),
                    optional("MOBILEPAY_IBM_CLIENT_ID", IBM_CLIENT_ID),
                    optional("MOBILEPAY_CLIENT_SYSTEM_VERSION", CLIENT_SYSTEM_VERSION),
                ]
            }
        }
    }
}

/// What the provider's variables begin with.
pub(crate) fn prefix(provider: Provider) -> &'static str {
    of(provider)[0].variable.split('_').next().unwrap_or_default()
}

/// The line that sets a variable in a POSIX shell, whatever the value holds.
pub(crate) fn export(name: &str, value: &str) -> String {
    format!("export {name}='{}'", value.replace('\'', r"'\''"))
}

/// The variables of a simulator, as a lookup.
pub(crate) fn of_sim(sim: &Simulator) -> impl Fn(&str) -> Option<OsString> + use<> {
    let vars = sim.vars();
    move |name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
}

const fn required(variable: &'static str, option: &'static str) -> Setting {
    Setting { variable, option, need: Need::Required }
}

const fn one_of(variable: &'static str, option: &'static str) -> Setting {
    Setting { variable, option, need: Need::OneOf }
}

const fn optional(variable: &'static str, option: &'static str) -> Setting {
    Setting { variable, option, need: Need::Optional }
}

pub(crate) const URL: &str = "--url";
pub(crate) const ENVIRONMENT: &str = "--environment";
pub(crate) const CLIENT_ID: &str = "--client-id";
pub(crate) const CLIENT_SECRET_FILE: &str = "--client-secret-file";
pub(crate) const SERVICE_ACCOUNT_ID: &str = "--service-account-id";
pub(crate) const SERVICE_ACCOUNT_SECRET_FILE: &str = "--service-account-secret-file";
pub(crate) const SCOPE: &str = "--scope";
pub(crate) const MERCHANT_VAT_OPTION: &str = "--merchant-vat";
pub(crate) const IBM_CLIENT_ID: &str = "--ibm-client-id";
pub(crate) const CLIENT_SYSTEM_VERSION: &str = "--client-system-version";

/// Without it each call to MobilePay needs a header of its own.
pub(crate) const MERCHANT_VAT: &str = "MOBILEPAY_MERCHANT_VAT";

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use auth_sim::Simulator;
    use clap::CommandFactory as _;

    use super::*;

    #[tokio::test]
    async fn settings_are_the_variables_that_the_provider_reads() {
        for provider in Provider::ALL {
            let sim = Simulator::start(provider.vendor()).await.unwrap();
            let (values, read) = (of_sim(&sim), RefCell::new(BTreeSet::new()));
            let lookup = |name: &str| {
                read.borrow_mut().insert(name.to_owned());
                values(name)
            };
            provider.source(lookup, |_| ()).unwrap();
            let settings: BTreeSet<_> = of(provider).iter().map(|setting| setting.variable.to_owned()).collect();
            assert_eq!(read.into_inner(), settings);
        }
    }

    #[test]
    fn every_option_is_one_of_the_command_line_and_says_one_thing() {
        let command = crate::cli::Cli::command();
        let token = command.find_subcommand("token").unwrap();
        for provider in Provider::ALL {
            let settings = of(provider).iter().map(|setting| setting.option);
            let options: Vec<_> = settings.chain(crate::habits::of(provider).iter().copied()).collect();
            for option in &options {
                assert!(token.get_arguments().any(|known| known.get_long() == option.strip_prefix("--")), "{option}");
                assert_eq!(options.iter().filter(|other| *other == option).count(), 1, "{option}");
            }
        }
    }

    #[test]
    fn exported_value_is_what_the_shell_reads_whatever_it_holds() {
        for value in ["plain", "", "it's", "$HOME `id` \\ \"x\"", "two\nlines", "'", "a'b'c", "!", "*"] {
            let script = format!("{}\nprintf %s \"$INVENTED\"", export("INVENTED", value));
            let shell = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
            assert_eq!(String::from_utf8(shell.stdout).unwrap(), value);
        }
    }

    #[test]
    fn prefix_is_what_all_variables_of_a_provider_begin_with() {
        for provider in Provider::ALL {
            let prefix = format!("{}_", prefix(provider));
            assert!(of(provider).iter().all(|setting| setting.variable.starts_with(&prefix)), "{prefix}");
        }
    }

    #[test]
    fn no_variable_is_a_part_of_another_so_that_a_text_is_searched_for_it() {
        for provider in Provider::ALL {
            let within = |name: &str| of(provider).iter().filter(|other| other.variable.contains(name)).count();
            assert!(of(provider).iter().all(|setting| within(setting.variable) == 1), "{provider:?}");
        }
    }
}

//! The command line.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::exit::Exit;
use crate::format::Format;
use crate::habits::Habits;
use crate::provider::Provider;
use crate::trouble::Trouble;

/// Gets a machine-to-machine token from one of five vendors, or says why there is none.
#[derive(Debug, Parser)]
#[command(name = "authctl", version, max_term_width = 100, after_help = EXAMPLES, subcommand_required = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the five providers: what each requests, which variables it reads.
    Providers,
    /// Gets a token and prints it.
    #[command(long_about = TOKEN_ABOUT, after_help = TOKEN_EXAMPLES)]
    Token(Box<TokenArgs>),
    /// Looks step by step for why there is no token, or what would go wrong with it, and says what to do.
    #[command(long_about = DOCTOR_ABOUT, after_help = DOCTOR_EXAMPLES)]
    Doctor(Box<DoctorArgs>),
    /// Shows what a token says about itself: header, claims, times, life.
    #[command(long_about = INSPECT_ABOUT, after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
    /// Runs simulators of the vendors until Ctrl-C.
    #[command(long_about = SIM_ABOUT, after_help = SIM_EXAMPLES)]
    Sim(SimArgs),
    /// Shows what the crates do, against simulators of all five vendors: needs no network and no account.
    #[command(long_about = DEMO_ABOUT)]
    Demo(DemoArgs),
    /// Prints what makes a shell complete authctl's command line.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct TokenArgs {
    /// Whose token: the crate's name, or its short name.
    #[arg(value_name = "PROVIDER", hide_possible_values = false)]
    pub(crate) provider: Provider,

    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Token)]
    pub(crate) format: Format,

    /// Ask an embedded simulator of the vendor: no variables are read, nothing leaves this machine.
    #[arg(long, conflicts_with_all = ["url", "environment"])]
    pub(crate) sim: bool,

    /// Give up after so many seconds; one answer may take half of them, or 8 if that is more.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// Tell on standard error what the token source did.
    #[arg(short, long)]
    pub(crate) verbose: bool,

    #[command(flatten)]
    pub(crate) given: Given,
}

#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Whose token: the crate's name, or its short name.
    #[arg(value_name = "PROVIDER", hide_possible_values = false)]
    pub(crate) provider: Provider,

    /// Print one JSON object: provider, url, steps, exit_code.
    #[arg(long)]
    pub(crate) json: bool,

    /// Look at an embedded simulator of the vendor: no variables are read, nothing leaves this machine.
    #[arg(long, conflicts_with_all = ["url", "environment"])]
    pub(crate) sim: bool,

    /// Give up the token request after so many seconds, and every other step after 5 at the latest.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) given: Given,
}

/// In place of the variables. Which of them a provider knows, its settings say.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = IN_PLACE)]
pub(crate) struct Given {
    /// The vendor's base URL. (MGPLUS_STS_URL, …_BASE_URL)
    #[arg(long, conflicts_with = "environment")]
    pub(crate) url: Option<String>,

    /// The vendor's own sandbox or production: stonex, mobilepay. (…_ENVIRONMENT)
    #[arg(long, value_name = "sandbox|production", value_parser = ["sandbox", "production"], hide_possible_values = true)]
    pub(crate) environment: Option<String>,

    /// The client id. (…_CLIENT_ID)
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,

    /// The file that holds the client secret; `-` is standard input. One line end is taken off. (…_CLIENT_SECRET)
    #[arg(long, value_name = "FILE|-")]
    pub(crate) client_secret_file: Option<PathBuf>,

    /// The service account's id: s2s. (S2S_SERVICE_ACCOUNT_ID)
    #[arg(long, value_name = "ID")]
    pub(crate) service_account_id: Option<String>,

    /// The file that holds the service account's secret; `-` is standard input: s2s. (S2S_SERVICE_ACCOUNT_SECRET)
    #[arg(long, value_name = "FILE|-")]
    pub(crate) service_account_secret_file: Option<PathBuf>,

    /// The scopes to ask for, separated by blanks: s2s. (S2S_SCOPE)
    #[arg(long)]
    pub(crate) scope: Option<String>,

    /// The merchant that the token is bound to, DK or FI and eight digits: mobilepay. (MOBILEPAY_MERCHANT_VAT)
    #[arg(long, value_name = "VAT")]
    pub(crate) merchant_vat: Option<String>,

    /// The gateway's id of the client, if it is not the client id; `none` sends none: mobilepay. (MOBILEPAY_IBM_CLIENT_ID)
    #[arg(long, value_name = "ID")]
    pub(crate) ibm_client_id: Option<String>,

    /// Your version, Major.Minor.Build, for later calls: mobilepay. (MOBILEPAY_CLIENT_SYSTEM_VERSION)
    #[arg(long, value_name = "VERSION")]
    pub(crate) client_system_version: Option<String>,

    #[command(flatten)]
    pub(crate) habits: Habits,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    /// The file that holds the token; `-` is standard input.
    #[arg(value_name = "FILE|-", default_value = "-")]
    pub(crate) file: PathBuf,

    /// Check the signature by the keys in this file, a set of RFC 7517.
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct SimArgs {
    /// Which vendors; all five if none is named.
    #[arg(value_name = "PROVIDER")]
    pub(crate) providers: Vec<Provider>,

    /// The port of the first; the others take the ports after it. 0 takes free ones.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,

    /// How long a token lives. Default: what the vendor's page says.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) lifetime: Option<Duration>,

    /// Say nothing of the requests; otherwise each is a line on standard error.
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Lines instead of progress bars; always so where standard output is no terminal.
    #[arg(long)]
    pub(crate) plain: bool,
}

/// Writes the completions of `shell` to standard output.
pub(crate) fn print_completions(shell: Shell) -> Result<Exit, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "authctl", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Exit::Success)
}

/// More than nothing and no more than a day, so that no sum with a clock overflows.
fn seconds(text: &str) -> Result<Duration, String> {
    let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration
        .filter(|duration| !duration.is_zero() && *duration <= A_DAY)
        .ok_or_else(|| "expected seconds, more than 0 and at most 86400, such as 30 or 2.5".to_owned())
}

const A_DAY: Duration = Duration::from_secs(86_400);

const IN_PLACE: &str = "In place of the variables";

const EXAMPLES: &str = "\
Examples:
  authctl demo                             the crates at work; needs nothing
  authctl token mgplus --sim               a token of a simulated vendor
  authctl token stonex                     a token, by the variables
  authctl providers                        which those are
  authctl doctor stonex                    why there is no token, step by step
  authctl inspect token.txt                what a token says about itself
  authctl sim                              vendors to program against

`authctl COMMAND --help` has more.";

const TOKEN_ABOUT: &str = "\
Gets a token and prints it.

Credentials come from the provider's variables, which `authctl providers` lists; options below take their place. A \
secret is never an argument, where other users of the machine could read it: it comes from a variable, a file, or \
standard input.

Standard output holds the token alone. Messages go to standard error.";

const TOKEN_EXAMPLES: &str = "\
Examples:
  authctl token mgplus --sim
  authctl token partner --url https://api.partner.example \\
      --client-id ID --client-secret-file /run/secrets/partner
  pass show bank | authctl token s2s --client-secret-file -
  authctl token mgplus --format headers | curl -H @- https://api.example/balance
  eval \"$(authctl token mgplus --format env)\"; echo \"$MGPLUS_ACCESS_TOKEN\"

Exit codes, by what to do:
  0  there is a token
  1  report it: an internal failure
  2  change the command, the variables or the URL; found before sending
  3  a person must act: refused for good, or the certificate is not accepted
  4  try again later: throttled, unavailable, unreachable
  5  the vendor's answer is not the documented one";

const DOCTOR_ABOUT: &str = "\
Looks step by step for why there is no token, or what would go wrong with it, and says what to do.

The steps are those of `authctl token`, one by one: variables, URL, proxy, DNS, TCP, TLS, clock, request, answer, claims, \
headers, renewal, outlook. A step that an earlier one makes meaningless is not checked, and says why. What is sent: one \
request for the URL, without credentials, to see the server's clock; and, unless a step before makes it meaningless, the \
token request as `authctl token` makes it.

No secret, no token and no body is printed, and of an id its last four characters at most: the output can be sent to a \
colleague.";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  authctl doctor mgplus --sim
  authctl doctor stonex
  authctl doctor partner --url https://api.partner.example
  authctl doctor s2s --json | jq '.steps[] | select(.outcome == \"failed\")'

Exit codes, by what to do about the first step that failed:
  0  none failed
  1  report it: an internal failure
  2  change the command, the variables or the URL
  3  a person must act: refused for good, certificate, clock
  4  try again later: throttled, unavailable, unreachable
  5  the vendor's answer, or its token, is not the documented one";

const INSPECT_ABOUT: &str = "\
Shows what a token says about itself: header and claims as a table, times as dates, how much of its life is over.

Nothing is sent. What a token says proves nothing until its signature is checked; --jwks does that. It is read from a file or \
standard input, never from an argument, and may come with `Bearer` before it, or in the answer of a token request.";

const INSPECT_EXAMPLES: &str = "\
Examples:
  authctl token mgplus --sim | authctl inspect
  authctl inspect token.txt --jwks keys.json
  pbpaste | authctl inspect

Exit codes:
  0  shown; with --jwks: and signed by one of the keys
  2  there is no token, or a file cannot be read
  3  with --jwks: not signed by any of the keys";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  authctl completions bash >~/.local/share/bash-completion/completions/authctl
  authctl completions zsh >~/.zfunc/_authctl
  authctl completions fish >~/.config/fish/completions/authctl.fish";

const SIM_ABOUT: &str = "\
Runs simulators of the vendors on ports of 127.0.0.1 until Ctrl-C, and prints the variables with which `authctl token`, or \
a program that uses the provider's crate, finds them. Everything in them is invented.

What is printed can be pasted into a shell, or written to a file and sourced.";

const SIM_EXAMPLES: &str = "\
Examples:
  authctl sim                              all five, on free ports
  authctl sim stonex --port 4000           one, on a port of your choice
  authctl sim mgplus --lifetime 5          tokens that live five seconds
  authctl sim >sim.env &                   in the background; the last line says that it is ready:
  while kill -0 $! && ! grep -q Ready sim.env; do sleep 0.1; done
  . ./sim.env; authctl token s2s; kill $!";

const DEMO_ABOUT: &str = "\
Shows what the crates do, against simulators of all five vendors: needs no network and no account, and takes some six \
seconds.

It ends in a table of what the simulators counted beside what was expected. The exit code is 0 only if every count is right.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn seconds_may_have_a_fraction_but_must_be_a_time() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        for odd in ["0", "-1", "nan", "inf", "1e99", "86401", "soon", ""] {
            assert!(seconds(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn no_option_takes_a_secret() {
        for command in Cli::command().get_subcommands() {
            for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(!option.contains("secret") || option.ends_with("-file"), "--{option}");
            }
        }
    }

    /// The rows of a table in Markdown: each command, then its arguments, in the words of `--help`.
    fn rows() -> Vec<String> {
        let mut cli = Cli::command();
        cli.build();
        let commands = cli.get_subcommands().filter(|command| command.get_name() != "help");
        commands.flat_map(|command| std::iter::once(row_of(command)).chain(rows_of_arguments(command))).collect()
    }

    fn row_of(command: &clap::Command) -> String {
        let about = command.get_about().expect("every command says what it does");
        format!("| `{}` | {about} | |", command.get_name())
    }

    fn rows_of_arguments(command: &clap::Command) -> impl Iterator<Item = String> {
        // Those below a heading are the same wherever they are taken.
        let is_told = |argument: &clap::Arg| command.get_name() == "token" || argument.get_help_heading().is_none();
        let own = command.get_arguments().filter(move |argument| argument.get_id() != "help" && is_told(argument));
        own.map(move |argument| {
            let default = match argument.get_default_values() {
                [value] if argument.get_action().takes_values() => format!("`{}` ", value.display()),
                _ => String::new(),
            };
            let (name, usage) = (command.get_name(), argument.to_string().replace('|', "\\|"));
            format!(
                "| `{name} {usage}` | {} | {default}|",
                argument.get_help().expect("every option says what it does")
            )
        })
    }

    #[test]
    fn commands_and_options_of_the_readme_are_those_of_the_help() {
        let table = include_str!("../README.md").lines().skip_while(|line| *line != HEAD).skip(2);
        let listed: Vec<&str> = table.take_while(|line| line.starts_with('|')).collect();
        let rows = rows();
        assert_eq!(listed, rows, "README.md: below \"{HEAD}\" should stand:\n{}", rows.join("\n"));
    }

    const HEAD: &str = "| `authctl …` | what | default |";
}

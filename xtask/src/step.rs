//! Steps of a run: announced, executed in order, timed, stopped at the first failure.

use crate::tools::Tool;
use crate::{Outcome, project};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use std::fmt;
use std::time::{Duration, Instant};
use xshell::{Cmd, Shell};

/// One heading of a run, and what is done below it.
pub(crate) struct Step {
    pub(crate) title: String,
    pub(crate) actions: Vec<Action>,
}

pub(crate) enum Action {
    /// A program with these arguments, and these variables besides.
    Run { env: Vec<(&'static str, &'static str)>, program: Program, arguments: Vec<String> },
    /// A function of this program, and the command that runs it alone.
    Call { shown: &'static str, function: fn() -> Outcome },
    /// The same, but where it cannot be done it may be left out: then the function says why, and so does the end of the run.
    Attempt { shown: &'static str, function: fn() -> Outcome<Attempt> },
}

#[derive(Debug, PartialEq)]
pub(crate) enum Attempt {
    Done,
    LeftOut { why: String },
}

pub(crate) enum Program {
    Cargo,
    Tool(Tool),
}

impl Step {
    pub(crate) fn one(title: impl Into<String>, action: Action) -> Self {
        Self { title: title.into(), actions: vec![action] }
    }

    pub(crate) fn cargo(title: impl Into<String>, command: &str) -> Self {
        Self::one(title, Action::cargo(command))
    }
}

impl Action {
    /// `command` is what stands after `cargo`, its arguments separated by single blanks.
    pub(crate) fn cargo(command: &str) -> Self {
        Self::program(Program::Cargo, command)
    }

    /// One of those that `cargo xtask setup` installs.
    pub(crate) fn tool(tool: Tool, arguments: &str) -> Self {
        Self::program(Program::Tool(tool), arguments)
    }

    fn program(program: Program, arguments: &str) -> Self {
        let arguments = arguments.split(' ').filter(|argument| !argument.is_empty()).map(str::to_owned);
        Self::Run { env: Vec::new(), program, arguments: arguments.collect() }
    }

    pub(crate) fn with_env(mut self, name: &'static str, value: &'static str) -> Self {
        if let Self::Run { env, .. } = &mut self {
            env.push((name, value));
        }
        self
    }

    /// Further arguments, which may have blanks in them.
    pub(crate) fn with(mut self, more: impl IntoIterator<Item = String>) -> Self {
        if let Self::Run { arguments, .. } = &mut self {
            arguments.extend(more);
        }
        self
    }

    pub(crate) fn run(&self, sh: &Shell) -> Outcome<Attempt> {
        match self {
            Self::Call { function, .. } => function()?,
            Self::Attempt { function, .. } => return function(),
            Self::Run { env, program, arguments } => command(sh, env, program, arguments)?.run()?,
        }
        Ok(Attempt::Done)
    }

    /// Whether a program succeeds, and what it says.
    pub(crate) fn output(&self, sh: &Shell) -> Outcome<(bool, String)> {
        match self {
            Self::Call { .. } | Self::Attempt { .. } => Err(format!("{self} is no program").into()),
            Self::Run { env, program, arguments } => {
                let output = command(sh, env, program, arguments)?.ignore_status().output()?;
                let said = [output.stdout, output.stderr].concat();
                Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
            }
        }
    }
}

fn command<'a>(sh: &'a Shell, env: &[(&str, &str)], program: &Program, arguments: &[String]) -> Outcome<Cmd<'a>> {
    let command = match program {
        Program::Cargo => sh.cmd("cargo"),
        Program::Tool(tool) => sh.cmd(tool.path()?),
    };
    Ok(command.args(arguments).envs(env.iter().copied()).quiet())
}

/// What a contributor would type.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { shown, .. } | Self::Attempt { shown, .. } => f.write_str(shown),
            Self::Run { env, program, arguments } => {
                for (name, value) in env {
                    write!(f, "{name}=\"{value}\" ")?;
                }
                write!(f, "{program}")?;
                arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
            }
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cargo => f.write_str("cargo"),
            Self::Tool(tool) => f.write_str(&tool.shown()),
        }
    }
}

/// Runs the steps and ends with a table of their times, and with what was left out.
pub(crate) fn run_all(steps: &[Step]) -> Outcome {
    let sh = project::shell()?;
    let (mut times, mut left_out) = (Vec::new(), Vec::new());
    for (index, step) in steps.iter().enumerate() {
        println!("\n[{}/{}] {}", index + 1, steps.len(), step.title);
        let (begun, spent_before) = (Instant::now(), spent()?);
        for action in &step.actions {
            println!("$ {action}");
            let done = action.run(&sh).map_err(|error| failure(index, steps, action, error.as_ref()))?;
            left_out.extend(said(&step.title, done));
        }
        times.push(Cost { wall: begun.elapsed(), processor: spent()? - spent_before });
    }
    print!("\n{}{}", table(steps, &times), left_out.concat());
    Ok(())
}

fn said(title: &str, attempt: Attempt) -> Option<String> {
    match attempt {
        Attempt::Done => None,
        Attempt::LeftOut { why } => Some(format!("\nNOT CHECKED: {title}: {why}\n")),
    }
}

fn failure(index: usize, steps: &[Step], action: &Action, error: &dyn std::error::Error) -> String {
    let (number, all, title) = (index + 1, steps.len(), &steps[index].title);
    format!("step {number} of {all} failed: {title}\n{error}\nrun it alone: {action}")
}

/// What a step took. Where other work shares the machine, the processor's time says more.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    processor: Duration,
}

/// Processor time of this program and of all that were run from here and have ended.
fn spent() -> Outcome<Duration> {
    Ok(spent_by(UsageWho::RUSAGE_SELF)? + spent_by(UsageWho::RUSAGE_CHILDREN)?)
}

fn spent_by(who: UsageWho) -> Outcome<Duration> {
    let usage = getrusage(who)?;
    let duration = |time: TimeVal| Duration::from_micros(time.num_microseconds().unsigned_abs());
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn table(steps: &[Step], costs: &[Cost]) -> String {
    let width = steps.iter().map(|step| step.title.chars().count()).max().unwrap_or(0).max("step".len());
    let row = |number: &str, title: &str, wall: &str, processor: &str| {
        format!("{number:>3}  {title:<width$}  {wall:>8}  {processor:>9}\n")
    };
    let cost_row =
        |number: &str, title: &str, cost: Cost| row(number, title, &seconds(cost.wall), &seconds(cost.processor));
    let mut table = row("", "step", "time", "processor");
    for (index, (step, cost)) in steps.iter().zip(costs).enumerate() {
        table += &cost_row(&(index + 1).to_string(), &step.title, *cost);
    }
    let wall = costs.iter().map(|cost| cost.wall).sum();
    let processor = costs.iter().map(|cost| cost.processor).sum();
    table + &cost_row("", "all", Cost { wall, processor })
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_shown_as_it_would_be_typed() {
        let action = Action::cargo("doc --no-deps").with_env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(action.to_string(), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps");
    }

    #[test]
    fn the_table_has_a_line_for_each_step_and_the_sum() {
        let steps = [Step::cargo("short", "a"), Step::cargo("a longer one", "b")];
        let cost =
            |wall, processor| Cost { wall: Duration::from_millis(wall), processor: Duration::from_millis(processor) };
        let table = table(&steps, &[cost(1_500, 2_500), cost(61_000, 500)]);
        let expected = "     step              time  processor\n  1  short            1.5 s      2.5 s\n  2  a longer one    61.0 s      0.5 s\n     all             62.5 s      3.0 s\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn time_of_this_program_and_of_those_that_it_ran_is_counted() {
        Action::cargo("--version").output(&project::shell().unwrap()).unwrap();
        let parts = [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN].map(|who| spent_by(who).unwrap());
        assert!(parts.iter().all(|part| !part.is_zero()), "{parts:?}");
        assert!(spent().unwrap() >= parts.iter().sum::<Duration>());
    }

    #[test]
    fn what_was_left_out_is_said_and_what_was_done_is_not() {
        let why = "no network".to_owned();
        assert_eq!(said("advisories", Attempt::LeftOut { why }).unwrap(), "\nNOT CHECKED: advisories: no network\n");
        assert_eq!(said("advisories", Attempt::Done), None);
    }

    #[test]
    fn the_first_failure_ends_the_run_and_says_which_command_it_was() {
        fn fails() -> Outcome {
            Err("it broke".into())
        }
        fn is_not_reached() -> Outcome {
            panic!("ran on after a failure")
        }
        let call = |title: &str, function| Step {
            title: title.to_owned(),
            actions: vec![Action::Call { shown: "cargo xtask one", function }],
        };
        let error = run_all(&[call("first", fails), call("second", is_not_reached)]).unwrap_err().to_string();
        assert_eq!(error, "step 1 of 2 failed: first\nit broke\nrun it alone: cargo xtask one");
    }

    #[test]
    fn a_command_that_does_not_run_fails_its_step() {
        let not_found = Action::cargo("--version").with_env("PATH", "");
        let error = run_all(&[Step { title: "version".to_owned(), actions: vec![not_found] }]);
        assert!(error.is_err_and(|error| error.to_string().starts_with("step 1 of 1 failed: version\n")));
    }
}

//! `authctl doctor`: why there is no token, or what would go wrong with it, step by step.

mod certificate;
mod claims;
mod clock;
mod exam;
mod finding;
mod network;
mod outlook;
mod place;
mod proxy;
mod render;
mod request;
mod settings;
mod tls;

use std::ffi::OsString;
use std::time::Duration;

use auth_core::CONNECT_TIMEOUT;

use crate::cli::DoctorArgs;
use crate::exit::Exit;
use crate::overrides::Overrides;
use crate::trouble::Trouble;
use crate::{setting, sim};
use claims::Terms;
use exam::Exam;
use finding::Step;
use outlook::Renewal;
use settings::Settings;

pub(crate) async fn run(args: &DoctorArgs) -> Result<Exit, Trouble> {
    let overrides = Overrides::read(args.provider, &args.given)?;
    if args.sim {
        let sim = sim::embedded(args.provider).await?;
        return examine(args, &overrides, setting::of_sim(&sim)).await;
    }
    examine(args, &overrides, |name| std::env::var_os(name)).await
}

async fn examine(
    args: &DoctorArgs,
    overrides: &Overrides,
    others: impl Fn(&str) -> Option<OsString>,
) -> Result<Exit, Trouble> {
    let settings = Settings::read(args, overrides, others);
    let mut exam = Exam::new(args.provider, args.json);
    // What ends the steps early is why the others are not checked.
    let why = steps(&mut exam, settings, args.timeout).await.err().unwrap_or_default();
    exam.skip_the_rest(why);
    exam.end()
}

/// All steps, or those up to one that makes the others meaningless, and how it does.
async fn steps(exam: &mut Exam, settings: Settings, limit: Duration) -> Result<(), &'static str> {
    let each = limit.min(CONNECT_TIMEOUT);
    let mut redactor = settings.redactor();
    let are_complete = exam.note(Step::Variables, settings.variables()).is_some();
    let place = exam.note(Step::Url, settings.place(&redactor)).ok_or("there is no URL to ask")?;
    exam.url = Some(redactor.clean(place.url().as_str()));
    let route = exam.note(Step::Proxy, proxy::check(&place)).ok_or("there is no way to the vendor")?;
    let addresses = exam.step(Step::Dns, network::look_up(&route, each)).await.ok_or("the host was not found")?;
    let address = exam.step(Step::Tcp, network::connect(&addresses, each)).await.ok_or("no connection comes about")?;
    let tls = tls::check(&place, &route, address, each, &redactor);
    exam.step(Step::Tls, tls).await.ok_or("TLS does not come about")?;
    let skew = exam.step(Step::Clock, clock::check(place.url(), each)).await;
    if !are_complete {
        return Err("the variables are not complete");
    }
    let policy = settings.policy().cloned().unwrap_or_default();
    let answer = exam.step(Step::Request, request::ask(&settings, limit)).await.ok_or("the request failed")?;
    let token = exam.note(Step::Answer, request::judge(answer, &redactor)).ok_or("there is no token")?;
    redactor.add(token.value());
    let terms = Terms::of(&token, policy.floor_of(token.lifetime()), skew.unwrap_or_default(), settings.ids());
    exam.note(Step::Claims, claims::check(&terms, &redactor));
    exam.note(Step::Headers, outlook::headers(&token));
    let renewal = Renewal::of(&policy, token.lifetime());
    exam.note(Step::Renewal, renewal.window());
    exam.note(Step::Outlook, renewal.outlook(settings.requests_per_token()));
    Ok(())
}

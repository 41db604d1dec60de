//! This machine's clock beside the server's.

use std::time::{Duration, SystemTime};

use auth_core::{Answer, BaseUrl, Caller, Error, FLOOR, HttpClient, Request, RequestContext};
use http::{Method, header};

use super::finding::{Checked, Finding};
use crate::exit::Exit;
use crate::inspect::relative::exactly;
use crate::trouble::without_hint;

/// How many seconds the server's clock is ahead of this machine's, by the `Date` of an answer to a request for `url`
/// without credentials. It goes the way of the token request. Whatever else the answer says, it does not matter.
pub(super) async fn check(url: &BaseUrl, limit: Duration) -> Checked<f64> {
    let sent = SystemTime::now();
    let request = Request::new(CALLER, Method::GET, url.clone());
    let answer = HttpClient::shared().send(&RequestContext::first(limit), request).await;
    let came = SystemTime::now();
    match answer {
        Err(error) => {
            Finding::skipped(format!("a request without credentials was not answered: {}", why(&error))).alone()
        }
        Ok(answer) => match date(&answer) {
            None => Finding::skipped("the answer to a request without credentials has no Date").alone(),
            Some(date) => {
                let ahead = ahead(date, sent, came);
                judge(ahead).with(ahead)
            }
        },
    }
}

fn why(error: &Error) -> String {
    match (error, error.reach()) {
        (_, Some(reach)) => reach.to_string(),
        (Error::Malformed(_), None) => "what came is too long, or compressed".to_owned(),
        _ => without_hint(error),
    }
}

fn date(answer: &Answer) -> Option<SystemTime> {
    httpdate::parse_http_date(answer.header(&header::DATE)?).ok()
}

/// A `Date` has whole seconds, so on average half of one is cut off; and it was written halfway between.
fn ahead(date: SystemTime, sent: SystemTime, came: SystemTime) -> f64 {
    let half_way = (since_1970(sent) + since_1970(came)) / 2.0;
    since_1970(date) + 0.5 - half_way
}

fn since_1970(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn judge(ahead: f64) -> Finding {
    let apart = Duration::from_secs_f64(ahead.abs().round());
    if apart <= FLOOR {
        return Finding::ok(format!("this machine's clock and the server's are within {} s", FLOOR.as_secs()));
    }
    let side = if ahead > 0.0 { "behind" } else { "ahead of" };
    let found = format!("this machine's clock is {} {side} the server's", exactly(apart));
    let advice = "set this machine's clock, by NTP for example: certificates and the times in tokens are judged by it";
    let finding = if apart <= LEEWAY { Finding::warning(found) } else { Finding::failed(Exit::Person, found) };
    finding.try_this(advice)
}

const CALLER: Caller = Caller { vendor: env!("CARGO_BIN_NAME"), version: env!("CARGO_PKG_VERSION") };
/// What those who check the times in tokens commonly allow.
pub(super) const LEEWAY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::super::finding::Outcome;
    use super::*;

    #[test]
    fn clocks_are_compared_halfway_between_question_and_answer() {
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(ahead(at(100_000), at(99_900), at(101_100)), 0.0);
        assert_eq!(ahead(at(160_000), at(99_900), at(101_100)), 60.0);
        assert_eq!(ahead(at(40_000), at(99_900), at(101_100)), -60.0);
    }

    #[test]
    fn skew_is_a_tick_up_to_a_tokens_floor_and_a_cross_beyond_the_leeway_of_others() {
        for (ahead, outcome, words) in [
            (0.3, Outcome::Ok, "within 10 s"),
            (-10.4, Outcome::Ok, "within 10 s"),
            (11.0, Outcome::Warning, "is 11 s behind the server's"),
            (-60.0, Outcome::Warning, "is 1 min ahead of the server's"),
            (61.0, Outcome::Failed, "is 1 min 1 s behind the server's"),
            (-86_400.0, Outcome::Failed, "is 24 h ahead of the server's"),
        ] {
            let finding = judge(ahead);
            assert!(finding.outcome == outcome && finding.found.contains(words), "{finding:?}");
            assert_eq!(finding.advice.is_empty(), outcome == Outcome::Ok);
        }
    }
}

//! Every fault of the simulators' plan: what each vendor's errors mean, and what may come from any of them.

use std::time::Duration;

use auth_core::Reach;
use auth_sim::{
    ExpiresIn, Fault, MgPlusError, MobilePayError, PartnerError, RetryAfter, S2sError, StoneXError, Target,
};

use super::super::expect::{
    Expect, malformed, redirected, rejected, throttled, throttled_for, token, token_for, unavailable, unavailable_for,
    unreachable,
};
use super::lifetimes::as_the_token_says;
use super::{Column, Row, Rows};

pub(super) fn rows(rows: &mut Rows) {
    rows.group("vendors' own errors");
    for column in Column::ALL {
        for fault in Fault::all_for(column.vendor()) {
            add(rows, column, fault);
        }
    }
    rows.group("simulator's plan");
    for fault in Fault::common() {
        for column in Column::ALL {
            add(rows, column, fault.clone());
        }
    }
    let late = Fault::Delay(Duration::from_millis(50));
    rows.add(Row { name: "delay-50-ms".to_owned(), ..Row::plan(late) }, token());
    let too_late = Fault::Delay(Duration::from_secs(600));
    rows.add(Row { name: "delay-10-min".to_owned(), ..Row::plan(too_late).short() }, unreachable(Reach::Deadline));
    rows.add(Row::plan(Fault::Hang).short(), unreachable(Reach::Deadline));
    // If it were followed, the vendor would see another request.
    rows.add(Row::plan(Fault::Redirect("/elsewhere".to_owned())), redirected(307));
}

fn add(rows: &mut Rows, column: Column, fault: Fault) {
    let meant = fault.target();
    let met = meant == column.target() || meant == Target::Auth;
    if let Some(expect) = expected(&fault, column).filter(|_| met) {
        let row = Row::plan(fault);
        let group = rows.group;
        let (name, trouble) = (row.name, row.trouble);
        rows.cases.push(super::Case { group, name, column, trouble, way: row.way, patience: row.patience, expect });
    }
}

/// What must come of `fault`; nothing if that was never thought about.
fn expected(fault: &Fault, column: Column) -> Option<Expect> {
    match fault {
        Fault::MgPlus(error) => mgplus(*error),
        Fault::StoneX(error) => stonex(*error),
        Fault::Partner(error) => partner(*error),
        Fault::S2s(error) => s2s(*error),
        Fault::MobilePay(error) => mobilepay(*error),
        Fault::ExpiresIn(form) => expires_in(*form, column),
        other => common(other),
    }
}

/// The page's four codes, as JSON and as text; 403 and 404 are configuration.
fn mgplus(error: MgPlusError) -> Option<Expect> {
    use MgPlusError as E;
    Some(match error {
        E::InvalidRequest | E::InvalidRequestText => rejected(400, "invalid_request"),
        E::InvalidClient | E::InvalidClientText => rejected(400, "invalid_client"),
        E::UnsupportedGrantType | E::UnsupportedGrantTypeText => rejected(400, "unsupported_grant_type"),
        E::GeneralError | E::GeneralErrorText => unavailable(500, "general_error"),
        E::GeneralErrorHtml => unavailable(500, None),
        E::Forbidden => rejected(403, None),
        E::NotFound => rejected(404, None),
        E::TooManyRequests => throttled(429, None),
        _ => return None,
    })
}

/// Four shapes of error; its own may come with status 200.
fn stonex(error: StoneXError) -> Option<Expect> {
    use StoneXError as E;
    Some(match error {
        E::OAuthInvalidRequest | E::OktaBadRequest => rejected(400, "invalid_request"),
        E::OAuthInvalidClient | E::OktaUnauthorized => rejected(401, "invalid_client"),
        E::Trade => rejected(400, "TRD0042"),
        E::TradeInside200 => rejected(200, "TRD0042"),
        E::ProblemDetails => rejected(400, None),
        E::ProblemUnauthorized => rejected(401, None),
        E::UnsupportedMediaType => rejected(415, None),
        E::TooManyRequests => throttled(429, None),
        E::ServerError => unavailable(500, None),
        E::Unavailable => unavailable(503, "TRD0503"),
        _ => return None,
    })
}

/// Passport's errors name a code, Laravel's own do not; its 429 says a minute.
fn partner(error: PartnerError) -> Option<Expect> {
    use PartnerError as E;
    Some(match error {
        E::InvalidClient | E::InvalidClientWithoutMessage => rejected(401, "invalid_client"),
        E::InvalidClientHtml => rejected(401, None),
        E::UnsupportedGrantType => rejected(400, "unsupported_grant_type"),
        E::InvalidRequest => rejected(400, "invalid_request"),
        E::Unprocessable => rejected(422, None),
        E::TooManyAttempts => throttled_for(60),
        E::ServerError => unavailable(500, "server_error"),
        E::ServerErrorMessage => unavailable(500, None),
        E::ServiceUnavailable => unavailable(503, None),
        _ => return None,
    })
}

/// The gateway's code is the status once more. A refused code says nothing of the next, which is asked for once.
fn s2s(error: S2sError) -> Option<Expect> {
    use S2sError as E;
    Some(match error {
        E::GatewayUnauthorized => rejected(401, "401"),
        E::GatewayTooManyRequests => throttled(429, "429"),
        E::GatewayServerError => unavailable(500, "500"),
        E::InvalidScope => rejected(400, "invalid_scope"),
        E::InvalidRequest | E::MultipleCredentials => rejected(400, "invalid_request"),
        E::InvalidClient => rejected(401, "invalid_client"),
        E::InvalidGrant | E::RefreshTokenUsed => rejected(400, "invalid_grant").asking(4),
        E::UnsupportedGrantType => rejected(400, "unsupported_grant_type"),
        _ => return None,
    })
}

/// The same gateway, and an OAuth server behind it.
fn mobilepay(error: MobilePayError) -> Option<Expect> {
    use MobilePayError as E;
    Some(match error {
        E::GatewayUnauthorized => rejected(401, "401"),
        E::GatewayTooManyRequests => throttled(429, "429"),
        E::GatewayServerError => unavailable(500, "500"),
        E::InvalidClient => rejected(400, "invalid_client"),
        E::InvalidClientUnauthorized => rejected(401, "invalid_client"),
        E::InvalidRequest | E::DescriptionObject => rejected(400, "invalid_request"),
        E::UnsupportedGrantType => rejected(400, "unsupported_grant_type"),
        E::Unavailable => unavailable(503, None),
        _ => return None,
    })
}

fn common(fault: &Fault) -> Option<Expect> {
    Some(match fault {
        Fault::Reset | Fault::CutBody | Fault::CutChunked => unreachable(Reach::Cut),
        Fault::Html(status) => unavailable(*status, None),
        Fault::Endless | Fault::Garbage | Fault::EmptyObject | Fault::Empty | Fault::Gzip => malformed(200),
        Fault::ErrorInside200 => unavailable(200, "server_error"),
        Fault::RetryAfter { status: 429, after } => throttled_for(seconds(*after)?),
        Fault::RetryAfter { status: 503, after } => unavailable_for(seconds(*after)?),
        Fault::TokenType(_) | Fault::Token(_) => malformed(200),
        Fault::SameToken | Fault::NumbersAsText | Fault::WithoutScope | Fault::UnknownMembers => token(),
        _ => return None,
    })
}

fn seconds(after: RetryAfter) -> Option<u64> {
    match after {
        RetryAfter::Seconds(seconds) => Some(seconds),
        RetryAfter::DateIn(time) => Some(time.as_secs()),
        _ => None,
    }
}

/// "≤ 0 → Malformed", a fraction is cut off, and what is no number is as good as none.
fn expires_in(form: ExpiresIn, column: Column) -> Option<Expect> {
    Some(match form {
        ExpiresIn::Integer(seconds) | ExpiresIn::Text(seconds) => match u64::try_from(seconds) {
            Ok(seconds) if seconds > 0 => token_for(seconds),
            _ => malformed(200),
        },
        ExpiresIn::Float(1799.5) => token_for(1799),
        ExpiresIn::Words | ExpiresIn::Null | ExpiresIn::Missing => as_the_token_says(column),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_plan_was_thought_about() {
        for column in Column::ALL {
            for fault in Fault::all_for(column.vendor()).into_iter().chain(Fault::common()) {
                assert!(expected(&fault, column).is_some(), "{column}: {}", fault.name());
            }
        }
    }

    #[test]
    fn what_yields_a_token_by_the_simulators_word_is_expected_to() {
        for column in Column::ALL {
            for fault in Fault::all_for(column.vendor()).into_iter().chain(Fault::common()) {
                let hold = expected(&fault, column).and_then(|expect| expect.hold);
                assert_eq!(hold.is_none(), fault.yields_token(), "{column}: {}", fault.name());
            }
        }
    }
}

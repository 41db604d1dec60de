//! Exit codes, by what to do next.

use auth_core::{Error, Reach};

/// How the program ends. The number is its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Success = 0,
    /// A defect here, or a demo whose counts are wrong.
    Internal = 1,
    /// Found before sending.
    Usage = 2,
    /// Refused for good.
    Person = 3,
    /// Throttled, unavailable, unreachable.
    Later = 4,
    /// Not the documented answer.
    Unexpected = 5,
}

impl Exit {
    /// What `error` asks of whoever runs the program.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Rejected(_) => Self::Person,
            Error::Throttled(_) | Error::Unavailable(_) => Self::Later,
            Error::Unreachable(_) => Self::of_reach(error.reach()),
            Error::Malformed(_) => Self::Unexpected,
            // A credential source and a wish for a longer life are the caller's own to mend.
            Error::Config(_) | Error::Credentials(_) | Error::TooShort { .. } => Self::Usage,
            _ => Self::Internal,
        }
    }

    /// Waiting mends a network, but not a certificate.
    fn of_reach(reach: Option<Reach>) -> Self {
        match reach {
            Some(Reach::Certificate) => Self::Person,
            _ => Self::Later,
        }
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// What to do, in a sentence.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Success => "nothing",
            Self::Internal => "report it: this is a defect of authctl, or of the machine it runs on",
            Self::Usage => "change the command, the variables or the URL; `authctl providers` lists the variables",
            Self::Person => "a person must act: the same request will be refused again",
            Self::Later => "try again later; if it lasts, check the URL and the network",
            Self::Unexpected => {
                "see whether the URL is the vendor's, then ask the vendor: the answer is not the one documented"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use auth_core::Failure;

    use super::*;

    fn failure() -> Failure {
        Failure::of("acme")
    }

    #[tokio::test]
    async fn every_kind_of_error_has_the_code_that_says_what_to_do() {
        let too_short = too_short().await;
        for (error, code) in [
            (Error::Rejected(failure().status(403)), 3),
            (Error::Rejected(failure().status(404)), 3),
            (Error::Throttled(failure().retry_after(Duration::from_secs(7))), 4),
            (Error::Unavailable(failure().status(503)), 4),
            (Error::Unavailable(failure().status(503).retry_after(Duration::from_secs(7))), 4),
            (Error::Unreachable(failure()), 4),
            (Error::Malformed(failure().status(200)), 5),
            (Error::config("no URL"), 2),
            (Error::credentials("no file"), 2),
            (too_short, 2),
            (Error::Internal(failure()), 1),
        ] {
            assert_eq!(Exit::of(&error).code(), code, "{error:?}");
        }
    }

    #[test]
    fn of_all_that_may_happen_on_the_way_only_a_certificate_needs_a_person() {
        for reach in [Reach::Dns, Reach::Refused, Reach::Connect, Reach::Tls, Reach::Deadline, Reach::Cut] {
            assert_eq!(Exit::of_reach(Some(reach)), Exit::Later, "{reach}");
        }
        assert_eq!(Exit::of_reach(Some(Reach::Certificate)), Exit::Person);
        assert_eq!(Exit::of_reach(None), Exit::Later);
    }

    /// The variant cannot be made by hand: a simulated vendor whose tokens live a minute is asked for an hour.
    async fn too_short() -> Error {
        let sim = auth_sim::Simulator::builder(auth_sim::Vendor::MgPlus).lifetime(Duration::from_secs(60));
        let sim = sim.start().await.unwrap();
        let tokens = crate::provider::Provider::MgPlus.source(crate::setting::of_sim(&sim), |_| ()).unwrap();
        let error = tokens.token_valid_for(Duration::from_secs(3600)).await.unwrap_err();
        assert!(matches!(error, Error::TooShort { .. }), "{error:?}");
        error
    }
}

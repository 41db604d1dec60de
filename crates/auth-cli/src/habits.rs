//! Options for a vendor's side that is not as its page has it: what the providers' setters choose.

use auth_core::{BasicEncoding, Error};
use clap::Args;
use s2s_oauth::HeaderNames;
use stonex_auth::ApiVersion;

use crate::provider::Provider;

/// What is not as the vendor's page has it. No variable says so. Each is of one provider.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = HEADING)]
pub(crate) struct Habits {
    /// The version in the path of the token call: stonex. (api_version)
    #[arg(long, value_name = "VERSION", value_parser = api_version)]
    pub(crate) api_version: Option<ApiVersion>,

    /// Send the token call as a POST, where something on the way drops the body of a GET: s2s. (post)
    #[arg(long)]
    pub(crate) post: bool,

    /// Call the client's two headers X-Isbank-…, as a newer gateway does: s2s. (header_names)
    #[arg(long)]
    pub(crate) isbank_headers: bool,

    /// How id and secret are written in Basic; they differ in special characters alone: mobilepay. (basic_encoding)
    #[arg(long, value_name = "form|raw", value_parser = basic_encoding)]
    pub(crate) basic_encoding: Option<BasicEncoding>,
}

impl Habits {
    /// The options that were given.
    pub(crate) fn options(&self) -> impl Iterator<Item = &'static str> + use<> {
        let given = [
            (API_VERSION, self.api_version.is_some()),
            (POST, self.post),
            (ISBANK_HEADERS, self.isbank_headers),
            (BASIC_ENCODING, self.basic_encoding.is_some()),
        ];
        given.into_iter().filter_map(|(option, is_given)| is_given.then_some(option))
    }

    pub(crate) fn header_names(&self) -> HeaderNames {
        if self.isbank_headers { HeaderNames::isbank() } else { HeaderNames::default() }
    }
}

/// Those that the provider knows.
pub(crate) fn of(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::MgPlus | Provider::Partner => &[],
        Provider::StoneX => &[API_VERSION],
        Provider::S2s => &[POST, ISBANK_HEADERS],
        Provider::MobilePay => &[BASIC_ENCODING],
    }
}

fn api_version(text: &str) -> Result<ApiVersion, Error> {
    ApiVersion::try_from(text)
}

fn basic_encoding(text: &str) -> Result<BasicEncoding, &'static str> {
    match text {
        "form" => Ok(BasicEncoding::Form),
        "raw" => Ok(BasicEncoding::Raw),
        _ => Err("expected form or raw"),
    }
}

/// Above them in the help.
pub(crate) const HEADING: &str = "Where the vendor's side is not as its page has it";
const API_VERSION: &str = "--api-version";
const POST: &str = "--post";
const ISBANK_HEADERS: &str = "--isbank-headers";
const BASIC_ENCODING: &str = "--basic-encoding";

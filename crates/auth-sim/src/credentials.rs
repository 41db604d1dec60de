use std::fmt;

use crate::Vendor;

/// What a client needs to be let in: invented values that look invented.
///
/// `Debug` shows no secret, and no more than the last four characters of an id.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// `client_id`, under whatever name the vendor gives it.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: String,
    /// `X-Service-Account-ID` of s2s-oauth; empty for the others.
    pub service_account_id: String,
    /// `X-Service-Account-Secret` of s2s-oauth; empty for the others.
    pub service_account_secret: String,
    /// The scopes to ask for, space-separated: s2s-oauth; empty for the others.
    pub scope: String,
    /// The merchant a mobilepay-auth token is to be bound to; `None` asks for an unbound one.
    pub merchant_vat: Option<String>,
    /// `x-ibm-client-id` of mobilepay-auth, where it is not the client id.
    pub ibm_client_id: Option<String>,
    /// `x-mobilepay-client-system-version` of mobilepay-auth: Major.Minor.Build; empty for the others.
    pub client_system_version: String,
}

impl Credentials {
    pub(crate) fn invented(vendor: Vendor) -> Self {
        let short = vendor.short();
        let only = |wanted: Vendor, value: &str| {
            let value = if vendor == wanted { value } else { "" };
            value.to_owned()
        };
        Self {
            client_id: format!("invented-client-of-{short}"),
            client_secret: format!("invented-secret-of-{short}"),
            service_account_id: only(Vendor::S2s, "invented-service-account-of-s2s"),
            service_account_secret: only(Vendor::S2s, "invented-service-secret-of-s2s"),
            scope: only(Vendor::S2s, "read:invented all:invented"),
            merchant_vat: (vendor == Vendor::MobilePay).then(|| "DK00000042".to_owned()),
            ibm_client_id: None,
            client_system_version: only(Vendor::MobilePay, "1.2.3"),
        }
    }

    /// What the gateway in front of mobilepay-auth expects as `x-ibm-client-id`.
    pub(crate) fn ibm_client_id(&self) -> &str {
        self.ibm_client_id.as_deref().unwrap_or(&self.client_id)
    }

    /// The environment variables of the provider crate.
    pub(crate) fn vars(&self, vendor: Vendor, url: &str) -> Vec<(&'static str, String)> {
        let url = url.to_owned();
        let id = self.client_id.clone();
        let secret = self.client_secret.clone();
        match vendor {
            Vendor::MgPlus => vec![("MGPLUS_STS_URL", url), ("MGPLUS_CLIENT_ID", id), ("MGPLUS_CLIENT_SECRET", secret)],
            Vendor::StoneX => {
                vec![("STONEX_BASE_URL", url), ("STONEX_CLIENT_ID", id), ("STONEX_CLIENT_SECRET", secret)]
            }
            Vendor::Partner => {
                vec![("PARTNER_BASE_URL", url), ("PARTNER_CLIENT_ID", id), ("PARTNER_CLIENT_SECRET", secret)]
            }
            Vendor::S2s => self.s2s_vars(url),
            Vendor::MobilePay => self.mobilepay_vars(url),
        }
    }

    fn s2s_vars(&self, url: String) -> Vec<(&'static str, String)> {
        vec![
            ("S2S_BASE_URL", url),
            ("S2S_SERVICE_ACCOUNT_ID", self.service_account_id.clone()),
            ("S2S_SERVICE_ACCOUNT_SECRET", self.service_account_secret.clone()),
            ("S2S_CLIENT_ID", self.client_id.clone()),
            ("S2S_CLIENT_SECRET", self.client_secret.clone()),
            ("S2S_SCOPE", self.scope.clone()),
        ]
    }

    fn mobilepay_vars(&self, url: String) -> Vec<(&'static str, String)> {
        let mut vars = vec![
            ("MOBILEPAY_BASE_URL", url),
            ("MOBILEPAY_CLIENT_ID", self.client_id.clone()),
            ("MOBILEPAY_CLIENT_SECRET", self.client_secret.clone()),
            ("MOBILEPAY_CLIENT_SYSTEM_VERSION", self.client_system_version.clone()),
        ];
        if let Some(vat) = &self.merchant_vat {
            vars.push(("MOBILEPAY_MERCHANT_VAT", vat.clone()));
        }
        if let Some(id) = &self.ibm_client_id {
            vars.push(("MOBILEPAY_IBM_CLIENT_ID", id.clone()));
        }
        vars
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("client_id", &last_four(&self.client_id))
            .field("scope", &self.scope)
            .field("merchant_vat", &self.merchant_vat)
            .finish_non_exhaustive()
    }
}

fn last_four(id: &str) -> String {
    let count = id.chars().count();
    let tail: String = id.chars().skip(count.saturating_sub(4)).collect();
    if count > 4 { format!("…{tail}") } else { "…".to_owned() }
}

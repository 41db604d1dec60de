//! No credential but invented ones.

use super::{Finding, files::Files};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};

/// What a vendor printed on its page someone may have copied from there, and a secret scanner would report it.
pub(crate) fn no_published_credential(files: &Files) -> Vec<Finding> {
    files.iter().flat_map(|(path, text)| published(path, text)).collect()
}

fn published(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for start in starts(line) {
            let digest = hex(&Sha256::digest(start));
            if let Some((whose, _)) = PUBLISHED.iter().find(|(_, known)| *known == digest) {
                let place = format!("{path}:{}", index + 1);
                findings.push(format!(
                    "{place}: this is printed on the vendor's page ({whose}); invent one of the same shape"
                ));
            }
        }
    }
    findings
}

/// A JWT that stands here whole, or cut somewhere in its claims, says that it is invented: in a header or a claim, or beside
/// the two in the place of its signature. One that does not may be somebody's.
pub(crate) fn every_jwt_is_invented(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in files.iter() {
        for (index, line) in text.lines().enumerate() {
            if line.split(|c: char| !is_inside(c) && !".=".contains(c)).any(is_somebodys) {
                let hint = "a JWT that does not say it is invented; let a claim, or its signature, be `invented`";
                findings.push(format!("{path}:{}: {hint}", index + 1));
            }
        }
    }
    findings
}

/// Whether `run` has two parts with a dot between them of which the second reads as claims, and `invented` in neither nor in
/// the one after them.
fn is_somebodys(run: &str) -> bool {
    let parts: Vec<&str> = run.split('.').collect();
    (1..parts.len()).any(|claims| {
        let says_so = |part: &&str| part.contains("invented") || decoded(part).contains("invented");
        let is_jwt = !parts[claims - 1].is_empty() && is_object(&decoded(parts[claims]));
        is_jwt && !parts[claims - 1..].iter().take(3).any(says_so)
    })
}

/// With a member at least: there is nothing in an empty one.
fn is_object(text: &str) -> bool {
    text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"'))
}

/// As far as it is base64 in whole groups; nothing if it is none.
fn decoded(part: &str) -> String {
    let cut = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let engine = GeneralPurpose::new(&URL_SAFE, cut.with_decode_allow_trailing_bits(true));
    let part = part.trim_end_matches('=');
    let whole = if part.len() % 4 == 1 { &part[..part.len() - 1] } else { part };
    String::from_utf8_lossy(&engine.decode(whole).unwrap_or_default()).into_owned()
}

/// The first 16 characters of each run of `[A-Za-z0-9_-]` that has as many, and those after one or two others: `\n` and `%22`
/// leave as much of themselves. Dots divide a JWT into such runs.
fn starts(line: &str) -> impl Iterator<Item = &str> {
    let runs = line.split(|c| !is_inside(c));
    runs.flat_map(|run| (0..=2).filter_map(move |skipped| run.get(skipped..skipped + START)))
}

/// The characters of base64url, of UUIDs and of most that vendors hand out.
fn is_inside(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Enough to tell one secret from all others, and little enough to find one that was cut.
const START: usize = 16;

/// The SHA-256 of the first [`START`] characters: enough to recognise the string, and not the string.
const PUBLISHED: &[(&str, &str)] = &[
    ("no vendor: invented, to test this rule", "324e9429459f6067d8a32f0d04e322539bddd4daf69ddd3f9465b23edde13ccf"),
    ("s2s-oauth: service account id", "0906a90afab0e96975f196d5bc6a1a386fd5cf51acec79fc6711800fa3f33ffa"),
    ("s2s-oauth: service account secret", "4a62af9fbb962c23b4ebe285854390edb33ca47bca2b80a2e655fd2a58c4d21b"),
    ("s2s-oauth: code", "16150117f1561b8feeedceb1519c1e43ad87471df7bcd883fb71ea3d2496ae78"),
    ("s2s-oauth: access token", "5f7b092cd0d9484b50a1ee7b737473e4d524b3d0c8a3f3430a44c3a65856785c"),
    (
        "s2s-oauth: client id inside the access token",
        "c6c0e40a451ed18fff0291ce95719fa471c33a0994f5bf6b039a288b0b3d4d74",
    ),
    ("s2s-oauth: refresh token", "4cef7cacc3dcc57f43e8fbacd9b2b6e2a11d79f53c063fa8856177e0132de031"),
    ("stonex-auth: client id", "2d8b2d6078f9181df235979e59dcb768d2c3c52b09c4566fd4efc8129b086f64"),
    ("stonex-auth: client secret", "67f167ba6ff562e7fbc24ff4ff60641128d8b1936c1ffb8ea2f58670f6a439b0"),
    ("stonex-auth: access token, header", "410a946795b87f052eb60378136bef593253835c5b1479ed84ee5a76cf07bc2f"),
    ("stonex-auth: access token, signature", "20cd61a0cab4c866db147229bb7936fbbbbf779fabd497b2d54f5a00d9df1c62"),
    ("stonex-auth: kid of the access token", "78326cb9c00b62007973c71c0d3fba8b1bdb3a52b130b5f0de0445339198f40b"),
    ("stonex-auth: cid of the access token", "bccc0ee05506428755f9012cee033182988b7b6b0c3ff6da7c90921cc1c22032"),
    ("stonex-auth: jti of the access token", "c9f371ab940a101562720c227956b5100ac3ff06a5dd47c7c8a6a1e4f0808c72"),
    (
        "stonex-auth: authorization server of the access token",
        "0e39deeabf7594a8ecf62ac5e61b6eb8e421a94d3b94d17cc30bd0cc78a19387",
    ),
    ("partner-oauth: access token, claims", "dba7c49953a1769b9bc9c3636a706ae00a67e178151f74de3dd434381879c2e1"),
    ("partner-oauth: access token, signature", "12a11f50ceb090e218f202f2689c0195afdbcbc39e50e68a77defd39ceb65184"),
    ("partner-oauth: aud of the access token", "737b7fa4816a31c6c3f24595716d5cda34b8b393135d248f078a6521f7650892"),
    ("partner-oauth: jti of the access token", "2981db0958707c8baf5c4f4e273e592288eed653da350face1006aaed2057266"),
    ("partner-oauth: user_id of the access token", "ea8e266d7f061d9a979ca7db3e4f9cbe5fb431407fcfa1bcabbf8696e88ba791"),
    (
        "partner-oauth: partner_id of the access token",
        "7016be926cd2cac21497ce67f25080697378bd51af759123af6e8fa743d8cff9",
    ),
    ("mobilepay-auth: access token, signature", "c03e30e70263d241a9a775f9402fff548233da0f6404821d8ab5d15704619ddc"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_in(text: &str) -> Vec<Finding> {
        no_published_credential(&Files::of([("a.rs", text)]))
    }

    #[test]
    fn a_published_credential_is_found_whole_and_cut_and_inside_other_text() {
        // Divided here, or this file would be its own finding.
        let published = ["no-vendor-", "printed-this"].concat();
        for line in [
            published.clone(),
            published[..START].to_owned(),
            format!("\"{published}\""),
            format!("client_secret={published}&a=1"),
            format!("It was {published}."),
            format!("header.{published}.signature"),
            format!("\"a\\n{published}\""),
            format!("a=%22{published}%22"),
        ] {
            let findings = findings_in(&format!("fn a() {{}}\n{line}"));
            assert!(findings.len() == 1 && findings[0].starts_with("a.rs:2: "), "{line}: {findings:?}");
        }
    }

    #[test]
    fn other_text_is_let_through() {
        for line in ["no-vendor-print", "an-invented-secret-of-no-vendor", "ıııııııııııııııııııı", ""]
        {
            assert_eq!(findings_in(line), Vec::<Finding>::new());
        }
    }

    fn jwt(header: &str, claims: &str, signature: &str) -> String {
        let [header, claims] = [header, claims].map(|part| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{claims}.{signature}")
    }

    fn is_found(line: &str) -> bool {
        let findings = every_jwt_is_invented(&Files::of([("a.md", format!("\n{line}\n"))]));
        assert!(findings.iter().all(|finding| finding.starts_with("a.md:2: ")), "{findings:?}");
        !findings.is_empty()
    }

    #[test]
    fn jwt_that_does_not_say_that_it_is_invented_is_found_whole_and_cut() {
        let token = jwt(r#"{"alg":"HS256"}"#, r#"{"sub":"1234567890","exp":1}"#, "c2lnbmF0dXJl");
        let (signed, claims) = (token.rfind('.').unwrap(), token.find('.').unwrap());
        for line in [
            token.clone(),
            format!("Authorization: Bearer {token}"),
            format!("\"{token}\","),
            format!("token={token}"),
            token.replace('.', "=."),
            token[..signed].to_owned(),
            token[..signed - 5].to_owned(),
            token[..claims + 9].to_owned(),
            jwt("{}", r#"{ "sub": 1 }"#, ""),
        ] {
            assert!(is_found(&line), "{line}");
        }
    }

    #[test]
    fn jwt_that_says_that_it_is_invented_is_let_through() {
        for token in [
            jwt(r#"{"alg":"none","kid":"invented"}"#, r#"{"sub":"a"}"#, "c2lnbmF0dXJl"),
            jwt("{}", r#"{"iss":"https://invented.example"}"#, "c2lnbmF0dXJl"),
            jwt("{}", r#"{"sub":"a"}"#, "invented"),
            format!("token={}", jwt("{}", r#"{"sub":"ab"}"#, "invented").replace(".i", "=.i")),
        ] {
            assert!(!is_found(&token), "{token}");
        }
    }

    #[test]
    fn what_is_no_jwt_is_let_through() {
        let claims = jwt("{}", r#"{"sub":"a"}"#, "").split('.').nth(1).map(str::to_owned).unwrap();
        for line in
            ["a.b.c", "e30.e30.x", "https://a.example/b.html", "self.words.len()", "…", &claims, &format!(".{claims}")]
        {
            assert!(!is_found(line), "{line}");
        }
    }

    #[test]
    fn every_row_of_the_list_is_a_digest() {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        for (whose, digest) in PUBLISHED {
            assert!(digest.len() == 64 && digest.bytes().all(is_hex), "{whose}");
        }
    }
}

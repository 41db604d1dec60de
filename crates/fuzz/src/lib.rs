#![doc = include_str!("../README.md")]

mod case;
mod check;
mod secrets;
pub mod targets;

/// Bytes in, a panic if something does not hold.
pub type Target = fn(&[u8]);

/// Every target, by the name of its file in `fuzz_targets` and of its folder in `seeds`.
pub const TARGETS: &[(&str, Target)] = &[
    ("answer", targets::answer),
    ("claims", targets::claims),
    ("faults", targets::faults),
    ("mgplus_sts", targets::mgplus_sts),
    ("mobilepay_auth", targets::mobilepay_auth),
    ("partner_oauth", targets::partner_oauth),
    ("redactor", targets::redactor),
    ("retry_after", targets::retry_after),
    ("s2s_oauth", targets::s2s_oauth),
    ("stonex_auth", targets::stonex_auth),
];

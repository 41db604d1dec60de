//! What goes wrong, when, and which errors that explains. Pure: the same seed makes the same schedule.

use std::time::Duration;

use auth_sim::{Fault, RetryAfter, Vendor};
use fastrand::Rng;

use crate::Kind;

/// Something that goes wrong for a while.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Trouble {
    /// The simulator meets every request with it.
    Wire(Fault),
    /// The vendor has a new secret, and the credential source has the old one.
    OldSecret,
    /// The credential source fails.
    SourceFails,
    /// The credential source panics.
    SourcePanics,
    /// The credential source hangs.
    SourceHangs,
}

impl Trouble {
    /// In a few words joined by hyphens.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Wire(Fault::Delay(delay)) => format!("delay-{}-ms", delay.as_millis()),
            Self::Wire(Fault::RetryAfter { status, after: RetryAfter::Seconds(seconds) }) => {
                format!("retry-after-{status}-{seconds}-s")
            }
            Self::Wire(fault) => fault.name(),
            Self::OldSecret => "old-secret".to_owned(),
            Self::SourceFails => "credential-source-fails".to_owned(),
            Self::SourcePanics => "credential-source-panics".to_owned(),
            Self::SourceHangs => "credential-source-hangs".to_owned(),
        }
    }

    /// The errors that it explains.
    #[must_use]
    pub fn explains(&self) -> Vec<Kind> {
        match self {
            Self::Wire(fault) => of_fault(fault),
            Self::OldSecret => vec![Kind::Rejected],
            Self::SourceFails => vec![Kind::Credentials],
            Self::SourcePanics => vec![Kind::Internal],
            Self::SourceHangs => vec![Kind::Unreachable],
        }
    }

    /// All that may happen to a client of `vendor`.
    #[must_use]
    pub fn all_for(vendor: Vendor) -> Vec<Self> {
        let others = [
            Fault::Hang,
            Fault::Delay(Duration::from_millis(100)),
            Fault::Delay(Duration::from_millis(700)),
            Fault::Delay(Duration::from_millis(2500)),
            Fault::Redirect("http://127.0.0.1:9/".to_owned()),
            Fault::Html(403),
            Fault::Html(504),
            // Waited for within a flight; those in common() end it.
            Fault::RetryAfter { status: 503, after: RetryAfter::Seconds(1) },
        ];
        let wire = Fault::common().into_iter().chain(Fault::all_for(vendor)).chain(others).map(Self::Wire);
        wire.chain([Self::OldSecret, Self::SourceFails, Self::SourcePanics, Self::SourceHangs]).collect()
    }
}

fn of_fault(fault: &Fault) -> Vec<Kind> {
    match fault {
        Fault::Hang | Fault::Reset | Fault::CutBody | Fault::CutChunked => vec![Kind::Unreachable],
        // Late, it may come too late for the attempt, or for the token's life.
        Fault::Delay(_) => vec![Kind::Unreachable, Kind::Malformed],
        Fault::Redirect(_) | Fault::Endless | Fault::Garbage | Fault::EmptyObject | Fault::Empty | Fault::Gzip => {
            vec![Kind::Malformed]
        }
        Fault::SameToken => vec![Kind::Malformed],
        Fault::ErrorInside200 => vec![Kind::Unavailable],
        Fault::Token(_) | Fault::TokenType(_) => vec![Kind::Malformed],
        Fault::ExpiresIn(_) if !fault.yields_token() => vec![Kind::Malformed],
        _ if fault.yields_token() => Vec::new(),
        fault => match fault.status() {
            Some(429) => vec![Kind::Throttled],
            Some(408 | 425 | 500..) => vec![Kind::Unavailable],
            Some(200..300) => vec![Kind::Malformed, Kind::Rejected, Kind::Unavailable, Kind::Throttled],
            _ => vec![Kind::Rejected],
        },
    }
}

/// How long vendors are well, and how long they are not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spells {
    /// A healthy spell, at least and at most.
    pub fine: (Duration, Duration),
    /// One with a fault.
    pub foul: (Duration, Duration),
}

/// A healthy spell and the trouble after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spell {
    /// How long all is well first.
    pub fine: Duration,
    /// What goes wrong then.
    pub trouble: Trouble,
    /// For how long.
    pub foul: Duration,
}

/// One vendor's spells, without end: every trouble once in random order, then again.
#[derive(Debug)]
pub struct Schedule {
    vendor: Vendor,
    spells: Spells,
    rng: Rng,
    left: Vec<Trouble>,
}

impl Schedule {
    /// That of `vendor` under `seed`.
    #[must_use]
    pub fn new(vendor: Vendor, seed: u64, spells: Spells) -> Self {
        let mut rng = Rng::with_seed(seed);
        for _ in 0..=Vendor::ALL.iter().position(|known| *known == vendor).unwrap_or_default() {
            rng = rng.fork();
        }
        Self { vendor, spells, rng, left: Vec::new() }
    }
}

impl Iterator for Schedule {
    type Item = Spell;

    fn next(&mut self) -> Option<Spell> {
        if self.left.is_empty() {
            self.left = Trouble::all_for(self.vendor);
            self.rng.shuffle(&mut self.left);
        }
        let trouble = self.left.pop()?;
        let fine = between(&mut self.rng, self.spells.fine);
        Some(Spell { fine, trouble, foul: between(&mut self.rng, self.spells.foul) })
    }
}

/// A random time of that range.
pub(super) fn between(rng: &mut Rng, (least, most): (Duration, Duration)) -> Duration {
    least + (most.saturating_sub(least)).mul_f64(rng.f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPELLS: Spells = Spells {
        fine: (Duration::from_secs(5), Duration::from_secs(8)),
        foul: (Duration::from_secs(1), Duration::from_secs(4)),
    };

    fn first(vendor: Vendor, seed: u64) -> Vec<Spell> {
        Schedule::new(vendor, seed, SPELLS).take(100).collect()
    }

    #[test]
    fn same_seed_is_the_same_schedule_and_another_seed_or_vendor_another() {
        assert_eq!(first(Vendor::S2s, 7), first(Vendor::S2s, 7));
        assert_ne!(first(Vendor::S2s, 7), first(Vendor::S2s, 8));
        assert_ne!(first(Vendor::MgPlus, 7)[0], first(Vendor::S2s, 7)[0]);
    }

    #[test]
    fn every_trouble_comes_once_before_any_comes_twice() {
        for vendor in Vendor::ALL {
            let all = Trouble::all_for(vendor);
            let mut seen: Vec<_> =
                Schedule::new(vendor, 1, SPELLS).take(all.len()).map(|spell| spell.trouble).collect();
            for trouble in all {
                let at = seen.iter().position(|seen| *seen == trouble).expect("each of them");
                seen.swap_remove(at);
            }
            assert_eq!(seen, []);
        }
    }

    #[test]
    fn spells_last_as_long_as_they_may() {
        for spell in first(Vendor::MobilePay, 3) {
            assert!((SPELLS.fine.0..=SPELLS.fine.1).contains(&spell.fine), "{spell:?}");
            assert!((SPELLS.foul.0..=SPELLS.foul.1).contains(&spell.foul), "{spell:?}");
        }
    }

    #[test]
    fn trouble_that_yields_no_token_explains_an_error() {
        for trouble in Vendor::ALL.into_iter().flat_map(Trouble::all_for) {
            let harmless = matches!(&trouble, Trouble::Wire(fault) if fault.yields_token());
            assert!(harmless || !trouble.explains().is_empty(), "{trouble:?}");
        }
    }
}

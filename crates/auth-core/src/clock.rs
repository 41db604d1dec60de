//! The clock that expiry is measured on: it counts suspended time and ignores steps of the wall clock.

use std::fmt;
use std::time::Duration;

#[cfg(any(target_os = "linux", target_os = "android"))]
use nix::{sys::time::TimeSpec, time::ClockId};

/// A point on a [`Clock`]: nanoseconds since an origin of the clock's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// Later than any other.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment `since` after the clock's origin; [`Moment::NEVER`] if that is beyond some 584 years.
    #[must_use]
    pub fn from_origin(since: Duration) -> Self {
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// How long from `earlier` to this one; zero if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    pub(crate) const fn nanos(self) -> u64 {
        self.0
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(Self::from_origin(rhs).0))
    }
}

impl std::ops::Sub<Duration> for Moment {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(Self::from_origin(rhs).0))
    }
}

/// Where the time comes from. A source reads it once per call.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Now. It never goes back.
    fn now(&self) -> Moment;
}

/// The machine's clock, suspended time included.
///
/// On Linux and Android it is `CLOCK_BOOTTIME`. Elsewhere the monotonic and the wall clock are compared at each reading and
/// the one that went further counts, under a lock: a test has seen that count, but on no such machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[inline]
    fn now(&self) -> Moment {
        // Every Linux since 2.6.39 has it; where a sandbox hides it, the monotonic clock is the next best.
        let time = BOOTTIME.now().or_else(|_| ClockId::CLOCK_MONOTONIC.now()).unwrap_or(TimeSpec::new(0, 0));
        Moment((time.tv_sec() as u64).wrapping_mul(NANOS_PER_SEC).wrapping_add(time.tv_nsec() as u64))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn now(&self) -> Moment {
        elsewhere::now()
    }
}

/// Counts suspended time and ignores steps of the wall clock.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BOOTTIME: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(any(target_os = "linux", target_os = "android"))]
const NANOS_PER_SEC: u64 = 1_000_000_000;

#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
mod elsewhere {
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant, SystemTime};

    use super::Moment;

    /// Adds up, from reading to reading, what the clock that went further says: neither a suspend is lost, nor does a wall
    /// clock that is set ahead and back again stop the time.
    pub(super) fn now() -> Moment {
        static LAST: Mutex<Option<Reading>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = Reading::after(*last, Instant::now(), SystemTime::now());
        *last = Some(reading);
        Moment::from_origin(reading.since)
    }

    /// Both clocks, and the time from the first reading to this one.
    #[derive(Clone, Copy)]
    pub(super) struct Reading {
        monotonic: Instant,
        wall: SystemTime,
        pub(super) since: Duration,
    }

    impl Reading {
        pub(super) fn after(last: Option<Self>, monotonic: Instant, wall: SystemTime) -> Self {
            let since = last.map_or(Duration::ZERO, |last| {
                let by_wall = wall.duration_since(last.wall).unwrap_or_default();
                last.since + monotonic.duration_since(last.monotonic).max(by_wall)
            });
            Self { monotonic, wall, since }
        }
    }
}

/// A clock that stands still until a test moves it; clones move together.
#[cfg(feature = "test-util")]
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    now: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

#[cfg(feature = "test-util")]
impl ManualClock {
    /// A clock at its origin.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves it forward, as a suspended machine's clock does.
    pub fn advance(&self, by: Duration) {
        self.now.fetch_add(Moment::from_origin(by).0, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(feature = "test-util")]
impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.now.load(std::sync::atomic::Ordering::SeqCst))
    }
}

/// A clock that follows tokio's, so that `#[tokio::test(start_paused = true)]` owns expiry and timers at once.
#[cfg(feature = "test-util")]
#[derive(Clone, Copy, Debug)]
pub struct PausedClock {
    origin: tokio::time::Instant,
}

#[cfg(feature = "test-util")]
impl PausedClock {
    /// A clock whose origin is tokio's now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: tokio::time::Instant::now() }
    }
}

#[cfg(feature = "test-util")]
impl Default for PausedClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "test-util")]
impl Clock for PausedClock {
    fn now(&self) -> Moment {
        Moment::from_origin(self.origin.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime};

    use super::elsewhere::Reading;
    use super::*;

    #[test]
    fn moments_saturate_instead_of_wrapping() {
        assert_eq!(Moment::NEVER + Duration::from_secs(1), Moment::NEVER);
        assert_eq!(Moment::default() - Duration::from_secs(1), Moment::default());
        assert_eq!(Moment::from_origin(Duration::MAX), Moment::NEVER);
        assert_eq!(Moment::default().since(Moment::NEVER), Duration::ZERO);
    }

    #[test]
    fn system_clock_does_not_go_back() {
        let readings: Vec<_> = (0..1000).map(|_| SystemClock.now()).collect();
        assert!(readings.is_sorted());
        assert_ne!(readings[0], Moment::default());
    }

    #[test]
    fn where_no_clock_counts_suspended_time_the_one_of_two_that_went_further_counts() {
        let (monotonic, wall) = (Instant::now(), SystemTime::now());
        let mut last = Reading::after(None, monotonic, wall);
        assert_eq!(last.since, Duration::ZERO);
        // Seconds that each clock shows since the first reading, and what has passed by then.
        for (monotonic_s, wall_s, passed, what) in [
            (5, 5, 5, "both go"),
            (6, 7_206, 7_206, "a suspend of two hours"),
            (8, 3_608, 7_208, "the wall clock is set back by an hour"),
            (9, 3_609, 7_209, "both go"),
            (9, 3_609, 7_209, "no time passes"),
        ] {
            let seconds = Duration::from_secs;
            last = Reading::after(Some(last), monotonic + seconds(monotonic_s), wall + seconds(wall_s));
            assert_eq!(last.since, seconds(passed), "{what}");
        }
    }

    #[test]
    fn made_up_clock_begins_once_and_does_not_go_back() {
        let readings: Vec<_> = (0..1000).map(|_| elsewhere::now()).collect();
        assert!(readings.is_sorted());
        assert!(readings[0] < readings[999]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn system_clock_is_the_one_that_counts_suspended_time() {
        let text = std::fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = text.split(' ').next().unwrap().parse().unwrap();
        let ours = SystemClock.now().since(Moment::default()).as_secs_f64();
        assert!((ours - uptime).abs() < 60.0, "{ours} against {uptime}");
    }
}

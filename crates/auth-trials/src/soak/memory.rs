//! Memory, tasks and open files, sampled, and whether they stay what they were. The judgement is pure.

use std::time::Duration;

use super::violation::{Rule, Violation};

/// What the process had at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Since the start.
    pub at: Duration,
    /// Resident memory in KiB, by `/proc/self/status`; 0 where there is no such file.
    pub rss: u64,
    /// Bytes that the program has allocated and not freed, if its allocator counts.
    pub heap: Option<u64>,
}

impl Sample {
    /// Now.
    #[must_use]
    pub fn take(at: Duration, heap: Option<u64>) -> Self {
        Self { at, rss: resident().unwrap_or_default(), heap }
    }
}

fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Open file descriptors; `None` where `/proc` tells nothing.
#[must_use]
pub fn open_files() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}

/// The course of a figure over the second half of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trend {
    /// At the start, and at the half-way mark and the end, each as the median of a tenth of the run. In KiB.
    pub start: f64,
    /// Half-way.
    pub half: f64,
    /// At the end.
    pub end: f64,
    /// The slope of the least-squares line over the second half, in KiB a minute.
    pub slope: f64,
}

/// The trend of `figure` over `samples`, which are in order of time; nothing for fewer than 20.
pub fn trend(samples: &[Sample], figure: impl Fn(&Sample) -> f64) -> Option<Trend> {
    if samples.len() < LEAST_SAMPLES {
        return None;
    }
    let points: Vec<(f64, f64)> = samples.iter().map(|s| (s.at.as_secs_f64() / 60.0, figure(s))).collect();
    let (half, tenth) = (points.len() / 2, (points.len() / 10).max(1));
    let end = median(&points[points.len() - tenth..]);
    let middle = median(&points[half - tenth / 2..half + tenth.div_ceil(2)]);
    Some(Trend { start: points[0].1, half: middle, end, slope: slope(&points[half..]) })
}

/// Of the least-squares line.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let (over, under) =
        points.iter().fold((0.0, 0.0), |(over, under), p| (over + (p.0 - x) * (p.1 - y), under + (p.0 - x).powi(2)));
    if under == 0.0 { 0.0 } else { over / under }
}

fn median(points: &[(f64, f64)]) -> f64 {
    let mut figures: Vec<f64> = points.iter().map(|point| point.1).collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Whether memory that went like that is flat.
#[must_use]
pub fn judge(what: &str, trend: &Trend) -> Vec<Violation> {
    let mut found = Vec::new();
    if trend.slope >= MAX_SLOPE {
        let detail = format!("{what} grew by {:.0} KiB a minute; below {MAX_SLOPE:.0} is flat", trend.slope);
        found.push(Violation::new(Rule::Memory, detail));
    }
    if trend.end > trend.half * MAX_GROWTH {
        let detail = format!("{what} was {:.0} KiB at the end and {:.0} half-way", trend.end, trend.half);
        found.push(Violation::new(Rule::Memory, detail));
    }
    found
}

/// 1 MiB a minute.
const MAX_SLOPE: f64 = 1024.0;
/// The end over the half-way mark.
const MAX_GROWTH: f64 = 1.1;
const LEAST_SAMPLES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten minutes, a sample a second.
    fn run(figure: impl Fn(f64) -> f64) -> Vec<Violation> {
        let sample = |at: u64| Sample { at: Duration::from_secs(at), rss: figure(at as f64 / 60.0) as u64, heap: None };
        let samples: Vec<_> = (0..600).map(sample).collect();
        judge("memory", &trend(&samples, |sample| sample.rss as f64).expect("enough samples"))
    }

    #[test]
    fn flat_memory_that_was_filled_in_the_first_half_is_let_through() {
        assert_eq!(run(|_| 40_000.0), []);
        assert_eq!(run(|minute| 40_000.0 + 10_000.0 * minute.min(4.0)), []);
        assert_eq!(run(|minute| 40_000.0 + 900.0 * (minute * 50.0).sin()), [], "to and fro");
        assert_eq!(run(|minute| 40_000.0 + 500.0 * minute), [], "half a MiB a minute");
    }

    #[test]
    fn memory_that_grows_a_mebibyte_a_minute_is_found() {
        let found = run(|minute| 400_000.0 + 1100.0 * minute);
        assert!(found.len() == 1 && found[0].detail.contains("KiB a minute"), "{found:?}");
    }

    #[test]
    fn memory_that_jumps_after_the_half_is_found() {
        let found = run(|minute| if minute < 9.0 { 4_000.0 } else { 4_900.0 });
        assert!(found.len() == 1 && found[0].detail.contains("half-way"), "{found:?}");
    }

    #[test]
    fn few_samples_have_no_trend() {
        assert_eq!(trend(&[Sample::default(); 19], |sample| sample.rss as f64), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn resident_memory_and_open_files_are_read_on_linux() {
        assert!(Sample::take(Duration::ZERO, None).rss > 100);
        assert!(open_files().is_some_and(|open| open >= 3));
    }
}

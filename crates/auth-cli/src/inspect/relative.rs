//! Times as people say them.

use std::time::Duration;

/// `in 42 min`, `3 h ago`: `seconds` from now, negative if it is over.
pub(crate) fn from_now(seconds: i64) -> String {
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {}", length(seconds.unsigned_abs())),
        _ => format!("{} ago", length(seconds.unsigned_abs())),
    }
}

/// `90 s`, `42 min`, `36 h`, `3 days`.
pub(crate) fn length(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `14 min 50 s`: no second of it is lost.
pub(crate) fn exactly(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let parts: Vec<_> =
        units.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    if parts.is_empty() { format!("{} ms", time.as_millis()) } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_time_has_every_second_and_no_unit_of_which_there_is_none() {
        for (millis, told) in
            [(0, "0 ms"), (250, "250 ms"), (890_000, "14 min 50 s"), (3_600_000, "1 h"), (3_601_000, "1 h 1 s")]
        {
            assert_eq!(exactly(Duration::from_millis(millis)), told);
        }
    }

    #[test]
    fn times_are_told_in_the_unit_that_a_person_would_choose() {
        for (seconds, told) in [
            (0, "now"),
            (1, "in 1 s"),
            (119, "in 119 s"),
            (120, "in 2 min"),
            (2520, "in 42 min"),
            (-7199, "119 min ago"),
            (-7200, "2 h ago"),
            (172_800, "in 2 days"),
            (i64::MIN, "106751991167300 days ago"),
        ] {
            assert_eq!(from_now(seconds), told);
        }
    }
}

use auth_core::Failure;

use super::*;

const T: Value = 1;
const NEXT: Value = 2;
const LIFE: Duration = Duration::from_secs(10);

/// A book, and a time to count seconds from.
struct Case {
    book: Book,
    zero: Instant,
}

impl Case {
    fn new() -> Self {
        let mut policy = RefreshPolicy::default();
        (policy.min_interval, policy.dead_after) = (Duration::from_secs(1), Duration::from_secs(35));
        (policy.max_retry_after, policy.throttled_hold) = (Duration::from_secs(60), Duration::from_secs(30));
        let (lateness, notice) = (Duration::from_millis(500), Duration::from_secs(2));
        Self { book: Book::new(Limits { policy, lateness, notice }), zero: Instant::now() }
    }

    fn at(&self, seconds: f64) -> Instant {
        self.zero + Duration::from_secs_f64(seconds)
    }

    /// A healthy request from `from` to `to`.
    fn answered(&mut self, value: Value, from: f64, to: f64) {
        let (begun, over) = (self.at(from), self.at(to));
        let (id, found) = self.book.begin(1, begun);
        assert_eq!(found, []);
        self.book.end(id, Ended::Token(value, LIFE), over);
    }

    fn begin(&mut self, attempt: u32, at: f64) -> Vec<Rule> {
        let at = self.at(at);
        rules(self.book.begin(attempt, at).1)
    }

    /// A request that failed at once, at `at`.
    fn refused(&mut self, error: Error, at: f64) {
        let at = self.at(at);
        let (id, found) = self.book.begin(1, at);
        assert_eq!(found, []);
        self.book.end(id, Ended::Failed(error), at);
    }

    fn hand_out(&mut self, value: Value, at: f64) -> Vec<Rule> {
        let at = self.at(at);
        rules(self.book.handed_out(value, at, at))
    }

    fn reject(&mut self, value: Value, at: f64, accepted: bool) {
        let at = self.at(at);
        self.book.rejecting(value, at);
        self.book.rejected(value, accepted, at);
    }

    fn not_served(&mut self, at: f64) -> Vec<Rule> {
        let at = self.at(at);
        rules(self.book.not_served(at, at))
    }
}

fn rules(found: impl IntoIterator<Item = Violation>) -> Vec<Rule> {
    found.into_iter().map(|violation| violation.rule).collect()
}

#[test]
fn a_life_without_fault_is_let_through() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    assert_eq!(case.hand_out(T, 0.2), []);
    case.answered(NEXT, 7.0, 7.1);
    assert_eq!(case.hand_out(T, 7.05), []);
    assert_eq!(case.hand_out(NEXT, 7.2), []);
    case.reject(NEXT, 8.0, true);
    case.answered(3, 8.1, 8.2);
    assert_eq!(case.hand_out(3, 8.3), []);
    assert!(case.book.checks() > 0);
}

#[test]
fn second_request_while_one_is_aloft_is_found_unless_the_first_was_abandoned() {
    let mut case = Case::new();
    assert_eq!(case.begin(1, 0.0), []);
    assert_eq!(case.begin(1, 2.0), [Rule::OneFlight]);
    let mut case = Case::new();
    assert_eq!(case.begin(1, 0.0), []);
    case.reject(T, 1.0, true);
    assert_eq!(case.begin(1, 2.0), []);
    let mut case = Case::new();
    assert_eq!(case.begin(1, 0.0), []);
    assert_eq!(case.begin(1, 36.0), [], "a dead flight is nobody's");
}

#[test]
fn two_requests_of_one_attempt_at_the_simulator_are_found() {
    let mut case = Case::new();
    let (begun, now) = (case.at(0.0), case.at(0.1));
    let (id, _) = case.book.begin(1, begun);
    assert_eq!(rules(case.book.arrive(1, now)), []);
    assert_eq!(rules(case.book.arrive(1, now)), [Rule::OneFlight, Rule::Attempts]);
    case.book.leave();
    case.book.end(id, Ended::Dropped, now);
    case.begin(1, 1.5);
    case.begin(1, 3.0);
    assert_eq!(rules(case.book.arrive(1, now)), [], "what was given up may still be there");
}

#[test]
fn flights_closer_than_the_interval_are_found() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    assert_eq!(case.begin(1, 0.3), [Rule::Interval]);
}

#[test]
fn many_flights_each_a_little_too_soon_are_found() {
    let mut case = Case::new();
    let early = (0..10).map(|n| {
        let at = f64::from(n) * 0.8;
        let begun = case.at(at);
        let (id, found) = case.book.begin(1, begun);
        case.book.end(id, Ended::Dropped, begun);
        rules(found)
    });
    assert!(early.flatten().any(|rule| rule == Rule::Interval));
}

fn told(status: u16, seconds: Option<u64>) -> Error {
    let failure = Failure::of("acme").status(status);
    let failure = match seconds {
        Some(seconds) => failure.retry_after(Duration::from_secs(seconds)),
        None => failure,
    };
    if status == 429 { Error::Throttled(failure) } else { Error::Unavailable(failure) }
}

#[test]
fn request_before_the_time_that_a_vendor_named_is_found_whatever_it_calls_itself() {
    for (error, until) in [
        (told(429, Some(5)), 5.0),
        (told(503, Some(5)), 5.0),
        (told(429, Some(3600)), 60.0),
        (told(429, None), 30.0),
        (told(503, None), 0.0),
    ] {
        for attempt in [1, 2] {
            let mut case = Case::new();
            case.refused(error.clone(), 3.0);
            let early = case.begin(attempt, 3.0 + (until - 0.02_f64).max(1.0));
            assert_eq!(early, if until > 0.0 { vec![Rule::Silence] } else { vec![] }, "{error}, attempt {attempt}");
            let mut case = Case::new();
            case.refused(error.clone(), 3.0);
            assert_eq!(case.begin(attempt, 3.0 + until.max(1.0)), [], "{error}, attempt {attempt}");
        }
    }
}

#[test]
fn time_that_a_vendor_named_is_shortened_neither_by_a_shorter_one_nor_by_a_rejection() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    case.refused(told(429, Some(20)), 7.0);
    case.reject(T, 7.5, true);
    let (begun, found) = (case.at(9.0), case.at(9.0));
    let (id, early) = case.book.begin(2, begun);
    assert_eq!(rules(early), [Rule::Silence]);
    case.book.end(id, Ended::Failed(told(503, Some(1))), found);
    assert_eq!(case.begin(1, 26.0), [Rule::Silence]);
    assert_eq!(case.begin(2, 27.0), [Rule::OneFlight], "the time is over");
}

#[test]
fn flight_that_was_abandoned_is_told_nothing() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    let (begun, over) = (case.at(7.0), case.at(7.4));
    let (id, _) = case.book.begin(1, begun);
    case.reject(T, 7.2, true);
    case.book.end(id, Ended::Failed(told(429, Some(20))), over);
    assert_eq!(case.begin(1, 8.0), []);
}

#[test]
fn fourth_attempt_of_a_flight_is_found_whatever_it_calls_itself() {
    for numbers in [[1, 2, 3, 4], [1, 2, 2, 2]] {
        let mut case = Case::new();
        let mut found = Vec::new();
        for (n, number) in numbers.into_iter().enumerate() {
            let at = case.at(n as f64);
            let (id, rules) = case.book.begin(number, at);
            found.extend(rules);
            case.book.end(id, Ended::Dropped, at);
        }
        assert_eq!(rules(found), [Rule::Attempts], "{numbers:?}");
    }
}

#[test]
fn token_handed_out_at_its_floor_or_later_is_found() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    assert_eq!(case.hand_out(T, 8.99), []);
    assert_eq!(case.hand_out(T, 9.0), [Rule::Expired]);
    assert_eq!(case.hand_out(T, 11.0), [Rule::Expired]);
}

#[test]
fn token_of_another_source_is_found() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    assert_eq!(case.hand_out(NEXT, 0.2), [Rule::Foreign]);
}

#[test]
fn caller_that_is_not_served_while_a_token_is_usable_is_found() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    assert_eq!(case.not_served(0.15), [], "it may not be published yet");
    case.hand_out(T, 0.2);
    assert_eq!(case.not_served(1.0), [Rule::Waited]);
    assert_eq!(case.not_served(8.7), [], "too near to its end to tell");
    case.reject(T, 5.0, false);
    assert_eq!(case.not_served(6.0), []);
}

#[test]
fn rejected_token_and_one_requested_before_the_rejection_are_found() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    case.answered(NEXT, 2.0, 2.1);
    case.reject(NEXT, 3.0, true);
    assert_eq!(case.hand_out(NEXT, 3.1), [Rule::Rejected]);
    assert_eq!(case.hand_out(T, 3.1), [Rule::Rejected]);
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    case.reject(T, 1.0, false);
    assert_eq!(case.hand_out(T, 1.1), [], "it was not accepted");
}

#[test]
fn repeated_value_is_believed_where_rejections_are_ignored_and_not_before() {
    let mut case = Case::new();
    case.answered(T, 0.0, 0.1);
    case.reject(T, 1.0, true);
    case.answered(T, 2.0, 2.1);
    assert_eq!(case.hand_out(T, 2.2), [Rule::Rejected], "once is not three times");
    case.answered(T, 3.0, 3.1);
    assert_eq!(case.hand_out(T, 3.2), []);
}

#[test]
fn error_that_no_request_failed_with_is_found() {
    let mut case = Case::new();
    let refused = || Error::Rejected(Failure::of("acme").status(400));
    assert_eq!(rules(case.book.failed(&refused(), false)), [Rule::Error]);
    assert_eq!(rules(case.book.failed(&refused(), true)), []);
    let begun = case.at(0.0);
    let (id, _) = case.book.begin(1, begun);
    case.book.end(id, Ended::Failed(refused()), begun);
    assert_eq!(rules(case.book.failed(&refused(), false)), []);
    assert_eq!(rules(case.book.failed(&Error::config("another"), false)), [Rule::Error]);
}

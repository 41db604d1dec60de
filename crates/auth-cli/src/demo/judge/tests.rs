use super::*;

fn counts(set: impl FnOnce(&mut Counts)) -> Counts {
    let mut counts = Counts::default();
    set(&mut counts);
    counts
}

/// What a demo comes to in which nothing is wrong.
pub(crate) fn right() -> Measured {
    let part = |counts, callers| Part { counts, callers };
    let five = Vendor::ALL.map(|vendor| {
        let code_requests = u64::from(vendor == Vendor::S2s);
        (vendor, counts(|c| (c.code_requests, c.token_requests, c.minted, c.pings) = (code_requests, 1, 1, 1)))
    });
    let herd = Callers { served: herd::CALLERS, tokens: 1, ..Callers::default() };
    let crowd = |readers| Callers { readers, served: 1000, ..Callers::default() };
    let told = Callers { failed: wrong_secret::CALLS, ..Callers::default() };
    Measured {
        five: five.to_vec(),
        renewal: part(counts(|c| (c.token_requests, c.minted, c.pings) = (4, 4, 70)), crowd(READERS + 1)),
        outage: part(counts(|c| (c.token_requests, c.minted, c.faults) = (5, 2, 3)), crowd(READERS)),
        healing: part(
            counts(|c| (c.token_requests, c.minted, c.pings, c.pings_refused) = (2, 2, 30, 10)),
            Callers::default(),
        ),
        herd: part(counts(|c| (c.code_requests, c.token_requests, c.max_in_flight) = (1, 1, 1)), herd),
        wrong_secret: part(counts(|c| (c.token_requests, c.refused) = (1, 1)), told),
    }
}

/// One count made wrong, in the order of the table.
const WRONG: &[fn(&mut Measured)] = &[
    |m| m.five[0].1.token_requests += 1,
    |m| m.five[0].1.pings_refused += 1,
    |m| m.five[1].1.token_requests = 0,
    |m| m.five[1].1.pings = 0,
    |m| m.five[2].1.token_requests += 1,
    |m| m.five[2].1.pings_refused += 1,
    |m| m.five[3].1.code_requests = 0,
    |m| m.five[3].1.token_requests += 1,
    |m| m.five[3].1.pings_refused += 1,
    |m| m.five[4].1.token_requests += 1,
    |m| m.five[4].1.pings += 1,
    |m| m.renewal.counts.token_requests += 1,
    |m| m.renewal.counts.minted -= 1,
    |m| m.renewal.callers.readers = 0,
    |m| m.renewal.callers.waited += 1,
    |m| m.renewal.callers.failed += 1,
    |m| m.renewal.counts.pings_refused += 1,
    |m| m.outage.counts.faults -= 1,
    |m| m.outage.counts.token_requests += 1,
    |m| m.outage.counts.minted += 1,
    |m| m.outage.callers.readers -= 1,
    |m| m.outage.callers.waited += 1,
    |m| m.outage.callers.failed += 1,
    |m| m.healing.counts.pings -= 1,
    |m| (m.healing.counts.pings, m.healing.counts.pings_refused) = (31, 11),
    |m| m.healing.counts.token_requests += 1,
    |m| m.healing.counts.minted += 1,
    |m| m.herd.callers.served -= 1,
    |m| m.herd.callers.tokens += 1,
    |m| m.herd.counts.code_requests += 1,
    |m| m.herd.counts.token_requests += 1,
    |m| m.herd.counts.max_in_flight += 1,
    |m| m.wrong_secret.callers.failed -= 1,
    |m| m.wrong_secret.counts.token_requests += 1,
    |m| m.wrong_secret.counts.refused = 0,
];

#[test]
fn right_counts_are_right() {
    let verdict = judge(&right());
    assert!(verdict.is_right(), "{verdict}");
    assert!(!verdict.to_string().contains('✗'), "{verdict}");
}

#[test]
fn each_wrong_count_is_found_and_no_other() {
    let rows = judge(&right()).rows().count();
    assert_eq!(WRONG.len(), rows, "every row of the table has its wrong count");
    for (place, make_wrong) in WRONG.iter().enumerate() {
        let mut measured = right();
        make_wrong(&mut measured);
        let verdict = judge(&measured);
        let wrong: Vec<usize> =
            verdict.rows().enumerate().filter(|(_, row)| !row.is_right()).map(|(place, _)| place).collect();
        assert_eq!(wrong, [place], "{verdict}");
        assert!(!verdict.is_right());
        assert!(verdict.to_string().ends_with("✗ one count is wrong\n"), "{verdict}");
    }
}

#[test]
fn vendor_that_is_missing_is_wrong() {
    let mut measured = right();
    measured.five.pop();
    assert!(!judge(&measured).is_right());
}

#[test]
fn table_fits_a_terminal() {
    let table = judge(&right()).to_string();
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
}

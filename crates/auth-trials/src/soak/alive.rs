//! What lives in the process before and after, and whether anything was left behind.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::court::Court;
use super::violation::{Rule, Violation};
use super::{Plan, memory};

/// What lives in the process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alive {
    tasks: usize,
    files: Option<usize>,
    sources: u64,
}

impl Alive {
    pub(super) fn now(plan: &Plan, sources: u64) -> Self {
        let files = plan.alone.then(memory::open_files).flatten();
        Self { tasks: Handle::current().metrics().num_alive_tasks(), files, sources }
    }

    /// What there is more of than before.
    fn beyond(self, before: Self) -> Vec<Violation> {
        let more = |what, now, before| (now > before).then(|| format!("{now} {what}, {before} before"));
        let files = self.files.zip(before.files).and_then(|(now, before)| more("open files", now, before));
        let tasks = more("tasks", self.tasks, before.tasks);
        let sources = more("sources", self.sources as usize, before.sources as usize);
        [tasks, files, sources].into_iter().flatten().map(|left| Violation::new(Rule::Leftovers, left)).collect()
    }
}

/// Waits until tasks, files and sources are what they were; says what is left.
pub(super) async fn settle(court: &Court, plan: &Plan, before: Alive) -> Vec<Violation> {
    let deadline = Instant::now() + plan.settling;
    loop {
        let left = Alive::now(plan, court.tally.alive.load(Relaxed)).beyond(before);
        if left.is_empty() || Instant::now() > deadline {
            return left;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_that_is_left_behind_is_found() {
        let before = Alive { tasks: 2, files: Some(9), sources: 0 };
        assert_eq!(before.beyond(before), []);
        assert_eq!(Alive { tasks: 1, files: Some(3), ..before }.beyond(before), []);
        for more in [Alive { tasks: 3, ..before }, Alive { files: Some(10), ..before }, Alive { sources: 1, ..before }]
        {
            assert_eq!(more.beyond(before).len(), 1, "{more:?}");
        }
    }
}

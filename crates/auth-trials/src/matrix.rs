//! Every fault that is known × every provider: what comes of it, and that a living token is served meanwhile.
//!
//! Each cell is run twice. Cold: a caller without a token waits; the error, the attempts within the flight, the requests that
//! the vendor saw and the hold after it are compared with what was written down beforehand. Living: a source with a token
//! meets the fault at its renewal; callers must be served at once before, during and after, and one healthy answer after the
//! hold must heal it. Served at once means that the future is ready when it is polled for the first time.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

mod column;
mod expect;
mod front;
mod line;
mod proxied;
mod rows;
mod script;
mod stage;
mod table;
mod tls;
mod trial;

pub use column::Column;
pub use expect::{Ending, Expect, Hold, Life};
use stage::{Lab, Patience, Trouble, Way};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A fault in one column, and what must come of it.
#[derive(Clone)]
pub struct Case {
    group: &'static str,
    name: String,
    column: Column,
    trouble: Trouble,
    way: Way,
    patience: Patience,
    expect: Expect,
}

/// A case that was tried.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cell {
    /// The chapter of the matrix.
    pub group: &'static str,
    /// The row.
    pub name: String,
    /// The column.
    pub column: Column,
    /// What must come of it.
    pub expect: Expect,
    /// Requests of the caller without a token; nothing where nobody is there to count them.
    pub cold_requests: Option<u64>,
    /// Requests, or connections, that the vendor saw in both runs.
    pub requests: u64,
    /// What was not as it should be; nothing in a cell that is right.
    pub complaints: Vec<String>,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    cells: Vec<Cell>,
}

impl Case {
    /// Every case, row by row.
    #[must_use]
    pub fn all() -> Vec<Self> {
        rows::all()
    }

    /// The row.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Requests of one attempt under the fault; nothing where nobody is there to count them.
    fn requests(&self) -> Option<u64> {
        let usual = match self.expect.ending {
            Ending::Token(_) => self.column.healthy_requests(),
            Ending::Error { .. } => self.column.spoilt_requests(),
        };
        (!self.trouble.is_unseen()).then(|| self.expect.requests.unwrap_or(usual))
    }

    /// Those of all attempts that a caller without a token waits for.
    fn cold_requests(&self) -> Option<u64> {
        self.requests().map(|requests| requests * u64::from(self.expect.attempts))
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} / {} / {}: {}", self.group, self.name, self.column, self.expect)
    }
}

impl Matrix {
    /// Tries `cases`, some at a time, and says of each when it is done.
    ///
    /// `program` is run again with proxies in its environment, which belongs to a whole process: it must be one that calls
    /// [`Matrix::behind_dead_proxies`] when it is told to by its only argument, [`PROXIED`]. Without it that row is left out.
    ///
    /// # Errors
    ///
    /// No certificates could be made, or `program` could not be run.
    pub async fn run(cases: Vec<Case>, program: Option<&Path>, mut done: impl FnMut(&Cell)) -> io::Result<Self> {
        let lab = Arc::new(Lab::new().map_err(io::Error::other)?);
        let mut cells = Self::try_all(cases, &lab, &mut done).await?;
        if let Some(program) = program {
            for cell in proxied::run(program).await? {
                done(&cell);
                cells.push(cell);
            }
        }
        Ok(Self { cells })
    }

    async fn try_all(cases: Vec<Case>, lab: &Arc<Lab>, done: &mut impl FnMut(&Cell)) -> io::Result<Vec<Cell>> {
        let (places, mut tasks) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
        for (number, case) in cases.into_iter().enumerate() {
            let (places, lab) = (Arc::clone(&places), Arc::clone(lab));
            tasks.spawn(async move {
                let _place = match case.patience {
                    // Little but waiting: all of them wait from the start, and take no place from others.
                    Patience::Slow => None,
                    Patience::Long | Patience::Short => places.acquire_owned().await.ok(),
                };
                (number, trial::run(&case, &lab).await.into_cell(case))
            });
        }
        let mut cells = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            let (number, cell) = ended.map_err(io::Error::other)?;
            done(&cell);
            cells.push((number, cell));
        }
        cells.sort_by_key(|(number, _)| *number);
        Ok(cells.into_iter().map(|(_, cell)| cell).collect())
    }

    /// What [`Matrix::run`] runs in a process of its own: a healthy vendor in every column, plain and over TLS. Prints
    /// nothing; the answer is for [`Matrix::run`] to read.
    ///
    /// # Errors
    ///
    /// As [`Matrix::run`].
    pub async fn behind_dead_proxies() -> io::Result<String> {
        let healthy: Vec<_> = Case::all().into_iter().filter(|case| matches!(case.trouble, Trouble::Nothing)).collect();
        Ok(proxied::report(&Self::run(healthy, None, |_| ()).await?))
    }

    /// The cells, row by row.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// A line for each complaint.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let of_cell = |cell: &Cell| {
            let at = format!("{} / {} / {}", cell.group, cell.name, cell.column);
            cell.complaints.iter().map(move |complaint| format!("{at}: {complaint}")).collect::<Vec<_>>()
        };
        self.cells.iter().flat_map(of_cell).collect()
    }

    /// The matrix in Markdown, with a legend and counts.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        table::markdown(&self.cells)
    }
}

/// The only argument of a program that is to call [`Matrix::behind_dead_proxies`].
pub const PROXIED: &str = "--behind-dead-proxies";
/// Cells tried at once: most of them wait.
const AT_ONCE: usize = 24;

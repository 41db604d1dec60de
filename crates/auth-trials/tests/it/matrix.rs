//! The matrix of faults, in full.

use std::path::Path;
use std::process::Command;

use auth_trials::matrix::{Case, Column, Matrix};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_ends_as_it_should_in_every_provider_and_a_living_token_is_served_meanwhile() {
    let program = Path::new(env!("CARGO_BIN_EXE_faults"));
    let matrix = Matrix::run(Case::all(), Some(program), |_| ()).await.expect("certificates, and a second process");
    let complaints = matrix.complaints();
    assert!(complaints.is_empty(), "{} are wrong:\n{}", complaints.len(), complaints.join("\n"));
    let cells = matrix.cells();
    assert!(cells.len() >= LEAST_CELLS, "{} cells of at least {LEAST_CELLS}", cells.len());
    for column in Column::ALL {
        assert!(cells.iter().any(|cell| cell.column == column), "{column} was not tried");
    }
}

#[test]
fn rows_that_are_not_there_are_an_error_and_no_empty_table() {
    let faults =
        Command::new(env!("CARGO_BIN_EXE_faults")).args(["--only", "no such row"]).output().expect("a program");
    let said = String::from_utf8_lossy(&faults.stderr);
    assert!(!faults.status.success() && said.contains("no row has \"no such row\" in its name"), "{said}");
    assert!(faults.stdout.is_empty());
}

/// All cells when they were last counted, so that none goes unnoticed and a matrix of none is no success: raise it with the
/// rows, and lower it only with a row that is taken out on purpose.
const LEAST_CELLS: usize = 2349;

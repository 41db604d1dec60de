//! Proxies in the environment, which belongs to a whole process: another one is run with them.

use std::io;
use std::path::Path;

use super::expect::token;
use super::{Cell, Column, Matrix, PROXIED};

/// Runs `program` with every variable that names a proxy set to a port that refuses. Loopback goes past proxies, so each
/// of its cells ends in a token all the same.
pub(super) async fn run(program: &Path) -> io::Result<Vec<Cell>> {
    let mut command = tokio::process::Command::new(program);
    command.arg(PROXIED).kill_on_drop(true);
    // Bound, and not listened on.
    let nobody = tokio::net::TcpSocket::new_v4()?;
    nobody.bind(([127, 0, 0, 1], 0).into())?;
    let proxy = format!("http://{}", nobody.local_addr()?);
    for name in NAMES {
        command.env(name, &proxy);
    }
    for name in EXCEPTIONS {
        command.env_remove(name);
    }
    let output = command.output().await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let trouble = (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned());
    Ok(Column::ALL.into_iter().map(|column| cell(column, &text, trouble.as_deref())).collect())
}

/// A line for each cell: its column, its requests, its complaints.
pub(super) fn report(matrix: &Matrix) -> String {
    let line = |cell: &Cell| format!("{}\t{}\t{}\n", cell.column, cell.requests, cell.complaints.join("; "));
    matrix.cells().iter().map(line).collect()
}

fn cell(column: Column, report: &str, trouble: Option<&str>) -> Cell {
    let mut complaints: Vec<String> = trouble.map(str::to_owned).into_iter().collect();
    let (mut requests, mut runs) = (0, 0);
    for line in report.lines().map(|line| line.split('\t').collect::<Vec<_>>()) {
        let [name, count, words] = line[..] else { continue };
        if name == column.to_string() {
            (requests, runs) = (requests + count.parse().unwrap_or(0), runs + 1);
            complaints.extend(Some(words.to_owned()).filter(|words| !words.is_empty()));
        }
    }
    if runs != WAYS {
        complaints.push(format!("{runs} cells were run behind dead proxies, not {WAYS}"));
    }
    let name = "a dead proxy in HTTP_PROXY, HTTPS_PROXY and ALL_PROXY".to_owned();
    let cold_requests = Some(column.healthy_requests());
    Cell { group: "healthy", name, column, expect: token(), cold_requests, requests, complaints }
}

/// Plain and TLS.
const WAYS: usize = 2;
const NAMES: [&str; 6] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
const EXCEPTIONS: [&str; 3] = ["NO_PROXY", "no_proxy", "REQUEST_METHOD"];

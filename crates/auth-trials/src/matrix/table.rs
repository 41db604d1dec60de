//! The matrix on paper.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Cell, Column, Ending};

pub(super) fn markdown(cells: &[Cell]) -> String {
    let mut text = String::new();
    let mut group = "";
    for row in cells_by_row(cells) {
        if row[0].group != group {
            group = row[0].group;
            text += &heading(group);
        }
        text += &line(&row);
    }
    text + LEGEND + &counts(cells)
}

/// Rows in the order of their first cells, which may stand far apart.
fn cells_by_row(cells: &[Cell]) -> Vec<Vec<&Cell>> {
    let (mut order, mut rows) = (Vec::new(), BTreeMap::<_, Vec<&Cell>>::new());
    let mut groups = Vec::new();
    for cell in cells {
        if !groups.contains(&cell.group) {
            groups.push(cell.group);
        }
        let key = (cell.group, &cell.name);
        rows.entry(key).or_insert_with(|| {
            order.push(key);
            Vec::new()
        });
        rows.entry(key).or_default().push(cell);
    }
    order.sort_by_key(|(group, _)| groups.iter().position(|known| known == group));
    order.iter().filter_map(|key| rows.remove(key)).collect()
}

fn heading(group: &str) -> String {
    let titles = Column::ALL.map(|column| column.to_string()).join(" | ");
    let rule = "---|".repeat(Column::ALL.len());
    format!("\n| {group} | {titles} |\n|---|{rule}\n")
}

fn line(row: &[&Cell]) -> String {
    let of = |column| row.iter().find(|cell| cell.column == column);
    let cells = Column::ALL.map(|column| of(column).map_or_else(|| "–".to_owned(), |cell| show(cell)));
    let name = row[0].name.replace('|', "\\|");
    format!("| {name} | {} |\n", cells.join(" | "))
}

fn show(cell: &Cell) -> String {
    let wrong = if cell.complaints.is_empty() { "" } else { " **wrong**" };
    format!("{}{}{wrong}", cell.expect, requests(cell))
}

/// Of the cold run, where they are not what its attempts say already.
fn requests(cell: &Cell) -> String {
    match cell.cold_requests {
        Some(requests) if requests == u64::from(cell.expect.attempts) => String::new(),
        Some(requests) => format!(" ({requests})"),
        None => " (?)".to_owned(),
    }
}

fn counts(cells: &[Cell]) -> String {
    let mut endings = BTreeMap::<String, usize>::new();
    for cell in cells {
        let name = match &cell.expect.ending {
            Ending::Token(_) => "token".to_owned(),
            Ending::Error { kind, .. } => format!("{kind:?}"),
        };
        *endings.entry(name).or_default() += 1;
    }
    let requests: u64 = cells.iter().map(|cell| cell.requests).sum();
    let wrong = cells.iter().filter(|cell| !cell.complaints.is_empty()).count();
    let mut text = format!(
        "\n| counted | |\n|---|---|\n| rows | {} |\n| cells | {} |\n| runs | {} |\n| requests under a fault | {requests} |\n",
        cells_by_row(cells).len(),
        cells.len(),
        2 * cells.len(),
    );
    for (name, cells) in endings {
        let _ = writeln!(text, "| cells that end in {name} | {cells} |");
    }
    let _ = writeln!(text, "| cells that are wrong | {wrong} |");
    text
}

const LEGEND: &str = "
A cell says what a caller without a token gets, and after how many attempts in one flight: `Unavailable 503 ×3` is
`Error::Unavailable` of status 503 after three. `×3 (6)` were six requests; where nothing stands behind it, it was one an
attempt, and `(?)` says that nobody is there to count them. Behind `Unreachable` stands how far the request came, behind others
the error code if there is one. Each cell was also run with a living token: one attempt, for which nobody waits, and every
caller is served at once meanwhile. Holds and lifetimes are checked too and not shown. `–`: the fault cannot meet that call.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::expect::{malformed, token};

    fn cell(name: &str, column: Column, complaints: &[&str]) -> Cell {
        let expect = if name == "bad" { malformed(200) } else { token() };
        let complaints = complaints.iter().map(ToString::to_string).collect();
        Cell { group: "g", name: name.to_owned(), column, expect, cold_requests: Some(1), requests: 2, complaints }
    }

    #[test]
    fn rows_are_lines_and_missing_cells_are_dashes() {
        let cells = [cell("a|b", Column::MgPlus, &[]), cell("bad", Column::S2sToken, &["x"])];
        let text = markdown(&cells);
        assert!(text.contains("\n| a\\|b | token ×1 | – | – | – | – | – |\n"), "{text}");
        assert!(text.contains("\n| bad | – | – | – | – | – | Malformed 200 ×1 **wrong** |\n"), "{text}");
    }

    #[test]
    fn requests_are_shown_where_attempts_do_not_tell_them() {
        let cold = |cold_requests| Cell { cold_requests, ..cell("bad", Column::S2sToken, &[]) };
        let shown = [Some(1), Some(4), None].map(|requests| show(&cold(requests)));
        assert_eq!(shown, ["Malformed 200 ×1", "Malformed 200 ×1 (4)", "Malformed 200 ×1 (?)"]);
    }

    #[test]
    fn cells_requests_endings_and_wrong_cells_are_counted() {
        let cells = [cell("a", Column::MgPlus, &[]), cell("bad", Column::MgPlus, &["x", "y"])];
        let text = counts(&cells);
        for line in ["rows | 2", "cells | 2", "runs | 4", "fault | 4", "in token | 1", "in Malformed | 1", "wrong | 1"]
        {
            assert!(text.contains(&format!("{line} |")), "{line}: {text}");
        }
    }
}

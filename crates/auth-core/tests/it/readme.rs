//! The tables of the README, which tests compare with what the code does.

/// The rows of the table whose first column is headed `first`, each as its cells without backticks.
pub(crate) fn rows(first: &str) -> Vec<Vec<String>> {
    let readme = include_str!("../../README.md");
    let head = format!("| {first} |");
    let table = readme.lines().skip_while(|line| !line.starts_with(&head)).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    rows.map(cells).collect()
}

/// The words of a cell that lists some.
pub(crate) fn words(cell: &str) -> Vec<String> {
    cell.split(", ").filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[test]
fn table_is_found_by_its_first_heading() {
    assert_eq!(rows("error")[0][0], "Rejected");
    assert!(rows("no such heading").is_empty());
    assert_eq!(words("host, event"), ["host", "event"]);
}

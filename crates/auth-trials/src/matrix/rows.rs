//! The rows: what is wrong, and what must come of it. The numbers behind the expectations' names stand in `expect.rs`.

use auth_sim::{Fault, Target};

use super::Case;
use super::column::Column;
use super::expect::{Expect, token};
use super::front::Wire;
use super::script::{Healthy, Script};
use super::stage::{Patience, Trouble, Way};

mod answers;
mod connections;
mod dates;
mod framing;
mod lifetimes;
mod plan;
mod retry_after;
mod tokens;

pub(super) fn all() -> Vec<Case> {
    let mut rows = Rows::default();
    rows.group("healthy");
    rows.add(Row::of("over http", Trouble::Nothing), token());
    rows.add(Row::of("over https", Trouble::Nothing).over_tls(), token());
    plan::rows(&mut rows);
    answers::rows(&mut rows);
    retry_after::rows(&mut rows);
    lifetimes::rows(&mut rows);
    dates::rows(&mut rows);
    tokens::rows(&mut rows);
    framing::rows(&mut rows);
    connections::tcp(&mut rows);
    connections::tls(&mut rows);
    rows.cases
}

#[derive(Default)]
struct Rows {
    group: &'static str,
    cases: Vec<Case>,
}

/// A fault, before it is known what comes of it.
#[derive(Clone)]
struct Row {
    name: String,
    trouble: Trouble,
    way: Way,
    patience: Patience,
    columns: fn(Column) -> bool,
}

impl Rows {
    fn group(&mut self, name: &'static str) {
        self.group = name;
    }

    /// The same comes of it in every column.
    fn add(&mut self, row: Row, expect: Expect) {
        self.add_each(row, |_| expect.clone());
    }

    fn add_each(&mut self, row: Row, expect: impl Fn(Column) -> Expect) {
        for column in Column::ALL.into_iter().filter(|column| (row.columns)(*column)) {
            let Row { name, trouble, way, patience, .. } = row.clone();
            self.cases.push(Case { group: self.group, name, column, trouble, way, patience, expect: expect(column) });
        }
    }
}

impl Row {
    fn of(name: impl Into<String>, trouble: Trouble) -> Self {
        Self { name: name.into(), trouble, way: Way::Plain, patience: Patience::Long, columns: |_| true }
    }

    fn wire(name: impl Into<String>, wire: Wire) -> Self {
        Self::of(name, Trouble::Wire(wire))
    }

    /// The request is read and the healthy answer spoilt.
    fn spoilt(name: impl Into<String>, spoil: impl Fn(Healthy) -> Script + Send + Sync + 'static) -> Self {
        Self::wire(name, Wire::answers(spoil))
    }

    /// A fault of the simulator's plan, under the plan's own name.
    fn plan(fault: Fault) -> Self {
        Self::of(fault.name(), Trouble::Plan(fault))
    }

    fn over_tls(self) -> Self {
        Self { way: Way::Tls, ..self }
    }

    /// Nothing comes, and the deadline ends it.
    fn short(self) -> Self {
        Self { patience: Patience::Short, ..self }
    }

    /// Something comes all the while, and the deadline ends it.
    fn slow(self) -> Self {
        Self { patience: Patience::Slow, ..self }
    }

    /// What is spoilt is the answer that holds the token.
    fn on_tokens(self) -> Self {
        Self { columns: |column| column.target() == Target::Token, ..self }
    }

    /// Nobody is there for any of the calls.
    fn on_first_calls(self) -> Self {
        Self { columns: |column| column != Column::S2sToken, ..self }
    }
}

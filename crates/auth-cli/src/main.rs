//! authctl.
fn main() {}

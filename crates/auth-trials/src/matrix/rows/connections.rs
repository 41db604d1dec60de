//! Connections: that do not come about, that break, that stall; and TLS.

use auth_core::Reach;

use super::super::expect::{certificate, token, unreachable};
use super::super::script::{Script, Then, answer};
use super::super::tls::TlsFault;
use super::{Healthy, Row, Rows, Wire};

pub(super) fn tcp(rows: &mut Rows) {
    rows.group("TCP");
    rows.add(Row::wire("refused", Wire::Refused).on_first_calls(), unreachable(Reach::Refused));
    let full = Row::wire("backlog full", Wire::BacklogFull).on_first_calls().short();
    rows.add(full, unreachable(Reach::Deadline));
    let ignored = Row::wire("connected, never accepted", Wire::NeverAccepted).on_first_calls().short();
    rows.add(ignored, unreachable(Reach::Deadline));
    rows.add(Row::wire("reset before the request is read", Wire::ResetUnread), unreachable(Reach::Cut));
    breaking(rows, "reset", Then::Reset);
    breaking(rows, "half-closed", Then::Close);
    stalling(rows, "silence", Row::short, |_| Then::Hang);
    stalling(rows, "a byte a second", Row::slow, |rest| Then::Drip(rest.to_vec()));
    rows.add(Row::spoilt("half-closed after a whole answer", Healthy::whole), token());
    let silent = |healthy: Healthy| Script { then: Then::Hang, ..healthy.whole() };
    rows.add(Row::spoilt("silence after a whole answer", silent), token());
}

/// In every place the same: no whole answer.
fn breaking(rows: &mut Rows, how: &str, then: Then) {
    let [a, b, c, d] = [then.clone(), then.clone(), then.clone(), then];
    let before = move |_| Script { bytes: Vec::new(), then: a.clone() };
    rows.add(Row::spoilt(format!("{how} before the head"), before), unreachable(Reach::Cut));
    let inside = move |_| Script { bytes: b"HTTP/1.1 200 OK\r\nContent-Le".to_vec(), then: b.clone() };
    rows.add(Row::spoilt(format!("{how} inside the head"), inside), unreachable(Reach::Cut));
    let after = move |healthy: Healthy| healthy.cut(0, c.clone());
    rows.add(Row::spoilt(format!("{how} after the head"), after), unreachable(Reach::Cut));
    let body = move |healthy: Healthy| healthy.cut(9, d.clone());
    rows.add(Row::spoilt(format!("{how} inside the body"), body), unreachable(Reach::Cut));
}

/// What follows would take a minute at least.
fn stalling(rows: &mut Rows, how: &str, patience: fn(Row) -> Row, then: fn(&[u8]) -> Then) {
    let before = move |healthy: Healthy| Script { bytes: Vec::new(), then: then(&healthy.to_bytes()) };
    rows.add(patience(Row::spoilt(format!("{how} before the head"), before)), unreachable(Reach::Deadline));
    let inside = move |healthy: Healthy| halved(&healthy.to_bytes(), 20, then);
    rows.add(patience(Row::spoilt(format!("{how} inside the head"), inside)), unreachable(Reach::Deadline));
    let body = move |healthy: Healthy| halved(&healthy.to_bytes(), healthy.head.len() + 4, then);
    rows.add(patience(Row::spoilt(format!("{how} inside the body"), body)), unreachable(Reach::Deadline));
    // The status alone would judge it, if the whole answer came.
    let error = move |_| {
        let whole = answer("500 Internal Server Error", "", [b'x'; 60]).bytes;
        halved(&whole, whole.len() - 60, then)
    };
    rows.add(patience(Row::spoilt(format!("{how} inside an error"), error)), unreachable(Reach::Deadline));
}

fn halved(whole: &[u8], at: usize, then: fn(&[u8]) -> Then) -> Script {
    let (first, rest) = whole.split_at(at);
    Script { bytes: first.to_vec(), then: then(rest) }
}

pub(super) fn tls(rows: &mut Rows) {
    rows.group("TLS");
    for (name, fault) in [
        ("certificate of another name", TlsFault::WrongName),
        ("certificate expired", TlsFault::Expired),
        ("certificate not yet valid", TlsFault::NotYetValid),
        ("certificate of an unknown CA", TlsFault::UnknownCa),
        ("certificate signed by itself", TlsFault::SelfSigned),
    ] {
        rows.add(handshake(name, fault), certificate());
    }
    for (name, fault) in [
        ("TLS 1.1 only: the alert protocol_version", TlsFault::OldVersionAlert),
        ("TLS 1.1 only: its ServerHello", TlsFault::OldVersionHello),
        ("HTTP/2 only, by ALPN", TlsFault::OnlyHttp2),
        ("plain HTTP where TLS is expected", TlsFault::PlainHttp),
        ("end of the connection after the ClientHello", TlsFault::End),
    ] {
        rows.add(handshake(name, fault), unreachable(Reach::Tls));
    }
    rows.add(handshake("reset after the ClientHello", TlsFault::Reset), unreachable(Reach::Connect));
    rows.add(handshake("silence after the ClientHello", TlsFault::Silence).short(), unreachable(Reach::Deadline));
    for (name, then) in [("reset", Then::Reset), ("closed", Then::Close)] {
        let body = move |healthy: Healthy| healthy.cut(9, then.clone());
        rows.add(Row::spoilt(format!("{name} inside the body"), body).over_tls(), unreachable(Reach::Cut));
    }
    // Whoever sits in between can do that; without a length, the missing close_notify alone tells (RFC 8446 §6.1).
    let vanished = |healthy: Healthy| Script { then: Then::Vanish, ..healthy.without_header("content-length").whole() };
    rows.add(Row::spoilt("whole body of no length, no close_notify", vanished).over_tls(), unreachable(Reach::Cut));
    let closed = |healthy: Healthy| healthy.without_header("content-length").whole();
    rows.add(Row::spoilt("whole body of no length, and close_notify", closed).over_tls(), token());
}

fn handshake(name: &str, fault: TlsFault) -> Row {
    Row::wire(name, Wire::Tls(fault)).over_tls()
}

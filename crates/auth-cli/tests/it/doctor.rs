//! `authctl doctor`: each fault is a cross at its own step, with what to do, and the exit code that says so.

mod certificates;
mod network;
mod proxies;
mod shown;
mod variables;
mod vendor;

use std::future::Future;

use auth_sim::{Simulator, Vendor};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Call, Done, authctl, started};
use crate::https::listener;

/// What the doctor says of each step.
struct Report {
    json: Value,
    /// All that was written.
    done: Done,
}

/// What the doctor of `vendor`, given `args`, says once `prepare` has set the variables.
fn doctor(vendor: Vendor, args: &[&str], prepare: impl FnOnce(Call) -> Call) -> Report {
    let call = authctl(&[&["doctor", vendor.short(), "--json"], args].concat());
    Report::of(prepare(call).run())
}

/// The same, of a partner at `url` who is given invented credentials.
fn doctor_of(url: &str, prepare: impl FnOnce(Call) -> Call) -> Report {
    doctor(Vendor::Partner, &["--url", url], |call| prepare(with_credentials(call)))
}

fn with_credentials(call: Call) -> Call {
    call.var("PARTNER_CLIENT_ID", "invented-client-4711").var("PARTNER_CLIENT_SECRET", "canary-secret")
}

/// The same, on a machine that trusts the root in `root` and nobody else.
fn doctor_trusting(root: &NamedTempFile, url: &str) -> Report {
    doctor_of(url, |call| call.var("SSL_CERT_FILE", root.path().to_str().expect("text")))
}

/// The same, of a simulated vendor after `plan`.
async fn doctor_after(vendor: Vendor, plan: impl FnOnce(&Simulator)) -> Report {
    let sim = started(vendor).await;
    doctor(vendor, &[], |call| {
        let call = call.vars_of(&sim);
        plan(&sim);
        call
    })
}

impl Report {
    fn of(done: Done) -> Self {
        let json: Value = serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:?}"));
        let report = Self { json, done };
        let members: Vec<_> = report.json.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["exit_code", "provider", "steps", "url"], "sorted by the reader");
        let steps = report.json["steps"].as_array().expect("a list");
        let names: Vec<_> = steps.iter().map(|step| step["name"].as_str().expect("a name")).collect();
        assert_eq!(names, STEPS);
        assert_eq!(report.json["exit_code"].as_i64(), report.done.code.map(i64::from));
        assert!(!report.done.out.contains("canary"), "{:?}", report.done);
        assert_eq!(report.done.err, "");
        report
    }

    fn step(&self, name: &str) -> &Value {
        let steps = self.json["steps"].as_array().expect("a list");
        steps.iter().find(|step| step["name"] == name).expect("a step of that name")
    }

    /// The step is `outcome`, and its words hold `words`.
    #[track_caller]
    fn expect(&self, name: &str, outcome: &str, words: &str) -> &Self {
        let step = self.step(name);
        let found = step["found"].as_str().expect("words");
        assert!(step["outcome"] == outcome && found.contains(words), "{step}\n{:#}", self.json);
        assert_eq!(step["advice"].is_array(), matches!(outcome, "failed" | "warning"), "{step}");
        self
    }

    /// Some advice of the step holds `words`.
    #[track_caller]
    fn expect_advice(&self, name: &str, words: &str) -> &Self {
        assert!(self.step(name)["advice"].to_string().contains(words), "{}", self.step(name));
        self
    }

    /// Exactly these steps failed, and the program ends with `code`.
    #[track_caller]
    fn expect_failed(&self, names: &[&str], code: i32) -> &Self {
        let steps = self.json["steps"].as_array().expect("a list");
        let failed: Vec<_> =
            steps.iter().filter(|step| step["outcome"] == "failed").map(|step| &step["name"]).collect();
        assert!(failed == names && self.done.code == Some(code), "{:?} {failed:?}\n{:#}", self.done.code, self.json);
        self
    }

    /// All behind the step was not checked.
    #[track_caller]
    fn expect_nothing_behind(&self, name: &str) -> &Self {
        let place = STEPS.iter().position(|step| *step == name).expect("a step of that name");
        let steps = self.json["steps"].as_array().expect("a list");
        assert!(steps[place + 1..].iter().all(|step| step["outcome"] == "skipped"), "{:#}", self.json);
        self
    }
}

/// The port of a server that meets each connection with `meet`.
async fn server<F: Future<Output = ()> + Send>(meet: impl Fn(TcpStream) -> F + Clone + Send + 'static) -> u16 {
    let (listener, port) = listener().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let meet = meet.clone();
            tokio::spawn(async move { meet(stream).await });
        }
    });
    port
}

/// The head of a request, and its body as far as it came with it.
async fn read_head(stream: &mut TcpStream) -> String {
    let (mut head, mut some) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&head).contains("\r\n\r\n") {
        match stream.read(&mut some).await {
            Ok(0) | Err(_) => break,
            Ok(count) => head.extend(&some[..count]),
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// What the client makes of it is what is tested.
async fn answer(mut stream: TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    // Open until the client has read it.
    let _ = stream.read(&mut [0; 4096]).await;
}

const STEPS: [&str; 13] = [
    "variables",
    "url",
    "proxy",
    "dns",
    "tcp",
    "tls",
    "clock",
    "request",
    "answer",
    "claims",
    "headers",
    "renewal",
    "outlook",
];

//! Starts one vendor, prints the variables that its provider crate reads, makes one request, and ends.
//!
//! `cargo run -p auth-sim --example simulator -- mobilepay`

use std::error::Error;
use std::io::Write as _;

use auth_sim::{Simulator, Vendor};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "mgplus".to_owned());
    let vendor = Vendor::named(&name).ok_or("mgplus, stonex, partner, s2s or mobilepay?")?;
    let sim = Simulator::start(vendor).await?;
    let mut out = std::io::stdout();
    for (name, value) in sim.vars() {
        writeln!(out, "export {name}={value:?}")?;
    }
    writeln!(out, "\nGET {} without a token:\n{}", sim.ping_url(), get(&sim.ping_url()).await?)?;
    writeln!(out, "{:#?}", sim.counts())?;
    sim.shutdown().await;
    Ok(())
}

/// The least of clients.
async fn get(url: &str) -> Result<String, Box<dyn Error>> {
    let rest = url.strip_prefix("http://").ok_or("not a plain URL")?;
    let (authority, path) = rest.split_once('/').ok_or("no path")?;
    let mut stream = TcpStream::connect(authority).await?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

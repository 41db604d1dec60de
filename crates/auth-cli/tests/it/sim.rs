//! `authctl sim`: what it prints is what `authctl token` needs.

use auth_sim::Vendor;

use crate::harness::{Call, Running, authctl};

const READY: &str = "# Ready";

/// Names and values of the lines that a shell would export.
fn exported(lines: &[String]) -> Vec<(&str, &str)> {
    let exports = lines.iter().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    exports.map(|(name, value)| (name, value.trim_matches('\''))).collect()
}

fn started(args: &[&str]) -> (Running, Vec<String>) {
    authctl(&[&["sim"], args].concat()).run_until(READY)
}

#[test]
fn variables_that_it_prints_get_a_token_from_each_of_the_five() {
    let (_sims, lines) = started(&[]);
    let vars = exported(&lines);
    for vendor in Vendor::ALL {
        let call = vars.iter().fold(authctl(&["token", vendor.name()]), |call, (name, value)| call.var(name, value));
        call.run().expect_code(0).token();
    }
}

#[test]
fn every_line_is_for_a_shell() {
    let (_sims, lines) = started(&["mobilepay", "s2s"]);
    let for_a_shell = |line: &String| line.is_empty() || line.starts_with("# ") || line.starts_with("export ");
    assert!(lines.iter().all(for_a_shell), "{lines:?}");
    let names: Vec<_> = exported(&lines).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[0], "MOBILEPAY_BASE_URL", "in the order given: {names:?}");
    assert!(names.contains(&"S2S_SCOPE") && !names.contains(&"MGPLUS_STS_URL"), "{names:?}");
}

#[test]
fn lifetime_is_that_of_the_tokens() {
    let (_sims, lines) = started(&["mgplus", "--lifetime", "120"]);
    let args = ["token", "mgplus", "--format", "json"];
    let call = exported(&lines).into_iter().fold(authctl(&args), |call, (name, value)| call.var(name, value));
    assert!(call.run().expect_code(0).out.contains("\"expires_in\": 120"));
}

#[test]
fn port_is_the_one_chosen() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (_sims, lines) = started(&["partner", "--port", &port.to_string()]);
    let url = format!("http://127.0.0.1:{port}");
    assert!(exported(&lines).contains(&("PARTNER_BASE_URL", &url)), "{lines:?}");
}

#[test]
fn ports_of_several_follow_each_other() {
    let first = first_of_two_free_ports();
    let (_sims, lines) = started(&["partner", "mgplus", "--port", &first.to_string()]);
    let urls = [first, first + 1].map(|port| format!("http://127.0.0.1:{port}"));
    let exported = exported(&lines);
    assert!(exported.contains(&("PARTNER_BASE_URL", &urls[0])), "{lines:?}");
    assert!(exported.iter().any(|(name, url)| *name == "MGPLUS_STS_URL" && url.starts_with(&urls[1])), "{lines:?}");
}

/// Below the ports that systems hand out by themselves, so that no test beside this one takes the second.
fn first_of_two_free_ports() -> u16 {
    let free = |port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut ports = (20_000..30_000).cycle().skip(std::process::id() as usize % 10_000);
    ports.find(|port| free(*port) && free(port + 1)).expect("two free ports")
}

#[cfg(unix)]
#[test]
fn requests_are_told_as_they_end_unless_that_is_not_wanted() {
    for (args, told) in [(&["s2s"][..], true), (&["s2s", "--quiet"], false)] {
        let (sims, lines) = started(args);
        let vars = exported(&lines);
        let token = |call| vars.iter().fold(call, |call: Call, (name, value)| call.var(name, value)).run();
        token(authctl(&["token", "s2s"])).expect_code(0);
        token(authctl(&["token", "s2s", "--post"])).expect_code(3);
        sims.signal("INT");
        let (_, err) = sims.end();
        let requests: Vec<_> = err.lines().filter_map(|line| line.strip_suffix(" ms")?.rsplit_once(", ")).collect();
        let requests: Vec<_> = requests.into_iter().map(|(request, _)| request).collect();
        let code = "s2s-oauth: GET /api/v1/s2s-oauth2/code answered 200";
        let expected = [
            code,
            "s2s-oauth: GET /api/v1/s2s-oauth2/token answered 200",
            code,
            "s2s-oauth: POST /api/v1/s2s-oauth2/token answered 405",
        ];
        assert_eq!(requests, if told { &expected[..] } else { &[] }, "{err}");
    }
}

#[cfg(unix)]
#[test]
fn interrupt_and_termination_end_it_cleanly() {
    for signal in ["INT", "TERM"] {
        let (sims, _) = started(&["mgplus"]);
        sims.signal(signal);
        let (code, err) = sims.end();
        assert_eq!(code, Some(0), "{signal}: {err}");
        assert_eq!(err, "mgplus-sts: 0 requests for a token, 0 tokens, 0 pings\n", "{signal}");
    }
}

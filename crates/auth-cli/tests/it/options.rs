//! Options in place of variables.

use auth_sim::{Simulator, Vendor};

use crate::harness::{authctl, started};

#[tokio::test(flavor = "multi_thread")]
async fn options_alone_are_enough_for_every_provider() {
    let folder = tempfile::tempdir().unwrap();
    for vendor in Vendor::ALL {
        let sim = started(vendor).await;
        let good = sim.credentials();
        let [secret, account_secret] = [&good.client_secret, &good.service_account_secret].map(|text| {
            let path = folder.path().join(format!("{vendor}-{}", text.len()));
            std::fs::write(&path, format!("{text}\n")).unwrap();
            path.to_str().unwrap().to_owned()
        });
        let mut args = vec!["token", vendor.name(), "--url", sim.url()];
        args.extend(["--client-id", &good.client_id, "--client-secret-file", &secret]);
        if vendor == Vendor::S2s {
            args.extend(["--service-account-id", &good.service_account_id, "--scope", &good.scope]);
            args.extend(["--service-account-secret-file", &account_secret]);
        }
        if vendor == Vendor::MobilePay {
            args.extend(["--merchant-vat", "DK00000042", "--ibm-client-id", "none"]);
            args.extend(["--client-system-version", "1.2.3"]);
        }
        authctl(&args).run().expect_code(0).token();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn option_wins_over_its_variable() {
    let sim = started(Vendor::StoneX).await;
    let good = &sim.credentials().client_id;
    let call = |args: &[&str]| authctl(&[&["token", "stonex"], args].concat()).vars_of(&sim);
    call(&["--client-id", good]).var("STONEX_CLIENT_ID", "invented-stranger").run().expect_code(0).token();
    call(&["--client-id", "invented-stranger"]).run().expect_code(3);
    // The place is one setting, whichever of its two variables is set.
    let elsewhere = call(&["--url", sim.url()]).without("STONEX_BASE_URL").var("STONEX_ENVIRONMENT", "production");
    elsewhere.run().expect_code(0).token();
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_file_may_end_in_one_line_end_of_either_kind_and_no_more() {
    let sim = started(Vendor::MgPlus).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    for (end, code) in [("", 0), ("\n", 0), ("\r\n", 0), ("\n\n", 2), (" \n", 2)] {
        std::fs::write(file.path(), format!("{}{end}", sim.credentials().client_secret)).unwrap();
        let args = ["token", "mgplus", "--client-secret-file", file.path().to_str().unwrap()];
        authctl(&args).vars_of(&sim).var("MGPLUS_CLIENT_SECRET", "invented").run().expect_code(code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_comes_from_standard_input_for_a_hyphen() {
    let sim = started(Vendor::S2s).await;
    let call = |option| authctl(&["token", "s2s", option, "-"]).vars_of(&sim);
    let good = sim.credentials();
    let secret = call("--client-secret-file").without("S2S_CLIENT_SECRET");
    secret.stdin(&format!("{}\n", good.client_secret)).run().expect_code(0).token();
    let account = call("--service-account-secret-file").without("S2S_SERVICE_ACCOUNT_SECRET");
    account.stdin(&format!("{}\r\n", good.service_account_secret)).run().expect_code(0).token();
    let empty = call("--client-secret-file").stdin("").run().expect_code(2);
    assert!(empty.told().contains("the client secret is empty"), "{empty:?}");
}

#[test]
fn simulator_is_asked_whatever_the_variables_say() {
    let done = authctl(&["token", "stonex", "--sim"]).var("STONEX_ENVIRONMENT", "production").run();
    done.expect_code(0).token();
}

#[test]
fn option_beside_the_simulator_is_tried_on_it() {
    let done = authctl(&["token", "partner", "--sim", "--client-id", "invented-stranger"]).run().expect_code(3);
    assert!(done.told().contains("code invalid_client"), "{done:?}");
}

#[test]
fn verbose_tells_the_events_on_standard_error_and_leaves_standard_output_alone() {
    let done = authctl(&["token", "mgplus", "--sim", "-v"]).run().expect_code(0);
    done.token();
    for event in ["requested: no token yet", "obtained: token #1", "served: token #1"] {
        assert!(done.told().contains(event), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_that_is_not_as_its_page_has_it_gives_a_token_with_the_option_and_refuses_without() {
    let of = Simulator::builder;
    for (builder, option) in [
        (of(Vendor::StoneX).api_version("2.1"), &["--api-version", "v2.1"][..]),
        (of(Vendor::S2s).client_header_names("X-Isbank-Client-Id", "X-Isbank-Client-Secret"), &["--isbank-headers"]),
        (of(Vendor::MobilePay).client_secret("invented+secret/of%").raw_basic(true), &["--basic-encoding", "raw"]),
    ] {
        let sim = builder.start().await.expect("a free loopback port");
        for command in ["token", "doctor"] {
            let call =
                |option: &[&str]| authctl(&[&[command, sim.vendor().short()], option].concat()).vars_of(&sim).run();
            call(&[]).expect_code(3);
            let done = call(option).expect_code(0);
            assert!(command == "token" || done.out.contains(option[0]), "{done:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_call_of_s2s_is_a_post_where_that_is_asked_for() {
    let sim = Simulator::builder(Vendor::S2s).token_by_post(true).start().await.expect("a free loopback port");
    let post = |sim: &Simulator| authctl(&["token", "s2s", "--post"]).vars_of(sim).run();
    post(&sim).expect_code(0).token();
    // As the page has it, the bank takes a GET alone.
    let refused = post(&started(Vendor::S2s).await).expect_code(3);
    assert!(refused.told().contains("status 405"), "{refused:?}");
}

#[test]
fn option_for_the_habits_of_another_vendor_or_with_an_odd_value_is_refused() {
    for (args, says) in [
        (&["stonex", "--post"][..], "stonex-auth does not know --post; it knows"),
        (&["mgplus", "--api-version", "2"], "mgplus-sts does not know --api-version"),
        (&["stonex", "--api-version", "2/../1"], "expected to be as in /api/v1/"),
        (&["mobilepay", "--basic-encoding", "base64"], "expected form or raw"),
    ] {
        let done = authctl(&[&["token"], args].concat()).run().expect_code(2);
        assert!(done.told().contains(says), "{done:?}");
    }
}

//! The rules of the only thing that sends, over real sockets.

use std::time::Duration;

use auth_core::{Answer, BaseUrl, Error, HttpClient, MAX_ANSWER, Reach, Request, RequestContext};
use http::{HeaderValue, Method, header};
use reqwest::dns::{Name, Resolve, Resolving};

use crate::raw::{CALLER, ENDLESS, Nobody, PATIENCE, Reply, Server, closed_port, request, send, send_through, url_of};

const TOKEN: &str = r#"{"access_token":"invented-token","token_type":"Bearer","expires_in":3600}"#;

fn reach_of(answer: Result<Answer, Error>) -> Reach {
    let error = answer.expect_err("no answer");
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert!(error.is_transient(), "{error}");
    error.reach().expect("how far it came")
}

fn malformed(answer: Result<Answer, Error>, wrong: &str) {
    let error = answer.expect_err("no answer that can be used");
    assert!(matches!(error, Error::Malformed(_)), "{error}");
    assert_eq!(error.status(), Some(200));
    assert!(error.to_string().contains(wrong), "{error}");
}

/// An answer of `length` bytes, each way in which a server may tell where it ends.
fn long_answers(status: &str, length: usize) -> [Reply; 3] {
    let body = "a".repeat(length);
    [
        Reply::whole(status, &body),
        Reply::Bytes(format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{body}").into()),
        Reply::Bytes(
            format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n").into(),
        ),
    ]
}

#[tokio::test]
async fn redirect_is_not_followed_and_nothing_arrives_at_the_other_host() {
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Moved"] {
        let elsewhere = Nobody::new();
        let location = format!("Location: http://127.0.0.1:{}/token\r\n", elsewhere.port());
        let server = Server::answering([Reply::with(&location, status, "")]).await;
        let answer = send(&server.url()).await.unwrap();
        assert!(status.starts_with(answer.status().as_str()));
        assert!(!elsewhere.was_called(), "{status}");
    }
}

#[tokio::test]
async fn answer_of_exactly_64_kib_is_read_whole() {
    let server = Server::answering(long_answers("200 OK", MAX_ANSWER)).await;
    for _ in 0..3 {
        assert_eq!(send(&server.url()).await.unwrap().body().len(), 65_536);
    }
}

#[tokio::test]
async fn answer_of_one_byte_more_is_refused_however_it_tells_its_length() {
    let server = Server::answering(long_answers("200 OK", MAX_ANSWER + 1)).await;
    for _ in 0..3 {
        malformed(send(&server.url()).await, "longer than 64 KiB");
    }
}

#[tokio::test]
async fn endless_answer_is_refused_without_reading_on() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n"] {
        let server = Server::answering([Reply::Endless(format!("{head}{}", "a".repeat(16 * 1024)).into())]).await;
        malformed(send(&server.url()).await, "longer than 64 KiB");
        let sent = server.request().await.answered;
        assert!(sent < ENDLESS, "all {sent} bytes were taken");
    }
}

#[tokio::test]
async fn compressed_answer_nobody_asked_for_is_malformed() {
    for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip"] {
        let headers = format!("Content-Encoding: {encoding}\r\n");
        let server = Server::answering([Reply::with(&headers, "200 OK", TOKEN)]).await;
        malformed(send(&server.url()).await, "compressed");
    }
    let server = Server::answering([Reply::with("Content-Encoding: Identity\r\n", "200 OK", TOKEN)]).await;
    assert_eq!(send(&server.url()).await.unwrap().body(), TOKEN.as_bytes());
}

#[tokio::test]
async fn failure_that_is_too_long_or_compressed_is_judged_by_its_status() {
    let [a, b, c] = long_answers("503 Service Unavailable", MAX_ANSWER + 1);
    let gzip = Reply::with("Content-Encoding: gzip\r\nRetry-After: 7\r\n", "503 Service Unavailable", TOKEN);
    let server = Server::answering([gzip, a, b, c]).await;
    for nth in 0..4 {
        let answer = send(&server.url()).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body()), (503, &[][..]));
        assert_eq!(answer.header(&header::RETRY_AFTER).is_some(), nth == 0, "headers are kept");
    }
}

#[tokio::test]
async fn body_that_is_cut_is_not_believed_even_if_its_json_is_whole() {
    let length = TOKEN.len();
    let server = Server::answering([
        Reply::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{TOKEN}", length + 1).into()),
        Reply::Bytes(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{TOKEN}\r\n").into()),
        Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Le".into()),
    ])
    .await;
    for _ in 0..3 {
        assert_eq!(reach_of(send(&server.url()).await), Reach::Cut);
    }
}

#[tokio::test]
async fn connection_reset_before_an_answer_is_cut() {
    let server = Server::answering([Reply::Reset]).await;
    assert_eq!(reach_of(send(&server.url()).await), Reach::Cut);
}

#[tokio::test]
async fn endpoint_that_hangs_is_given_up_at_the_deadline() {
    let half = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", TOKEN.len(), &TOKEN[..9]);
    let server = Server::answering([Reply::Stall(Vec::new()), Reply::Stall(half.into())]).await;
    for _ in 0..2 {
        let cx = RequestContext::first(Duration::from_millis(150));
        let client = HttpClient::shared();
        let answer = tokio::time::timeout(PATIENCE, client.send(&cx, request(&server.url()))).await;
        assert_eq!(reach_of(answer.expect("it is given up")), Reach::Deadline);
    }
    assert_eq!(server.requests().await.len(), 2, "a request under way is closed at the deadline");
}

#[tokio::test]
async fn answer_that_comes_byte_by_byte_does_not_put_its_deadline_off() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", TOKEN.len()).into_bytes();
    let whole = [&head[..], TOKEN.as_bytes()].concat();
    let server = Server::answering([Reply::Drip(Vec::new(), whole), Reply::Drip(head, TOKEN.into())]).await;
    for _ in 0..2 {
        // Fifteen bytes come within it, and all of them well within PATIENCE.
        let cx = RequestContext::first(Duration::from_millis(300));
        assert_eq!(reach_of(HttpClient::shared().send(&cx, request(&server.url())).await), Reach::Deadline);
    }
    assert!(server.requests().await.iter().all(|seen| seen.answered > 1), "the answer was on its way");
}

#[tokio::test]
async fn request_that_is_dropped_closes_its_connection() {
    let server = Server::answering([Reply::Stall(Vec::new())]).await;
    let url = server.url();
    let patience = Duration::from_millis(50);
    assert!(tokio::time::timeout(patience, send(&url)).await.is_err());
    server.request().await;
}

#[tokio::test]
async fn refused_connection_is_told_apart() {
    assert_eq!(reach_of(send(&url_of(closed_port())).await), Reach::Refused);
}

/// Its look-ups never end.
struct NeverResolves;

impl Resolve for NeverResolves {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn connection_that_never_comes_about_is_told_apart_from_an_answer_that_does_not_come() {
    let client = HttpClient::configured(|builder| builder.dns_resolver(NeverResolves));
    let url = BaseUrl::allow_insecure_http("http://sts.invalid").unwrap();
    for (deadline, reach) in [(Duration::from_secs(60), Reach::Connect), (Duration::from_secs(1), Reach::Deadline)] {
        let answer = client.send(&RequestContext::first(deadline), request(&url)).await;
        assert_eq!(reach_of(answer), reach, "{deadline:?}");
    }
}

#[tokio::test]
async fn host_name_that_is_not_found_is_told_apart() {
    // A label of 64 characters is none, so that no name server is asked.
    let url = BaseUrl::allow_insecure_http(&format!("http://{}.invalid", "a".repeat(64))).unwrap();
    assert_eq!(reach_of(send(&url).await), Reach::Dns);
}

#[tokio::test]
async fn unreachable_says_who_and_why_and_nothing_of_the_url() {
    let url = url_of(closed_port()).join("/tenant-4711");
    let error = send(&url).await.unwrap_err();
    assert_eq!(error.to_string(), "acme-auth cannot be reached: the connection was refused");
    assert!(!format!("{error:?}").contains("tenant-4711"));
}

#[tokio::test]
async fn request_has_exactly_the_documented_headers() {
    let server = Server::answering([(), (), ()].map(|()| Reply::whole("200 OK", TOKEN))).await;
    let url = server.url();
    let kinds = [
        Request::new(CALLER, Method::POST, url.join("/form")).form("a=b".to_owned()),
        Request::new(CALLER, Method::POST, url.join("/json")).json(b"{}".to_vec()),
        Request::new(CALLER, Method::GET, url.join("/bare")),
    ];
    for kind in kinds {
        HttpClient::shared().send(&RequestContext::first(PATIENCE), kind).await.unwrap();
    }
    let [form, json, bare] = server.requests().await.try_into().unwrap();
    assert_eq!([form.line(), json.line()], ["POST /form HTTP/1.1", "POST /json HTTP/1.1"]);
    assert_eq!(bare.line(), "GET /bare HTTP/1.1");
    assert_eq!(bare.header_names(), ["accept", "host", "user-agent"]);
    for (seen, kind, body) in [(&form, "application/x-www-form-urlencoded", "a=b"), (&json, "application/json", "{}")] {
        assert_eq!(seen.header_names(), ["accept", "content-length", "content-type", "host", "user-agent"]);
        assert_eq!(seen.header("content-type").unwrap(), kind);
        assert_eq!(seen.header("content-length").unwrap(), body.len().to_string());
        assert_eq!(seen.header("accept").unwrap(), "application/json");
        assert_eq!(seen.header("user-agent").unwrap(), "acme-auth/1.2.3");
        assert_eq!(seen.header("host").unwrap(), format!("127.0.0.1:{}", url.as_str().rsplit(':').next().unwrap()));
        assert_eq!(seen.body, body);
    }
}

#[tokio::test]
async fn get_may_have_a_body() {
    let server = Server::once("200 OK", TOKEN).await;
    let get = Request::new(CALLER, Method::GET, server.url()).form("code=invented".to_owned());
    HttpClient::shared().send(&RequestContext::first(PATIENCE), get).await.unwrap();
    let seen = server.request().await;
    assert_eq!((seen.line(), seen.body.as_str()), ("GET / HTTP/1.1", "code=invented"));
}

#[tokio::test]
async fn header_of_the_vendors_own_is_sent_once() {
    let server = Server::once("200 OK", TOKEN).await;
    let request = request(&server.url())
        .header(http::HeaderName::from_static("x-scope"), HeaderValue::from_static("one"))
        .header(http::HeaderName::from_static("x-scope"), HeaderValue::from_static("two"));
    HttpClient::shared().send(&RequestContext::first(PATIENCE), request).await.unwrap();
    let seen = server.request().await;
    assert_eq!(seen.header_names().iter().filter(|name| *name == "x-scope").count(), 1);
    assert_eq!(seen.header("x-scope").unwrap(), "two");
}

#[tokio::test]
async fn cookies_are_not_sent_back_and_no_page_is_named_as_the_one_before() {
    let cookie = "Set-Cookie: session=invented; Path=/\r\nConnection: close\r\n";
    let server = Server::answering([(), ()].map(|()| Reply::with(cookie, "200 OK", TOKEN))).await;
    for _ in 0..2 {
        send(&server.url()).await.unwrap();
    }
    let [first, second] = server.requests().await.try_into().unwrap();
    assert_eq!(first.head, second.head);
}

/// What a user may ask reqwest for and must not get.
fn contrary(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    let always = reqwest::retry::for_host("127.0.0.1").max_retries_per_request(2).no_budget();
    builder
        .redirect(reqwest::redirect::Policy::limited(10))
        .retry(always.classify_fn(|told| {
            if told.status().is_some_and(|s| s == 503) { told.retryable() } else { told.success() }
        }))
        .referer(true)
        .connection_verbose(true)
        .user_agent("another/9")
}

#[tokio::test]
async fn rules_survive_what_the_user_asks_of_the_builder() {
    let elsewhere = Nobody::new();
    let location = format!("Location: http://127.0.0.1:{}/token\r\n", elsewhere.port());
    let server = Server::answering([
        Reply::with(&location, "307 Temporary Redirect", ""),
        Reply::whole("503 Service Unavailable", ""),
        Reply::whole("200 OK", TOKEN),
    ])
    .await;
    let client = HttpClient::configured(contrary);
    for status in [307, 503, 200] {
        assert_eq!(send_through(&client, &server.url()).await.unwrap().status(), status, "sent once, not again");
    }
    assert!(!elsewhere.was_called());
    for seen in server.requests().await {
        assert_eq!(seen.header_names(), ["accept", "content-length", "content-type", "host", "user-agent"]);
        assert_eq!(seen.header("user-agent").unwrap(), "acme-auth/1.2.3");
    }
}

#[tokio::test]
async fn default_headers_of_the_user_are_sent_and_ours_stay() {
    let server = Server::once("200 OK", TOKEN).await;
    let client = HttpClient::configured(|builder| {
        let headers = [
            (header::ACCEPT, HeaderValue::from_static("text/html")),
            (header::HeaderName::from_static("x-gateway-key"), HeaderValue::from_static("invented")),
        ];
        builder.default_headers(headers.into_iter().collect())
    });
    send_through(&client, &server.url()).await.unwrap();
    let seen = server.request().await;
    assert_eq!(seen.header("accept").unwrap(), "application/json");
    assert_eq!(seen.header("x-gateway-key").unwrap(), "invented");
}

#[tokio::test]
async fn loopback_goes_past_a_proxy() {
    let proxy = Nobody::new();
    let at = format!("http://127.0.0.1:{}", proxy.port());
    let client = HttpClient::configured(move |builder| builder.proxy(reqwest::Proxy::all(&at).unwrap()));
    for host in ["127.0.0.1", "localhost", "LOCALHOST"] {
        let server = Server::once("200 OK", TOKEN).await;
        let url = BaseUrl::try_from(format!("http://{host}:{}", server.port())).unwrap();
        assert_eq!(send_through(&client, &url).await.unwrap().body(), TOKEN.as_bytes());
    }
    assert!(!proxy.was_called());
}

#[tokio::test]
async fn plain_http_goes_past_a_proxy_which_would_read_the_secret() {
    let (proxy, server) = (Nobody::new(), Server::once("200 OK", TOKEN).await);
    let at = format!("http://127.0.0.1:{}", proxy.port());
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], server.port()));
    let client = HttpClient::configured(move |builder| {
        builder.proxy(reqwest::Proxy::all(&at).unwrap()).resolve("sts.invalid", address)
    });
    let url = BaseUrl::allow_insecure_http(&format!("http://sts.invalid:{}", server.port())).unwrap();
    assert_eq!(send_through(&client, &url).await.unwrap().status(), 200);
    assert!(!proxy.was_called());
}

#[test]
fn client_outlives_the_runtime_it_was_first_used_in() {
    let client = HttpClient::configured(|builder| builder);
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::once("200 OK", TOKEN).await;
            assert_eq!(send_through(&client, &server.url()).await.unwrap().status(), 200);
        });
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[tokio::test]
async fn https_without_tls_is_found_before_anything_is_sent_and_names_the_features() {
    for url in ["https://sts.invalid", "https://127.0.0.1:1"] {
        let url = BaseUrl::try_from(url).unwrap();
        for error in [HttpClient::shared().check(&url).unwrap_err(), send(&url).await.unwrap_err()] {
            assert!(matches!(error, Error::Config(_)) && !error.is_transient(), "{error}");
            assert!(error.to_string().contains("`rustls`") && error.to_string().contains("`native-tls`"), "{error}");
        }
    }
}

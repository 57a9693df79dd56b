//! What a hostile or broken client can use up. Short limits, long waits: a test fails by waiting, never by being slow.

use std::io::Write;
use std::time::Duration;

use promontory_exporter::limits::Limits;

use crate::client::{answer, ask, connect, curl, exchange, rest};
use crate::running::Running;

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn an_unfinished_head_is_cut() {
    let running = Running::plain(Limits {
        header_timeout: SHORT,
        ..Limits::default()
    });
    assert_eq!(exchange(running.address, b""), "");
    assert_eq!(exchange(running.address, b"GET /hello HT"), "");
}

#[test]
fn the_header_timeout_is_for_heads_only() {
    let running = Running::plain(Limits {
        // Long enough for an honest client on a busy machine to send its request in.
        header_timeout: Duration::from_secs(1),
        ..Limits::default()
    });
    let mut stream = connect(running.address);
    let request = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request).unwrap();
    assert!(answer(&mut stream).ends_with("hello"));
    // Two other connections wait their header timeout out, so this one is idle for longer than that, and lives.
    exchange(running.address, b"");
    exchange(running.address, b"");
    stream.write_all(request).unwrap();
    assert!(answer(&mut stream).ends_with("hello"));
    // Once a next head begins, the timeout is back.
    stream.write_all(b"GET /hello HT").unwrap();
    assert_eq!(rest(&mut stream), "");
}

#[test]
fn an_idle_connection_is_closed_in_the_end() {
    let running = Running::plain(Limits {
        idle_timeout: SHORT,
        ..Limits::default()
    });
    let mut stream = connect(running.address);
    stream
        .write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(answer(&mut stream).ends_with("hello"));
    assert_eq!(rest(&mut stream), "");
}

#[test]
fn a_big_head_is_431() {
    let running = Running::plain(Limits {
        header_bytes_max: 8192,
        ..Limits::default()
    });
    let head = format!(
        "GET /hello HTTP/1.1\r\nHost: a\r\nX-A: {}\r\n\r\n",
        "a".repeat(9000)
    );
    let answer = exchange(running.address, head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[test]
fn a_big_body_is_413() {
    let running = Running::plain(Limits {
        body_bytes_max: 1000,
        body_flag: "body.max",
        ..Limits::default()
    });
    let check = |path: &str, bytes: usize, chunked: bool, expected: (&str, &str)| {
        let url = format!("http://{}/{path}", running.address);
        let data = "a".repeat(bytes);
        let mut arguments = vec!["--data", &data, &url];
        if chunked {
            arguments.extend(["--header", "Transfer-Encoding: chunked"]);
        }
        let (status, body) = ask(&arguments);
        assert_eq!(
            (status.as_str(), body.as_str()),
            expected,
            "{bytes} {chunked}"
        );
    };
    check("echo", 1000, false, ("HTTP/1.1 200", "1000 bytes"));
    check("echo", 1000, true, ("HTTP/1.1 200", "1000 bytes"));
    let text = "the request body is larger than 1000 bytes (--body.max)";
    check("echo", 1001, false, ("HTTP/1.1 413", &format!("{text}\n")));
    check("echo", 1001, true, ("HTTP/1.1 413", text));
}

#[test]
fn bodies_have_a_bound_together_and_small_ones_always_have_room() {
    let running = Running::plain(Limits {
        bodies_bytes_max: 100_000,
        bodies_flag: "bodies.max",
        ..Limits::default()
    });
    let url = format!("http://{}/echo", running.address);
    let send = |bytes: usize, more: &[&str]| {
        let data = "a".repeat(bytes);
        ask(&[&["--data", &data, &url], more].concat())
    };
    let fits = |bytes: usize| ("HTTP/1.1 200".to_owned(), format!("{bytes} bytes"));
    assert_eq!(send(100_000, &[]), fits(100_000));
    let mut half_sent = connect(running.address);
    half_sent
        .write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        .unwrap();
    half_sent.write_all(&[b'a'; 90_000]).unwrap();
    // Until the server has read it, there is room for both.
    let refused = loop {
        match send(50_000, &[]) {
            (status, _) if status == "HTTP/1.1 200" => {}
            refused => break refused,
        }
    };
    let text = "the request bodies held at a time would be more than 100000 bytes (--bodies.max): try again later";
    let expected = |end| ("HTTP/1.1 503".to_owned(), format!("{text}{end}"));
    assert_eq!(refused, expected("\n"));
    let chunked = ["--header", "Transfer-Encoding: chunked"];
    assert_eq!(send(50_000, &chunked), expected(""));
    assert_eq!(send(16_384, &[]), fits(16_384));
    assert_eq!(send(16_384, &chunked), fits(16_384));
    // What was held is given back with the answer.
    half_sent.write_all(&[b'a'; 10_000]).unwrap();
    assert!(answer(&mut half_sent).ends_with("100000 bytes"));
    assert_eq!(send(100_000, &[]), fits(100_000));
    assert_eq!(send(100_000, &chunked), fits(100_000));
    // Alone it would not fit either, so trying again is of no use.
    let text = "the request body is larger than 100000 bytes (--bodies.max)\n".to_owned();
    assert_eq!(send(100_001, &[]), ("HTTP/1.1 413".to_owned(), text));
}

#[test]
fn extractors_have_no_limit_of_their_own() {
    let running = Running::plain(Limits::default());
    let url = format!("http://{}/bytes", running.address);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![b'a'; 5_000_000]).unwrap();
    let data = format!("@{}", file.path().display());
    let (status, body) = ask(&["--data-binary", &data, &url]);
    assert_eq!(
        (status.as_str(), body.as_str()),
        ("HTTP/1.1 200", "5000000")
    );
}

#[test]
fn a_refused_push_hears_why_although_it_is_still_sending() {
    let running = Running::plain(Limits {
        body_bytes_max: 1000,
        ..Limits::default()
    });
    // Far more than any socket buffer, sent without asking first.
    let url = format!("http://{}/echo", running.address);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![b'a'; 20_000_000]).unwrap();
    let data = format!("@{}", file.path().display());
    let (status, _) = ask(&["--header", "Expect:", "--data-binary", &data, &url]);
    assert_eq!(status, "HTTP/1.1 413");
}

#[test]
fn a_slow_body_is_408() {
    let check = |limits: Limits| {
        let running = Running::plain(limits);
        let head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc";
        let answer = exchange(running.address, head);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(
            answer.ends_with("the request body came too slowly"),
            "{answer}"
        );
    };
    check(Limits {
        body_idle_timeout: SHORT,
        ..Limits::default()
    });
    check(Limits {
        body_timeout: SHORT,
        ..Limits::default()
    });
}

/// Sends a request and reads its answer.
fn check_hello(stream: &mut std::net::TcpStream) {
    stream
        .write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let answer = answer(stream);
    assert!(answer.ends_with("hello"), "{answer}");
}

/// The default timeouts are far longer than the patience of `connect`: only making room can free a seat here.
#[test]
fn at_the_limit_the_longest_idle_connection_is_closed_for_the_next() {
    let running = Running::plain(Limits {
        connections_max: 3,
        ..Limits::default()
    });
    let mut kept_alive = connect(running.address);
    check_hello(&mut kept_alive);
    let mut silent = connect(running.address);
    // Served after `silent` was accepted, so that one has been idle longer than the other two.
    let mut third = connect(running.address);
    check_hello(&mut third);
    check_hello(&mut kept_alive);
    let mut next = connect(running.address);
    check_hello(&mut next);
    assert_eq!(rest(&mut silent), "");
    let mut last = connect(running.address);
    check_hello(&mut last);
    assert_eq!(rest(&mut third), "");
    for open in [&mut kept_alive, &mut next, &mut last] {
        check_hello(open);
    }
    assert_eq!(running.log.with("All connections are in use").len(), 1);
}

#[test]
fn at_the_limit_a_request_that_has_begun_keeps_its_connection() {
    let running = Running::plain(Limits {
        connections_max: 2,
        ..Limits::default()
    });
    let mut head = connect(running.address);
    head.write_all(b"GET /hello HTTP/1.1\r\n").unwrap();
    let mut body = connect(running.address);
    body.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
        .unwrap();
    let mut next = connect(running.address);
    next.write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    next.set_read_timeout(Some(SHORT)).unwrap();
    let nothing = std::io::Read::read_exact(&mut next, &mut [0; 1]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    // Once one of them is idle, it makes room.
    body.write_all(b"b").unwrap();
    assert!(answer(&mut body).ends_with("2 bytes"));
    next.set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    assert!(answer(&mut next).ends_with("hello"));
    assert_eq!(rest(&mut body), "");
    head.write_all(b"Host: a\r\n\r\n").unwrap();
    assert!(answer(&mut head).ends_with("hello"));
}

#[test]
fn a_client_that_does_not_read_is_cut() {
    let big = axum::Router::new().route("/", axum::routing::get(async || vec![b'a'; 64 << 20]));
    let mut site = crate::running::site(big);
    site.limits.write_timeout = SHORT;
    site.limits.connections_max = 1;
    let running = crate::running::start(site).unwrap();
    let mut deaf = connect(running.address);
    deaf.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    // The only permit comes back once the deaf client is cut.
    let url = format!("http://{}/", running.address);
    assert_eq!(ask(&["--head", &url]).0, "HTTP/1.1 200");
}

#[test]
fn a_panic_is_a_500_and_the_connection_lives() {
    let running = Running::plain(Limits::default());
    let mut stream = connect(running.address);
    stream
        .write_all(b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let failed = answer(&mut stream);
    assert!(failed.starts_with("HTTP/1.1 500 "), "{failed}");
    assert!(
        failed.ends_with("\r\n\r\nInternal Server Error\n"),
        "{failed}"
    );
    stream
        .write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(answer(&mut stream).ends_with("hello"));
    assert_eq!(
        running.log.with("panicked")[0],
        "ERROR A request handler panicked panic=\"on purpose\""
    );
}

#[test]
fn protocol_oddities() {
    let running = Running::plain(Limits::default());
    let check = |request: &str, expected: &str| {
        let answer = exchange(running.address, request.as_bytes());
        assert!(answer.starts_with(expected), "{request}: {answer}");
    };
    check("rubbish\r\n\r\n", "HTTP/1.1 400 ");
    check("GET /hello HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n");
    check("GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ");
    check(
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "HTTP/1.1 400 ",
    );
    for host in ["a b", "a/b", "a@b", "a\"b", "\u{e9}"] {
        let request = format!("GET /hello HTTP/1.0\r\nHost: {host}\r\n\r\n");
        check(&request, "HTTP/1.0 400 ");
        check(&request.replace("1.0", "1.1"), "HTTP/1.1 400 ");
    }
    for host in ["", "a:1", "[::1%25eth0]:1", "a_b~!$&'()*+,;="] {
        let request = format!("GET /hello HTTP/1.0\r\nHost: {host}\r\n\r\n");
        check(&request, "HTTP/1.0 200 ");
    }
    check("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 ");
    check("GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 ");
    check(
        "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
        "HTTP/1.1 417 ",
    );
    // HTTP/2 without TLS is not spoken upstream either.
    let h2 = curl(&[
        "--http2-prior-knowledge",
        &format!("http://{}/hello", running.address),
    ]);
    assert!(h2.starts_with("curl: "), "{h2}");
}

#[test]
fn a_client_that_closes_its_side_is_still_answered() {
    let running = Running::plain(Limits::default());
    let mut stream = connect(running.address);
    stream
        .write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        .unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(rest(&mut stream).ends_with("3 bytes"));
}

#[test]
fn handlers_see_the_peer() {
    let running = Running::plain(Limits::default());
    let url = format!("http://{}/peer", running.address);
    assert_eq!(ask(&[&url]).1, "127.0.0.1 tls=false");
}

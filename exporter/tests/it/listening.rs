//! Addresses and sockets: what binds, and what a start that cannot bind says.

use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use promontory_exporter::server::Site;

use crate::client::ask;
use crate::running::{Running, site, start};

fn app() -> axum::Router {
    axum::Router::new().route("/", axum::routing::get(async || "here"))
}

fn on(address: &str) -> Site {
    Site::new("test", vec![address.to_owned()], app())
}

#[test]
fn a_host_name_is_served() {
    let running = start(on("localhost:0")).unwrap();
    assert!(running.address.ip().is_loopback());
    let url = format!("http://localhost:{}/", running.address.port());
    assert_eq!(ask(&[&url]), ("HTTP/1.1 200".into(), "here".into()));
}

#[test]
fn several_addresses_are_served() {
    let mut site = site(app());
    site.addresses = vec!["127.0.0.1:0".into(), "127.0.0.2:0".into()];
    let running: Running = start(site).unwrap();
    assert_eq!(running.address.ip().to_string(), "127.0.0.1");
}

/// What a program prints when it cannot start: the error and its reasons, each once.
fn refusal(address: &str) -> String {
    let error = start(on(address)).err().unwrap();
    format!("{:#}", anyhow::Error::from(error))
}

#[test]
fn a_busy_port_is_named() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let error = refusal(&address);
    let expected = format!(
        "--web.listen-address={address}: cannot listen: Address already in use (os error 98)"
    );
    assert_eq!(error, expected);
}

#[test]
fn what_cannot_be_bound_is_named() {
    let check = |address: &str, expected: &str| {
        let error = refusal(address);
        assert!(error.contains(expected), "{address}: {error}");
    };
    check("9091", "--web.listen-address=9091: missing port in address");
    check("nosuchhost.invalid:1", "cannot resolve nosuchhost.invalid");
    // TEST-NET-1 is on no host.
    check("192.0.2.1:0", "Cannot assign requested address");
    check("vsock://:9091", "vsock sockets are not supported");
}

#[test]
fn no_address_is_an_error() {
    let mut site = site(app());
    site.addresses.clear();
    let error = start(site).err().unwrap().to_string();
    assert_eq!(error, "--web.listen-address: no address to listen on");
}

#[test]
fn systemd_without_sockets_is_an_error() {
    let mut site = site(app());
    site.systemd_socket = true;
    let error = start(site).err().unwrap().to_string();
    assert!(
        error.starts_with("systemd sockets: none were passed"),
        "{error}"
    );
}

/// systemd's half of the protocol: the socket as descriptor 3, the pid and the count in the environment.
#[test]
fn systemd_sockets_are_served() {
    let passed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = passed.local_addr().unwrap();
    let script = "exec 3<&0; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"";
    let mut child = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--ignored",
            "listening::serve_what_systemd_passed",
        ])
        .stdin(Stdio::from(OwnedFd::from(passed)))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // The connection waits in the backlog until the child serves it.
    let here = ask(&[&format!("http://{address}/")]);
    assert_eq!(here, ("HTTP/1.1 200".into(), "here".into()));
    assert_eq!(ask(&[&format!("http://{address}/quit")]).0, "HTTP/1.1 200");
    assert!(child.wait().unwrap().success());
}

#[test]
#[ignore = "the child process of systemd_sockets_are_served"]
fn serve_what_systemd_passed() {
    let (quit, told) = std::sync::mpsc::channel();
    let mut site = site(app().route(
        "/quit",
        axum::routing::get(async move || quit.send(()).map_or("late", |()| "bye")),
    ));
    site.systemd_socket = true;
    let _running = start(site).unwrap();
    told.recv().unwrap();
}

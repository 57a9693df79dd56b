//! Spellings of addresses. The sockets themselves are tested in `tests/it/listening.rs`.

use super::*;

async fn check(address: &str, expected: Result<&str, &str>) {
    let place = resolve(address).await.map(|place| match place {
        Place::Everywhere { port } => format!("everywhere {port}"),
        Place::At(address) => address.to_string(),
    });
    let place = place.as_deref().map_err(String::as_str);
    assert_eq!(place, expected, "{address}");
}

#[tokio::test]
async fn go_spellings() {
    check(":9091", Ok("everywhere 9091")).await;
    check("0.0.0.0:9100", Ok("everywhere 9100")).await;
    check("[0.0.0.0]:9100", Ok("everywhere 9100")).await;
    check("[::]:80", Ok("everywhere 80")).await;
    check("[::1]:9100", Ok("[::1]:9100")).await;
    check("127.0.0.1:0", Ok("127.0.0.1:0")).await;
    check("127.0.0.1:", Ok("127.0.0.1:0")).await;
    check("localhost:0", Ok("127.0.0.1:0")).await;
    check(":", Ok("everywhere 0")).await;
}

#[tokio::test]
async fn wrong_spellings() {
    let missing = "missing port in address (\":9091\" means every address)";
    check("9091", Err(missing)).await;
    check("localhost", Err(missing)).await;
    check("[::1]", Err(missing)).await;
    check("", Err(missing)).await;
    let colons = "too many colons in address (write [::1]:9091)";
    check("::1:9091", Err(colons)).await;
    check("http://localhost:9091", Err(colons)).await;
    check("[::1:9091", Err("missing ']' in address")).await;
    check("[::1]x:1", Err("unexpected \"x:1\" after ']'")).await;
    check(":65536", Err("invalid port 65536")).await;
    check(":nosuchservice", Err("unknown port nosuchservice")).await;
    check(":-1", Err("unknown port -1")).await;
    check("vsock://:80", Err("vsock sockets are not supported")).await;
}

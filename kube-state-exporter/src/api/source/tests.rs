use std::fs;

use super::*;
use crate::api::Api;

/// A kubeconfig with two contexts that differ in server and token.
fn kubeconfig(server: &str, token: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
current-context: one
contexts:
- {{name: one, context: {{cluster: one, user: user}}}}
- {{name: two, context: {{cluster: two, user: user}}}}
clusters:
- {{name: one, cluster: {{server: \"{server}\"}}}}
- {{name: two, cluster: {{server: \"http://two.example:1\"}}}}
users:
- {{name: user, user: {{token: \"{token}\"}}}}
"
    )
}

async fn url_of(source: Source) -> String {
    config(&source).await.unwrap().cluster_url.to_string()
}

#[tokio::test]
async fn the_server_is_found_where_the_flags_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, kubeconfig("http://one.example:1", "t")).unwrap();
    let mut source = Source {
        kubeconfig: Some(path),
        ..Source::default()
    };
    assert_eq!(url_of(source.clone()).await, "http://one.example:1/");
    source.context = Some("two".into());
    assert_eq!(url_of(source.clone()).await, "http://two.example:1/");
    source.server = Some("https://other.example".into());
    assert_eq!(url_of(source.clone()).await, "https://other.example/");
    source.kubeconfig = None;
    source.server = Some("other.example:8080".into());
    assert_eq!(url_of(source.clone()).await, "http://other.example:8080/");
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let missing = Source {
        kubeconfig: Some("/no/such/config".into()),
        ..Source::default()
    };
    let error = Api::connect(&missing).await.err().unwrap().to_string();
    assert!(error.contains("/no/such/config"), "{error}");
    let odd = Source {
        server: Some("http://[".into()),
        ..Source::default()
    };
    let error = Api::connect(&odd).await.err().unwrap().to_string();
    assert!(error.contains("\"http://[\""), "{error}");
}

#[tokio::test]
async fn a_proxy_is_refused_if_the_kubeconfig_names_it_and_else_not_used() {
    let text = kubeconfig("http://one.example:1", "t");
    let without = Kubeconfig::from_yaml(&text).unwrap();
    let with = text.replace(
        "example:1\"}",
        "example:1\", proxy-url: \"http://proxy.example:3128\"}",
    );
    let mut config = Config::new("http://one.example:1".parse().unwrap());
    config.proxy_url = Some("http://proxy.example:3128".parse().unwrap());
    leave_out_proxy(
        &mut config,
        &proxies(&Kubeconfig::from_yaml(&with).unwrap()),
    );
    assert!(config.proxy_url.is_some());
    leave_out_proxy(&mut config, &proxies(&without));
    assert!(config.proxy_url.is_none());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, with).unwrap();
    let source = Source {
        kubeconfig: Some(path),
        ..Source::default()
    };
    let error = Api::connect(&source).await.err().unwrap().to_string();
    assert!(error.contains("proxy.example"), "{error}");
}

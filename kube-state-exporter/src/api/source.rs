//! Where the API server is and who we are: kubeconfig, URL or service account.

use std::path::PathBuf;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the API server and the credentials are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Source {
    /// A kubeconfig file; without one and without [`Source::server`], the service account of our pod.
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig, rather than its current one.
    pub context: Option<String>,
    /// The URL of the API server (`--apiserver`), rather than the kubeconfig's. Without a kubeconfig there are then no
    /// credentials, as upstream has it.
    pub server: Option<String>,
}

/// Why there is no way to an API server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be read, or names what it does not have.
    #[error("kubeconfig {}: {error}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: kube::config::KubeconfigError,
    },
    /// There is no service account: we are not in a pod.
    #[error("no kubeconfig, no API server's URL, and not in a cluster: {0}")]
    InCluster(#[from] kube::config::InClusterError),
    /// The URL cannot be read.
    #[error("API server {url:?}: {error}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        error: http::uri::InvalidUri,
    },
    /// Certificates or credentials cannot be used.
    #[error("credentials for {url}: {error}")]
    Credentials {
        /// The API server.
        url: http::Uri,
        /// What is wrong with them.
        error: Box<kube::Error>,
    },
    /// The task that reads them was stopped.
    #[error("stopped")]
    Stopped,
}

/// A client for the server and with the credentials that are there now.
pub(super) async fn client(source: &Source) -> Result<Client, ConnectError> {
    let mut config = config(source).await?;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    // Retries are ours: they go on for ever, and are seen in logs and metrics.
    config.default_retry = false;
    let url = config.cluster_url.clone();
    // An exec plugin is a program that is waited for.
    tokio::task::spawn_blocking(move || Client::try_from(config))
        .await
        .map_err(|_| ConnectError::Stopped)?
        .map_err(|error| ConnectError::Credentials {
            url,
            error: Box::new(error),
        })
}

/// As client-go's `BuildConfigFromFlags`: kubeconfig, or only a URL, or the pod's service account.
async fn config(source: &Source) -> Result<Config, ConnectError> {
    let server = source.server.as_deref().map(url).transpose()?;
    let Some(path) = &source.kubeconfig else {
        return match server {
            Some(server) => Ok(Config::new(server)),
            None => Ok(Config::incluster()?),
        };
    };
    let failed = |error| ConnectError::Kubeconfig {
        path: path.clone(),
        error,
    };
    let options = KubeConfigOptions {
        context: source.context.clone(),
        ..KubeConfigOptions::default()
    };
    let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
    let proxies = proxies(&kubeconfig);
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(failed)?;
    leave_out_proxy(&mut config, &proxies);
    if let Some(server) = server {
        config.cluster_url = server;
    }
    Ok(config)
}

/// The proxies that a kubeconfig names.
fn proxies(kubeconfig: &Kubeconfig) -> Vec<http::Uri> {
    let clusters = kubeconfig.clusters.iter();
    let proxies = clusters.filter_map(|named| named.cluster.as_ref()?.proxy_url.as_deref());
    proxies.filter_map(|url| url.parse().ok()).collect()
}

/// We cannot go through a proxy. One that the kubeconfig names is an error, which kube makes of it; `HTTPS_PROXY` is for
/// others, and kube would take it whatever `NO_PROXY` says.
fn leave_out_proxy(config: &mut Config, named: &[http::Uri]) {
    if let Some(proxy) = &config.proxy_url
        && !named.contains(proxy)
    {
        tracing::info!("HTTPS_PROXY is not used to reach the API server");
        config.proxy_url = None;
    }
}

/// Reads a URL; one without a scheme is plain HTTP, as client-go's `DefaultServerURL` has it.
fn url(text: &str) -> Result<http::Uri, ConnectError> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    whole.parse().map_err(|error| ConnectError::Url {
        url: text.to_owned(),
        error,
    })
}

#[cfg(test)]
mod tests;

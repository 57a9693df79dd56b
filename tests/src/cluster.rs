//! A real Kubernetes control plane in processes: etcd and kube-apiserver, and kube-controller-manager when asked for.
//!
//! There is no kubelet, so nothing runs: pods have the status that a test gives them. Everything listens on 127.0.0.1;
//! data, keys and logs lie in one folder. The API server checks tokens and rights (RBAC) as in any cluster, only its
//! `ServiceAccount` admission is off: without controllers no namespace has the service account that it asks of a pod.
//! Breaking things is part of the job: [`Cluster::stop_api`], [`Cluster::compact`], and [`crate::proxy`] in between.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process::{Process, free_port, until};
use crate::{lifeline, peers};

pub mod corpus;
mod etcd;
mod keys;
mod kubectl;

/// The token of the user who may do everything.
const ADMIN_TOKEN: &str = "admin-of-a-throwaway-cluster";

/// A running control plane; its processes end and its temporary folder vanishes when this goes.
#[derive(Debug)]
pub struct Cluster {
    // Fields drop in this order: the API server first, its store next, the folder last.
    controllers: Mutex<Option<Process>>,
    api: Mutex<Option<Process>>,
    etcd: etcd::Etcd,
    address: SocketAddr,
    folder: PathBuf,
    kubectl: PathBuf,
    temporary: Option<TempDir>,
}

impl Cluster {
    /// Starts one in a temporary folder and waits until it is ready.
    ///
    /// # Errors
    /// If a program cannot be found, built or started.
    pub fn start() -> Result<Self> {
        let temporary = TempDir::with_prefix("promontory-cluster-")?;
        lifeline::remove_at_end(temporary.path());
        let mut cluster = Self::start_in(temporary.path())?;
        cluster.temporary = Some(temporary);
        Ok(cluster)
    }

    /// Starts one with its data in `folder`, which must be there and is kept.
    ///
    /// # Errors
    /// If a program cannot be found, built or started.
    pub fn start_in(folder: &Path) -> Result<Self> {
        keys::make(folder)?;
        let cluster = Self {
            etcd: etcd::Etcd::start(folder)?,
            controllers: Mutex::new(None),
            api: Mutex::new(None),
            address: SocketAddr::from(([127, 0, 0, 1], free_port()?)),
            folder: folder.to_path_buf(),
            kubectl: peers::program("kubectl")?,
            temporary: None,
        };
        cluster.start_api()?;
        Ok(cluster)
    }

    /// The control plane that all tests of this process share, started by the first who asks.
    ///
    /// A test that uses it works in namespaces of its own; one that breaks something starts its own.
    ///
    /// # Errors
    /// If it could not be started; then every further call says the same.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Cluster>> = OnceLock::new();
        // Nothing drops a static: the lifeline ends the processes and removes what they wrote.
        let cluster = SHARED.get_or_init(Self::start).as_ref();
        cluster.map_err(|error| anyhow::anyhow!("the shared cluster: {error:#}"))
    }

    /// Where the API server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the API server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The token of a user who may do everything.
    #[must_use]
    pub fn token(&self) -> &'static str {
        ADMIN_TOKEN
    }

    /// The folder with data, keys and logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The kubeconfig file of the user who may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// A kubeconfig file with another token, for example a service account's.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn kubeconfig_with_token(&self, token: &str) -> Result<PathBuf> {
        self.write_kubeconfig(self.address, token)
    }

    /// A kubeconfig file of the administrator that goes through another address, for example a proxy's.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn kubeconfig_through(&self, address: SocketAddr) -> Result<PathBuf> {
        self.write_kubeconfig(address, ADMIN_TOKEN)
    }

    /// The pids of everything that runs now.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        let others = [locked(&self.controllers), locked(&self.api)];
        let others = others.iter().filter_map(|process| process.as_ref());
        others.map(Process::pid).chain([self.etcd.pid()]).collect()
    }

    /// Takes the API server away with SIGKILL; its connections break and its port refuses new ones.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn stop_api(&self) -> Result<()> {
        locked(&self.api)
            .take()
            .map_or(Ok(()), |mut api| api.kill9())
    }

    /// Starts the API server on the port and the data it had, and waits until it is ready.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_api(&self) -> Result<()> {
        let log = self.folder.join("kube-apiserver.log");
        let mut api = Process::start(self.api_command()?, &log)?;
        let kubeconfig = keys::kubeconfig(&self.folder, self.address, ADMIN_TOKEN);
        std::fs::write(self.kubeconfig(), kubeconfig)?;
        // The port answers before the server is ready; asking it costs a process, a connection costs nothing.
        api.wait_ready(|| {
            TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).is_ok()
                && self.kubectl(&["get", "--raw=/readyz"], "").is_ok()
        })
        .context("kube-apiserver")?;
        *locked(&self.api) = Some(api);
        Ok(())
    }

    /// Starts kube-controller-manager and waits until it works: workloads get their pods, namespaces their accounts.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn controllers(&self) -> Result<()> {
        let mut command = Command::new(peers::program("kube-controller-manager")?);
        let file = |name: &str| self.folder.join(name).display().to_string();
        command
            .arg(format!("--kubeconfig={}", file("kubeconfig")))
            .arg(format!(
                "--service-account-private-key-file={}",
                file("service-account.key")
            ))
            .arg("--use-service-account-credentials")
            .arg("--leader-elect=false")
            // It would make a folder below /usr/libexec, and listen on all addresses.
            .arg(format!("--flex-volume-plugin-dir={}", file("flex")))
            .arg("--secure-port=0")
            .current_dir(&self.folder);
        let log = self.folder.join("kube-controller-manager.log");
        let mut controllers = Process::start(command, &log)?;
        controllers
            .wait_ready(|| {
                let account = ["get", "serviceaccount", "default", "--namespace=default"];
                self.kubectl(&account, "").is_ok()
            })
            .context("kube-controller-manager")?;
        *locked(&self.controllers) = Some(controllers);
        Ok(())
    }

    /// Forgets all history in etcd: a watch that wants to go on from an old version is told `410 Gone`.
    ///
    /// The API server remembers some history itself; after [`Cluster::stop_api`], [`Cluster::compact`] and
    /// [`Cluster::start_api`] it has none either.
    ///
    /// # Errors
    /// If etcd refuses.
    pub fn compact(&self) -> Result<()> {
        self.etcd.compact()
    }

    /// A token of a service account, which must exist.
    ///
    /// # Errors
    /// If the API server refuses.
    pub fn service_account_token(&self, namespace: &str, name: &str) -> Result<String> {
        let namespace = format!("--namespace={namespace}");
        let token = self.kubectl(&["create", "token", name, &namespace], "")?;
        Ok(token.trim().to_owned())
    }

    fn api_command(&self) -> Result<Command> {
        let mut command = Command::new(peers::program("kube-apiserver")?);
        let file = |name: &str| self.folder.join(name).display().to_string();
        let key = file("service-account.key");
        command
            .arg(format!("--etcd-servers=http://{}", self.etcd.address()))
            .arg(format!("--secure-port={}", self.address.port()))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
            // It writes a certificate for 127.0.0.1 there, signed by an authority in the same file.
            .arg(format!("--cert-dir={}", file("certificates")))
            .arg(format!("--token-auth-file={}", file("tokens.csv")))
            .arg("--service-account-issuer=https://kubernetes.default.svc")
            .arg(format!("--service-account-key-file={key}"))
            .arg(format!("--service-account-signing-key-file={key}"))
            .arg("--authorization-mode=RBAC")
            .arg("--disable-admission-plugins=ServiceAccount")
            .arg("--service-cluster-ip-range=10.0.0.0/24,fd00:10::/112")
            .arg("--allow-privileged=true")
            .current_dir(&self.folder);
        Ok(command)
    }

    /// Each combination of address and token has a file of its own, so that none changes under a running program.
    fn write_kubeconfig(&self, address: SocketAddr, token: &str) -> Result<PathBuf> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hash = DefaultHasher::new();
        (address, token).hash(&mut hash);
        let path = self
            .folder
            .join(format!("kubeconfig-{:016x}", hash.finish()));
        std::fs::write(&path, keys::kubeconfig(&self.folder, address, token))?;
        Ok(path)
    }

    /// Waits until `kubectl get --raw` answers a path with something that `is` what is waited for.
    ///
    /// # Errors
    /// If it never does.
    pub fn wait_for(&self, path: &str, is: impl Fn(&str) -> bool) -> Result<String> {
        let raw = format!("--raw={path}");
        until(path, || {
            self.kubectl(&["get", &raw], "")
                .ok()
                .filter(|text| is(text))
        })
    }
}

fn locked(process: &Mutex<Option<Process>>) -> MutexGuard<'_, Option<Process>> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

//! A folder that stands for a machine: `proc`, `sys`, `root` and `udev` below one temporary folder.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A machine made of files; it is removed when this goes.
#[derive(Debug)]
pub struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    /// A machine without any files, but with the four folders.
    ///
    /// # Errors
    /// If there is no room for temporary files.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for name in ["proc", "sys", "root", "udev"] {
            fs::create_dir(folder.path().join(name))?;
        }
        // Other users run programs on it, too.
        open_to_all(folder.path())?;
        Ok(Self { folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file or folder in it.
    #[must_use]
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    ///
    /// # Errors
    /// If that cannot be done.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.at(name);
        let folder = path.parent().context("a path in the tree")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, content).with_context(|| format!("cannot write {name}"))
    }

    /// Makes a folder, and those above it.
    ///
    /// # Errors
    /// If that cannot be done.
    pub fn folder(&self, name: &str) -> Result<()> {
        Ok(fs::create_dir_all(self.at(name))?)
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// If that cannot be done.
    pub fn link(&self, name: &str, target: impl AsRef<Path>) -> Result<()> {
        Ok(symlink(target, self.at(name))?)
    }

    /// The flags that put a node exporter on this machine.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        [
            ("procfs", "proc"),
            ("sysfs", "sys"),
            ("rootfs", "root"),
            ("udev.data", "udev"),
        ]
        .map(|(flag, name)| format!("--path.{flag}={}", self.at(name).display()))
        .to_vec()
    }
}

fn open_to_all(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o755),
    )?)
}

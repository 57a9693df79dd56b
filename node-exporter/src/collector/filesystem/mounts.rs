//! The mounts of `/proc/PID/mountinfo` (proc_pid_mountinfo(5)) that the flags select.
//!
//! The file is read on every scrape and parsed when its bytes have changed. The kernel can also tell of new mounts
//! (poll(2)), but not of a file system that it has made read-only after an error, which is what people watch for.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::pattern::Selection;
use crate::words::{int, lines, scan_uint, text};

/// The most mounts that are shown; the kernel's own bound for a namespace is 100,000 (`fs.mount-max`).
const MOUNTS_MAX: usize = 100_000;

/// One mount.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mount {
    pub(super) device: String,
    pub(super) point: String,
    pub(super) fstype: String,
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) read_only: bool,
    /// Its place in [`Mounts::paths`].
    pub(super) path: usize,
    /// Whether it is the one of its labels that has the families about room, and the one about the mount.
    pub(super) has_room: bool,
    pub(super) has_info: bool,
}

/// The selected mounts.
pub(super) struct Mounts {
    rootfs: PathBuf,
    points: Selection,
    types: Selection,
    /// What the mounts were parsed from.
    bytes: Vec<u8>,
    mounts: Vec<Mount>,
    paths: Arc<[PathBuf]>,
    broken: Option<Vec<u8>>,
}

impl Mounts {
    pub(super) fn new(rootfs: &Path, points: Selection, types: Selection) -> Self {
        Self {
            rootfs: rootfs.to_path_buf(),
            points,
            types,
            bytes: Vec::new(),
            mounts: Vec::new(),
            paths: Arc::default(),
            broken: None,
        }
    }

    /// Takes over what the file says now; the buffer may hold anything afterwards.
    pub(super) fn update(&mut self, bytes: &mut Vec<u8>) {
        if self.bytes == *bytes {
            return;
        }
        std::mem::swap(&mut self.bytes, bytes);
        self.broken = None;
        self.mounts.clear();
        for line in lines(&self.bytes).take(MOUNTS_MAX) {
            match parse_line(line, &self.rootfs) {
                Some(mount) => {
                    if self.points.takes(&mount.point) && self.types.takes(&mount.fstype) {
                        self.mounts.push(mount);
                    }
                }
                None => self.broken = self.broken.take().or(Some(line.to_vec())),
            }
        }
        self.settle();
    }

    /// Gives each path one place, and each set of labels one mount: the first in the file, as upstream does. A mount
    /// that lies over another of the same labels has the same room, because statfs sees only the upper one.
    fn settle(&mut self) {
        let mut paths = Vec::new();
        let mut places = HashMap::new();
        let (mut rooms, mut infos) = (HashSet::new(), HashSet::new());
        for mount in &mut self.mounts {
            mount.path = *places.entry(mount.point.clone()).or_insert_with(|| {
                paths.push(below(&self.rootfs, &mount.point));
                paths.len() - 1
            });
            let Mount {
                device,
                point,
                fstype,
                major,
                minor,
                ..
            } = mount.clone();
            mount.has_room = rooms.insert((device.clone(), point.clone(), fstype));
            mount.has_info = infos.insert((device, major, minor, point));
        }
        // In the order of a page, which then need not be sorted.
        self.mounts.sort_by(|a, b| {
            (&a.device, &a.fstype, &a.point).cmp(&(&b.device, &b.fstype, &b.point))
        });
        self.paths = paths.into();
    }

    /// All of them, in the order of a page.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Mount> {
        self.mounts.iter()
    }

    /// Where to ask, each path once.
    pub(super) fn paths(&self) -> &Arc<[PathBuf]> {
        &self.paths
    }

    /// The first line that could not be read.
    pub(super) fn broken(&self) -> Option<&[u8]> {
        self.broken.as_deref()
    }
}

/// A mount point as we reach it.
fn below(rootfs: &Path, point: &str) -> PathBuf {
    rootfs.join(point.trim_start_matches('/'))
}

/// `36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn parse_line(line: &[u8], rootfs: &Path) -> Option<Mount> {
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    let last = fields.len();
    if last < 10 || fields[last - 4] != b"-" {
        return None;
    }
    int(fields[0])?;
    int(fields[1])?;
    // As upstream: what follows the digits does not matter.
    let (major, minor) = scan_uint(fields[2])?;
    let (minor, _) = scan_uint(minor.strip_prefix(b":")?)?;
    // As upstream: of the kernel's escapes only space and tab, and only in the mount point.
    let point = text(fields[4]).replace("\\040", " ").replace("\\011", "\t");
    Some(Mount {
        device: text(fields[last - 2]).into_owned(),
        point: stripped(&point, rootfs),
        fstype: text(fields[last - 3]).into_owned(),
        major,
        minor,
        read_only: has(fields[5], b"ro")
            || has(fields[last - 1], b"ro")
            || has(fields[last - 1], b"emergency_ro"),
        ..Mount::default()
    })
}

/// A mount point as the machine itself sees it: without the place where we see its root.
fn stripped(point: &str, rootfs: &Path) -> String {
    let root = rootfs.to_string_lossy();
    if root == "/" {
        return point.to_owned();
    }
    match point.strip_prefix(&*root) {
        Some("") => "/".to_owned(),
        Some(rest) => rest.to_owned(),
        None => point.to_owned(),
    }
}

/// Whether an option stands in a list, alone or with an empty value.
fn has(options: &[u8], wanted: &[u8]) -> bool {
    options
        .split(|&byte| byte == b',')
        .any(|option| option.strip_suffix(b"=").unwrap_or(option) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(text: &str, rootfs: &str) -> Mounts {
        let mut mounts = Mounts::new(
            Path::new(rootfs),
            Selection::default(),
            Selection::default(),
        );
        mounts.update(&mut text.as_bytes().to_vec());
        mounts
    }

    #[test]
    fn a_line() {
        let text = "36 35 98:0 /mnt1 /mnt/a\\040b\\134 rw,noatime master:1 shared:2 - ext3 /dev/root\\040x rw,errors=continue\n";
        let mounts = mounts(text, "/");
        let mount = &mounts.mounts[0];
        assert_eq!(
            (&*mount.device, &*mount.point),
            ("/dev/root\\040x", "/mnt/a b\\134")
        );
        assert_eq!((&*mount.fstype, mount.major, mount.minor), ("ext3", 98, 0));
        assert!(!mount.read_only);
        assert_eq!(mounts.paths[0], Path::new("/mnt/a b\\134"));
    }

    #[test]
    fn read_only_in_one_of_three_ways() {
        for (options, super_options, expected) in [
            ("ro,noatime", "rw", true),
            ("rw", "rw,ro", true),
            ("rw", "rw,emergency_ro", true),
            ("emergency_ro", "rw", false),
            ("rw,errors=ro", "rw,rox", false),
            ("rw,ro=", "rw", true),
        ] {
            let line = format!("36 35 98:0 / /mnt {options} - ext4 /dev/a {super_options}");
            assert_eq!(mounts(&line, "/").mounts[0].read_only, expected, "{line}");
        }
    }

    #[test]
    fn the_place_of_the_root_is_cut_off() {
        let text = "1 0 8:1 / /host rw - ext4 /dev/a rw\n2 1 8:2 / /host/home rw - ext4 /dev/b rw\n3 1 8:3 / /etc/hosts rw - ext4 /dev/c rw\n";
        let mounts = mounts(text, "/host");
        let found: Vec<&str> = mounts.iter().map(|mount| &*mount.point).collect();
        assert_eq!(found, ["/", "/home", "/etc/hosts"]);
        assert_eq!(mounts.paths[1], Path::new("/host/home"));
    }

    #[test]
    fn one_mount_for_each_set_of_labels() {
        let text = "1 0 0:1 / /run rw - tmpfs tmpfs rw\n2 0 0:2 / /run ro - tmpfs tmpfs rw\n3 0 0:2 / /run rw - tmpfs tmpfs rw\n4 0 0:2 / /run rw - proc tmpfs rw\n";
        let mounts = mounts(text, "/");
        let found: Vec<_> = mounts
            .iter()
            .map(|mount| (mount.has_room, mount.has_info))
            .collect();
        assert_eq!(
            found,
            [(true, false), (true, true), (false, true), (false, false)]
        );
        assert_eq!(mounts.paths().len(), 1);
    }

    #[test]
    fn a_bad_line_costs_itself() {
        for bad in [
            "",
            "36 35 98:0 / / rw - ext4 /dev/a",
            "x 35 98:0 / / rw - ext4 /dev/a rw",
            "36 35 98 / / rw - ext4 /dev/a rw",
        ] {
            let text = format!("{bad}\n36 35 98:0 / /mnt rw - ext4 /dev/a rw\n");
            let mounts = mounts(&text, "/");
            assert_eq!(mounts.mounts.len(), 1, "{bad}");
            assert_eq!(mounts.broken(), Some(bad.as_bytes()));
        }
    }
}

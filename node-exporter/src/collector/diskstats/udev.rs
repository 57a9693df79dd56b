//! What udev knows of a block device: lines `E:KEY=value` of `/run/udev/data/bMAJOR:MINOR`.

use std::path::Path;

use crate::host;
use crate::words::{lines, text};

/// Longer than any such file.
const BYTES_MAX: usize = 2 << 20;

/// The keys that metrics come from; the rest is not kept.
const KEYS: [&str; 20] = [
    "DM_LV_LAYER",
    "DM_LV_NAME",
    "DM_NAME",
    "DM_UUID",
    "DM_VG_NAME",
    "ID_ATA",
    "ID_ATA_ROTATION_RATE_RPM",
    "ID_ATA_WRITE_CACHE",
    "ID_ATA_WRITE_CACHE_ENABLED",
    "ID_FS_TYPE",
    "ID_FS_USAGE",
    "ID_FS_UUID",
    "ID_FS_VERSION",
    "ID_MODEL",
    "ID_PATH",
    "ID_REVISION",
    "ID_SERIAL",
    "ID_SERIAL_SHORT",
    "ID_WWN",
    "SCSI_IDENT_SERIAL",
];

/// The properties of one device; none where udev has no file for it.
#[derive(Debug, Default)]
pub(super) struct Properties(Vec<(&'static str, String)>);

impl Properties {
    /// The value of a key, if it has one.
    pub(super) fn find(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == key);
        found.map(|(_, value)| &**value)
    }

    /// The value of a key, or nothing.
    pub(super) fn get(&self, key: &str) -> &str {
        self.find(key).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut properties = Self::default();
        for line in lines(bytes) {
            let Some(line) = line.strip_prefix(b"E:") else {
                continue;
            };
            let Some(at) = memchr::memchr(b'=', line) else {
                continue;
            };
            let Some(key) = KEYS.iter().find(|key| key.as_bytes() == &line[..at]) else {
                continue;
            };
            let value = text(&line[at + 1..]).into_owned();
            properties.0.retain(|(known, _)| known != key);
            properties.0.push((key, value));
        }
        properties
    }
}

/// Reads the properties of a device. Many devices have none, so that is no trouble.
pub(super) fn read(folder: &Path, (major, minor): (u32, u32), buffer: &mut Vec<u8>) -> Properties {
    let path = folder.join(format!("b{major}:{minor}"));
    match host::read(&path, BYTES_MAX, buffer) {
        Ok(_) => Properties::parse(buffer),
        Err(_) => Properties::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties() {
        let text = b"S:disk/by-id/x\nE:ID_MODEL=a=b\nE:ID_OTHER=1\nE:ID_WWN\nE:ID_PATH=\nE:ID_MODEL=c\xff\n";
        let properties = Properties::parse(text);
        assert_eq!(properties.get("ID_MODEL"), "c\u{fffd}");
        assert_eq!(properties.find("ID_PATH"), Some(""));
        assert_eq!(properties.find("ID_WWN"), None);
        assert_eq!(properties.get("ID_OTHER"), "");
    }
}

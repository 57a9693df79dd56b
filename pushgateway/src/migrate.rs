//! Taking over the persistence file of the program we replace.
//!
//! It is read once, at the first start: its groups become the records of a new file with its name, and it is kept under
//! `FILE.gob-TIME`. A crash leaves either the one or the other under the name. The other program must have ended
//! before: it locks nothing, and would put its own file in the place of ours.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use promontory_exposition::Label;
use tracing::{error, warn};

use crate::family::Origin;
use crate::group::GroupingKey;
use crate::ingest::{PUSH_EXPIRY_TIME, make_ready};
use crate::store::gob::{self, OldFamily, OldGroup};
use crate::store::{LogStore, Op, StoreError};
use crate::time::UnixNanos;
use crate::{record, shape};

/// More than the other program could have read back: it needs several times as much memory.
const BYTES_MAX: u64 = 16 << 30;
/// The first definition of a type fits.
const BEGIN: u64 = 4096;

/// Takes the file over if it is the other program's; leaves every other file alone.
///
/// # Errors
/// [`StoreError::Open`] where it is the other program's but broken, or cannot be replaced. It is left as it is.
pub(crate) fn take_over(path: &Path) -> Result<(), StoreError> {
    let cannot = |reason: String| StoreError::Open {
        path: path.display().to_string(),
        reason,
    };
    let Some(bytes) = read_old(path).map_err(|error| cannot(error.to_string()))? else {
        return Ok(());
    };
    let groups = gob::read(&bytes).map_err(|error| {
        cannot(format!(
            "it is a file of prometheus/pushgateway, but broken: {error}; it was left as it is"
        ))
    })?;
    let mut lost = 0_usize;
    let mut records = groups.iter().flat_map(|group| records(group, &mut lost));
    let aside = LogStore::replace(path, "gob", &mut records)?;
    drop(records);
    let groups = groups.len();
    if lost == 0 {
        warn!(groups, aside = %aside.display(), "Took over what prometheus/pushgateway had kept; its file was set aside.");
    } else {
        error!(groups, lost, aside = %aside.display(), "Took over what prometheus/pushgateway had kept, but for some families; its file was set aside.");
    }
    Ok(())
}

/// The whole file, if it is there and begins as one of the other program does.
fn read_old(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = match fs::File::open(path) {
        // Whoever opens the store says better what is wrong with it.
        Err(_) => return Ok(None),
        Ok(file) if !file.metadata()?.is_file() => return Ok(None),
        Ok(file) => file,
    };
    let mut bytes = Vec::new();
    file.by_ref().take(BEGIN).read_to_end(&mut bytes)?;
    if !gob::begins(&bytes) {
        return Ok(None);
    }
    file.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The records of a group. What cannot be held is told and counted; the rest of the file is worth having.
fn records(group: &OldGroup<'_>, lost: &mut usize) -> Vec<Op> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let label = |(name, value): &(&[u8], &[u8])| Some(Label::new(text(name)?, text(value)?));
    let labels: Option<Vec<Label<'static>>> = group.labels.iter().map(label).collect();
    let Some(key) = labels.map(GroupingKey::from_labels) else {
        error!(labels = ?group.labels.iter().map(|(name, value)| [name, value].map(|part| String::from_utf8_lossy(part))).collect::<Vec<_>>(), "A group has labels that are not UTF-8; it cannot be taken over.");
        *lost += group.families.len();
        return Vec::new();
    };
    let mut records = Vec::with_capacity(group.families.len());
    for family in &group.families {
        match record_of(&key, family) {
            Ok(record) => records.push(record),
            Err(reason) => {
                let name = String::from_utf8_lossy(family.name);
                error!(group = %key, family = %name, reason, "A family cannot be taken over.");
                *lost += 1;
            }
        }
    }
    records
}

fn record_of(key: &GroupingKey, old: &OldFamily<'_>) -> Result<Op, String> {
    let message = delimited(old.encoded);
    let family = shape::read(&message, []).map_err(|error| error.to_string())?;
    if family.name == PUSH_EXPIRY_TIME {
        return Err("the name says here when a group expires".to_owned());
    }
    let at = UnixNanos(old.pushed_at);
    let family =
        make_ready(key, family, Origin::Classic, at).map_err(|refusal| refusal.to_string())?;
    // The other program fails every scrape because of such a family, or shows what Prometheus refuses.
    if let Some(unsound) = &family.shape.unsound {
        return Err(unsound.to_string());
    }
    Ok(Op::Put {
        key: record::key(key, family.name()),
        value: record::value(&family),
    })
}

/// A message with its length in front.
fn delimited(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + 10);
    let mut length = message.len();
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(message);
    bytes
}

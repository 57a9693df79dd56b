//! Files that are cut off or spoiled: what is whole is found, nothing else is, and nothing is thrown away.

use std::path::Path;

use super::super::log::disk::fake::FakeDisk;
use super::model::Dice;
use super::{Disk, LogStore, Op, Records, Store, Sync, apply, delete, put, records};

const FILE: &str = "/store";
/// Bytes of the head.
const HEAD: usize = 64;

fn open(disk: &FakeDisk) -> LogStore {
    LogStore::on(Disk::Fake(disk.clone()), Path::new(FILE), u64::MAX).unwrap()
}

/// A disk with only this file.
fn disk_with(bytes: &[u8]) -> FakeDisk {
    let disk = FakeDisk::default();
    disk.write_new(Path::new(FILE), bytes).unwrap();
    disk
}

/// The bytes of the file that was set aside, whose name has this in it.
fn aside(disk: &FakeDisk, suffix: &str) -> Option<Vec<u8>> {
    let names = disk.names();
    let found = names
        .iter()
        .find(|name| name.display().to_string().contains(suffix));
    found.map(|name| disk.read(name))
}

/// A file of several batches, each with the offset it ends at, and of room for more.
struct Written {
    bytes: Vec<u8>,
    batches: Vec<(usize, Vec<Op>)>,
}

fn written() -> Written {
    let disk = FakeDisk::default();
    let mut store = open(&disk);
    let mut dice = Dice(5);
    let batches = [
        vec![put("a", "1"), put("b", "1")],
        vec![put("a", "2"), put("c", &dice.text(90))],
        vec![delete("b")],
        vec![put("d", "1"), put("d", "2")],
        vec![Op::Clear, put("e", &dice.text(40))],
        vec![put("a", "3")],
        vec![put("f", "1"), delete("a")],
    ];
    let batches = batches.map(|batch| {
        store.commit(&batch, Sync::Now).unwrap();
        (store.figures().unwrap().file_bytes() as usize, batch)
    });
    Written {
        bytes: disk.read(Path::new(FILE)),
        batches: batches.into(),
    }
}

impl Written {
    /// What is held after the batches that are whole.
    fn held(&self, whole: impl Fn(usize, usize) -> bool) -> Vec<(String, String)> {
        let mut held = Records::new();
        let mut start = HEAD;
        for (end, batch) in &self.batches {
            if whole(start, *end) {
                apply(&mut held, batch);
            }
            start = *end;
        }
        held.into_iter().collect()
    }
}

/// Commits once more and looks whether that and all before survives a restart, without more damage.
fn check_goes_on(disk: &FakeDisk, mut store: LogStore) {
    let mut expected = records(&mut store);
    store.commit(&[put("z", "new")], Sync::Now).unwrap();
    expected.push(("z".to_owned(), "new".to_owned()));
    drop(store);
    let mut store = open(&disk.after_power_cut());
    assert_eq!(records(&mut store), expected);
    let figures = store.figures().unwrap();
    assert_eq!((figures.damaged_bytes(), figures.torn_bytes()), (0, 0));
}

#[test]
fn a_file_cut_off_at_any_byte_holds_the_batches_before() {
    let written = written();
    for length in 1..=written.bytes.len() {
        let disk = disk_with(&written.bytes[..length]);
        let mut store = open(&disk);
        assert_eq!(
            records(&mut store),
            written.held(|_, end| end <= length),
            "{length} bytes"
        );
        let figures = store.figures().unwrap();
        let whole = written
            .batches
            .iter()
            .map(|(end, _)| *end)
            .filter(|end| *end <= length);
        let end = whole.max().unwrap_or(HEAD);
        if length < HEAD {
            assert_eq!(figures.damaged_bytes(), length as u64);
            assert_eq!(aside(&disk, ".damaged-").unwrap(), &written.bytes[..length]);
        } else {
            // Zeros at the end may have been written or not: nobody can tell.
            let cut = &written.bytes[end..length];
            let used = cut
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |last| last + 1);
            let counts = (figures.torn_bytes(), figures.damaged_bytes());
            assert_eq!(counts, (used as u64, 0), "{length} bytes");
            let torn = aside(&disk, ".torn-").unwrap_or_default();
            assert_eq!(torn, &cut[..used]);
        }
        check_goes_on(&disk, store);
    }
}

#[test]
fn one_wrong_bit_anywhere_costs_only_its_batch() {
    let written = written();
    for at in 0..written.bytes.len() {
        let mut bytes = written.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let disk = disk_with(&bytes);
        let mut store = open(&disk);
        let expected = written.held(|start, end| !(start..end).contains(&at));
        assert_eq!(records(&mut store), expected, "byte {at}");
        assert!(store.figures().unwrap().damaged_bytes() > 0, "byte {at}");
        assert_eq!(aside(&disk, ".damaged-").unwrap(), bytes, "byte {at}");
        check_goes_on(&disk, store);
    }
}

/// A write into room for it that stopped at any byte leaves the batches before.
#[test]
fn a_write_that_stopped_at_any_byte_is_torn() {
    let written = written();
    let (last, end) = (written.batches.len() - 2, written.bytes.len());
    let begin = written.batches[last].0;
    let length = written.batches[last + 1].0;
    for stop in begin..length {
        let mut bytes = written.bytes.clone();
        bytes[stop..end].fill(0);
        let disk = disk_with(&bytes);
        let mut store = open(&disk);
        assert_eq!(records(&mut store), written.held(|_, end| end <= begin));
        assert_eq!(store.figures().unwrap().damaged_bytes(), 0, "byte {stop}");
        check_goes_on(&disk, store);
    }
}

/// Zeros behind the last batch: the file grew, and what was to be written there never came.
#[test]
fn zeros_at_the_end_are_nothing() {
    let written = written();
    for zeros in [1, 31, 32, 5000] {
        let mut bytes = written.bytes.clone();
        bytes.resize(bytes.len() + zeros, 0);
        let disk = disk_with(&bytes);
        let mut store = open(&disk);
        assert_eq!(records(&mut store), written.held(|_, _| true));
        let figures = store.figures().unwrap();
        assert_eq!((figures.damaged_bytes(), figures.torn_bytes()), (0, 0));
        check_goes_on(&disk, store);
    }
}

/// A part overwritten, taken out, doubled or filled in, at random: only whole batches are ever found, in their order.
#[test]
fn any_damage_leaves_only_whole_batches() {
    let written = written();
    let mut recovered = 0;
    for seed in 0..3000 {
        let mut dice = Dice(seed);
        let mut bytes = written.bytes.clone();
        // The first copy of the head may go as well, but not both.
        let from = 32 + dice.roll(bytes.len() as u64 - 32) as usize;
        let to = (from + dice.roll(200) as usize).min(bytes.len());
        match dice.roll(4) {
            0 => bytes[from..to].fill(dice.roll(256) as u8),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let part = bytes[from..to].to_vec();
                bytes.splice(from..from, part);
            }
            _ => {
                let part = dice.text(to - from);
                bytes.splice(from..from, part.into_bytes());
            }
        }
        let disk = disk_with(&bytes);
        let mut store = open(&disk);
        let found = records(&mut store);
        // Which of the seven batches counted, nobody knows; but some subset in their order must give what was found.
        let possible = (0..1_u32 << written.batches.len()).any(|subset| {
            let mut held = Records::new();
            for (i, (_, batch)) in written.batches.iter().enumerate() {
                if subset & 1 << i != 0 {
                    apply(&mut held, batch);
                }
            }
            held.into_iter().eq(found.iter().cloned())
        });
        assert!(possible, "seed {seed}: {found:?}");
        recovered += store.figures().unwrap().damaged_bytes().min(1);
        check_goes_on(&disk, store);
    }
    assert!(recovered > 1000, "{recovered} damaged files");
}

/// Frames in a pushed value are data, whatever they look like.
#[test]
fn pushed_bytes_are_never_taken_for_a_frame() {
    let other = written();
    let disk = FakeDisk::default();
    let mut store = open(&disk);
    store
        .commit(
            &[Op::Put {
                key: b"inside".to_vec(),
                value: other.bytes[HEAD..].to_vec(),
            }],
            Sync::Now,
        )
        .unwrap();
    drop(store);
    let mut bytes = disk.read(Path::new(FILE));
    bytes[HEAD + 20] ^= 1;
    let disk = disk_with(&bytes);
    let mut store = open(&disk);
    assert_eq!(records(&mut store), []);
    check_goes_on(&disk, store);
}

/// A batch of many frames counts only if all are there.
#[test]
fn half_a_large_batch_is_none() {
    let disk = FakeDisk::default();
    let mut store = open(&disk);
    let mut dice = Dice(1);
    store.commit(&[put("a", "1")], Sync::Now).unwrap();
    let large: Vec<Op> = (0..30)
        .map(|i| put(&format!("l{i}"), &dice.text(100_000)))
        .collect();
    store.commit(&large, Sync::Now).unwrap();
    let end = store.figures().unwrap().file_bytes() as usize;
    store.commit(&[put("b", "1")], Sync::Now).unwrap();
    drop(store);
    let bytes = disk.read(Path::new(FILE));
    let small = |keys: &[&str]| -> Vec<(String, String)> {
        keys.iter()
            .map(|key| ((*key).to_owned(), "1".to_owned()))
            .collect()
    };
    for at in [200, 1_500_000, 2_500_000, end - 5] {
        let mut spoiled = bytes.clone();
        spoiled[at] ^= 1;
        assert_eq!(
            records(&mut open(&disk_with(&spoiled))),
            small(&["a", "b"]),
            "byte {at}"
        );
        assert_eq!(
            records(&mut open(&disk_with(&bytes[..at]))),
            small(&["a"]),
            "cut at {at}"
        );
    }
}

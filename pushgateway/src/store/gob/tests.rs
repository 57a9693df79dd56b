//! Reading what the real program wrote, whole, cut off and spoiled. `tests/it/migrate.rs` compares what both show.

use super::{begins, read};

/// Written by pushgateway 1.11.3 on SIGTERM, after `x 1` was put to `/metrics/job/a`.
const REAL: &[u8] = include_bytes!("real.gob");

#[test]
fn a_real_file_is_read() {
    assert!(begins(REAL));
    let groups = read(REAL).unwrap();
    let [group] = &groups[..] else {
        panic!("{groups:?}");
    };
    assert_eq!(group.labels, [(&b"job"[..], &b"a"[..])]);
    let mut names: Vec<_> = group.families.iter().map(|family| family.name).collect();
    names.sort();
    assert_eq!(
        names,
        [
            &b"push_failure_time_seconds"[..],
            b"push_time_seconds",
            b"x"
        ]
    );
    for family in &group.families {
        assert!(family.pushed_at > 1_700_000_000_000_000_000, "{family:?}");
        assert!(family.encoded.len() > 10, "{family:?}");
    }
}

#[test]
fn a_cut_file_is_an_error() {
    for length in 0..REAL.len() {
        assert!(read(&REAL[..length]).is_err(), "{length} bytes");
    }
    let longer = [REAL, b"x"].concat();
    assert!(read(&longer).is_err());
}

#[test]
fn spoiled_files_do_no_harm() {
    let mut broken = 0;
    for at in 0..REAL.len() {
        for value in [0, 1, 0x7F, 0x80, 0xF8, 0xFF, REAL[at] ^ 1] {
            let mut bytes = REAL.to_vec();
            bytes[at] = value;
            broken += u32::from(read(&bytes).is_err());
        }
    }
    assert!(broken > 1000, "{broken} of them broken");
}

#[test]
fn foreign_files_are_told_apart() {
    let foreign: [&[u8]; 8] = [
        b"",
        b"\0",
        b"not a store",
        b"{\"a\": 1}",
        b"# HELP x text\nx 1\n",
        b"pgwstore\x02\0\0\0",
        b"redb\x1A\x0A\xA9\x0D\x0A",
        b"\x1f\x8b\x08\0\0\0\0\0",
    ];
    for bytes in foreign {
        assert!(!begins(bytes), "{bytes:?}");
    }
}

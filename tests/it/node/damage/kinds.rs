//! What can happen to a file.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use anyhow::Result;
use promontory_tests::node::textfiles::pipe;
use promontory_tests::node::tree::Tree;

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Damage {
    Missing,
    Empty,
    /// So many sixteenths of it are left.
    Cut(usize),
    /// All but its last byte is left.
    LastByte,
    /// Bytes of all kinds in its place.
    Noise(u64),
    /// One byte in fifty is another.
    Spots(u64),
    /// One or two words or lines of it are odd.
    Odd(u64),
    /// It stands there many times over, a megabyte of it.
    Again,
    /// A megabyte of numbered words in one line.
    Words,
    /// A pipe that nobody writes to.
    Pipe,
    /// A file without an end.
    Zeros,
    Folder,
    Loop,
    Denied,
}

use Damage::{
    Again, Cut, Denied, Empty, Folder, LastByte, Loop, Missing, Noise, Odd, Pipe, Spots, Words,
    Zeros,
};

pub(super) const DAMAGES: [Damage; 19] = [
    Missing,
    Empty,
    Cut(1),
    Cut(5),
    Cut(8),
    Cut(13),
    LastByte,
    Noise(1),
    Noise(2),
    Noise(3),
    Spots(1),
    Spots(2),
    Again,
    Words,
    Pipe,
    Zeros,
    Folder,
    Loop,
    Denied,
];

impl Damage {
    pub(super) fn apply(self, tree: &Tree, file: &str, content: &[u8]) -> Result<()> {
        let path = tree.at(file);
        fs::remove_file(&path)?;
        match self {
            Missing => {}
            Empty => fs::write(&path, b"")?,
            Cut(sixteenths) => fs::write(&path, &content[..content.len() * sixteenths / 16])?,
            LastByte => fs::write(&path, &content[..content.len().saturating_sub(1)])?,
            Noise(seed) => {
                let mut noise = content.to_vec();
                let mut random = Random::new(seed, file);
                noise.iter_mut().for_each(|byte| *byte = random.byte());
                fs::write(&path, noise)?;
            }
            Spots(seed) => {
                let mut spotted = content.to_vec();
                let mut random = Random::new(seed, file);
                for byte in &mut spotted {
                    if random.byte() < 5 {
                        *byte = random.byte();
                    }
                }
                fs::write(&path, spotted)?;
            }
            Odd(seed) => fs::write(&path, odd(content, &mut Random::new(seed, file)))?,
            Again => fs::write(&path, content.repeat((1 << 20) / content.len().max(1)))?,
            Words => {
                let words: String = (0..150_000).map(|at| format!("w6{at} ")).collect();
                fs::write(&path, words)?;
            }
            Pipe => pipe(tree, file)?,
            Zeros => symlink("/dev/zero", &path)?,
            Folder => fs::create_dir(&path)?,
            Loop => symlink(&path, &path)?,
            Denied => {
                fs::write(&path, content)?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o000))?;
            }
        }
        Ok(())
    }

    /// The damage as the list of what is excused names it: there is one row for all odd texts.
    pub(super) fn kind(self) -> Self {
        match self {
            Odd(_) => Odd(0),
            other => other,
        }
    }

    /// Whether the real program would wait or read for ever.
    pub(super) fn is_endless(self) -> bool {
        matches!(self, Pipe | Zeros)
    }

    /// Whether counters may have risen to values they never had.
    pub(super) fn may_raise(self) -> bool {
        matches!(self, Noise(_) | Spots(_) | Odd(_) | Again)
    }
}

/// What may stand in place of a word; no kernel writes it, but other things call themselves kernels.
const ODDITIES: &[&str] = &[
    "",
    "0",
    "-1",
    "-0",
    "+7",
    "1.5",
    "1e3",
    "0x10",
    "010",
    "1_000",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775808",
    "4294967296",
    "NaN",
    "inf",
    "-Inf",
    "x",
    "-",
    ":",
    "=",
    "\"",
    "é",
    "kB",
    "a:b",
    "a=b",
    "a,b",
    "cpu",
    "cpu01",
    "cpu-1",
    "cpu99999999999",
    "cpux",
    "some",
    "total=",
    "total=-1",
    "total=1.5",
    "0:0",
    "8:0x",
    "#",
    "\\040",
    "6",
    "Tcp:",
    "0-0",
    "1,2",
    "export",
    "$X",
    "'",
    "'a'",
    "\"a\"",
    "a\\",
    "{",
    "}",
    "le",
];

/// A text with one or two odd words or lines.
fn odd(content: &[u8], random: &mut Random) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = content
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    for _ in 0..=random.below(2) {
        let at = random.below(lines.len());
        let other = lines[random.below(lines.len())].clone();
        let line = &mut lines[at];
        match random.below(12) {
            0 => line.extend_from_slice(b" \t "),
            1 => line.push(b'\r'),
            2 => line.insert(0, b' '),
            3 => *line = other,
            4 => line.extend_from_slice(&other),
            5 => line.clear(),
            _ => {
                let mut words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
                let word = random.below(words.len());
                words[word] = ODDITIES[random.below(ODDITIES.len())].as_bytes();
                *line = words.join(&b' ');
            }
        }
    }
    lines.join(&b'\n')
}

/// Bytes that look like chance and are the same each time.
struct Random(u64);

impl Random {
    fn new(seed: u64, file: &str) -> Self {
        let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let start = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Never zero: that would stay.
        Self(file.bytes().fold(start, mix) | 1 << 63)
    }

    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) as u8
    }

    fn below(&mut self, end: usize) -> usize {
        let wide = [self.byte(), self.byte(), self.byte()];
        let wide = wide
            .iter()
            .fold(0, |wide, byte| wide << 8 | usize::from(*byte));
        wide % end.max(1)
    }
}

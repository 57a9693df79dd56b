//! `node_netstat_*`: chosen counters of the network protocols, from `/proc/net/{netstat,snmp,snmp6}`.

use std::borrow::Cow;
use std::fmt::Write;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::{Flag, Flags};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::{Header, Kind};
use regex::Regex;

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use crate::pattern::compile;
use crate::words::{fields, float, lines, name_part, text};

pub(super) const ROW: Row = Row {
    name: "netstat",
    default: true,
    about: "Chosen network protocol statistics.",
    reads: "`/proc/net/{netstat,snmp,snmp6}`",
    owns: |name| name.starts_with("node_netstat_"),
    flags: &[FIELDS],
    start,
};

const FIELDS: Flag = Flag::text(
    "collector.netstat.fields",
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
    "Regexp of fields to return for netstat collector.",
);

/// In the order in which they are read: what a later file says of a protocol replaces what an earlier one said.
const FILES: [&str; 3] = ["net/netstat", "net/snmp", "net/snmp6"];

struct Netstat {
    fields: Regex,
    state: Mutex<State>,
}

struct State {
    sources: [Source; FILES.len()],
    buffers: [Vec<u8>; FILES.len()],
    key: String,
    name: String,
    help: String,
}

fn start(flags: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    Ok(Box::new(Netstat {
        fields: compile(&FIELDS.name, flags.text(&FIELDS.name))?,
        state: Mutex::new(State {
            sources: FILES.map(|file| host.proc(file)),
            buffers: Default::default(),
            key: String::new(),
            name: String::new(),
            help: String::new(),
        }),
    }))
}

impl Collector for Netstat {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut locked = lock(&self.state);
        let state = &mut *locked;
        let mut trouble = Trouble::default();
        let mut blocks: Vec<Block<'_>> = Vec::new();
        for ((file, source), buffer) in FILES.iter().zip(&mut state.sources).zip(&mut state.buffers)
        {
            let text = match source.read(buffer) {
                Ok(text) => text,
                // A machine without IPv6 does not have it.
                Err(err) if *file == "net/snmp6" && err.kind() == ErrorKind::NotFound => continue,
                Err(err) => {
                    trouble.note(err);
                    continue;
                }
            };
            let found = if *file == "net/snmp6" {
                parse_single(text)
            } else {
                parse_double(file, text, &mut trouble)
            };
            for block in found {
                blocks.retain(|old| old.protocol != block.protocol);
                blocks.push(block);
            }
        }
        for block in &blocks {
            for (at, (field, value)) in block.fields.iter().enumerate() {
                // Of two fields of one name the last one counts.
                if block.fields[at + 1..]
                    .iter()
                    .any(|(later, _)| later == field)
                {
                    continue;
                }
                let Some(value) = float(value) else {
                    trouble.say(format_args!("{}_{field}: no number", block.protocol));
                    continue;
                };
                state.key.clear();
                // Writing to a string cannot fail.
                let _ = write!(state.key, "{}_{field}", block.protocol);
                if !self.fields.is_match(&state.key) {
                    continue;
                }
                if name_part(state.key.as_bytes()).is_none() {
                    trouble.say(format_args!("{:?} cannot be a name", state.key));
                    continue;
                }
                state.name.clear();
                state.help.clear();
                let _ = write!(state.name, "node_netstat_{}", state.key);
                let _ = write!(state.help, "Statistic {}{field}.", block.protocol);
                batch
                    .family(Header::of(&state.name, &state.help, Kind::Untyped))
                    .sample(&[], value);
            }
        }
        trouble.outcome()
    }
}

/// What one file says of one protocol.
#[derive(Debug, PartialEq)]
struct Block<'t> {
    protocol: Cow<'t, str>,
    fields: Vec<(Cow<'t, str>, &'t [u8])>,
}

/// `netstat` and `snmp`: a line of names and a line of values for each protocol, `Tcp: InSegs …` over `Tcp: 12 …`.
fn parse_double<'t>(file: &str, bytes: &'t [u8], trouble: &mut Trouble) -> Vec<Block<'t>> {
    let mut blocks: Vec<Block<'t>> = Vec::new();
    let mut lines = lines(bytes);
    while let Some(names) = lines.next() {
        let values = lines.next().unwrap_or_default();
        let Some(block) = parse_block(names, values) else {
            trouble.line(file, names);
            continue;
        };
        blocks.retain(|old| old.protocol != block.protocol);
        blocks.push(block);
    }
    blocks
}

fn parse_block<'t>(names: &'t [u8], values: &'t [u8]) -> Option<Block<'t>> {
    let mut names = names.split(|&byte| byte == b' ');
    let mut values = values.split(|&byte| byte == b' ');
    // The last byte of the first word is the colon.
    let (_, protocol) = names.next()?.split_last()?;
    values.next()?;
    let mut fields = Vec::with_capacity(128);
    for name in names {
        fields.push((text(name), values.next()?));
    }
    let protocol = text(protocol);
    values
        .next()
        .is_none()
        .then_some(Block { protocol, fields })
}

/// `snmp6`: a name and a value on each line; the protocol ends with the first 6 of the name.
fn parse_single(bytes: &[u8]) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for line in lines(bytes) {
        let mut fields = fields(line);
        let (Some(name), Some(value)) = (fields.next(), fields.next()) else {
            continue;
        };
        let Some(six) = memchr::memchr(b'6', name) else {
            continue;
        };
        let (protocol, name) = name.split_at(six + 1);
        let (protocol, name) = (text(protocol), text(name));
        match blocks.iter_mut().find(|block| block.protocol == protocol) {
            Some(block) => block.fields.push((name, value)),
            None => blocks.push(Block {
                protocol,
                fields: vec![(name, value)],
            }),
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lines_a_protocol() {
        let mut trouble = Trouble::default();
        let text = b"Tcp: InSegs OutSegs\nTcp: 1 2\nIp: A\nIp: 3\nTcp: InErrs\nTcp: 4\n";
        let blocks = parse_double("snmp", text, &mut trouble);
        trouble.outcome().unwrap();
        let shown: Vec<_> = blocks
            .iter()
            .map(|block| (&*block.protocol, block.fields.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                ("Ip", vec![("A".into(), &b"3"[..])]),
                ("Tcp", vec![("InErrs".into(), &b"4"[..])]),
            ]
        );
    }

    #[test]
    fn a_bad_pair_of_lines_costs_itself() {
        for bad in [
            "Tcp: A B\nTcp: 1",
            "Tcp: A\nTcp: 1 2",
            "\n",
        ] {
            let text = format!("{bad}\nIp: A\nIp: 3\n");
            let mut trouble = Trouble::default();
            let blocks = parse_double("snmp", text.as_bytes(), &mut trouble);
            assert_eq!(blocks.len(), 1, "{bad:?}");
            assert!(trouble.outcome().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_line_a_field() {
        let blocks =
            parse_single(b"Ip6InReceives   7\nUdp6InErrors 8\nIp6OutOctets 9\nIpX 1\nIp6Z\n");
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].protocol, "Ip6");
        assert_eq!(
            blocks[0].fields,
            [("InReceives".into(), &b"7"[..]), ("OutOctets".into(), b"9")]
        );
    }
}

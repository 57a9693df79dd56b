//! `node_netstat_*`: chosen counters of the network protocols, from `/proc/net/{netstat,snmp,snmp6}`.

use std::borrow::Cow;
use std::collections::BTreeMap;
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
        let mut protocols = Protocols::new();
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
            protocols.extend(if *file == "net/snmp6" {
                parse_single(text)
            } else {
                parse_double(file, text, &mut trouble)
            });
        }
        for (protocol, fields) in &protocols {
            for (field, value) in fields {
                let Some(value) = float(value) else {
                    trouble.say(format_args!("{protocol}_{field}: no number"));
                    continue;
                };
                state.key.clear();
                // Writing to a string cannot fail.
                let _ = write!(state.key, "{protocol}_{field}");
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
                let _ = write!(state.help, "Statistic {protocol}{field}.");
                batch
                    .family(Header::of(&state.name, &state.help, Kind::Untyped))
                    .sample(&[], value);
            }
        }
        trouble.outcome()
    }
}

/// The fields of a protocol; of two of one name the last counts.
type Fields<'t> = BTreeMap<Cow<'t, str>, &'t [u8]>;

/// What a file says, by protocol.
type Protocols<'t> = BTreeMap<Cow<'t, str>, Fields<'t>>;

/// `netstat` and `snmp`: a line of names and a line of values for each protocol, `Tcp: InSegs …` over `Tcp: 12 …`. Of
/// two blocks for one protocol the last counts.
fn parse_double<'t>(file: &str, bytes: &'t [u8], trouble: &mut Trouble) -> Protocols<'t> {
    let mut protocols = Protocols::new();
    let mut lines = lines(bytes);
    while let Some(names) = lines.next() {
        let values = lines.next().unwrap_or_default();
        match parse_block(names, values) {
            Some((protocol, fields)) => {
                protocols.insert(protocol, fields);
            }
            None => trouble.line(file, names),
        }
    }
    protocols
}

fn parse_block<'t>(names: &'t [u8], values: &'t [u8]) -> Option<(Cow<'t, str>, Fields<'t>)> {
    let mut names = names.split(|&byte| byte == b' ');
    let mut values = values.split(|&byte| byte == b' ');
    // The last byte of the first word is the colon.
    let (_, protocol) = names.next()?.split_last()?;
    values.next()?;
    let mut fields = Fields::new();
    for name in names {
        fields.insert(text(name), values.next()?);
    }
    values.next().is_none().then(|| (text(protocol), fields))
}

/// `snmp6`: a name and a value on each line; the protocol ends with the first 6 of the name.
fn parse_single(bytes: &[u8]) -> Protocols<'_> {
    let mut protocols = Protocols::new();
    for line in lines(bytes) {
        let mut fields = fields(line);
        let (Some(name), Some(value)) = (fields.next(), fields.next()) else {
            continue;
        };
        let Some(six) = memchr::memchr(b'6', name) else {
            continue;
        };
        let (protocol, name) = name.split_at(six + 1);
        let fields = protocols.entry(text(protocol)).or_default();
        fields.insert(text(name), value);
    }
    protocols
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(protocols: &Protocols<'_>) -> Vec<String> {
        let line = |(protocol, fields)| format!("{protocol} {fields:?}");
        protocols.iter().map(line).collect()
    }

    #[test]
    fn two_lines_a_protocol() {
        let mut trouble = Trouble::default();
        let text = b"Tcp: InSegs OutSegs\nTcp: 1 2\nIp: A\nIp: 3\nTcp: InErrs\nTcp: 4\n";
        let protocols = parse_double("snmp", text, &mut trouble);
        trouble.outcome().unwrap();
        assert_eq!(
            shown(&protocols),
            [r#"Ip {"A": [51]}"#, r#"Tcp {"InErrs": [52]}"#]
        );
    }

    #[test]
    fn a_bad_pair_of_lines_costs_itself() {
        for bad in ["Tcp: A B\nTcp: 1", "Tcp: A\nTcp: 1 2", "\n"] {
            let text = format!("{bad}\nIp: A\nIp: 3\n");
            let mut trouble = Trouble::default();
            let protocols = parse_double("snmp", text.as_bytes(), &mut trouble);
            assert_eq!(protocols.len(), 1, "{bad:?}");
            assert!(trouble.outcome().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_line_a_field() {
        let protocols =
            parse_single(b"Ip6InReceives   7\nUdp6InErrors 8\nIp6OutOctets 9\nIpX 1\nIp6Z\n");
        assert_eq!(
            shown(&protocols),
            [
                r#"Ip6 {"InReceives": [55], "OutOctets": [57]}"#,
                r#"Udp6 {"InErrors": [56]}"#,
            ]
        );
    }
}

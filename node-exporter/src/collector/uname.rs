//! `node_uname_info`: what uname(2) says of kernel and machine.

use std::ffi::CStr;
use std::sync::Arc;

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::Flags;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use super::Row;
use crate::host::Host;
use crate::words::text;

pub(super) const ROW: Row = Row {
    name: "uname",
    default: true,
    about: "Kernel, machine and host name.",
    reads: "uname(2)",
    owns: |name| name == "node_uname_info",
    flags: &[],
    start,
};

struct Uname;

fn start(_: &Flags, _: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    Ok(Box::new(Uname))
}

impl Collector for Uname {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let uname = rustix::system::uname();
        let label = |value: &'_ CStr| text(value.to_bytes()).into_owned();
        let help = "Labeled system information as provided by the uname system call.";
        batch.family(Header::gauge("node_uname_info", help)).sample(
            &[
                ("domainname", &label(uname.domainname())),
                ("machine", &label(uname.machine())),
                ("nodename", &label(uname.nodename())),
                ("release", &label(uname.release())),
                ("sysname", &label(uname.sysname())),
                ("version", &label(uname.version())),
            ],
            1.0,
        );
        Ok(())
    }
}

//! Machines that never were: a large server, one with an old kernel, a container with next to nothing.

use std::fmt::Write;

use anyhow::Result;

use super::tree::Tree;

/// CPUs of the server: two packages of sixteen cores of two threads.
const CPUS: usize = 64;

/// A large server: many CPUs, disks of every kind with what udev knows of them, bonds and VLANs, odd mounts.
///
/// # Errors
/// If the tree cannot be written.
pub fn server() -> Result<Tree> {
    let tree = Tree::new()?;
    tree.file("proc/stat", server_stat())?;
    tree.file("proc/cpuinfo", server_cpuinfo())?;
    server_cpus(&tree)?;
    server_disks(&tree)?;
    server_mounts(&tree)?;
    server_network(&tree)?;
    tree.file("proc/loadavg", "63.07 48.11 0.005 71/9125 4194303\n")?;
    tree.file("proc/meminfo", MEMINFO)?;
    tree.file("proc/vmstat", VMSTAT)?;
    tree.file("proc/sys/kernel/random/entropy_avail", "256\n")?;
    tree.file("proc/sys/kernel/random/poolsize", "256\n")?;
    for (name, some, full) in [
        ("cpu", Some(14_036_781_u64), Some(0)),
        ("io", Some(159_817_101), Some(159_229_614)),
        ("memory", Some(1), Some(18_446_744_073_709_551_615)),
        ("irq", None, Some(1_008_705)),
    ] {
        let line = |word: &str, total: Option<u64>| {
            total.map_or(String::new(), |total| {
                format!("{word} avg10=0.00 avg60=1.25 avg300=99.99 total={total}\n")
            })
        };
        tree.file(
            &format!("proc/pressure/{name}"),
            line("some", some) + &line("full", full),
        )?;
    }
    for (number, available, current) in [
        (0, "tsc hpet acpi_pm tsc \n", "tsc\n"),
        (1, "kvm-clock\n", "kvm-clock\n"),
        (10, "\n", "\n"),
    ] {
        let folder = format!("sys/devices/system/clocksource/clocksource{number}");
        tree.file(&format!("{folder}/available_clocksource"), available)?;
        tree.file(&format!("{folder}/current_clocksource"), current)?;
    }
    tree.file(
        "sys/devices/system/clocksource/other/current_clocksource",
        "no\n",
    )?;
    tree.file("root/etc/os-release", OS_RELEASE)?;
    Ok(tree)
}

fn server_stat() -> String {
    let mut text = "cpu  301854 612 111922 8979004 3552 2 3944 44 36 26\n".to_owned();
    for cpu in (0..CPUS).filter(|cpu| *cpu != 7) {
        let n = cpu as u64 + 1;
        // Writing to a string cannot fail; so below.
        let _ = writeln!(
            text,
            "cpu{cpu} {} {} {} {} {} {} {} {} {} {}",
            n * 44_490,
            n * 19,
            n * 21_045,
            n * 1_087_069,
            n * 220,
            n,
            n * 3_410,
            n * 2,
            n * 3,
            n,
        );
    }
    text.push_str("intr 18446744073709551615");
    for interrupt in 0..4000 {
        let _ = write!(text, " {}", interrupt % 7 * interrupt);
    }
    text.push_str(
        "\nctxt 38014093\nbtime 1418183276\nprocesses 26442\nprocs_running 2\nprocs_blocked 1\n",
    );
    text.push_str(
        "softirq 5057579 250191 1481983 1647 211099 186066 0 1783454 622196 12499 508444\n",
    );
    text
}

fn server_cpuinfo() -> String {
    let mut text = String::new();
    for cpu in (0..CPUS).filter(|cpu| *cpu != 7) {
        let (package, core) = (cpu / 32, cpu % 16);
        let _ = write!(
            text,
            "processor\t: {cpu}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: A \"model\" with \\ in it: X @ 2.10GHz\nstepping\t: 4\nmicrocode\t: 0x2006b06\ncpu MHz\t\t: {}.{:03}\ncache size\t: 22528 KB\nphysical id\t: {package}\nsiblings\t: 32\ncore id\t\t: {core}\ncpu cores\t: 16\napicid\t\t: {cpu}\ninitial apicid\t: {cpu}\nfpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 22\nwp\t\t: yes\nflags\t\t: fpu vme de pse tsc msr aes avx avx2 constant_tsc avx512f\nbugs\t\t: cpu_meltdown spectre_v1 spectre_v2 mds swapgs\nbogomips\t: 4200.00\nclflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: 46 bits physical, 48 bits virtual\npower management:\n\n",
            800 + cpu,
            cpu * 13,
        );
    }
    text
}

/// Threads of one core differ in what they say of throttling; some CPUs lack a file or a folder.
fn server_cpus(tree: &Tree) -> Result<()> {
    let folder = "sys/devices/system/cpu";
    tree.file(&format!("{folder}/isolated"), "2-3,8,20-22\n")?;
    tree.file(&format!("{folder}/online"), "0-6,8-63\n")?;
    tree.folder(&format!("{folder}/cpufreq"))?;
    tree.folder(&format!("{folder}/cpuidle"))?;
    for cpu in 0..CPUS {
        let (package, core) = (cpu / 32, cpu % 16);
        let own = format!("{folder}/cpu{cpu}");
        tree.file(
            &format!("{own}/online"),
            if cpu == 7 { "0\n" } else { "1\n" },
        )?;
        if cpu != 7 {
            tree.file(
                &format!("{own}/topology/physical_package_id"),
                format!("{package}\n"),
            )?;
            tree.file(&format!("{own}/topology/core_id"), format!("{core}\n"))?;
        }
        if cpu != 5 {
            tree.file(
                &format!("{own}/thermal_throttle/core_throttle_count"),
                format!("{}\n", cpu * 11),
            )?;
        }
        if cpu != 0 {
            tree.file(
                &format!("{own}/thermal_throttle/package_throttle_count"),
                format!("{}\n", cpu + 100),
            )?;
        }
    }
    // Neither a number nor a file: each of these is passed over in its own way.
    tree.file(&format!("{folder}/cpu9/topology/core_id"), "x\n")?;
    std::fs::remove_file(tree.at(&format!("{folder}/cpu40/online")))?;
    Ok(())
}

fn server_disks(tree: &Tree) -> Result<()> {
    tree.file("proc/diskstats", DISKSTATS)?;
    for (disk, rotates) in [
        ("sda", "1\n"),
        ("sdb", "0\n"),
        ("nvme0n1", "0\n"),
        ("dm-0", "1"),
        ("md127", "7\n"),
        ("sr0", "yes\n"),
        ("cciss!c0d0", "1\n"),
    ] {
        tree.file(&format!("sys/block/{disk}/queue/rotational"), rotates)?;
    }
    for (number, properties) in UDEV {
        tree.file(&format!("udev/b{number}"), properties)?;
    }
    Ok(())
}

/// Mount points that exist below the root; the others answer with an error, and its words are compared.
fn server_mounts(tree: &Tree) -> Result<()> {
    tree.file(
        "proc/1/mountinfo",
        MOUNTINFO.replace("$ROOT", &tree.at("root").display().to_string()),
    )?;
    for folder in [
        "",
        "home",
        "boot/efi",
        "srv/with space",
        "srv/tab\there",
        "srv/naïve ☃",
        "mnt/ro",
        "run",
        "var/lib/docker/overlay2/x/merged",
    ] {
        tree.folder(&format!("root/{folder}"))?;
    }
    tree.file("root/mnt/file", "a file that is no folder")?;
    tree.link("root/mnt/loop", "loop")?;
    Ok(())
}

fn server_network(tree: &Tree) -> Result<()> {
    tree.file("proc/net/netstat", NETSTAT)?;
    tree.file("proc/net/snmp", SNMP)?;
    tree.file("proc/net/snmp6", SNMP6)?;
    let mut table = NET_DEV_HEAD.to_owned();
    for (at, device) in DEVICES.iter().enumerate() {
        let n = at as u64 + 1;
        let _ = writeln!(
            table,
            "{device:>6}:{:>8} {:>7} {:>4} {:>4} {:>4} {:>5} {:>10} {:>9} {:>8} {:>7} {:>4} {:>4} {:>4} {:>5} {:>7} {:>10}",
            n * 68_210_035_552,
            n * 520_993_275,
            n,
            n * 2,
            n * 3,
            n * 4,
            n * 5,
            n * 6,
            n * 9_315_587_528,
            n * 43_451_486,
            n * 7,
            n * 8,
            n * 9,
            n * 10,
            n * 11,
            u64::MAX,
        );
        tree.file(&format!("sys/class/net/{device}/mtu"), "1500\n")?;
        if at % 2 == 0 {
            tree.file(
                &format!("sys/class/net/{device}/ifalias"),
                format!(" uplink \"{device}\" \\ to é\n"),
            )?;
        }
    }
    tree.file("sys/class/net/bonding_masters", "bond0\n")?;
    tree.file("sys/class/net/lo/ifalias", "the loop\n")?;
    tree.file("proc/net/dev", table)
}

/// A machine of another age: no pressure, no IPv6, three shapes of diskstats, CPUs that cannot be taken out.
///
/// # Errors
/// If the tree cannot be written.
pub fn old() -> Result<Tree> {
    let tree = Tree::new()?;
    tree.file("proc/stat", "cpu  301854 612 111922 8979004 3552 2 3944\ncpu0 44490 19 21045 1087069 220 1 3410\ncpu1 47869 23 16474 1110787 591 0 46\nintr 8885917\nctxt 38014093\nbtime 1418183276\nprocesses 26442\n")?;
    tree.file("proc/diskstats", "   8    0 sda 25354637 34367663 1003346126 18492372 28444756 11134226 505697032 63877960 0 9653880 82621804\n   8    1 sda1 250 2000 360 2000\n   8   16 sdb 1 2 3 4 5 6 7 8 9 10 11\n   8   32 sdc 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n   8   48 sdd 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n   8   64 sde 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19\n   8   80 sdf 1 2 3 4 5 6 7 8 9 10 11 12\n\n")?;
    tree.file(
        "proc/meminfo",
        "MemTotal:  1034224 kB\nMemFree:   0x10 kB\nHugePages_Total:    010\nHighTotal: 1 kB\n",
    )?;
    tree.file("proc/vmstat", "nr_dirty 5\npgpgin 2096888\npgpgout 4949\npswpin 0\npswpout 0\npgfault 2320168809\npgmajfault 507162\n")?;
    tree.file("proc/loadavg", "0.00 0.01 0.05 1/98 2\n")?;
    tree.file("proc/sys/kernel/random/entropy_avail", " \t01048576\n\n")?;
    tree.file("proc/sys/kernel/random/poolsize", "18446744073709551615")?;
    tree.file(
        "proc/net/netstat",
        "TcpExt: SyncookiesSent ListenDrops\nTcpExt: -1 2.5\n",
    )?;
    tree.file("proc/net/snmp", "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoAlgorithm MaxConn ActiveOpens\nTcp: 1 -1 3556\n")?;
    tree.file("proc/net/dev", format!("{NET_DEV_HEAD}  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\neth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"))?;
    // Hidden from us, as with hidepid: the own mounts stand in.
    tree.file("proc/self/mountinfo", "20 1 8:1 / / rw,relatime - ext3 /dev/root rw,errors=continue\n21 20 0:3 / /proc rw - proc none rw\n22 20 8:2 / /data ro - xfs /dev/sda2 rw\n")?;
    tree.folder("root/data")?;
    tree.file(
        "root/usr/lib/os-release",
        "NAME=\"Old Linux\"\nID=old\nVERSION_ID=7.\nSUPPORT_END=2024-06-30\n",
    )?;
    for cpu in 0..2 {
        let own = format!("sys/devices/system/cpu/cpu{cpu}");
        tree.file(&format!("{own}/topology/physical_package_id"), "0\n")?;
        tree.file(&format!("{own}/topology/core_id"), format!("{cpu}\n"))?;
        tree.file(
            &format!("{own}/thermal_throttle/core_throttle_count"),
            "5\n",
        )?;
    }
    Ok(tree)
}

/// A container that shows next to nothing of its machine.
///
/// # Errors
/// If the tree cannot be written.
pub fn container() -> Result<Tree> {
    let tree = Tree::new()?;
    tree.file("proc/stat", "cpu  1 2 3 4\ncpu0 1 2 3 4\n")?;
    tree.file("proc/meminfo", "MemTotal: 1 kB\n")?;
    tree.file("proc/diskstats", "")?;
    tree.file("proc/vmstat", "")?;
    tree.file("proc/sys/kernel/random/entropy_avail", "0\n")?;
    tree.file("proc/net/dev", "")?;
    tree.file("proc/net/netstat", "")?;
    tree.file("proc/net/snmp", "")?;
    tree.file(
        "proc/pressure/irq",
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
    )?;
    tree.file("proc/self/mountinfo", "")?;
    // The real program dies without any CPU in sysfs.
    tree.folder("sys/devices/system/cpu/cpu0")?;
    std::fs::remove_dir(tree.at("udev"))?;
    Ok(tree)
}

/// Network devices of the server.
const DEVICES: [&str; 12] = [
    "lo",
    "eth0",
    "eth1",
    "bond0",
    "bond0.100",
    "br-1a2b3c",
    "veth4B09XN",
    "docker0",
    "tun0",
    "wlp2s0",
    "eth0@if5",
    "naïve",
];

const NET_DEV_HEAD: &str = "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n";

const MEMINFO: &str = include_str!("../../fixtures/node/meminfo");
const VMSTAT: &str = include_str!("../../fixtures/node/vmstat");
const DISKSTATS: &str = include_str!("../../fixtures/node/diskstats");
const MOUNTINFO: &str = include_str!("../../fixtures/node/mountinfo");
const NETSTAT: &str = include_str!("../../fixtures/node/netstat");
const SNMP: &str = include_str!("../../fixtures/node/snmp");
const SNMP6: &str = include_str!("../../fixtures/node/snmp6");
const OS_RELEASE: &str = include_str!("../../fixtures/node/os-release");

/// What udev knows, by number of the device.
const UDEV: [(&str, &str); 8] = [
    (
        "8:0",
        "S:disk/by-id/ata-X\nW:1\nI:5\nE:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_WRITE_CACHE_ENABLED=0\nE:ID_ATA_ROTATION_RATE_RPM=7200\nE:ID_MODEL=HUS724040ALE640\nE:ID_PATH=pci-0000:00:1f.2-ata-1\nE:ID_REVISION=MJAOA5E0\nE:ID_SERIAL=long_serial\nE:ID_SERIAL_SHORT=PK1334=X\nE:ID_WWN=0x5000cca22ec9\nG:systemd\n",
    ),
    (
        "8:16",
        "E:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=yes\nE:ID_ATA_ROTATION_RATE_RPM=0x10\nE:SCSI_IDENT_SERIAL=printed\nE:ID_SERIAL_SHORT=other\nE:ID_MODEL=quo\"te\\back\nE:ID_MODEL=the last é\nE:ID_FS_TYPE=ext4\r\nE:ID_FS_USAGE=filesystem\nE:ID_FS_UUID=7f4d\nE:ID_FS_VERSION=1.0\nE:NO_EQUALS\nE:=empty\n",
    ),
    (
        "259:0",
        "E:ID_MODEL=SAMSUNG EHFTF55LURSY-000Y9\nE:ID_SERIAL=S252B6CU1HG3M1\nE:ID_WWN=eui.p3vbbiejx5aae2r3\n",
    ),
    (
        "252:0",
        "E:DM_NAME=vg0-lv--root\nE:DM_UUID=LVM-abc\nE:DM_VG_NAME=vg0\nE:DM_LV_NAME=lv-root\nE:DM_LV_LAYER=\nE:ID_FS_TYPE=btrfs\n",
    ),
    ("252:1", "E:DM_NAME=\nE:DM_UUID=no name\n"),
    ("252:2", "E:DM_NAME=crypt\nE:ID_FS_TYPE=\n"),
    ("9:127", ""),
    (
        "179:0",
        "E:ID_ATA=\nE:ID_ATA_WRITE_CACHE=1\nE:ID_SERIAL=0x1\n",
    ),
];

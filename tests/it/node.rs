//! The node exporter beside the real one: the same pages, the same flags; and alone among damaged files and dead mounts.

mod cases;
mod command;
mod damage;
mod doors;
mod mounts;
mod parity;
mod start;

//! The program through the doors its users have. One binary, so that linking happens once.

mod api;
mod durability;
mod gate;
mod pages;
mod program;
mod routes;
mod semantics;
mod site;

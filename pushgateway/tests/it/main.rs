//! The program through the doors its users have. One binary, so that linking happens once.

mod durability;
mod gate;
mod routes;
mod semantics;

//! Batch jobs push metrics here, Prometheus scrapes them; nothing acknowledged is ever lost.
//!
//! A push flows straight down: [`group`] turns its path into a grouping key, [`ingest`] its families
//! into checked ones (a `shape` that many share and a column of numbers; `series` gives each metric a fingerprint, `fit` knows
//! what OpenMetrics forbids,
//! [`refusal`] says what can be wrong, [`limits`] what is too much), [`commit`] takes them through its queue to one thread. There the `ledger` asks the `index` whether
//! they may stand beside what is held, makes them durable through [`store`] (`record` is their form there; `migrate`
//! brings those of the program we replace) and publishes a new [`view`]. A scrape takes its [`page`] from the view and
//! waits for nobody.
//!
//! [`selector`] says which groups and series a question, or a deletion of many groups, means.
//!
//! The HTTP side lives in `http`; no rule about metrics lives there.

pub mod commit;
pub mod family;
mod fit;
pub mod flags;
pub mod group;
pub mod http;
mod index;
pub mod ingest;
mod ledger;
pub mod limits;
mod migrate;
mod options;
pub mod page;
mod record;
pub mod refusal;
mod request;
pub mod selector;
mod series;
mod shape;
pub mod store;
pub mod time;
pub mod view;

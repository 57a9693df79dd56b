//! The state of a Kubernetes cluster's objects as metrics, under the names and texts of kube-state-metrics.
//!
//! The way of an object: [`watch`] lists and watches a resource through [`api`] and hands over JSON, one object at a
//! time, as [`plan`] says; [`resource`] reads what its families need into a slim borrowed struct and generates samples; [`lines`] keeps those samples in a
//! few hundred bytes an object and makes pages of them. No object is kept, no page is ever partial: a resource's lines
//! are shown from the moment its first list is whole, and a list that is made again changes them object by object.
//!
//! A new resource is a row in [`resource::TABLE`] and a file beside it.
#![forbid(unsafe_code)]

pub mod api;
pub mod cron;
mod feed;
pub mod flags;
pub mod http;
pub mod lines;
pub mod missing;
pub mod object;
pub mod plan;
pub mod quantity;
pub mod rbac;
pub mod resource;
pub mod samples;
pub mod select;
pub mod shard;
pub mod site;
pub mod stats;
pub mod watch;

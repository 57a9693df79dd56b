//! From an `Accept` header to a format, as client_golang's `expfmt.Negotiate` and
//! `NegotiateIncludingOpenMetrics` choose; and from a `Content-Type` back to a format.

use crate::format::Target;

/// Which formats a site offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Offer {
    /// Text and the protobuf formats.
    Classic,
    /// These and OpenMetrics.
    WithOpenMetrics,
}

/// What was agreed on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Negotiated {
    /// Format and escaping to write with.
    pub target: Target,
    /// The `Content-Type` to answer with, `escaping` parameter included.
    pub content_type: String,
}

/// Chooses a format for an `Accept` header (`None` where the request had none).
pub fn negotiate(accept: Option<&str>, offer: Offer) -> Negotiated {
    let _ = (accept, offer);
    todo!()
}

//! What a request can mean: the endpoints, what their paths hold, and the answers that need no endpoint.
//!
//! `route.rs` says which method and path mean what, `mod.rs` calls the endpoints.

use super::path::clean;

/// What a path leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// The page of groups.
    Groups,
    /// The page of one group.
    Group,
    /// The page of state, flags and build.
    Status,
    /// `/-/healthy`.
    Healthy,
    /// `/-/ready`.
    Ready,
    /// `PUT` and `POST` on `/-/quit`.
    Quit,
    /// `GET /-/quit`, which says that it must be posted.
    QuitByGet,
    /// The exposition.
    Scrape,
    /// `PUT` on a group.
    Replace,
    /// `POST` on a group.
    Update,
    /// `DELETE` on a group.
    Delete,
    /// A file of the pages, or the list of them.
    Static,
    /// The page that asks before a group, or everything, is deleted; and the form it sends.
    Confirm,
    /// `/debug/pprof/…`, which only tells that this program has none.
    Profile,
    /// `GET /api/v1/status`.
    ApiStatus,
    /// `GET /api/v1/metrics`.
    ApiMetrics,
    /// `DELETE /api/v1/metrics`.
    DeleteMatching,
    /// `OPTIONS` on any path of the API.
    ApiOptions,
    /// `PUT /api/v1/admin/wipe`.
    Wipe,
}

impl Endpoint {
    /// The `handler` label of its requests, as upstream calls it; `None` where upstream does not count.
    pub fn handler(self) -> Option<&'static str> {
        Some(match self {
            Self::Replace | Self::Update => "push",
            Self::Delete => "delete",
            Self::Wipe => "wipe",
            Self::Healthy => "healthy",
            Self::Ready => "ready",
            Self::ApiMetrics | Self::DeleteMatching => "api/v1/metrics",
            Self::ApiStatus => "api/v1/status",
            Self::ApiOptions => "api/v1/options",
            Self::Groups | Self::Group | Self::Status | Self::Confirm => "status",
            Self::Static => "static",
            Self::Scrape | Self::Quit | Self::QuitByGet | Self::Profile => return None,
        })
    }
}

/// What a request's path was found to hold, decoded.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Parameters {
    /// The element after `job` or `job@base64`.
    pub job: Vec<u8>,
    /// What follows the job, from its slash on; or what follows the fixed part of [`Endpoint::Static`].
    pub rest: Vec<u8>,
    /// Whether the job came as `job@base64`.
    pub job_is_base64: bool,
}

/// The answer of the table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// Serve this.
    Endpoint(Endpoint, Parameters),
    /// 301 for `GET`, 307 for the rest.
    Redirect {
        /// The status.
        status: u16,
        /// The `Location`, query included.
        location: String,
    },
    /// 200 without a body to an `OPTIONS`.
    Options {
        /// The `Allow` header.
        allow: String,
    },
    /// 405.
    NotAllowed {
        /// The `Allow` header.
        allow: String,
    },
    /// 404.
    NotFound,
    /// 400: the path holds a `%` that encodes nothing.
    BadRequest,
}

impl Route {
    /// Go's `http.Redirect`: the target is cleaned once more; the query comes along.
    pub(super) fn redirect(status: u16, target: String, query: Option<&str>) -> Self {
        let mut location = String::from_utf8_lossy(&clean(target.as_bytes(), false)).into_owned();
        if let Some(query) = query {
            location.push('?');
            location.push_str(query);
        }
        Self::Redirect { status, location }
    }
}

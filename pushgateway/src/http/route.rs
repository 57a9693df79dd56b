//! Which endpoint a method and a path mean: one table, and the accidents of the router upstream uses.
//!
//! Upstream stacks Go's `ServeMux` (cleans paths, owns `/api/v1/`) on `httprouter` (redirects to the
//! right spelling, answers `OPTIONS` and 405). Clients have met these answers for years, so [`Routes`]
//! gives the same ones. It is pure: no request is touched here. Next: [`super::serve`], which calls the endpoints.

use http::Method;

use super::endpoint::{Endpoint, Route};
use super::lookup::{Extent, Row, look_up, row};
use super::path::{RequestPath, clean, escape};

/// Where things are mounted.
#[derive(Clone, Debug)]
pub struct Mounts {
    /// The route prefix, empty or `/like/this`.
    pub prefix: String,
    /// The telemetry path below the prefix.
    pub telemetry_path: String,
    /// Whether `PUT /api/v1/admin/wipe` and `DELETE /api/v1/metrics` exist.
    pub admin_api: bool,
}

/// The routing table of one running program.
pub struct Routes {
    rows: Vec<Row>,
    api_rows: Vec<Row>,
    /// `PREFIX/api/v1/`.
    api: String,
}

impl Routes {
    /// Lays the table out.
    ///
    /// # Errors
    /// The telemetry path that is taken already.
    pub fn new(mounts: &Mounts) -> Result<Self, String> {
        let prefix = &mounts.prefix;
        let telemetry = clean(
            format!("{prefix}/{}", mounts.telemetry_path).as_bytes(),
            false,
        );
        let telemetry = String::from_utf8_lossy(&telemetry);
        let telemetry = if telemetry.len() > 1 {
            telemetry.trim_end_matches('/')
        } else {
            &telemetry
        };
        let mut rows = vec![row(
            Method::GET,
            "/-/quit",
            Extent::Exact,
            Endpoint::QuitByGet,
        )];
        for (method, path, extent, endpoint) in table() {
            rows.push(row(method, &format!("{prefix}{path}"), extent, endpoint));
        }
        if let Some(taken) = rows
            .iter()
            .find(|row| row.method == Method::GET && row.accepts(telemetry.as_bytes()).is_some())
        {
            return Err(format!(
                "--web.telemetry-path={:?} is taken by {}",
                mounts.telemetry_path, taken.path
            ));
        }
        rows.push(row(Method::GET, telemetry, Extent::Exact, Endpoint::Scrape));
        let mut api_rows = vec![
            row(Method::OPTIONS, "/", Extent::Below, Endpoint::ApiOptions),
            row(Method::GET, "/status", Extent::Exact, Endpoint::ApiStatus),
            row(Method::GET, "/metrics", Extent::Exact, Endpoint::ApiMetrics),
        ];
        if mounts.admin_api {
            for (method, path, endpoint) in [
                (Method::PUT, "/admin/wipe", Endpoint::Wipe),
                (Method::DELETE, "/metrics", Endpoint::DeleteMatching),
            ] {
                api_rows.push(row(method, path, Extent::Exact, endpoint));
            }
        }
        Ok(Self {
            rows,
            api_rows,
            api: format!("{prefix}/api/v1/"),
        })
    }

    /// Finds what a request means. `path` is raw, `query` without its `?`.
    pub fn route(&self, method: &Method, path: &str, query: Option<&str>) -> Route {
        if path == "*" {
            // The target of `OPTIONS *` is the server as a whole; Go answers before any router.
            return match *method {
                Method::OPTIONS => Route::Options {
                    allow: String::new(),
                },
                _ => Route::BadRequest,
            };
        }
        let Some(path) = RequestPath::decode(path) else {
            return Route::BadRequest;
        };
        // What ServeMux does first: it cleans the escaped path, whatever the method (but for CONNECT).
        let escaped = path.escaped();
        let cleaned = String::from_utf8_lossy(&clean(escaped.as_bytes(), false)).into_owned();
        if self.is_below_api(&cleaned) == Some(false) {
            return Route::redirect(307, escape(self.api.as_bytes()), query);
        }
        if cleaned != escaped && *method != Method::CONNECT {
            // ServeMux escapes the escaped path once more here: `%` comes back as `%25`.
            return Route::redirect(307, escape(cleaned.as_bytes()), query);
        }
        if self.is_below_api(&cleaned).is_none() {
            return look_up(&self.rows, method, &path.decoded, query);
        }
        // `http.StripPrefix`: an escaped spelling of the prefix itself leads nowhere.
        if !cleaned.starts_with(&self.api) {
            return Route::NotFound;
        }
        look_up(
            &self.api_rows,
            method,
            &path.decoded[self.api.len() - 1..],
            query,
        )
    }

    /// Whether upstream unpacks a request's body before it looks for a route: everywhere but below the API and
    /// where the path is first to be cleaned.
    pub fn unpacks(&self, path: &str) -> bool {
        let is_clean = |path: RequestPath| {
            let escaped = path.escaped();
            clean(escaped.as_bytes(), false) == escaped.as_bytes()
        };
        path != "*"
            && self.is_below_api(path).is_none()
            && RequestPath::decode(path).is_none_or(is_clean)
    }

    /// Whether a clean escaped path lies below the API (`true`), is the API's without the last slash
    /// (`false`), or neither; compared element by element, as ServeMux does.
    fn is_below_api(&self, escaped: &str) -> Option<bool> {
        let mut elements = escaped.split('/');
        for expected in self.api.trim_end_matches('/').split('/') {
            let element = percent_encoding::percent_decode(elements.next()?.as_bytes());
            if !element.eq(expected.bytes()) {
                return None;
            }
        }
        Some(elements.next().is_some())
    }
}

/// Everything below the prefix but the telemetry path.
fn table() -> Vec<(Method, &'static str, Extent, Endpoint)> {
    use Extent::{Below, Exact, Job, JobAndLabels};
    let mut rows = vec![
        (Method::GET, "/", Exact, Endpoint::Groups),
        (Method::GET, "/status", Exact, Endpoint::Status),
        (Method::GET, "/-/healthy", Exact, Endpoint::Healthy),
        (Method::GET, "/-/ready", Exact, Endpoint::Ready),
        (Method::GET, "/static/", Below, Endpoint::Static),
        (Method::GET, "/debug/pprof/", Below, Endpoint::Profile),
        (Method::PUT, "/-/quit", Exact, Endpoint::Quit),
        (Method::POST, "/-/quit", Exact, Endpoint::Quit),
        (Method::GET, "/ui/group", Exact, Endpoint::Group),
        (Method::GET, "/ui/delete", Exact, Endpoint::Confirm),
        (Method::POST, "/ui/delete", Exact, Endpoint::Confirm),
    ];
    for (method, endpoint) in [
        (Method::PUT, Endpoint::Replace),
        (Method::POST, Endpoint::Update),
        (Method::DELETE, Endpoint::Delete),
    ] {
        for path in ["/metrics/job/", "/metrics/job@base64/"] {
            rows.push((method.clone(), path, Job, endpoint));
            rows.push((method.clone(), path, JobAndLabels, endpoint));
        }
    }
    rows
}

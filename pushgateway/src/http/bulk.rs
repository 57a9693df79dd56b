//! `DELETE /api/v1/metrics`: all groups that selectors take, at once.
//!
//! A slip here costs data, so what is not understood is refused, and `dry_run=true` tells what would go.

use axum::response::Response;
use http::StatusCode;
use http::request::Parts;

use super::pages::is_same_origin;
use super::query::parameters;
use super::select::selectors;
use super::{App, api, api_error, json};
use crate::commit::ChangeError;
use crate::group::GroupingKey;
use crate::selector::Selectors;

/// Groups named in the answer.
const SHOWN: usize = 100;

/// What a request asks for.
struct Wanted {
    selectors: Selectors,
    dry_run: bool,
}

/// Deletes, or tells what would be deleted: 200 once it is gone for good, 400, 403 for a page of another site, or 503.
pub(super) async fn delete(app: &App, parts: &Parts) -> Response {
    // The API lets scripts of other sites send DELETE, because the other program does, where it does nothing.
    if !is_same_origin(&parts.headers) {
        let reason = "a page of another site may not delete anything here";
        return api_error(StatusCode::FORBIDDEN, "forbidden", reason);
    }
    let wanted = match Wanted::of(parts.uri.query()) {
        Ok(wanted) => wanted,
        Err(reason) => return api_error(StatusCode::BAD_REQUEST, "bad_data", &reason),
    };
    let dry_run = wanted.dry_run;
    match wanted.carry_out(app).await {
        Ok(groups) => {
            let mut out = Vec::new();
            write_deleted(&groups, dry_run, &mut out);
            json(out.into())
        }
        Err(error) => {
            tracing::error!(err = %error, "delete failed");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            api_error(status, "unavailable", &error.to_string())
        }
    }
}

impl Wanted {
    fn of(query: Option<&str>) -> Result<Self, String> {
        let (mut texts, mut dry_run) = (Vec::new(), false);
        for (name, value) in parameters(query) {
            match (&*name, &*value) {
                ("match[]", _) => texts.push(value),
                ("dry_run", "true") => dry_run = true,
                ("dry_run", "false") => dry_run = false,
                ("dry_run", _) => return Err(format!("dry_run: {value:?} is not true or false")),
                _ => return Err(format!("{name:?} is no parameter of a delete")),
            }
        }
        let selectors = selectors(&texts)?;
        if selectors.is_empty() {
            return Err("match[]: at least one selector is required".to_owned());
        }
        if selectors.ask_for_name() {
            return Err(
                "match[]: groups are selected by their grouping labels, not by a metric name"
                    .to_owned(),
            );
        }
        Ok(Self { selectors, dry_run })
    }

    /// The groups that were deleted, or would be.
    async fn carry_out(self, app: &App) -> Result<Vec<GroupingKey>, ChangeError> {
        if self.dry_run {
            let view = app.gateway.view();
            return Ok(self.selectors.take_groups(&view));
        }
        app.gateway.delete_matching(self.selectors).await
    }
}

/// Writes how many groups were deleted, or would be, and the first of them.
fn write_deleted(groups: &[GroupingKey], dry_run: bool, out: &mut Vec<u8>) {
    let matched = groups.len();
    let deleted = if dry_run { 0 } else { matched };
    let counts = format!(
        r#"{{"status":"success","data":{{"matched":{matched},"deleted":{deleted},"dry_run":{dry_run},"groups":["#
    );
    out.extend_from_slice(counts.as_bytes());
    for (at, group) in groups.iter().take(SHOWN).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        api::write_labels(group.labels(), out);
    }
    out.extend_from_slice(b"]}}");
}

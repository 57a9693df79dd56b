//! The pages: what they show, that nothing pushed can become HTML, and that only a form deletes.

use crate::site::{Site, Wishes};

#[tokio::test]
async fn a_group_is_shown_escaped() {
    let site = Site::new(Wishes::default());
    let body = "# HELP x </span><script>alert(1)</script>\n# TYPE x gauge\nx{a=\"\\\"><img src=x>\"} 1.5\n";
    site.check("PUT /metrics/job/%3Cb%3Ejob", body, "200").await;
    let page = site.send("GET /", &[], "").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let page = page.text();
    for part in ["<script", "<img", "<b>"] {
        assert!(!page.contains(part), "{part} got into the page");
    }
    for part in [
        "1–1 of 1 group<",
        "&#60;b&#62;job",
        "&#60;script&#62;alert(1)",
        "<div>1.5</div>",
        "Delete all groups",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(!page.contains("Last push failed!"));
    assert_eq!(
        site.send("PUT /metrics/job/%3Cb%3Ejob", &[], "x 1 1\n")
            .await
            .status,
        400
    );
    assert!(
        site.send("GET /", &[], "")
            .await
            .text()
            .contains("Last push failed!")
    );
}

#[tokio::test]
async fn every_kind_of_value_is_shown() {
    let site = Site::new(Wishes::default());
    let body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n\
                # TYPE s summary\ns{quantile=\"0.5\"} 4\ns_sum 5\ns_count 6\n";
    site.check("PUT /metrics/job/a", body, "200").await;
    let page = site.send("GET /", &[], "").await.text();
    let lines: Vec<&str> = page
        .split("<div>")
        .skip(1)
        .filter_map(|part| part.split_once("</div>"))
        .map(|(line, _)| line)
        .collect();
    let shown: Vec<&str> = lines
        .into_iter()
        .filter(|line| line.contains(": "))
        .collect();
    assert_eq!(
        shown,
        [
            "≤ 1: 1",
            "≤ +Inf: 2",
            "sum: 3",
            "count: 2",
            "quantile 0.5: 4",
            "sum: 5",
            "count: 6"
        ]
    );
}

#[tokio::test]
async fn many_groups_come_page_by_page() {
    let site = Site::new(Wishes::default());
    for at in 0..205 {
        site.send(&format!("PUT /metrics/job/j{at:03}"), &[], "x 1\n")
            .await;
    }
    for (target, first, last, jobs) in [
        ("/", "1–100 of 205 groups", "j099", 100),
        ("/?page=2", "101–200 of 205 groups", "j199", 100),
        ("/?page=3", "201–205 of 205 groups", "j204", 5),
        ("/?page=99", "201–205 of 205 groups", "j204", 5),
        ("/?page=x", "1–100 of 205 groups", "j099", 100),
        ("/?page=0", "1–100 of 205 groups", "j099", 100),
    ] {
        let page = site.send(&format!("GET {target}"), &[], "").await.text();
        assert!(page.contains(first) && page.contains(last), "{target}");
        assert_eq!(
            page.matches("<details class=\"group\"").count(),
            jobs,
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_page_is_bounded() {
    let site = Site::new(Wishes {
        decoded_bytes_max: 64 << 20,
        ..Wishes::default()
    });
    let long = "y".repeat(100_000);
    let body: String = (0..6_000)
        .map(|at| format!("x{{n=\"{at}\"}} 1\n"))
        .collect();
    site.send(
        "PUT /metrics/job/a",
        &[],
        format!("{body}z{{l=\"{long}\"}} 1\n"),
    )
    .await;
    let page = site.send("GET /", &[], "").await.text();
    assert!(page.contains("more series are not shown here"));
    assert!(page.len() < 4 << 20, "{} bytes", page.len());
}

/// The id of the only group, as the delete link has it.
async fn only_id(site: &Site) -> String {
    let page = site.send("GET /", &[], "").await.text();
    let (_, rest) = page.split_once("ui/delete?group=").expect("a delete link");
    rest.split_once('"').expect("a quoted link").0.to_owned()
}

#[tokio::test]
async fn only_a_form_of_ours_deletes() {
    let site = Site::new(Wishes::default());
    site.check("PUT /metrics/job/a/b/c", "x 1\n", "200").await;
    let id = only_id(&site).await;
    let held = site.pushed().await;
    let question = site
        .send(&format!("GET /ui/delete?group={id}"), &[], "")
        .await
        .text();
    assert!(question.contains("Delete this group?") && question.contains(&id));
    let form = format!("group={id}");
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://there"),
        ("origin", "null"),
    ] {
        assert_eq!(
            site.send("POST /ui/delete", &[foreign], form.clone())
                .await
                .status,
            403,
            "{foreign:?}"
        );
    }
    assert_eq!(
        site.send("POST /ui/delete", &[], "group=xyz").await.status,
        400
    );
    assert_eq!(site.pushed().await, held);
    let done = site
        .send("POST /ui/delete", &[("origin", "http://here")], form)
        .await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, "../")
    );
    assert_eq!(site.pushed().await, "");
}

#[tokio::test]
async fn all_are_deleted_only_with_the_admin_api() {
    for (admin_api, status, left) in [
        (true, 303, ""),
        (
            false,
            400,
            "# TYPE x untyped\nx{instance=\"\",job=\"a\"} 1\n",
        ),
    ] {
        let site = Site::new(Wishes {
            admin_api,
            ..Wishes::default()
        });
        site.check("PUT /metrics/job/a", "x 1\n", "200").await;
        let page = site.send("GET /", &[], "").await.text();
        assert_eq!(page.contains("Delete all groups"), admin_api);
        let answer = site
            .send(
                "POST /ui/delete",
                &[("sec-fetch-site", "same-origin")],
                "all=1",
            )
            .await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(site.pushed().await, left);
    }
}

#[tokio::test]
async fn pages_need_nothing_from_elsewhere() {
    let site = Site::new(Wishes::default());
    for target in ["/", "/status", "/ui/delete?all"] {
        let page = site.send(&format!("GET {target}"), &[], "").await.text();
        assert!(
            !page.contains("//") || page.matches("//").count() == page.matches("://").count(),
            "{target}"
        );
        assert!(
            !page.contains("http://") && !page.contains("https://") && !page.contains("<script"),
            "{target}"
        );
    }
    for (target, content_type) in [
        ("/static/style.css", "text/css; charset=utf-8"),
        ("/static/favicon.svg", "image/svg+xml"),
        ("/static/", "text/html; charset=utf-8"),
    ] {
        let answer = site.send(&format!("GET {target}"), &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, content_type)
        );
    }
    let status = site.send("GET /status", &[], "").await.text();
    assert!(status.contains("In memory.") && status.contains("&#60;&#38;&#62;"));
}

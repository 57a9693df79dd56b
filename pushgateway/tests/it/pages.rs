//! The pages: what they show, that nothing pushed can become HTML, and that only a form deletes.

use crate::site::{Site, Wishes};

/// A page that must be there.
async fn page(site: &Site, target: &str) -> String {
    let page = site.send(&format!("GET {target}"), &[], "").await;
    assert_eq!(page.status, 200, "{target}");
    page.text()
}

/// The address of the page of the only group, as the list links to it.
async fn only_group(site: &Site) -> String {
    format!("/ui/group?id={}", only_id(site).await)
}

/// The jobs of a list, in its order.
fn jobs(list: &str) -> Vec<&str> {
    let rows = list.split("<th scope=\"row\">").skip(1);
    rows.map(|row| between(row, "job=\"", "\"<").unwrap())
        .collect()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// The API takes selectors of so many matchers and bytes only, so a link to more would lead nowhere.
#[tokio::test]
async fn a_group_links_to_its_json_where_a_selector_can_name_it() {
    let labels = |count: usize| (0..count).map(|at| format!("/l{at}/v")).collect::<String>();
    for (path, linked) in [
        (labels(63), true),
        (labels(64), false),
        (format!("/l/{}", "v".repeat(8_000)), true),
        (format!("/l/{}", "v".repeat(8_200)), false),
    ] {
        let site = Site::new(Wishes::default());
        site.check(&format!("PUT /metrics/job/a{path}"), "x 1\n", "200")
            .await;
        let group = page(&site, &only_group(&site).await).await;
        assert!(group.contains("All groups of this job"), "{path}");
        let link = between(&group, "/api/v1/metrics", "\"");
        assert_eq!(link.is_some(), linked, "{path}");
        if let Some(query) = link {
            let query = query.replace("&#38;", "&").replace("&amp;", "&");
            let answer = page(&site, &format!("/api/v1/metrics{query}")).await;
            assert!(answer.contains("\"x\":"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_group_is_shown_escaped() {
    let site = Site::new(Wishes::default());
    let body = "# HELP x </span><script>alert(1)</script>\n# TYPE x gauge\nx{a=\"\\\"><img src=x>\"} 1.5\n";
    site.check("PUT /metrics/job/%3Cb%3Ejob", body, "200").await;
    let list = page(&site, "/?q=%3Cb%3E%22&job=").await;
    assert!(list.contains("None of 1 group fits"), "{list}");
    let list = page(&site, "/").await;
    let group = page(&site, &only_group(&site).await).await;
    let question = page(&site, &format!("/ui/delete?group={}", only_id(&site).await)).await;
    for page in [&list, &group, &question] {
        for part in ["<script", "<img", "<b>", "style="] {
            assert!(!page.contains(part), "{part} got into the page");
        }
        assert!(page.contains("job=\"&#60;b&#62;job\""));
        assert!(!page.contains("Last push failed!"));
    }
    for part in ["1–1 of 1 group<", "Delete all groups"] {
        assert!(list.contains(part), "{part} is missing");
    }
    assert!(!list.contains("alert(1)"), "a family is on the list");
    for part in [
        "&#60;script&#62;alert(1)",
        "a=\"&#34;&#62;&#60;img src=x",
        "<div>1.5</div>",
    ] {
        assert!(group.contains(part), "{part} is missing");
    }
    let refused = site
        .send("PUT /metrics/job/%3Cb%3Ejob", &[], "x 1 1\n")
        .await;
    assert_eq!(refused.status, 400);
    for target in ["/".to_owned(), only_group(&site).await] {
        assert!(
            page(&site, &target).await.contains("Last push failed!"),
            "{target}"
        );
    }
}

#[tokio::test]
async fn pages_let_browsers_take_nothing_from_elsewhere() {
    let site = Site::new(Wishes::default());
    for target in [
        "/",
        "/status",
        "/ui/group?id=x",
        "/ui/delete?all",
        "/?older=x",
    ] {
        let page = site.send(&format!("GET {target}"), &[], "").await;
        for (name, expected) in [
            ("content-type", "text/html; charset=utf-8"),
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
        ] {
            assert_eq!(page.header(name), expected, "{target}");
        }
    }
}

#[tokio::test]
async fn every_kind_of_value_is_shown() {
    let site = Site::new(Wishes::default());
    let body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n\
                # TYPE s summary\ns{quantile=\"0.5\"} 4\ns_sum 5\ns_count 6\n";
    site.check("PUT /metrics/job/a", body, "200").await;
    let page = page(&site, &only_group(&site).await).await;
    let lines = page.split("<div>").skip(1);
    let lines = lines.filter_map(|part| Some(part.split_once("</div>")?.0));
    let shown: Vec<&str> = lines.filter(|line| line.contains(": ")).collect();
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
    for (target, first, from, count) in [
        ("/", "1–100 of 205 groups", 0, 100),
        ("/?page=2", "101–200 of 205 groups", 100, 100),
        ("/?page=3", "201–205 of 205 groups", 200, 5),
        ("/?page=99", "201–205 of 205 groups", 200, 5),
        ("/?page=x", "1–100 of 205 groups", 0, 100),
        ("/?page=0", "1–100 of 205 groups", 0, 100),
        (
            "/?q=J1&page=1",
            "1–100 of 100 groups that fit, of 205 held",
            100,
            100,
        ),
    ] {
        let page = page(&site, target).await;
        assert!(page.contains(first), "{target}");
        let expected: Vec<String> = (from..from + count).map(|at| format!("j{at:03}")).collect();
        assert_eq!(jobs(&page), expected, "{target}");
    }
    let middle = page(&site, "/?page=2&q=j&sort=oldest").await;
    let links: Vec<&str> = ["« first", "‹ previous", "next ›", "last »"]
        .iter()
        .map(|name| {
            let before = &middle[..middle.find(&format!("\">{name}</a>")).unwrap()];
            &before[before.rfind("href=\"").unwrap() + 6..]
        })
        .collect();
    assert_eq!(
        links,
        [
            "./?q=j&#38;sort=oldest",
            "./?q=j&#38;sort=oldest",
            "./?q=j&#38;sort=oldest&#38;page=3",
            "./?q=j&#38;sort=oldest&#38;page=3"
        ]
    );
}

#[tokio::test]
async fn the_list_is_searched_filtered_and_sorted() {
    let site = Site::new(Wishes::default());
    for (target, body, status) in [
        ("b/host/Straße-1", "x 1\n", 200),
        ("a/host/web%2B1", "x 1\n", 200),
        ("c/zone/eu", "x 1\n", 200),
        ("a/zone/us", "x 1\n", 200),
        ("never/zone/eu", "x 1 1\n", 400),
        ("c/zone/eu", "x 1 1\n", 400),
    ] {
        let target = format!("PUT /metrics/job/{}", target.replace("ß", "%C3%9F"));
        assert_eq!(
            site.send(&target, &[], body).await.status,
            status,
            "{target}"
        );
    }
    for (query, expected) in [
        ("", "a a b c never"),
        ("?q=ZONE", "a c never"),
        ("?q=zone%3Deu", "c never"),
        ("?q=STRASSE", ""),
        ("?q=stra%C3%9FE", "b"),
        ("?q=web%2B", "a"),
        ("?q=+web++", "a"),
        ("?q=web+1", ""),
        ("?job=a", "a a"),
        ("?job=A", ""),
        ("?job=a&q=us", "a"),
        ("?failed=1", "c never"),
        ("?sort=failed", "c never a a b"),
        ("?sort=newest", "a c a b never"),
        ("?sort=oldest", "never b a c a"),
        ("?sort=what", "a a b c never"),
        ("?younger=1h", "a a b c"),
        ("?older=1h", "never"),
        ("?older=0s&younger=1d", "a a b c"),
        ("?older=1000000h", "never"),
        ("?younger=1000000h", "a a b c"),
        ("?q=&job=&older=&younger=&sort=", "a a b c never"),
    ] {
        let page = page(&site, &format!("/{query}")).await;
        assert_eq!(jobs(&page).join(" "), expected, "{query}");
    }
    let odd = site.send("GET /?older=%3Cb%3E&q=x", &[], "").await;
    assert_eq!(odd.status, 400);
    let odd = odd.text();
    assert!(odd.contains("“&#60;b&#62;” is no age") && odd.contains("value=\"x\""));
    assert_eq!(jobs(&odd).len(), 0);
}

#[tokio::test]
async fn a_large_group_comes_page_by_page() {
    let site = Site::new(Wishes::default());
    let body = |name: &str, count: usize| -> String {
        (0..count)
            .map(|at| format!("{name}{{n=\"{at:04}\"}} {at}\n"))
            .collect()
    };
    let pushed = format!("{}{}{}", body("a", 450), body("b", 700), body("c", 10));
    site.send("PUT /metrics/job/a", &[], pushed).await;
    let target = only_group(&site).await;
    let mut seen = Vec::new();
    for (asked, families) in [
        (1, "a b"),
        (2, "b"),
        (3, "b c push_failure_time_seconds push_time_seconds"),
    ] {
        let page = page(&site, &format!("{target}&page={asked}")).await;
        assert!(page.contains(&format!("page {asked} of 3")));
        let names: Vec<&str> = page
            .split("<code>")
            .skip(1)
            .map(|part| part.split_once("</code>").unwrap().0)
            .collect();
        assert_eq!(names.join(" "), families);
        let rows = page.split("<tr><td>").skip(1);
        seen.extend(rows.map(|row| row.split_once("</tr>").unwrap().0.to_owned()));
    }
    assert_eq!(seen.len(), 1_162);
    let numbered = seen.iter().filter(|row| row.contains("n=\"")).count();
    seen.sort();
    seen.dedup();
    assert_eq!(numbered, 1_160);
    // "a", "b" and "c" have the same labels and values; with them, each was there once.
    assert_eq!(seen.iter().filter(|row| row.contains("n=\"")).count(), 700);
    let second = page(&site, &format!("{target}&page=2")).await;
    assert!(second.contains("series 51–550 of 700"), "{second}");
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
        format!("a{{l=\"{long}\"}} 1\n{body}"),
    )
    .await;
    let page = page(&site, &only_group(&site).await).await;
    assert!(page.contains("yyy…"));
    assert!(page.len() < 200_000, "{} bytes", page.len());
}

#[tokio::test]
async fn of_many_labels_the_first_are_shown() {
    let site = Site::new(Wishes::default());
    let labels: String = (0..1_000).map(|at| format!("/l{at:04}/v")).collect();
    let target = format!("PUT /metrics/job/z{labels}");
    site.send(&target, &[], "x 1\n").await;
    for target in ["/".to_owned(), only_group(&site).await] {
        let page = page(&site, &target).await;
        let badges = page.matches("<span class=\"badge\">").count();
        assert!(badges < 60, "{target}: {badges}");
        assert!(
            page.contains("job=\"z\"") && page.contains("and 951 more"),
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_group_that_is_gone_is_said_to_be() {
    let site = Site::new(Wishes::default());
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    let id = only_id(&site).await;
    site.check("DELETE /metrics/job/a", "", "202").await;
    for target in [
        format!("/ui/group?id={id}"),
        format!("/ui/delete?group={id}"),
        "/ui/group".to_owned(),
        "/ui/group?id=%3C".to_owned(),
    ] {
        let page = site.send(&format!("GET {target}"), &[], "").await;
        assert_eq!(page.status, 404, "{target}");
        assert!(page.text().contains("No such group"), "{target}");
    }
    assert!(page(&site, "/").await.contains("Nothing has been pushed."));
}

/// The id of the only group, as the delete link has it.
async fn only_id(site: &Site) -> String {
    let list = page(site, "/").await;
    between(&list, "ui/delete?group=", "\"")
        .expect("a delete link")
        .to_owned()
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
    for form in ["group=xyz", "group=xyz&all=1", "group=&all=1", ""] {
        let answer = site.send("POST /ui/delete", &[], form).await;
        assert_eq!(answer.status, 404, "{form}");
    }
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
    for part in [
        "In memory.",
        "web.x",
        "&#60;&#38;&#62; <span class=\"badge\">not the default",
        "takes changes, 0 waiting",
    ] {
        assert!(status.contains(part), "{part} is missing");
    }
}

/// The relative luminance of a colour, by WCAG 2: `#rgb` or `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let digits = colour.strip_prefix('#').unwrap();
    let width = digits.len() / 3;
    let channel = |at: usize| {
        let digits = &digits[at * width..(at + 1) * width];
        let value = f64::from(u8::from_str_radix(&digits.repeat(3 - width), 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2)
}

#[tokio::test]
async fn texts_stand_out_from_their_ground() {
    let site = Site::new(Wishes::default());
    let style = site.send("GET /static/style.css", &[], "").await.text();
    let schemes: Vec<&str> = style
        .split(":root {")
        .skip(1)
        .map(|block| block.split_once('}').unwrap().0)
        .collect();
    assert_eq!(schemes.len(), 2, "light and dark");
    for scheme in schemes {
        let colour = |name: &str| between(scheme, &format!("--{name}: "), ";").unwrap();
        for (least, text, grounds) in [
            (4.5, "text", "page card"),
            (4.5, "quiet", "page card"),
            (4.5, "accent", "page card"),
            (4.5, "on-accent", "accent"),
            (4.5, "badge-text", "badge"),
            (4.5, "bad", "page card bad-page"),
            (3.0, "edge", "page card"),
            (3.0, "focus", "page card"),
        ] {
            for ground in grounds.split(' ') {
                let [a, b] = [text, ground].map(|name| luminance(colour(name)) + 0.05);
                let contrast = (a / b).max(b / a);
                assert!(contrast >= least, "{text} on {ground}: {contrast:.2}");
            }
        }
    }
}

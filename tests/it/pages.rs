//! The gateway's pages in a real browser, without JavaScript: everything a person does there, and how it looks.
//!
//! `PROMONTORY_PICTURES` names a folder that receives a picture of each page in each look.

use std::path::Path;

use promontory_tests::browser::{Browser, Look, keys};
use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::process::until;
use tempfile::TempDir;

/// A gateway and a browser in front of it.
struct Visit {
    browser: Browser,
    gateway: Gateway,
    _folder: TempDir,
}

impl Visit {
    fn new(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
        Self::to(gateway, folder)
    }

    fn to(gateway: Gateway, folder: TempDir) -> Self {
        Self {
            gateway,
            browser: Browser::start(folder.path()).unwrap(),
            _folder: folder,
        }
    }

    #[track_caller]
    fn push(&self, path: &str, body: &str, status: u16) {
        let got = self.gateway.push("PUT", path, body).unwrap();
        assert_eq!(got, status, "{path} {body}");
    }

    /// 250 groups of five jobs, the last push of two of them refused; and a group with more series than a page shows.
    fn fill(&self) {
        let body = "# HELP done_unixtime When the job was done.\n# TYPE done_unixtime gauge\ndone_unixtime 1.7e9\n\
                    # TYPE took_seconds histogram\ntook_seconds_bucket{step=\"load\",le=\"1\"} 3\n\
                    took_seconds_bucket{step=\"load\",le=\"+Inf\"} 4\ntook_seconds_sum{step=\"load\"} 5.25\n\
                    took_seconds_count{step=\"load\"} 4\n";
        let jobs = ["backup", "certificates", "ci", "nightly-report", "vacuum"];
        for at in 0..250 {
            let path = format!(
                "/metrics/job/{}/instance/db-{at:03}.example.org",
                jobs[at % 5]
            );
            self.push(&path, body, 200);
        }
        self.push(
            "/metrics/job/ci/instance/db-007.example.org",
            "x 1 1\n",
            400,
        );
        self.push("/metrics/job/refused", "x 1 1\n", 400);
        let rows: String = (0..600)
            .map(|at| {
                format!("rows{{table=\"a_table_with_a_name_as_long_as_they_get_{at:04}\"}} {at}\n")
            })
            .collect();
        let help = "# HELP rows How many rows a table has, said at such length that it does not fit into one line of any window.\n";
        self.push("/metrics/job/tables", &format!("{help}{rows}"), 200);
    }

    fn address(&self, path: &str) -> String {
        format!(
            "http://{}{}{path}",
            self.gateway.address, self.gateway.prefix
        )
    }

    fn open(&self, path: &str) {
        self.browser.open(&self.address(path)).unwrap();
    }

    fn click(&self, selector: &str) {
        self.browser.find(selector).unwrap().click().unwrap();
    }

    fn fill_in(&self, name: &str, text: &str) {
        let field = format!("[name={name}]");
        self.browser.find(&field).unwrap().fill(text).unwrap();
    }

    /// Clicks on the link of that text.
    #[track_caller]
    fn follow(&self, text: &str) {
        let links = self.browser.all("main a").unwrap();
        let link = links.iter().find(|link| link.text().unwrap() == text);
        link.unwrap_or_else(|| panic!("no link {text:?}"))
            .click()
            .unwrap();
    }

    /// Waits until the page says what is expected above its list.
    #[track_caller]
    fn expect(&self, said: &str) {
        let mut last = None;
        let waited = until(said, || {
            last = Some(self.browser.find("[role=status]").ok()?.text().ok()?);
            (last.as_deref() == Some(said)).then_some(())
        });
        assert!(waited.is_ok(), "expected {said:?}, got {last:?}");
    }

    #[track_caller]
    fn expect_heading(&self, said: &str) {
        let waited = until(said, || {
            (self.browser.find("h1").ok()?.text().ok()? == said).then_some(())
        });
        waited.unwrap();
    }

    fn groups(&self) -> Vec<String> {
        self.browser.texts("tbody th[scope=row] .to").unwrap()
    }

    fn held(&self) -> usize {
        let page = self.gateway.scrape().unwrap();
        let held = page
            .lines()
            .filter(|line| line.starts_with("push_time_seconds{"));
        held.count()
    }

    /// Nothing else was ever asked for anything.
    fn expect_no_stranger(&self) {
        let requested = self.browser.requested().unwrap();
        let ours = self.address("/");
        assert!(
            requested
                .iter()
                .any(|url| url.ends_with("/static/style.css")),
            "{requested:?}"
        );
        let strange: Vec<_> = requested
            .iter()
            .filter(|url| !url.starts_with(&ours))
            .collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
}

#[test]
fn the_browser_runs_no_script() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::start(folder.path()).unwrap();
    let page = "data:text/html,<title>off</title><h1>x</h1><script>document.title='on'</script>";
    browser.open(page).unwrap();
    browser.find("h1").unwrap();
    assert_eq!(browser.title().unwrap(), "off");
}

#[test]
fn groups_are_found() {
    let visit = Visit::new(&[]);
    visit.open("/");
    visit.expect("Nothing has been pushed.");
    visit.fill();
    visit.open("/");
    visit.expect("1–100 of 252 groups");
    visit.follow("next ›");
    visit.expect("101–200 of 252 groups");
    visit.follow("last »");
    visit.expect("201–252 of 252 groups");
    assert_eq!(
        visit.groups().last().unwrap(),
        "job=\"vacuum\" instance=\"db-249.example.org\""
    );
    visit.follow("‹ previous");
    visit.expect("101–200 of 252 groups");
    visit.fill_in("q", "DB-24");
    visit.click("button");
    visit.expect("1–10 of 10 groups that fit, of 252 held");
    visit.fill_in("job", "vacuum");
    visit.click("button");
    visit.expect("1–2 of 2 groups that fit, of 252 held");
    assert!(visit.browser.url().unwrap().contains("q=DB-24&job=vacuum"));
    visit.fill_in("older", "1d");
    visit.click("button");
    visit.expect("None of 252 groups fits.");
    visit.fill_in("older", "soon");
    visit.click("button");
    let said = visit.browser.find(".banner").unwrap().text().unwrap();
    assert!(said.starts_with("“soon” is no age"), "{said}");
    visit.follow("Show all");
    visit.expect("1–100 of 252 groups");
    visit.click("[name=failed]");
    visit.click("button");
    visit.expect("1–2 of 2 groups that fit, of 252 held");
    assert_eq!(
        visit.groups(),
        [
            "job=\"ci\" instance=\"db-007.example.org\"",
            "job=\"refused\""
        ]
    );
    visit.click("[name=failed]");
    visit.click("option[value=newest]");
    visit.click("button");
    visit.expect("1–100 of 252 groups");
    assert_eq!(visit.groups()[0], "job=\"tables\"");
    // The choice is in the address, so it goes with every page and can be shared.
    visit.follow("next ›");
    visit.expect("101–200 of 252 groups");
    assert!(
        visit
            .browser
            .url()
            .unwrap()
            .ends_with("/?sort=newest&page=2")
    );
    visit.expect_no_stranger();
}

#[test]
fn a_group_is_looked_at_and_deleted() {
    let visit = Visit::new(&["--web.enable-admin-api"]);
    visit.fill();
    visit.open("/?job=tables");
    visit.click(".to");
    visit.expect_heading("Group");
    assert_eq!(
        visit.browser.texts(".key .badge").unwrap(),
        ["job=\"tables\""]
    );
    assert_eq!(
        visit.browser.texts("h3").unwrap(),
        [
            "push_failure_time_seconds gauge",
            "push_time_seconds gauge",
            "rows untyped"
        ]
    );
    assert_eq!(visit.browser.all("tbody td.value").unwrap().len(), 500);
    visit.follow("next ›");
    let rows = visit
        .browser
        .find(".family .quiet")
        .unwrap()
        .text()
        .unwrap();
    assert!(rows.ends_with("series 499–600 of 600"), "{rows}");
    visit.follow("Delete this group");
    visit.expect_heading("Delete this group?");
    visit.follow("Keep");
    visit.expect_heading("Group");
    assert_eq!(visit.held(), 252);
    visit.follow("Delete this group");
    visit.expect_heading("Delete this group?");
    visit.click("main button");
    visit.expect("1–100 of 251 groups");
    assert_eq!(visit.held(), 251);
    visit.browser.find("a.delete").unwrap();
    visit.follow("Delete all groups");
    visit.expect_heading("Delete all 251 groups?");
    visit.click("main button");
    visit.expect("Nothing has been pushed.");
    assert_eq!(visit.held(), 0);
    visit.expect_no_stranger();
}

#[test]
fn a_keyboard_is_enough() {
    let visit = Visit::new(&[]);
    visit.fill();
    visit.open("/");
    let focused = || visit.browser.focused().unwrap();
    // Tabs on to something, and sees that its focus can be seen.
    let tab_to = |name: &str, value: &str| {
        for _ in 0..40 {
            visit.browser.press(keys::TAB).unwrap();
            let here = focused();
            assert_eq!(here.style("outline-style").unwrap(), "solid");
            if here.attribute(name).unwrap().contains(value) {
                return;
            }
        }
        panic!("the keyboard does not reach {name} {value}");
    };
    visit.browser.press(keys::TAB).unwrap();
    assert_eq!(focused().text().unwrap(), "Skip to the content");
    visit.browser.press(keys::ENTER).unwrap();
    tab_to("name", "q");
    for key in "db-007".chars() {
        visit.browser.press(key).unwrap();
    }
    visit.browser.press(keys::ENTER).unwrap();
    visit.expect("1–1 of 1 group that fit, of 252 held");
    tab_to("href", "ui/group");
    visit.browser.press(keys::ENTER).unwrap();
    visit.expect_heading("Group");
    tab_to("href", "ui/delete");
    visit.browser.press(keys::ENTER).unwrap();
    visit.expect_heading("Delete this group?");
    tab_to("type", "submit");
    visit.browser.press(keys::ENTER).unwrap();
    visit.expect("1–100 of 251 groups");
}

#[test]
fn every_page_fits_wide_and_narrow_light_and_dark() {
    let visit = Visit::new(&["--web.enable-admin-api", "--persistence.file=held.db"]);
    visit.fill();
    visit.open("/?job=ci");
    let ci = visit
        .browser
        .find(".to")
        .unwrap()
        .attribute("href")
        .unwrap();
    let ci = ci.trim_start_matches('.').to_owned();
    visit.open("/?job=tables");
    let tables = visit
        .browser
        .find(".to")
        .unwrap()
        .attribute("href")
        .unwrap();
    let tables = tables.trim_start_matches('.').to_owned();
    let pictures = std::env::var_os("PROMONTORY_PICTURES");
    let mut grounds = Vec::new();
    for (width, dark) in [(1280, false), (1280, true), (360, false), (360, true)] {
        visit.browser.look(Look { width, dark }).unwrap();
        for (name, path) in [
            ("list", "/"),
            ("found", "/?failed=1&q=a&job=ci"),
            ("wrong", "/?older=soon"),
            ("group", &ci),
            ("large", &tables),
            ("gone", "/ui/group?id=x"),
            ("delete", &ci.replace("group?id", "delete?group")),
            ("wipe", "/ui/delete?all"),
            ("status", "/status"),
        ] {
            visit.open(path);
            let (page, window) = visit.browser.widths().unwrap();
            assert!(
                page <= window,
                "{name} is {page} wide in a window of {window}"
            );
            if let Some(folder) = &pictures {
                let scheme = if dark { "dark" } else { "light" };
                let file = Path::new(folder).join(format!("{name}-{width}-{scheme}.png"));
                std::fs::write(file, visit.browser.picture().unwrap()).unwrap();
            }
        }
        let body = visit.browser.find("body").unwrap();
        grounds.push(body.style("background-color").unwrap());
    }
    assert_ne!(grounds[0], grounds[1], "dark looks like light");
    visit.expect_no_stranger();
}

#[test]
fn pages_work_under_a_prefix() {
    for flags in [
        &["--web.route-prefix=/pre/fix"][..],
        &["--web.external-url=http://elsewhere.example/out/side"],
    ] {
        let visit = Visit::new(flags);
        visit.push("/metrics/job/a", "x 1\n", 200);
        visit.open("/");
        visit.expect("1–1 of 1 group");
        visit.click(".to");
        visit.expect_heading("Group");
        visit.click("main .delete");
        visit.expect_heading("Delete this group?");
        visit.click("main button");
        visit.expect("Nothing has been pushed.");
        visit.click("header a[href$=status]");
        visit.expect_heading("Status");
        visit.expect_no_stranger();
    }
}

#[test]
fn a_disk_that_refuses_is_told_on_every_page() {
    let folder = tempfile::tempdir().unwrap();
    let visit = Visit::to(Gateway::start_limitable(folder.path()).unwrap(), folder);
    let limit = |bytes| visit.gateway.limit_files(bytes).unwrap();
    visit.push("/metrics/job/a", "x 1\n", 200);
    limit("100");
    visit.push("/metrics/job/b", "x 1\n", 503);
    for path in ["/", "/status", "/ui/group?id=x"] {
        visit.open(path);
        let said = visit.browser.find("body > .banner").unwrap();
        let said = said.text().unwrap();
        assert!(said.contains("The disk refuses what is pushed"), "{said}");
        assert!(said.contains("File too large"), "{said}");
    }
    limit("unlimited");
    visit.push("/metrics/job/b", "x 1\n", 200);
    visit.open("/status");
    assert!(visit.browser.all(".banner").unwrap().is_empty());
    let facts = visit.browser.texts(".facts tr").unwrap();
    for fact in [
        "Failed writes 1",
        "persistence.file held.db not the default",
        "persistence.interval 0s",
    ] {
        assert!(
            facts.contains(&fact.to_owned()),
            "{fact:?} is not in {facts:?}"
        );
    }
}

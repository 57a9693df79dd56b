//! A real Chromium, driven from outside as a person would: addresses, fields, clicks, keys and what is to be seen.
//!
//! The way to it is `chromedriver`, which speaks the WebDriver protocol: JSON over HTTP on a port of its own. JavaScript is
//! turned off in every page, so whatever works here works without it. `tests/tools/setup.sh` installs both.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::http::Request;
use crate::lifeline;
use crate::process::{Process, free_port, until};

/// The key under which the protocol hands out elements; the standard fixes it.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that have no character of their own, as the protocol spells them.
pub mod keys {
    /// Goes on to what can be used next.
    pub const TAB: char = '\u{e004}';
    /// Sends a form, follows a link.
    pub const ENTER: char = '\u{e007}';
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Of the window, in pixels.
    pub width: u32,
    /// Whether the reader's system is dark.
    pub dark: bool,
}

/// A running browser with one window; it ends when this goes.
#[derive(Debug)]
pub struct Browser {
    driver: Process,
    address: SocketAddr,
    session: String,
    pid: Option<u32>,
}

/// Something on a page.
#[derive(Debug)]
pub struct Element<'b> {
    browser: &'b Browser,
    id: String,
}

impl Browser {
    /// Starts a browser whose profile and log are in `folder`.
    ///
    /// # Errors
    /// If it is not installed or does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}"));
        let mut driver = Process::start(command, &folder.join("chromedriver.log"))
            .context("tests/tools/setup.sh installs chromium and chromedriver")?;
        let status = Request::new("GET", "/status");
        driver.wait_ready(|| {
            status
                .send(address)
                .is_ok_and(|answer| answer.status == 200)
        })?;
        let mut browser = Self {
            driver,
            address,
            session: String::new(),
            pid: None,
        };
        let opened = browser.ask("POST", "/session", &capabilities(folder))?;
        let session = opened["sessionId"].as_str().context("no session")?;
        browser.session = format!("/session/{session}");
        let pid = opened["capabilities"]["goog:processID"].as_u64();
        browser.pid = pid.and_then(|pid| u32::try_from(pid).ok());
        if let Some(pid) = browser.pid {
            lifeline::hold(pid);
        }
        Ok(browser)
    }

    /// Opens an address and waits until the page is there.
    ///
    /// # Errors
    /// If the browser cannot.
    pub fn open(&self, url: &str) -> Result<()> {
        self.post("/url", &json!({ "url": url })).map(drop)
    }

    /// The address of the page that is shown.
    ///
    /// # Errors
    /// If the browser has gone.
    pub fn url(&self) -> Result<String> {
        text(self.get("/url")?)
    }

    /// The title of the page.
    ///
    /// # Errors
    /// If the browser has gone.
    pub fn title(&self) -> Result<String> {
        text(self.get("/title")?)
    }

    /// The first element that a CSS selector finds, as soon as there is one.
    ///
    /// # Errors
    /// If there is none for a minute.
    pub fn find(&self, selector: &str) -> Result<Element<'_>> {
        until(selector, || self.all(selector).ok()?.into_iter().next())
    }

    /// All elements that a CSS selector finds now.
    ///
    /// # Errors
    /// If the selector is none.
    pub fn all(&self, selector: &str) -> Result<Vec<Element<'_>>> {
        let found = self.post(
            "/elements",
            &json!({ "using": "css selector", "value": selector }),
        )?;
        let found = found.as_array().context("no list of elements")?;
        found.iter().map(|element| self.element(element)).collect()
    }

    /// The texts of all elements that a CSS selector finds now.
    ///
    /// # Errors
    /// If the page changes meanwhile.
    pub fn texts(&self, selector: &str) -> Result<Vec<String>> {
        self.all(selector)?.iter().map(Element::text).collect()
    }

    /// What the next key goes to.
    ///
    /// # Errors
    /// If the browser has gone.
    pub fn focused(&self) -> Result<Element<'_>> {
        self.element(&self.get("/element/active")?)
    }

    /// Presses and releases a key.
    ///
    /// # Errors
    /// If the browser has gone.
    pub fn press(&self, key: char) -> Result<()> {
        let key = key.to_string();
        let strokes =
            json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let source = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.post("/actions", &json!({ "actions": [source] }))
            .map(drop)
    }

    /// Sets width and colours.
    ///
    /// # Errors
    /// If the browser has gone.
    pub fn look(&self, look: Look) -> Result<()> {
        let scheme = if look.dark { "dark" } else { "light" };
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [feature] }),
        )?;
        let metrics = json!({ "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": look.width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)
            .map(drop)
    }

    /// How wide the page is, and how wide the window: the page scrolls sideways where it is wider.
    ///
    /// # Errors
    /// If the browser has gone.
    pub fn widths(&self) -> Result<(f64, f64)> {
        let metrics = self.devtools("Page.getLayoutMetrics", &json!({}))?;
        let width = |of: &str, name: &str| metrics[of][name].as_f64().context("no width");
        Ok((
            width("cssContentSize", "width")?,
            width("cssLayoutViewport", "clientWidth")?,
        ))
    }

    /// The whole page as PNG.
    ///
    /// # Errors
    /// If the browser has gone.
    pub fn picture(&self) -> Result<Vec<u8>> {
        let asked = json!({ "captureBeyondViewport": true });
        let taken = self.devtools("Page.captureScreenshot", &asked)?;
        let data = taken["data"].as_str().context("no picture")?;
        Ok(STANDARD.decode(data)?)
    }

    /// The addresses asked for since the last call, by the pages and for them; not the browser's own (`chrome:`) and what
    /// is no address of anything (`data:`).
    ///
    /// # Errors
    /// If the browser has gone.
    pub fn requested(&self) -> Result<Vec<String>> {
        let entries = self.post("/se/log", &json!({ "type": "performance" }))?;
        let mut requested = Vec::new();
        for entry in entries.as_array().context("no log")? {
            let message = entry["message"].as_str().context("no message")?;
            let event: Value = serde_json::from_str(message)?;
            let event = &event["message"];
            if event["method"] == "Network.requestWillBeSent" {
                let url = text(event["params"]["request"]["url"].clone())?;
                if !url.starts_with("chrome:") && !url.starts_with("data:") {
                    requested.push(url);
                }
            }
        }
        Ok(requested)
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.post(
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
    }

    fn element(&self, element: &Value) -> Result<Element<'_>> {
        Ok(Element {
            browser: self,
            id: text(element[ELEMENT].clone())?,
        })
    }

    fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", &format!("{}{path}", self.session), &Value::Null)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let mut request = Request::new(method, path);
        if !body.is_null() {
            request = request.body(body.to_string());
        }
        let answer = request.send(self.address)?;
        let mut read: Value = serde_json::from_slice(&answer.body)
            .with_context(|| format!("{method} {path}: {}", answer.text()))?;
        if answer.status != 200 {
            bail!("{method} {path}: {}", read["value"]["message"]);
        }
        Ok(read["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser when it is asked to, not when it is killed.
        let asked = self.ask("DELETE", &self.session, &Value::Null);
        if let Some(pid) = self.pid {
            if asked.is_err() {
                let _ = crate::process::signal(pid, "KILL");
            }
            lifeline::release(pid);
        }
        let _ = self.driver.terminate();
    }
}

impl Element<'_> {
    /// Clicks on it, and waits for the page that this leads to.
    ///
    /// # Errors
    /// If it cannot be clicked on, for example because something covers it.
    pub fn click(&self) -> Result<()> {
        self.post("/click", &json!({})).map(drop)
    }

    /// Types into it, in place of what it holds.
    ///
    /// # Errors
    /// If nothing can be typed there.
    pub fn fill(&self, text: &str) -> Result<()> {
        self.post("/clear", &json!({}))?;
        self.post("/value", &json!({ "text": text })).map(drop)
    }

    /// Its text, as far as it can be seen.
    ///
    /// # Errors
    /// If the page has changed meanwhile.
    pub fn text(&self) -> Result<String> {
        text(self.get("/text")?)
    }

    /// An attribute; empty where it has none of that name.
    ///
    /// # Errors
    /// If the page has changed meanwhile.
    pub fn attribute(&self, name: &str) -> Result<String> {
        let value = self.get(&format!("/attribute/{name}"))?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// What the style makes of a property.
    ///
    /// # Errors
    /// If the page has changed meanwhile.
    pub fn style(&self, property: &str) -> Result<String> {
        text(self.get(&format!("/css/{property}"))?)
    }

    fn get(&self, what: &str) -> Result<Value> {
        self.browser.get(&format!("/element/{}{what}", self.id))
    }

    fn post(&self, what: &str, body: &Value) -> Result<Value> {
        self.browser
            .post(&format!("/element/{}{what}", self.id), body)
    }
}

/// A window nobody sees, without JavaScript, that tells what it asks the network for.
fn capabilities(folder: &Path) -> Value {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        format!("--user-data-dir={}", folder.join("profile").display()),
    ];
    // Its sandbox refuses to run as root, as containers of build machines do.
    let is_root = Command::new("id").arg("-u").output();
    if is_root.is_ok_and(|output| output.stdout.starts_with(b"0\n")) {
        arguments.push("--no-sandbox".to_owned());
    }
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": {
            "args": arguments,
            "prefs": { "profile.managed_default_content_settings.javascript": 2 },
        },
        "goog:loggingPrefs": { "performance": "ALL" },
    } } })
}

fn text(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        other => bail!("no text: {other}"),
    }
}

//! A browser: chromium without a window, driven through chromedriver. Both end with the story that began them.
//!
//! Whatever a story does, no page may ask another host for anything: that is looked at when the browser is closed.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::http::Method;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::app::App;

/// Keys that are no letters, as browsers are told of them.
pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const ESCAPE: char = '\u{e00c}';
pub(crate) const TAB: char = '\u{e004}';
const CONTROL: char = '\u{e009}';

/// How long a page may take until it shows what is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs in every page before its own scripts: remembers what the policy had to refuse, how often each page was loaded,
/// and whatever a stranger's script would do to be noticed.
const WITNESS: &str = r"
    window.witnessed = { refused: [], ran: [] };
    document.addEventListener('securitypolicyviolation', e => {
        witnessed.refused.push(`${e.effectiveDirective} ${e.blockedURI} ${e.sample}`);
    });
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) {
        window[name] = () => { witnessed.ran.push(name); };
    }
    Object.defineProperty(window, 'ran', { set() { witnessed.ran.push('script'); } });
    try { sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1; } catch { /* no storage here */ }
";

pub(crate) struct Browser {
    runtime: Runtime,
    client: Client,
    driver: Child,
    /// The server's address, without a slash at its end.
    origin: String,
    has_script: bool,
    /// What pages asked for.
    asked: RefCell<Vec<String>>,
    _profile: tempfile::TempDir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Light,
    Dark,
}

impl Browser {
    pub(crate) fn open(app: &App) -> Self {
        Self::start(app, true)
    }

    /// A browser whose owner has switched scripts off.
    pub(crate) fn without_script(app: &App) -> Self {
        Self::start(app, false)
    }

    fn start(app: &App, has_script: bool) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (driver, port) = driver();
        let mut args: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--force-color-profile=srgb",
            "--lang=en",
            "--window-size=1280,900",
            // Not even a mistake of a page would leave this machine.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        ]
        .map(str::to_owned)
        .into();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let scripts = if has_script { 1 } else { 2 };
        let capabilities = json!({
            "browserName": "chrome",
            "unhandledPromptBehavior": "ignore",
            "goog:loggingPrefs": { "performance": "ALL" },
            "goog:chromeOptions": {
                "args": args,
                "prefs": {
                    "profile.managed_default_content_settings.javascript": scripts,
                    "profile.default_content_setting_values.javascript": scripts,
                    "download.default_directory": profile.path().join("downloads"),
                },
            },
        });
        let capabilities: Capabilities = serde_json::from_value(capabilities).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let client = runtime.block_on(builder.connect(&format!("http://127.0.0.1:{port}"))).unwrap();
        let asked = RefCell::default();
        let browser = Self { runtime, client, driver, origin: app.origin(), has_script, asked, _profile: profile };
        if has_script {
            browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WITNESS }));
        }
        browser
    }

    fn wait<T>(&self, future: impl Future<Output = Result<T, CmdError>>) -> Result<T, CmdError> {
        self.runtime.block_on(future)
    }

    /// Opens a page of the app.
    #[track_caller]
    pub(crate) fn goto(&self, path: &str) {
        self.wait(self.client.goto(&format!("{}{path}", self.origin))).unwrap();
    }

    /// Opens something that may be saved instead of shown.
    pub(crate) fn try_to_go(&self, path: &str) {
        let _ = self.wait(self.client.goto(&format!("{}{path}", self.origin)));
    }

    #[track_caller]
    pub(crate) fn reload(&self) {
        self.wait(self.client.refresh()).unwrap();
    }

    #[track_caller]
    pub(crate) fn back(&self) {
        self.wait(self.client.back()).unwrap();
    }

    /// The path of the page that is shown, with what stands behind it.
    #[track_caller]
    pub(crate) fn place(&self) -> String {
        let url = self.wait(self.client.current_url()).unwrap();
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    #[track_caller]
    pub(crate) fn title(&self) -> String {
        self.wait(self.client.title()).unwrap()
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub(crate) fn ask(&self, expression: &str) -> Value {
        self.try_to_ask(expression).unwrap()
    }

    fn try_to_ask(&self, expression: &str) -> Result<Value, CmdError> {
        self.wait(self.client.execute(&format!("return ({expression});"), Vec::new()))
    }

    /// Runs statements in the page, which find `given` in `arguments`.
    #[track_caller]
    pub(crate) fn run(&self, statements: &str, given: Vec<Value>) -> Value {
        self.wait(self.client.execute(statements, given)).unwrap()
    }

    /// Waits until an expression is true in the page.
    #[track_caller]
    pub(crate) fn until(&self, expression: &str) {
        let start = Instant::now();
        loop {
            let said = self.try_to_ask(expression);
            if said.as_ref().is_ok_and(|said| *said == Value::Bool(true)) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "waited for {expression}, which is {said:?}\n{}", self.seen());
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    /// Waits until some element shows this text.
    #[track_caller]
    pub(crate) fn until_shown(&self, css: &str, text: &str) {
        self.until(&format!("[...document.querySelectorAll({css:?})].some(e => e.innerText.includes({text:?}))"));
    }

    #[track_caller]
    pub(crate) fn until_gone(&self, css: &str) {
        self.until(&format!("!document.querySelector({css:?})"));
    }

    /// Waits until the page of this path is shown and ready.
    #[track_caller]
    pub(crate) fn until_at(&self, path: &str) {
        let start = Instant::now();
        while self.place() != path {
            assert!(start.elapsed() < PATIENCE, "waited for {path}\n{}", self.seen());
            std::thread::sleep(Duration::from_millis(40));
        }
        self.until("document.readyState === 'complete'");
    }

    /// What a person who reports a failure would tell.
    fn seen(&self) -> String {
        let mut seen = String::new();
        if let Ok(url) = self.wait(self.client.current_url()) {
            let _ = writeln!(seen, "at {url}");
        }
        if let Ok(text) = self.try_to_ask("document.body.innerText") {
            let _ = writeln!(seen, "{}", text.as_str().unwrap_or_default());
        }
        seen
    }

    #[track_caller]
    pub(crate) fn find(&self, css: &str) -> Element {
        let found = self.wait(self.client.find(Locator::Css(css)));
        found.unwrap_or_else(|error| panic!("no {css}: {error}\n{}", self.seen()))
    }

    /// The texts of all elements, as a person sees them.
    #[track_caller]
    pub(crate) fn texts(&self, css: &str) -> Vec<String> {
        let found = self.wait(self.client.find_all(Locator::Css(css))).unwrap();
        found.iter().map(|element| self.wait(element.text()).unwrap()).collect()
    }

    #[track_caller]
    pub(crate) fn text(&self, css: &str) -> String {
        self.wait(self.find(css).text()).unwrap()
    }

    #[track_caller]
    pub(crate) fn has(&self, css: &str) -> bool {
        !self.wait(self.client.find_all(Locator::Css(css))).unwrap().is_empty()
    }

    /// What stands in a field.
    #[track_caller]
    pub(crate) fn value(&self, css: &str) -> String {
        self.wait(self.find(css).prop("value")).unwrap().unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        let clicked = self.wait(self.find(css).click());
        clicked.unwrap_or_else(|error| panic!("{css} can't be clicked: {error}\n{}", self.seen()));
    }

    /// Clicks the first button or link of this name.
    #[track_caller]
    pub(crate) fn choose(&self, name: &str) {
        let all = self.wait(self.client.find_all(Locator::Css("button, a, summary"))).unwrap();
        let found = all.into_iter().find(|element| self.wait(element.text()).is_ok_and(|text| text.trim() == name));
        let found = found.unwrap_or_else(|| panic!("nothing is called {name:?}\n{}", self.seen()));
        self.wait(found.click()).unwrap();
    }

    /// Types into a field, or chooses a file by its path.
    #[track_caller]
    pub(crate) fn fill(&self, css: &str, text: &str) {
        self.wait(self.find(css).send_keys(text)).unwrap();
    }

    /// Says yes when the browser asks whether a page is to be left; says whether it did ask.
    pub(crate) fn accept_question(&self) -> bool {
        self.wait(self.client.accept_alert()).is_ok()
    }

    /// Presses a key on whatever has the focus.
    #[track_caller]
    pub(crate) fn press(&self, key: char) {
        self.keys(&[KeyAction::Down { value: key }, KeyAction::Up { value: key }]);
    }

    #[track_caller]
    pub(crate) fn press_with_control(&self, key: char) {
        self.keys(&[
            KeyAction::Down { value: CONTROL },
            KeyAction::Down { value: key },
            KeyAction::Up { value: key },
            KeyAction::Up { value: CONTROL },
        ]);
    }

    #[track_caller]
    fn keys(&self, actions: &[KeyAction]) {
        let keyboard = KeyActions::new("keyboard".to_owned());
        let keyboard = actions.iter().cloned().fold(keyboard, fantoccini::actions::KeyActions::then);
        self.wait(self.client.perform_actions(keyboard)).unwrap();
    }

    /// Opens another tab and goes to it; gives back the one before.
    #[track_caller]
    pub(crate) fn new_tab(&self) -> fantoccini::wd::WindowHandle {
        let before = self.wait(self.client.window()).unwrap();
        let tab = self.wait(self.client.new_window(true)).unwrap();
        self.switch_to(&tab.handle);
        self.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WITNESS }));
        before
    }

    #[track_caller]
    pub(crate) fn switch_to(&self, tab: &fantoccini::wd::WindowHandle) {
        self.wait(self.client.switch_to_window(tab.clone())).unwrap();
    }

    #[track_caller]
    pub(crate) fn tab(&self) -> fantoccini::wd::WindowHandle {
        self.wait(self.client.window()).unwrap()
    }

    /// A command of the developer tools.
    #[track_caller]
    pub(crate) fn devtools(&self, name: &str, given: &Value) -> Value {
        let body = json!({ "cmd": name, "params": given });
        self.wait(self.client.issue_cmd(Said { path: "goog/cdp/execute", body })).unwrap()
    }

    /// The value of an expression, whatever the page's policy, waited for if it is a promise.
    #[track_caller]
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let given = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.devtools("Runtime.evaluate", &given);
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].take()
    }

    /// How wide and high the window is, in CSS pixels. A phone's touch is a finger.
    #[track_caller]
    pub(crate) fn size(&self, width: u32, height: u32) {
        let is_phone = width < 600;
        let scale = if is_phone { 2 } else { 1 };
        let given = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone });
        self.devtools("Emulation.setDeviceMetricsOverride", &given);
    }

    #[track_caller]
    pub(crate) fn ink(&self, ink: Ink) {
        let value = if ink == Ink::Dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": value },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Keeps a picture of all of the page, for people to look at.
    #[track_caller]
    pub(crate) fn picture(&self, name: &str, width: u32) {
        let height = self.ask("Math.max(document.documentElement.scrollHeight, 200)").as_u64().unwrap();
        self.size(width, u32::try_from(height.min(4_000)).unwrap());
        let picture = self.wait(self.client.screenshot()).unwrap();
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/screenshots/app"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// What the policy had to refuse in this page, and what ran that should not have.
    #[track_caller]
    pub(crate) fn mischief(&self) -> Vec<String> {
        let said = self.ask("[...witnessed.refused, ...witnessed.ran]");
        said.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }

    /// What pages asked for since this was asked the last time, from all that they asked for.
    fn look_at_requests(&self) {
        let body = json!({ "type": "performance" });
        let Ok(Value::Array(lines)) = self.wait(self.client.issue_cmd(Said { path: "se/log", body })) else {
            return;
        };
        let url = |line: &Value| {
            let event: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
            let event = &event["message"];
            let is_request = event["method"] == "Network.requestWillBeSent";
            is_request.then(|| event["params"]["request"]["url"].as_str().map(str::to_owned)).flatten()
        };
        self.asked.borrow_mut().extend(lines.iter().filter_map(url));
    }

    /// What pages asked another host for. What chromium itself shows papers with is on this machine.
    pub(crate) fn asked_elsewhere(&self) -> Vec<String> {
        self.look_at_requests();
        let own = format!("{}/", self.origin);
        let is_foreign = |url: &&String| {
            !url.starts_with(&own)
                && !["about:", "blob:", "data:", "chrome:", "chrome-extension:"].iter().any(|own| url.starts_with(own))
        };
        self.asked.borrow().iter().filter(is_foreign).cloned().collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let elsewhere = self.asked_elsewhere();
        let asked = self.asked.borrow().len();
        let _ = self.runtime.block_on(self.client.clone().close());
        // The browser is the driver's child and in its group, should closing have failed.
        if let Some(group) = i32::try_from(self.driver.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.driver.wait();
        if !std::thread::panicking() {
            assert!(elsewhere.is_empty(), "asked elsewhere: {elsewhere:#?}");
            assert!(asked > 0 || !self.has_script, "no request was seen at all");
        }
    }
}

/// Starts chromedriver on a free port.
fn driver() -> (Child, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("chromedriver (Debian: chromium-driver): {error}"));
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let port = line.strip_prefix("ChromeDriver was started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    // Nobody reads on, and a full pipe would stop it.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port.expect("chromedriver says its port"))
}

/// A command that is chromedriver's own.
#[derive(Debug)]
struct Said {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Said {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

//! A node that runs: started, asked, and ended in every way.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process};

use super::{Jenny, PATIENCE, until};

/// A node in a process of its own, killed when dropped.
pub(crate) struct Running {
    child: Child,
    /// Its first line on standard output.
    pub(crate) ready: String,
    /// `http://address:port` of its API.
    pub(crate) url: String,
    /// What requests carry.
    authorization: String,
    /// In a lock only so that threads may share a node.
    out: Mutex<Receiver<String>>,
    err: Arc<Mutex<String>>,
    agent: ureq::Agent,
}

/// How a node ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// What came on standard output after the ready line.
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Running {
    /// Runs the chain `dev` in this directory, on a free port.
    pub(crate) fn dev(dir: &Path) -> Self {
        let command = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0");
        Self::start(command.arg("--data-dir", dir))
    }

    /// As [`Running::dev`], but pending records stay where they are.
    pub(crate) fn idle(dir: &Path) -> Self {
        let words = "--chain dev --api-listen 127.0.0.1:0 --no-mine";
        Self::start(Jenny::new("run").words(words).arg("--data-dir", dir))
    }

    /// Starts a node and waits until it is ready.
    pub(crate) fn start(command: Jenny) -> Self {
        Self::try_start(command).unwrap_or_else(|ended| panic!("never ready: {ended:?}"))
    }

    /// Starts a node, and waits until it is ready or has ended.
    pub(crate) fn try_start(mut command: Jenny) -> Result<Self, Ended> {
        let started = Instant::now();
        let mut child = command.spawn();
        let out = Mutex::new(lines(child.stdout.take().unwrap()));
        // A test may have given standard error to something else.
        let err = child.stderr.take().map_or_else(Arc::default, gather);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        let (ready, url, authorization) = (String::new(), String::new(), DEFAULT.to_owned());
        let mut node = Self { child, ready, url, authorization, out, err, agent };
        let ready = match node.out.get_mut().unwrap().recv_timeout(PATIENCE) {
            Ok(ready) => ready,
            Err(RecvTimeoutError::Disconnected) => return Err(node.wait(started)),
            Err(RecvTimeoutError::Timeout) => panic!("neither ready nor ended: {}", node.log()),
        };
        if let Some(credentials) = node.take_address(&ready) {
            node.sign_in(&credentials);
        }
        node.ready = ready;
        Ok(node)
    }

    /// Takes the address of the API from the first line, of `run` or of `explore`. Returns the
    /// credentials in it.
    fn take_address(&mut self, ready: &str) -> Option<String> {
        let api = ready.split(' ').find_map(|part| part.strip_prefix("api="));
        let address = api.or_else(|| ready.trim_end().strip_suffix("/explorer/"));
        let address = address.unwrap_or_else(|| panic!("no address: {ready}")).trim_end();
        let (credentials, host) = match address.split_once('@') {
            Some((credentials, host)) => (credentials.strip_prefix("http://"), host),
            None => (None, address),
        };
        let scheme = if credentials.is_some() { "http://" } else { "" };
        self.url = format!("{scheme}{host}");
        credentials.map(str::to_owned)
    }

    /// From now on requests carry these, `NAME:PASSWORD`.
    pub(crate) fn sign_in(&mut self, credentials: &str) {
        self.authorization = format!("Basic {}", STANDARD.encode(credentials));
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it logged so far, without a line that is still being written.
    pub(crate) fn log(&self) -> String {
        let text = self.err.lock().unwrap();
        let end = text.rfind('\n').map_or(0, |it| it + 1);
        text[..end].to_owned()
    }

    /// Waits until it has logged this: the log is written and read beside everything else.
    #[track_caller]
    pub(crate) fn logs(&self, text: &str) {
        until(&format!("the log says: {text}"), || self.log().contains(text));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it, unless it has ended by itself.
    pub(crate) fn kill(&self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::KILL);
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn end(self, signal: Signal) -> Ended {
        let started = Instant::now();
        self.signal(signal);
        self.wait(started)
    }

    /// Ends it in order.
    pub(crate) fn stop(self) {
        let ended = self.end(Signal::TERM);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }

    /// Waits for the end.
    pub(crate) fn wait(mut self, started: Instant) -> Ended {
        let mut out = String::new();
        // Standard output is closed when it ends.
        loop {
            match self.out.get_mut().unwrap().recv_timeout(PATIENCE) {
                Ok(line) => out.push_str(&line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("never ends: {error}: {}", self.log()),
            }
        }
        let code = self.child.wait().unwrap().code();
        // The last words are in the pipe, which another thread reads.
        until("standard error was read", || Arc::strong_count(&self.err) == 1);
        let err = self.err.lock().unwrap().clone();
        Ended { code, out, err, took: started.elapsed() }
    }

    /// GET as its user: the status code and the body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let request = self.agent.get(format!("{}{path}", self.url));
        answer(request.header("Authorization", &self.authorization).call().unwrap())
    }

    /// A request of any method with an empty JSON object: the status code and the body.
    pub(crate) fn ask(&self, method: &str, path: &str) -> (u16, String) {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("Authorization", &self.authorization)
            .header("Content-Type", "application/json");
        answer(self.agent.run(request.body("{}").unwrap()).unwrap())
    }

    /// GET of a body that may end early, `None` if it did.
    pub(crate) fn try_get(&self, path: &str) -> Option<(u16, String)> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let mut response = request.header("Authorization", &self.authorization).call().ok()?;
        let status = response.status().as_u16();
        // The library's own limit is 10 MiB.
        let body = response.body_mut().with_config().limit(u64::MAX);
        Some((status, body.read_to_string().ok()?))
    }

    /// POST of a JSON body as its user.
    pub(crate) fn post(&self, path: &str, json: &str) -> Result<(u16, String), ureq::Error> {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("Authorization", &self.authorization);
        Ok(answer(request.header("Content-Type", "application/json").send(json)?))
    }

    /// Mines a block with these records.
    pub(crate) fn mine(&self, records: &[&str]) {
        let body = serde_json::json!({ "data": records }).to_string();
        let (code, text) = self.post("/mineBlock", &body).unwrap();
        assert_eq!(code, 200, "{text}");
    }

    /// All of its own pending records.
    pub(crate) fn pending(&self) -> Vec<String> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/records?state=pending&limit=1000{after}");
            let (status, text) = self.get(&path);
            assert_eq!(status, 200, "{text}");
            let page: serde_json::Value = serde_json::from_str(&text).unwrap();
            let records = page["records"].as_array().unwrap().iter();
            all.extend(records.map(|record| record["data"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}

/// `jenny` and `1234`.
const DEFAULT: &str = "Basic amVubnk6MTIzNA==";

fn answer(mut response: http::Response<ureq::Body>) -> (u16, String) {
    let status = response.status().as_u16();
    (status, response.body_mut().read_to_string().unwrap())
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = String::new();
        while pipe.read_line(&mut line).unwrap() > 0 {
            if send.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    receive
}

fn gather(mut pipe: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let shared = Arc::clone(&text);
    std::thread::spawn(move || {
        let mut buffer = [0; 4_096];
        loop {
            match pipe.read(&mut buffer).unwrap() {
                0 => return,
                count => {
                    let new = String::from_utf8_lossy(&buffer[..count]).into_owned();
                    shared.lock().unwrap().push_str(&new);
                }
            }
        }
    });
    text
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

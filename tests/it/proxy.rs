//! A cable between two nodes: a small TCP proxy that can be cut, restored, and led elsewhere.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// A cable. What waits at its near end is connected to its far end while it is whole.
pub(crate) struct Cable {
    near: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// `address:port`; none before there is one.
    far: Option<String>,
    is_cut: bool,
    /// Both ends of every connection since the last cut.
    streams: Vec<TcpStream>,
}

impl Cable {
    /// A cable that is whole and leads nowhere yet.
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        // It ends with the process: a listener cannot be woken.
        std::thread::spawn(move || {
            for near in listener.incoming() {
                connect(&shared, near.unwrap());
            }
        });
        Self { near, state }
    }

    /// The address of its near end, for a peer that dials.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.near)
    }

    /// Leads it to this address; connections that are there stay.
    pub(crate) fn lead_to(&self, far: &str) {
        lock(&self.state).far = Some(far.to_owned());
    }

    /// Ends every connection and takes no other.
    pub(crate) fn cut(&self) {
        let mut state = lock(&self.state);
        state.is_cut = true;
        for stream in state.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn restore(&self) {
        lock(&self.state).is_cut = false;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}

fn connect(state: &Mutex<State>, near: TcpStream) {
    let mut state = lock(state);
    let Some(far) = state.far.clone().filter(|_| !state.is_cut) else { return };
    let Ok(far) = TcpStream::connect(far) else { return };
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    state.streams.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
    let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
    for (from, to) in [(near, far), back] {
        std::thread::spawn(move || {
            let _ = copy(&mut &from, &mut &to);
            let _ = to.shutdown(Shutdown::Write);
            let _ = from.shutdown(Shutdown::Read);
        });
    }
}

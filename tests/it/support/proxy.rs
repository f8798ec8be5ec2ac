//! A cable between two nodes: a small TCP proxy that can be cut and restored, led elsewhere,
//! stalled, and made to spoil bytes.

mod frames;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::support::random::Random;
use frames::Frames;

/// How often a stalled cable is checked.
const POLL: Duration = Duration::from_millis(5);

/// The first bytes of two kinds of message, as docs/p2p.md numbers them.
const HEADERS: u8 = 2;
const BLOCKS: u8 = 4;

/// A cable. What waits at its near end is connected to its far end while it is whole.
pub(crate) struct Cable {
    near: String,
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    state: Mutex<State>,
    /// Nothing is passed on, and nothing closed.
    is_stalled: AtomicBool,
    /// About one of this many bytes is spoilt; 0 for none.
    spoil_every: AtomicU64,
    spoilt: AtomicU64,
    /// Bytes of `Headers` and of `Blocks` that went from the far end to the near one.
    headers: AtomicU64,
    bodies: AtomicU64,
    /// Above this many bytes of `Blocks` nothing more goes to the near end; 0 for no end.
    max_bodies: AtomicU64,
}

#[derive(Default)]
struct State {
    /// `address:port`; none before there is one.
    far: Option<String>,
    is_cut: bool,
    /// Both ends of every connection since the last cut.
    streams: Vec<TcpStream>,
    /// Under which addresses the node at its far end saw it.
    seen_as: Vec<String>,
}

impl Cable {
    /// A cable that is whole and leads nowhere yet.
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = listener.local_addr().unwrap().to_string();
        let inside = Arc::new(Inside::default());
        let shared = Arc::clone(&inside);
        // It ends with the process: a listener cannot be woken.
        std::thread::spawn(move || {
            for near in listener.incoming() {
                connect(&shared, near.unwrap());
            }
        });
        Self { near, inside }
    }

    /// The address of its near end, for a peer that dials.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.near)
    }

    /// Leads it to this address; connections that are there stay.
    pub(crate) fn lead_to(&self, far: &str) {
        self.state().far = Some(far.to_owned());
    }

    /// Ends every connection and takes no other.
    pub(crate) fn cut(&self) {
        let mut state = self.state();
        state.is_cut = true;
        for stream in state.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn restore(&self) {
        self.state().is_cut = false;
    }

    /// Holds everything back until [`Self::resume`]; connections stay open.
    pub(crate) fn stall(&self) {
        self.inside.is_stalled.store(true, Relaxed);
    }

    pub(crate) fn resume(&self) {
        self.inside.is_stalled.store(false, Relaxed);
    }

    /// Spoils about one of this many bytes from now on, in both directions; 0 for none.
    pub(crate) fn spoil(&self, every: u64) {
        self.inside.spoil_every.store(every, Relaxed);
    }

    /// How many bytes it spoilt.
    pub(crate) fn spoilt(&self) -> u64 {
        self.inside.spoilt.load(Relaxed)
    }

    /// Bytes of `Headers` and of `Blocks` that went from the far end to the near one.
    pub(crate) fn brought(&self) -> (u64, u64) {
        (self.inside.headers.load(Relaxed), self.inside.bodies.load(Relaxed))
    }

    /// Holds back what comes from the far end once this many more bytes of `Blocks` have come.
    pub(crate) fn hold_after(&self, bodies: u64) {
        let brought = self.inside.bodies.load(Relaxed);
        self.inside.max_bodies.store(brought + bodies, Relaxed);
    }

    /// Passes on what was held back, and whatever comes.
    pub(crate) fn hold_nothing(&self) {
        self.inside.max_bodies.store(0, Relaxed);
    }

    /// Whether as much has come as [`Self::hold_after`] lets through.
    pub(crate) fn is_holding(&self) -> bool {
        self.inside.is_holding()
    }

    /// Whether this is an address under which a node at one of its ends knows it.
    pub(crate) fn is_known_as(&self, address: &str) -> bool {
        self.near == address || self.state().seen_as.iter().any(|seen| seen == address)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inside.state.lock().unwrap()
    }
}

impl Inside {
    fn is_holding(&self) -> bool {
        let max = self.max_bodies.load(Relaxed);
        max > 0 && self.bodies.load(Relaxed) > max
    }
}

fn connect(inside: &Arc<Inside>, near: TcpStream) {
    let mut state = inside.state.lock().unwrap();
    let Some(far) = state.far.clone().filter(|_| !state.is_cut) else { return };
    let Ok(far) = TcpStream::connect(far) else { return };
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    state.seen_as.push(far.local_addr().unwrap().to_string());
    state.streams.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
    let number = state.seen_as.len() as u64;
    let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
    for (is_back, (from, to)) in [(false, (near, far)), (true, back)] {
        let inside = Arc::clone(inside);
        let random = Random::new(2 * number + u64::from(is_back));
        std::thread::spawn(move || {
            pass_on(&inside, (&from, &to), is_back, random);
            let _ = to.shutdown(Shutdown::Write);
            let _ = from.shutdown(Shutdown::Read);
        });
    }
}

/// Passes bytes on until one end is closed.
fn pass_on(
    inside: &Inside,
    (mut from, mut to): (&TcpStream, &TcpStream),
    is_back: bool,
    mut random: Random,
) {
    let mut buffer = vec![0; 64 << 10];
    // Bytes until the next one that is spoilt.
    let mut left = None;
    let mut frames = Frames::default();
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let bytes = &mut buffer[..count];
        while inside.is_stalled.load(Relaxed) {
            std::thread::park_timeout(POLL);
        }
        let every = inside.spoil_every.load(Relaxed);
        if every > 0 {
            let next = left.unwrap_or_else(|| random.within(0, 2 * every));
            let at = usize::try_from(next).unwrap();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.within(0, 8);
                inside.spoilt.fetch_add(1, Relaxed);
                left = None;
            } else {
                left = Some(next - count as u64);
            }
        }
        if is_back {
            frames.take(bytes, |kind, count| {
                match kind {
                    HEADERS => inside.headers.fetch_add(count, Relaxed),
                    BLOCKS => inside.bodies.fetch_add(count, Relaxed),
                    _ => 0,
                };
            });
            while inside.is_holding() {
                std::thread::park_timeout(POLL);
            }
        }
        if to.write_all(bytes).is_err() {
            return;
        }
    }
}

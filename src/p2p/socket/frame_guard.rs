//! A stream that reads the headers of WebSocket frames as they pass, and holds large messages
//! back until the node has room for them. It lies behind the upgrade: its first byte is a
//! frame's.
//!
//! A message above [`LARGE`] takes [`BUDGET_STEP`] after [`BUDGET_STEP`] of one budget that all
//! links of the JSON dialect share, as its bytes come, and keeps it until it was dealt with. Each
//! step has to come in time. A message that is too long is an error before its payload is read.
//! Long frames are passed on as fragments of [`READ_FRAGMENT`] bytes, so that the codec behind keeps
//! no buffer of a message's length. Frames that bring nothing are of no use, and nothing is read
//! while the link rests for what was.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::budget::{Account, Part};
use super::debts::{Debtor, FRAME, Gate};
use super::frame_header::Header;
use super::stats::Stats;
use message::{Message, is_of_no_use};

mod message;

/// Messages above this draw on the budget: 1 MiB.
pub(super) const LARGE: u64 = 1 << 20;

/// A large message takes so much of the budget at once: 256 KiB.
const BUDGET_STEP: u64 = 256 << 10;

/// Time for each such step.
const STEP_TIME: Duration = Duration::from_secs(5);

/// Longest frame passed on, in bytes; a multiple of the mask's four.
const READ_FRAGMENT: u64 = 64 << 10;

/// Bytes read at once.
const BUFFER: usize = 16 << 10;

/// Fewer bytes that come alone cost as much as a frame.
const SHORT_READ: usize = 16;

/// Time for one message, from its first byte to its last.
const MESSAGE_TIME: Duration = Duration::from_secs(30);

/// What each step of a large message adds to it: 1 s for each MiB.
const STEP_MORE: Duration = Duration::from_millis(250);

/// Why a link's input ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(in crate::p2p) enum ReadError {
    #[error("a message above the limit")]
    TooBig,
    #[error("a message did not end in time")]
    Overdue,
    #[error("nothing was heard")]
    Silent,
}

/// The stream.
pub(in crate::p2p) struct FrameGuard<S> {
    inner: S,
    stats: Arc<Stats>,
    max_message: u64,
    silence: Duration,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    stage: Stage,
    message: Message,
    /// When the message under way is to be whole.
    due: Instant,
    /// Runs while a message is under way, until then or until its next step is due.
    deadline: Option<Pin<Box<Sleep>>>,
    heard: Pin<Box<Sleep>>,
    /// None for a link of the binary dialect: its messages are short.
    account: Option<Account>,
    /// What the message under way, or the last one, holds of the budget.
    part: Option<Part>,
    /// Since when the message waits for its next step.
    waiting: Option<Instant>,
    gate: Gate,
}

/// Where in a frame the stream is.
enum Stage {
    /// In a frame's header.
    Header,
    /// In what is passed on for a header.
    Passing { head: Header, bytes: Vec<u8>, sent: usize, left: u64, rest: Option<Header> },
    /// A message above the limit was announced.
    Refused,
    /// The last message was large and is whole: it is dealt with until more is asked for.
    Large,
}

impl<S> FrameGuard<S> {
    /// The frame guard of an upgraded connection. `came` is what came of it with the upgrade. Without
    /// an account no message waits for the budget.
    pub(in crate::p2p) fn new(
        inner: S,
        came: &[u8],
        stats: Arc<Stats>,
        debtor: Arc<Debtor>,
        account: Option<Account>,
        max_message: usize,
        silence: Duration,
    ) -> Self {
        stats.received(came.len());
        let mut buffer = came.to_vec();
        buffer.resize(came.len().max(BUFFER), 0);
        Self {
            inner,
            stats,
            max_message: max_message as u64,
            silence,
            buffer: buffer.into_boxed_slice(),
            start: 0,
            end: came.len(),
            stage: Stage::Header,
            message: Message::default(),
            due: Instant::now(),
            deadline: None,
            heard: Box::pin(sleep(silence)),
            account,
            part: None,
            waiting: None,
            gate: Gate::new(debtor),
        }
    }

    /// The stream below, without what was read of it.
    pub(in crate::p2p) const fn inner(&mut self) -> &mut S {
        &mut self.inner
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Looks at a header that came, and decides how to go on.
    fn begin(&mut self, header: Header) {
        if is_of_no_use(header) {
            self.gate.spend(FRAME);
        }
        if header.is_control() {
            self.pass(header);
            return;
        }
        if !header.is_continuation() {
            self.message = Message::default();
        }
        self.message.length = self.message.length.saturating_add(header.length);
        if self.message.length > self.max_message {
            self.stage = Stage::Refused;
            return;
        }
        self.pass(header);
    }

    /// Passes a header and its payload on, or their first fragment.
    fn pass(&mut self, header: Header) {
        let (head, rest) = header.split(READ_FRAGMENT);
        self.stage =
            Stage::Passing { head, bytes: head.encode(), sent: 0, left: head.length, rest };
    }

    /// A frame was passed on whole.
    fn passed(&mut self, head: Header) {
        self.stage = Stage::Header;
        if head.is_control() {
            if !self.message.is_open {
                self.deadline = None;
            }
        } else if head.is_final {
            self.deadline = None;
            if self.part.is_some() {
                self.stage = Stage::Large;
            }
            self.message = Message::default();
        } else {
            self.message.is_open = true;
        }
    }
}

impl<S: AsyncRead + Unpin> FrameGuard<S> {
    /// Reads more. Returns whether the stream goes on.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let mut into = ReadBuf::new(self.buffer.get_mut(self.end..).unwrap_or_default());
        match Pin::new(&mut self.inner).poll_read(cx, &mut into) {
            Poll::Ready(result) => {
                result?;
                let count = into.filled().len();
                self.end += count;
                self.stats.received(count);
                if (1..SHORT_READ).contains(&count) {
                    self.gate.spend(FRAME);
                }
                self.heard.as_mut().reset(Instant::now() + self.silence);
                Poll::Ready(Ok(count > 0))
            }
            Poll::Pending => {
                if self.heard.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(io::Error::other(ReadError::Silent)));
                }
                Poll::Pending
            }
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.deadline.as_mut().map(|deadline| deadline.as_mut().poll(cx)) {
            Some(Poll::Ready(())) => Err(io::Error::other(ReadError::Overdue)),
            _ => Ok(()),
        }
    }

    /// Reads more, unless something was passed on already. Returns whether it did.
    fn poll_more(&mut self, cx: &mut Context<'_>, passed: bool) -> Poll<io::Result<bool>> {
        if passed {
            return Poll::Ready(Ok(false));
        }
        self.poll_deadline(cx)?;
        self.poll_fill(cx)
    }

    /// Starts the time of a message, unless one is under way.
    fn allow_if_none(&mut self) {
        if self.deadline.is_none() {
            self.due = Instant::now() + MESSAGE_TIME;
            self.deadline = Some(Box::pin(sleep_until(self.due)));
        }
    }

    /// Waits until the message under way may have its next step. Waiting is nobody's fault: its
    /// time does not pass meanwhile.
    fn poll_step(&mut self, cx: &Context<'_>) -> Poll<()> {
        let wanted = self.message.granted.saturating_add(BUDGET_STEP);
        if let Some(account) = &self.account {
            let part = self.part.get_or_insert_with(|| account.begin());
            if part.poll_grow(wanted, cx).is_pending() {
                self.waiting.get_or_insert_with(Instant::now);
                return Poll::Pending;
            }
        }
        let now = Instant::now();
        let pause = self.waiting.take().map_or(Duration::ZERO, |since| now - since);
        self.message.granted = wanted;
        self.due += pause + STEP_MORE;
        let deadline = self.due.min(now + STEP_TIME);
        self.deadline = Some(Box::pin(sleep_until(deadline)));
        self.heard.as_mut().reset(now + self.silence);
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameGuard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = out.filled().len();
        loop {
            if out.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if this.gate.is_shut() {
                if out.filled().len() > before {
                    return Poll::Ready(Ok(()));
                }
                ready!(this.gate.poll_open(cx));
            }
            match &mut this.stage {
                Stage::Refused => {
                    // What was passed on before goes first: an error would lose it.
                    if out.filled().len() > before {
                        return Poll::Ready(Ok(()));
                    }
                    return Poll::Ready(Err(io::Error::other(ReadError::TooBig)));
                }
                Stage::Large => {
                    if out.filled().len() > before {
                        return Poll::Ready(Ok(()));
                    }
                    // More is asked for only when the last message was dealt with.
                    this.part = None;
                    this.stage = Stage::Header;
                }
                Stage::Header => {
                    let Some((header, length)) = Header::parse(this.buffered()) else {
                        if this.start != this.end {
                            this.allow_if_none();
                        }
                        if !ready!(this.poll_more(cx, out.filled().len() > before))? {
                            return Poll::Ready(Ok(()));
                        }
                        continue;
                    };
                    this.start += length;
                    this.allow_if_none();
                    this.begin(header);
                }
                Stage::Passing { head, bytes, sent, left, rest } => {
                    if *sent < bytes.len() {
                        let unsent = bytes.get(*sent..).unwrap_or_default();
                        let count = unsent.len().min(out.remaining());
                        out.put_slice(unsent.get(..count).unwrap_or_default());
                        *sent += count;
                        if *sent < bytes.len() {
                            return Poll::Ready(Ok(()));
                        }
                    }
                    if *left == 0 {
                        let (head, rest) = (*head, rest.take());
                        match rest {
                            Some(rest) => this.pass(rest),
                            None => this.passed(head),
                        }
                        continue;
                    }
                    let is_control = head.is_control();
                    let granted = this.message.granted.saturating_sub(this.message.passed);
                    if granted == 0 && !is_control {
                        if out.filled().len() > before {
                            return Poll::Ready(Ok(()));
                        }
                        ready!(this.poll_step(cx));
                        continue;
                    }
                    if this.start == this.end {
                        if !ready!(this.poll_more(cx, out.filled().len() > before))? {
                            return Poll::Ready(Ok(()));
                        }
                        continue;
                    }
                    let max = if is_control { *left } else { granted.min(*left) };
                    let max = usize::try_from(max).unwrap_or(usize::MAX);
                    let count = max.min(this.end - this.start).min(out.remaining());
                    if !is_control {
                        this.message.passed += count as u64;
                    }
                    let from = this.start;
                    out.put_slice(this.buffer.get(from..from + count).unwrap_or_default());
                    this.start += count;
                    *left -= count as u64;
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameGuard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.stats.sent(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;

//! What comes in on a link: one message at a time, imported and told before the next.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, Stream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::{Error, Message as Frame, Utf8Bytes};

use super::import::{import_blocks, import_chain};
use super::message::{Fault, Message, first_block, open};
use super::tip_responses::TipResponses;
use crate::chain::HashedBlock;
use crate::node::panic_message;
use crate::p2p::context::Context;
use crate::p2p::event::Event;
use crate::p2p::socket::debts::{Debtor, FRAME};
use crate::p2p::socket::messages::{self, End, Payload};
use crate::p2p::socket::stats::Stats;
use crate::p2p::ticket::Close;
use crate::sync::{BlockOutcome, ChainOutcome, Input, JsonInput, LinkId};

/// Messages up to this are parsed on the runtime's threads: 64 KiB.
const SMALL: usize = 64 << 10;

/// Most consecutive blocks that came one by one and are imported together.
const MAX_GATHERED_BLOCKS: usize = 128;

/// Most bytes of their text, one larger block excepted. 1 MiB.
const MAX_GATHERED_BYTES: usize = 1 << 20;

/// How long the next block of a stream is waited for before those at hand are imported.
const LINGER: Duration = Duration::from_millis(1);

/// Reads a link.
pub(in crate::p2p) struct Reader<'a, S> {
    pub(in crate::p2p) context: &'a Arc<Context>,
    pub(in crate::p2p) link: LinkId,
    pub(in crate::p2p) stats: &'a Arc<Stats>,
    pub(in crate::p2p) debtor: &'a Arc<Debtor>,
    pub(in crate::p2p) stream: &'a mut S,
}

/// A message, read as far as it can be without the chain.
enum Read {
    Ask,
    Block(HashedBlock),
    Chain(Utf8Bytes),
    Nothing,
}

/// Why reading stops.
#[derive(Debug)]
enum Stop {
    /// The peer broke the dialect: it is told, and the link closed by the machine.
    Fault(Fault),
    /// The link is to be closed for what is no fault of the peer's.
    Close(Close),
    /// The peer closed the link, for this reason.
    Closed(String),
    /// The link is gone.
    Gone(String),
}

impl<S> Reader<'_, S>
where
    S: Stream<Item = Result<Frame, Error>> + Unpin,
{
    /// Reads until the link is gone, and returns why; or until it is to be closed. After a fault
    /// of the peer's it waits: the link is closed from elsewhere.
    pub(in crate::p2p) async fn run(mut self) -> Result<String, Close> {
        match self.serve().await {
            Stop::Gone(reason) => Ok(reason),
            Stop::Closed(reason) => {
                messages::hear_out(self.stream).await;
                Ok(reason)
            }
            Stop::Close(close) => Err(close),
            Stop::Fault(Fault { code, reason }) => {
                self.tell(JsonInput::Malformed { code, reason }).await;
                std::future::pending().await
            }
        }
    }

    async fn serve(&mut self) -> Stop {
        let (mut next, mut asks) = (None, TipResponses::default());
        loop {
            let (read, started) = match next.take() {
                Some(read) => (read, Instant::now()),
                None => match self.message(&mut asks).await {
                    Ok(read) => read,
                    Err(stop) => return stop,
                },
            };
            let is_of_use = match read {
                Read::Nothing => false,
                Read::Ask => {
                    self.asked(&mut asks).await;
                    false
                }
                Read::Block(block) => {
                    let (blocks, after) = self.gather(block).await;
                    let is_of_use = self.import(blocks).await;
                    match after {
                        Some(Ok(read)) => next = Some(read),
                        Some(Err(stop)) => return stop,
                        None => {}
                    }
                    is_of_use
                }
                Read::Chain(text) => match self.chain(text).await {
                    Ok(is_of_use) => is_of_use,
                    Err(stop) => return stop,
                },
            };
            if !is_of_use {
                self.debtor.spend(started.elapsed().max(FRAME));
            }
            self.debtor.rest().await;
        }
    }

    /// The next message, and when it had come.
    async fn message(&mut self, asks: &mut TipResponses) -> Result<(Read, Instant), Stop> {
        let text = loop {
            match asks.due {
                None => break self.text().await?,
                Some(due) => match timeout_at(due, self.text()).await {
                    Ok(text) => break text?,
                    Err(_) => self.asked(asks).await,
                },
            }
        };
        let started = Instant::now();
        Ok((self.read(text).await?, started))
    }

    /// The text of the next message. Dropping the future loses none.
    async fn text(&mut self) -> Result<Utf8Bytes, Stop> {
        match messages::next(self.stream, self.stats).await? {
            Payload::Text(text) => Ok(text),
            Payload::Binary(_) => {
                Err(Stop::Fault(Fault { code: 1003, reason: "a binary message" }))
            }
        }
    }

    /// Reads a message; a long one off the runtime.
    async fn read(&self, text: Utf8Bytes) -> Result<Read, Stop> {
        let read = if text.len() <= SMALL {
            read_now(text)
        } else {
            blocking(self.link, move || read_now(text)).await?
        };
        read.map_err(Stop::Fault)
    }

    /// Passes type 0 on, if it is time.
    async fn asked(&self, asks: &mut TipResponses) {
        if asks.take(self.context.node.tip().hash, Instant::now()) {
            self.tell(JsonInput::Asked).await;
        }
    }

    /// Takes the blocks that follow this one and have come already.
    async fn gather(
        &mut self,
        first: HashedBlock,
    ) -> (Vec<HashedBlock>, Option<Result<Read, Stop>>) {
        let mut bytes = first.block().record_bytes();
        let mut last = first.id();
        let mut blocks = vec![first];
        while blocks.len() < MAX_GATHERED_BLOCKS && bytes < MAX_GATHERED_BYTES as u64 {
            // A lone block goes on at once; of a stream the rest is on its way.
            let text = if blocks.len() == 1 {
                self.text().now_or_never()
            } else {
                timeout(LINGER, self.text()).await.ok()
            };
            let text = match text {
                None => break,
                Some(Ok(text)) => text,
                Some(Err(stop)) => return (blocks, Some(Err(stop))),
            };
            match self.read(text).await {
                Ok(Read::Block(block)) if block.header().previous_hash == last.hash => {
                    last = block.id();
                    bytes = bytes.saturating_add(block.block().record_bytes());
                    blocks.push(block);
                }
                Ok(other) => return (blocks, Some(Ok(other))),
                Err(stop) => return (blocks, Some(Err(stop))),
            }
        }
        (blocks, None)
    }

    /// Imports blocks. Returns whether one of them was new and valid, or shows that the peer took
    /// what it was sent.
    async fn import(&self, blocks: Vec<HashedBlock>) -> bool {
        if let Some(last) = blocks.last() {
            self.stats.tip(last.id());
        }
        let mut told = Vec::new();
        import_blocks(self.context, self.link, blocks, &mut told).await;
        let is_new = told.iter().any(|(_, outcome)| *outcome == BlockOutcome::Adopted);
        if is_new {
            self.stats.new_block();
        }
        let mut is_of_use = is_new;
        for (id, outcome) in told {
            if matches!(outcome, BlockOutcome::Ours | BlockOutcome::Adopted) {
                is_of_use |= self.debtor.named(id.height);
            }
            self.tell(JsonInput::Block { id, outcome }).await;
        }
        is_of_use
    }

    /// Imports a whole chain; returns whether it brought new blocks.
    async fn chain(&self, text: Utf8Bytes) -> Result<bool, Stop> {
        let (context, link) = (Arc::clone(self.context), self.link);
        let runtime = tokio::runtime::Handle::current();
        // An import waits for other blocking threads: some must be left.
        let permit = Arc::clone(&context.chains).acquire_owned().await;
        let permit = permit.map_err(|error| Stop::Gone(error.to_string()))?;
        let imported = blocking(link, move || {
            let _permit = permit;
            import_chain(&context, &runtime, link, &text)
        });
        let (last, outcome) = imported.await?.map_err(Stop::Fault)?;
        self.stats.tip(last);
        let is_new = outcome == ChainOutcome::Adopted;
        if is_new {
            self.stats.new_block();
        }
        if matches!(outcome, ChainOutcome::Ours | ChainOutcome::Adopted) {
            self.debtor.named(last.height);
        }
        self.tell(JsonInput::Chain { last, outcome }).await;
        Ok(is_new)
    }

    async fn tell(&self, input: JsonInput) {
        self.context.tell(Event::Input(Input::Json(self.link, input))).await;
    }
}

/// Runs `work` off the runtime. A panic in it closes the link and blames nobody: it is a defect of
/// this node.
async fn blocking<T: Send + 'static>(
    link: LinkId,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Stop> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(error) if error.is_panic() => {
            let panic = error.into_panic();
            let what = panic_message(panic.as_ref());
            tracing::error!(
                link = link.0,
                "reading a message of a peer panicked: {what}; please report this"
            );
            Err(Stop::Close(DEFECT))
        }
        // Only a runtime that shuts down drops it.
        Err(error) => Err(Stop::Gone(error.to_string())),
    }
}

fn read_now(text: Utf8Bytes) -> Result<Read, Fault> {
    Ok(match open(&text)? {
        Message::Ask => Read::Ask,
        Message::Block(payload) => Read::Block(first_block(payload)?),
        Message::Chain(_) => Read::Chain(text),
        Message::Other => Read::Nothing,
    })
}

impl From<End> for Stop {
    fn from(end: End) -> Self {
        let fault = |code, reason| Self::Fault(Fault { code, reason });
        match end {
            End::TooBig => fault(1009, TOO_BIG),
            End::Overdue => fault(1002, "a message did not end in time"),
            End::NotUtf8 => fault(1007, "text that is not UTF-8"),
            End::BadFrame => fault(1002, "a frame that breaks RFC 6455"),
            End::Closed(reason) => Self::Closed(reason),
            End::Gone(reason) => Self::Gone(reason),
        }
    }
}

/// A close for a panic of this node.
const DEFECT: Close = Close { code: 1011, reason: "an internal error of this node" };

const TOO_BIG: &str = "a message above the limit; p2p.max_message raises it";

#[cfg(test)]
mod tests;

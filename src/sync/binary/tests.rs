//! What the binary dialect promises, and a bench to try it on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::chain::test_util::{mine, mine_header, seal, spec_with};
use crate::chain::{
    Bits, BlockId, Checkpoints, Hash, Header, Height, Spec, Timestamp, TipState, ValidBlock, Work,
};
use crate::sync::message::{Body, Hello, Message, PeerAddress};
use crate::sync::{
    BinaryConfig, BinaryInput, BinaryOutgoing, Held, ImportOutcome, Input, LinkId, Note, Origin,
    Outgoing, Output, Redial, SyncMachine, SyncState, Time, TipChange,
};

mod announce;
mod bodies;
mod bounds;
mod branch_pace;
mod chain;
mod depth;
mod faults;
mod forks;
mod handshake;
mod importing;
mod lacking;
mod liveness;
mod relaying;
mod reorgs;
mod slow_links;
mod splitting;
mod timeouts;
mod twins;

use chain::Chain;

const A: LinkId = LinkId(1);
const B: LinkId = LinkId(2);
const C: LinkId = LinkId(3);

const OUR_NONCE: u64 = 77;

/// Where links lead, unless a test says otherwise.
const THERE: Origin = Origin(1);

/// Our clock, in milliseconds.
const NOW: u64 = 1_700_000_000_000;

/// A machine with a driver that answers what concerns the chain at once.
struct Bench {
    spec: Spec,
    machine: SyncMachine,
    now: Time,
    /// What our clock shows.
    clock: Timestamp,
    ours: TipState,
    /// Every block that is held, with the state after it.
    held: BTreeMap<Hash, TipState>,
    /// Whether the writer answers.
    imports: bool,
    /// Whether lookups on our chain are answered; else those that wait.
    held_queries: Option<Vec<Input>>,
    pending: Vec<(u64, Vec<ValidBlock>)>,
    imported: u64,
    /// Whether it is told where branches leave our chain.
    tells_forks: bool,
    /// A check of this block panics.
    panics_at: Option<Hash>,
}

impl Bench {
    fn new(chain: &Chain) -> Self {
        Self::with(chain, Checkpoints::default())
    }

    fn with(chain: &Chain, checkpoints: Checkpoints) -> Self {
        Self::configured(chain, checkpoints, None)
    }

    fn configured(chain: &Chain, checkpoints: Checkpoints, max_reorg_depth: Option<u64>) -> Self {
        let config = BinaryConfig {
            spec: chain.spec.clone(),
            checkpoints,
            nonce: OUR_NONCE,
            agent: "jenny/test".to_owned(),
            listen: None,
            max_reorg_depth,
            accepted_forks: Vec::new(),
            relays_records: false,
        };
        let ours = chain.tip().clone();
        let machine = SyncMachine::new(chain.last(), 1_000, 1 << 20);
        let machine = machine.with_binary(config, ours.total_work());
        let held = chain.states.iter().map(|state| (state.hash(), state.clone())).collect();
        let now = Time(Duration::from_secs(1_000));
        let spec = chain.spec.clone();
        Self {
            spec,
            machine,
            now,
            clock: Timestamp::from_millis(NOW),
            ours,
            held,
            imports: true,
            held_queries: None,
            pending: Vec::new(),
            imported: 0,
            tells_forks: max_reorg_depth.is_some(),
            panics_at: None,
        }
    }

    /// Tells the machine, and does what concerns the chain. Returns the rest.
    fn tell(&mut self, input: impl Into<Input>) -> Vec<Output> {
        let mut rest = Vec::new();
        let mut inputs = vec![input.into()];
        while let Some(input) = inputs.pop() {
            let mut out = Vec::new();
            self.machine.handle(self.now, self.clock, input, &mut out);
            self.check_bounds();
            for output in out {
                match output {
                    Output::FindHeldAncestor { link, query, ids } => {
                        let held = ids.iter().rposition(|id| self.held.contains_key(&id.hash));
                        let held = held.map(|place| {
                            let state = Box::new(self.held[&ids[place].hash].clone());
                            Held { place, fork: depth::fork_point(self, &state), state }
                        });
                        let base = Input::from(BinaryInput::HeldAncestor { link, query, held });
                        match &mut self.held_queries {
                            Some(waiting) => waiting.push(base),
                            None => inputs.insert(0, base),
                        }
                    }
                    Output::Check { link, download, first, bodies }
                        if bodies
                            .iter()
                            .any(|(header, _)| Some(header.hash()) == self.panics_at) =>
                    {
                        inputs.insert(0, BinaryInput::Unchecked { link, download, first }.into());
                    }
                    Output::Check { link, download, first, bodies } => {
                        let (mut blocks, mut fault) = (Vec::new(), None);
                        for (header, body) in bodies {
                            let records = body.records(header.header().record_count);
                            let block = records.ok_or("count".to_owned()).and_then(|records| {
                                let checked = header.with_records(&self.spec, records);
                                checked.map_err(|error| error.to_string())
                            });
                            match block {
                                Ok(block) => blocks.push(block),
                                Err(error) => {
                                    fault = Some(error);
                                    break;
                                }
                            }
                        }
                        inputs.insert(
                            0,
                            BinaryInput::Checked { link, download, first, blocks, fault }.into(),
                        );
                    }
                    Output::Import { download, blocks, .. } => {
                        self.pending.push((download, blocks));
                        assert!(self.pending.len() <= 2, "batches at the writer");
                        if self.imports {
                            for (download, blocks) in std::mem::take(&mut self.pending) {
                                let (tip, imported) = self.import(download, &blocks);
                                inputs.insert(0, imported);
                                inputs.extend(tip);
                            }
                        }
                    }
                    other => rest.push(other),
                }
            }
        }
        rest
    }

    /// What the writer does: appends or stores, and reorgs when a branch has more work.
    fn import(&mut self, download: u64, blocks: &[ValidBlock]) -> (Option<Input>, Input) {
        let before = self.ours.hash();
        for block in blocks {
            self.imported += 1;
            let parent = &self.held[&block.header().previous_hash];
            let mut state = parent.clone();
            state.extend(block);
            if state.total_work() > self.ours.total_work() {
                self.ours = state.clone();
            }
            self.held.insert(block.hash(), state);
        }
        let last = blocks.last().unwrap();
        let last = BlockId { height: last.header().height, hash: last.hash() };
        let imported =
            BinaryInput::Imported { download, last, outcome: ImportOutcome::Done }.into();
        let tip = (self.ours.hash() != before).then(|| self.tip_input());
        (tip, imported)
    }

    fn tip_input(&self) -> Input {
        let tip = BlockId { height: self.ours.height(), hash: self.ours.hash() };
        let work = self.ours.total_work();
        let change = TipChange::Reorged { source: None };
        Input::Tip { tip, chain_json_bytes: 1_000, work, change }
    }

    /// We mine, or take over, this chain.
    fn adopt(&mut self, chain: &Chain) -> Vec<Output> {
        for state in &chain.states {
            self.held.insert(state.hash(), state.clone());
        }
        self.ours = chain.tip().clone();
        self.tell(self.tip_input())
    }

    fn check_bounds(&self) {
        let progress = self.machine.progress();
        assert!(progress.held_bytes + progress.reserved_bytes <= 64 << 20, "{progress:?}");
        assert!(progress.window <= 1_536, "{progress:?}");
        assert!(progress.headers <= 4_096, "{progress:?}");
    }

    fn open(&mut self, link: LinkId) -> Vec<Output> {
        self.open_as(link, true, THERE)
    }

    fn open_as(&mut self, link: LinkId, dialled: bool, origin: Origin) -> Vec<Output> {
        self.tell(BinaryInput::Opened { link, dialled, origin })
    }

    /// With this peer's Hello received: its tip is the end of a chain.
    fn handshake(&mut self, link: LinkId, chain: &Chain) -> Vec<Output> {
        self.open(link);
        self.says(link, Message::Hello(hello(link, chain)))
    }

    fn says(&mut self, link: LinkId, message: Message) -> Vec<Output> {
        self.tell(BinaryInput::Message { link, message })
    }

    /// Lets time pass; the machine is woken whenever it asks to be.
    fn wait(&mut self, time: Duration) -> Vec<Output> {
        let end = self.now.plus(time);
        let mut out = Vec::new();
        let mut wakes = 0;
        while let Some(deadline) = self.machine.deadline().filter(|deadline| *deadline <= end) {
            wakes += 1;
            assert!(wakes < 10_000, "it asks to be woken again and again");
            self.now = self.now.max(deadline);
            out.extend(self.tell(Input::DeadlinePassed));
        }
        self.now = end;
        out
    }

    /// Responds to what is asked of these peers, honestly, until nothing more is. Returns what
    /// was said beside that.
    fn serve(&mut self, peers: &[(LinkId, &Chain)], outputs: Vec<Output>) -> Vec<Output> {
        let mut rest = Vec::new();
        let mut waiting: std::collections::VecDeque<_> = outputs.into();
        while let Some(output) = waiting.pop_front() {
            let chain = |link: LinkId| {
                peers.iter().find(|(name, _)| *name == link).map(|(_, chain)| *chain)
            };
            match answer(&output, &chain) {
                Some((link, messages)) => {
                    for message in messages {
                        waiting.extend(self.says(link, message));
                    }
                }
                None => rest.push(output),
            }
        }
        rest
    }

    /// Responds to one round of questions. Returns what came of it.
    fn serve_once(&mut self, peers: &[(LinkId, &Chain)], outputs: Vec<Output>) -> Vec<Output> {
        let chain =
            |link: LinkId| peers.iter().find(|(name, _)| *name == link).map(|(_, chain)| *chain);
        let mut out = Vec::new();
        for output in outputs {
            let Some((link, messages)) = answer(&output, &chain) else { continue };
            for message in messages {
                out.extend(self.says(link, message));
            }
        }
        out
    }

    /// Lookups on our chain are answered after `what`.
    fn holding_queries(&mut self, what: impl FnOnce(&mut Self) -> Vec<Output>) -> Vec<Output> {
        self.held_queries = Some(Vec::new());
        let mut out = what(self);
        for base in self.held_queries.take().unwrap_or_default() {
            out.extend(self.tell(base));
        }
        out
    }

    fn tip(&self) -> Hash {
        self.ours.hash()
    }
}

/// What an honest peer answers.
fn answer<'a>(
    output: &Output,
    chain: &dyn Fn(LinkId) -> Option<&'a Chain>,
) -> Option<(LinkId, Vec<Message>)> {
    let Output::Send { link, what: Outgoing::Binary(what) } = output else { return None };
    match what {
        BinaryOutgoing::GetHeaders { after } => {
            let chain = chain(*link)?;
            // The whole locator of the asker is not at hand: from genesis, or after the block.
            let from = after.filter(|id| chain.holds(*id));
            let from = from.map_or(1, |id| usize::try_from(id.height.get()).unwrap() + 1);
            Some((*link, vec![Message::Headers(chain.headers_from(from))]))
        }
        BinaryOutgoing::Message(message) => {
            let Message::GetBlocks { request, first, count, last } = &**message else {
                return None;
            };
            let chain = chain(*link)?;
            let height = first.ahead(u64::from(*count) - 1);
            if !chain.holds(BlockId { height, hash: *last }) {
                return Some((*link, vec![Message::NotFound { request: *request }]));
            }
            let bodies = chain.bodies(*first, *count);
            Some((*link, vec![Message::Blocks { request: *request, bodies }]))
        }
        _ => None,
    }
}

fn hello(link: LinkId, chain: &Chain) -> Hello {
    Hello {
        lowest: 1,
        highest: 1,
        capabilities: 0,
        genesis: chain.blocks[0].hash(),
        nonce: link.0,
        agent: "peer".to_owned(),
        listen: None,
        height: chain.tip().height(),
        work: chain.tip().total_work(),
        time: Timestamp::from_millis(NOW),
    }
}

/// A range asked for: link, request, first height, count.
type Range = (LinkId, u64, u64, u32);

fn ranges(outputs: &[Output]) -> Vec<Range> {
    let range = |output: &Output| match output {
        Output::Send { link, what: Outgoing::Binary(BinaryOutgoing::Message(message)) } => {
            let Message::GetBlocks { request, first, count, .. } = **message else { return None };
            Some((*link, request, first.get(), count))
        }
        _ => None,
    };
    outputs.iter().filter_map(range).collect()
}

fn banned(outputs: &[Output]) -> Vec<LinkId> {
    let ban = |output: &Output| match output {
        Output::Ban { link, .. } => Some(*link),
        _ => None,
    };
    outputs.iter().filter_map(ban).collect()
}

fn asked_headers(outputs: &[Output]) -> Vec<LinkId> {
    outputs.iter().filter_map(asks_headers).collect()
}

/// The link that is asked for headers.
fn asks_headers(output: &Output) -> Option<LinkId> {
    match output {
        Output::Send { link, what: Outgoing::Binary(BinaryOutgoing::GetHeaders { .. }) } => {
            Some(*link)
        }
        _ => None,
    }
}

/// What is sent on a link.
fn send(link: LinkId, what: impl Into<Outgoing>) -> Output {
    Output::Send { link, what: what.into() }
}

//! The two kinds of node, and what they make of a message.

use jenny_chain::chain::Work;
use jenny_chain::sync::{
    BlockOutcome, ChainOutcome, Input, JsonInput, LinkId, SyncMachine, TipChange,
};

use super::blocks::{Id, Tree};
use crate::sim::clock::Alarm;

/// What goes over a link. A chain is named by its last block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Message {
    Ask,
    One(Id),
    Whole(Id),
}

/// Bytes of a block.
const BLOCK_BYTES: u64 = 500;

impl Message {
    /// About how long it is.
    pub(super) fn bytes(self, tree: &Tree) -> u64 {
        match self {
            Self::Ask => 10,
            Self::One(_) => BLOCK_BYTES,
            Self::Whole(last) => BLOCK_BYTES * (tree.height(last) + 1),
        }
    }
}

pub(super) struct Node {
    /// Genesis first.
    pub(super) chain: Vec<Id>,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Ours(Box<Ours>),
    Seed(Seed),
}

/// The machine, and what its driver keeps for the whole node.
pub(super) struct Ours {
    pub(super) machine: SyncMachine,
    /// The tip that the machine was told of.
    pub(super) told: Id,
    /// The link that brought the tip, if one did.
    pub(super) source: Option<LinkId>,
    /// A change of the tip is about to be told.
    pub(super) is_telling: bool,
    /// When the machine is woken next.
    pub(super) alarm: Alarm,
    /// How often the chain was replaced above a fork.
    pub(super) reorgs: u64,
}

/// A node of the seed's kind, as its own code was seen to behave.
pub(super) struct Seed {
    /// Whether it tells everybody of a chain that it adopted.
    pub(super) broadcasts: bool,
}

/// What a seed-like node says in answer, and whether it has to tell all its links of a new chain.
pub(super) struct Said {
    pub(super) answer: Option<Message>,
    pub(super) broadcast: Option<Message>,
}

impl Node {
    pub(super) fn ours(tree: &Tree, chain: Vec<Id>) -> Self {
        let told = *chain.last().unwrap();
        let machine = SyncMachine::new(tree.id_of(told), 1_000, 64 << 20);
        let ours = Ours {
            machine,
            told,
            source: None,
            is_telling: false,
            alarm: Alarm::default(),
            reorgs: 0,
        };
        Self { chain, kind: Kind::Ours(Box::new(ours)) }
    }

    pub(super) const fn seed(broadcasts: bool, chain: Vec<Id>) -> Self {
        Self { chain, kind: Kind::Seed(Seed { broadcasts }) }
    }

    pub(super) const fn is_ours(&self) -> bool {
        matches!(self.kind, Kind::Ours(_))
    }

    pub(super) fn tip(&self) -> Id {
        *self.chain.last().unwrap()
    }

    pub(super) fn holds(&self, tree: &Tree, id: Id) -> bool {
        self.at(tree.height(id)) == Some(id)
    }

    /// The block at a height.
    pub(super) fn at(&self, height: u64) -> Option<Id> {
        self.chain.get(usize::try_from(height).unwrap()).copied()
    }

    /// A seed-like node appends what fits and responds to everything else with its chain, adopts
    /// what is higher, and dies of what it cannot read.
    pub(super) fn seed_hears(&mut self, tree: &Tree, message: Message) -> Said {
        let tip = self.tip();
        let (mut answer, mut broadcast) = (None, None);
        match message {
            Message::Ask => answer = Some(Message::One(tip)),
            Message::One(id) if id != 0 && tree.parent(id) == tip => self.chain.push(id),
            Message::One(_) => answer = Some(Message::Whole(tip)),
            Message::Whole(last) if tree.height(last) > tree.height(tip) => {
                self.chain = tree.chain(last);
                if matches!(self.kind, Kind::Seed(Seed { broadcasts: true })) {
                    broadcast = Some(Message::Whole(last));
                }
            }
            Message::Whole(_) => (),
        }
        Said { answer, broadcast }
    }

    /// What the driver of our node makes of a message: the input, after the chain has
    /// taken what it takes.
    pub(super) fn judge(&mut self, tree: &Tree, link: LinkId, message: Message) -> JsonInput {
        match message {
            Message::Ask => JsonInput::Asked,
            Message::One(id) => {
                let outcome = if self.holds(tree, id) {
                    BlockOutcome::Ours
                } else if tree.parent(id) == self.tip() {
                    self.chain.push(id);
                    self.note_source(link);
                    BlockOutcome::Adopted
                } else {
                    BlockOutcome::Fork
                };
                JsonInput::Block { id: tree.id_of(id), outcome }
            }
            Message::Whole(last) => {
                let outcome = self.judge_chain(tree, link, last);
                JsonInput::Chain { last: tree.id_of(last), outcome }
            }
        }
    }

    fn judge_chain(&mut self, tree: &Tree, link: LinkId, last: Id) -> ChainOutcome {
        let (theirs, ours) = (tree.work(last), tree.work(self.tip()));
        if self.holds(tree, last) {
            return ChainOutcome::Ours;
        }
        if theirs < ours {
            return ChainOutcome::Lighter;
        }
        if theirs == ours {
            return ChainOutcome::Equal;
        }
        let chain = tree.chain(last);
        let is_extension = chain.starts_with(&self.chain);
        self.chain = chain;
        let Kind::Ours(ours) = &mut self.kind else { unreachable!("seeds do not judge") };
        if !is_extension {
            ours.reorgs += 1;
        }
        self.note_source(link);
        ChainOutcome::Adopted
    }

    fn note_source(&mut self, link: LinkId) {
        if let Kind::Ours(ours) = &mut self.kind {
            ours.source = Some(link);
        }
    }

    /// The change of the tip since the machine was told of it last.
    pub(super) fn tip_input(&mut self, tree: &Tree) -> Input {
        let tip = self.tip();
        let height = tree.height(tip);
        let chain = &self.chain;
        let Kind::Ours(ours) = &mut self.kind else { unreachable!("seeds have no machine") };
        let source = ours.source.take();
        let from = ours.told;
        let place = usize::try_from(tree.height(from)).unwrap();
        let is_extension = chain.get(place) == Some(&from);
        let change = if is_extension {
            TipChange::Extended { from: tree.id_of(from), source }
        } else {
            TipChange::Reorged { source }
        };
        ours.told = tip;
        ours.is_telling = false;
        Input::Tip {
            tip: tree.id_of(tip),
            chain_json_bytes: BLOCK_BYTES * (height + 1),
            work: Work::default(),
            change,
        }
    }
}

//! Links on which a body takes longer than a link has time to answer.

use std::collections::VecDeque;

use super::*;

/// A message on its way, and whether it takes time.
type Sent = (Message, bool);

/// A link that passes one body in a time, and answers in the order of the questions.
struct Slow<'a> {
    link: LinkId,
    chain: &'a Chain,
    each: Duration,
    waiting: VecDeque<Sent>,
    /// When what it sends now has come.
    due: Option<Time>,
    /// Bodies that came of it.
    bodies: usize,
}

impl<'a> Slow<'a> {
    fn new(link: LinkId, chain: &'a Chain, each: Duration) -> Self {
        Self { link, chain, each, waiting: VecDeque::new(), due: None, bodies: 0 }
    }

    fn hears(&mut self, now: Time, output: &Output) {
        let chain = |link: LinkId| (link == self.link).then_some(self.chain);
        let Some((_, messages)) = answer(output, &chain) else { return };
        for message in messages {
            match message {
                Message::Blocks { request, bodies } => {
                    let each = bodies.into_iter().map(|body| vec![body]);
                    let each = each.map(|bodies| (Message::Blocks { request, bodies }, true));
                    self.waiting.extend(each);
                }
                message => self.waiting.push_back((message, false)),
            }
        }
        self.send(now);
    }

    fn send(&mut self, now: Time) {
        let after = |(_, takes_time): &Sent| if *takes_time { self.each } else { Duration::ZERO };
        self.due = self.due.or_else(|| Some(now.plus(self.waiting.front().map(after)?)));
    }

    /// What has come by now.
    fn comes(&mut self, now: Time) -> Option<Message> {
        self.due.take_if(|due| *due <= now)?;
        let (message, is_body) = self.waiting.pop_front()?;
        self.bodies += usize::from(is_body);
        self.send(now);
        Some(message)
    }
}

/// Lets the links answer until nothing is on its way. Returns how often a stall was told of.
fn run(bench: &mut Bench, links: &mut [Slow<'_>], first: Vec<Output>) -> usize {
    let (mut stalls, mut out) = (0, first);
    loop {
        for output in std::mem::take(&mut out) {
            for link in links.iter_mut() {
                link.hears(bench.now, &output);
            }
            let note = matches!(output, Output::Log { note: Note::Stalled { .. }, .. });
            stalls += usize::from(note);
        }
        let now = bench.now;
        if let Some((link, message)) =
            links.iter_mut().find_map(|link| Some((link.link, link.comes(now)?)))
        {
            out = bench.says(link, message);
            continue;
        }
        let Some(come) = links.iter().filter_map(|link| link.due).min() else { return stalls };
        let next = bench.machine.deadline().map_or(come, |deadline| deadline.min(come));
        out = bench.wait(next.0.saturating_sub(now.0));
    }
}

/// A chain of this many blocks of almost 1 MiB.
fn large(tag: &str, count: usize) -> Chain {
    Chain::of(Spec::dev()).grow_with(count, |height| {
        (0..15).map(|number| format!("{tag} {height} {number} {}", "x".repeat(65_000))).collect()
    })
}

#[test]
fn a_slow_link_sends_each_body_once_and_nothing_stalls() {
    let chain = large("a", 16);
    for seconds in [1, 3, 10, 20, 29] {
        let mut bench = Bench::new(&chain.until(0));
        let started = bench.now;
        let mut links = [Slow::new(A, &chain, Duration::from_secs(seconds))];
        let first = bench.handshake(A, &chain);
        assert_eq!(run(&mut bench, &mut links, first), 0, "stalls at {seconds} s");
        assert_eq!(bench.tip(), chain.tip().hash(), "{seconds} s");
        assert_eq!(links[0].bodies, 16, "{seconds} s");
        let took = bench.now.0.saturating_sub(started.0);
        assert!(took <= Duration::from_secs(17 * seconds), "{took:?} at {seconds} s");
    }
}

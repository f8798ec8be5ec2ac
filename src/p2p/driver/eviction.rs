//! Which accepted link makes room for a new one, after Bitcoin Core's `SelectNodeToEvict`.
//!
//! An eighth of the links each is protected for what an attacker finds hard to be best at: its
//! network group, its round trip time, the blocks and the headers that it delivered. Half of the rest
//! is protected by age. Of what is left, the youngest link of the group that has most links goes. So
//! a party that opens many links from few networks displaces its own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::p2p::net_group::SiteGroup;
use crate::sync::LinkId;

/// Each kind of merit protects one link of this many.
const PROTECTED_PART: usize = 8;

/// An accepted link, as far as eviction goes.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Links are numbered in the order in which they were opened.
    pub(super) link: LinkId,
    pub(super) group: SiteGroup,
    /// The group's place among others, which no peer can know: a keyed hash.
    pub(super) keyed_group: u64,
    /// The shortest round trip.
    pub(super) rtt: Option<Duration>,
    /// When it last delivered a block that was new and valid.
    pub(super) new_block: Option<Instant>,
    /// When the node last fetched blocks that its headers had led to.
    pub(super) new_headers: Option<Instant>,
}

/// The link that makes room for a new one from `newcomer`. `None` if there are none, or if no group
/// with a link that is not protected has at least as many links as the newcomer's would have, and
/// all links of that one are protected: the newcomer is refused.
pub(super) fn select(links: Vec<Candidate>, newcomer: SiteGroup) -> Option<LinkId> {
    let mut counts: BTreeMap<SiteGroup, usize> = BTreeMap::new();
    for candidate in &links {
        *counts.entry(candidate.group).or_default() += 1;
    }
    let count = |group: SiteGroup| counts.get(&group).copied().unwrap_or_default();
    let rest = unprotected(links);
    let largest = rest.iter().map(|candidate| (count(candidate.group), candidate.link)).max();
    let (max, youngest) = largest?;
    if max > count(newcomer) {
        // With the newcomer, its group is no larger than this one.
        return Some(youngest);
    }
    let its = rest.iter().filter(|candidate| candidate.group == newcomer);
    its.map(|candidate| candidate.link).max()
}

/// The links that no merit protects: of any number of links at least one.
fn unprotected(mut links: Vec<Candidate>) -> Vec<Candidate> {
    let part = links.len() / PROTECTED_PART;
    links.sort_by_key(|candidate| (candidate.keyed_group, candidate.link));
    let mut groups = BTreeSet::new();
    links.retain(|candidate| groups.len() >= part || !groups.insert(candidate.group));
    links.sort_by_key(|candidate| (candidate.rtt.is_none(), candidate.rtt, candidate.link));
    protect(&mut links, part, |candidate| candidate.rtt.is_some());
    links.sort_by_key(|candidate| (Reverse(candidate.new_block), candidate.link));
    protect(&mut links, part, |candidate| candidate.new_block.is_some());
    links.sort_by_key(|candidate| (Reverse(candidate.new_headers), candidate.link));
    protect(&mut links, part, |candidate| candidate.new_headers.is_some());
    links.sort_by_key(|candidate| candidate.link);
    let oldest = links.len() / 2;
    protect(&mut links, oldest, |_| true);
    links
}

/// Removes up to `max` of the first links, as long as they have the merit that they are sorted by.
fn protect(links: &mut Vec<Candidate>, max: usize, has_merit: impl Fn(&Candidate) -> bool) {
    let protected = links.iter().take(max).take_while(|candidate| has_merit(candidate)).count();
    links.drain(..protected);
}

#[cfg(test)]
mod tests;

//! Bans of peers' addresses.

use std::net::IpAddr;

use super::NodeHandle;
use crate::chain::Timestamp;
use crate::node::{Ban, NodeFailure};

impl NodeHandle {
    /// Bans an address, in IPv6 its /64, until a time for a fault: at once in memory, and in the
    /// database when the future resolves. Returns whether it is banned: a loopback address never is.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub fn ban(
        &self,
        address: IpAddr,
        until: Timestamp,
        reason: &str,
    ) -> impl Future<Output = Result<bool, NodeFailure>> + Send + use<> {
        self.add_ban(&Ban { address, until, reason: reason.to_owned(), by_operator: false })
    }

    /// Makes a ban as it is: at once in memory, and in the database when the future resolves.
    /// Returns whether it was made: a loopback address is never banned, nor is anyone once all places
    /// are held by bans of the operator's.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub fn add_ban(
        &self,
        ban: &Ban,
    ) -> impl Future<Output = Result<bool, NodeFailure>> + Send + use<> {
        let (node, bans) = (self.clone(), self.shared.reader.bans());
        let unwritten = bans.add(ban, (self.shared.config.clock)());
        async move {
            let Some(unwritten) = unwritten else { return Ok(false) };
            node.read(move || bans.write(&unwritten)).await?;
            Ok(true)
        }
    }

    /// Has bans that were made while the clock was ahead end within a day: at once in memory,
    /// and in the database when the future resolves.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub fn shorten_bans(&self) -> impl Future<Output = Result<(), NodeFailure>> + Send + use<> {
        let (node, bans) = (self.clone(), self.shared.reader.bans());
        let unwritten = bans.shorten(self.now());
        async move {
            let Some(unwritten) = unwritten else { return Ok(()) };
            node.read(move || bans.write(&unwritten)).await
        }
    }

    /// Ends a ban: at once in memory, and in the database when the future resolves. Returns
    /// whether there was one.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn unban(&self, address: IpAddr) -> Result<bool, NodeFailure> {
        let bans = self.shared.reader.bans();
        let Some(unwritten) = bans.remove(address, self.now()) else { return Ok(false) };
        self.read(move || bans.write(&unwritten)).await?;
        Ok(true)
    }

    /// The bans that have not ended, in order of address. Does not touch the disk.
    pub fn bans(&self) -> Vec<Ban> {
        self.shared.reader.bans().entries((self.shared.config.clock)())
    }

    /// Whether links with an address are refused. Does not touch the disk.
    pub fn is_banned(&self, address: IpAddr, now: Timestamp) -> bool {
        self.shared.reader.bans().is_banned(address, now)
    }
}

//! Asks a node whether it is ready, which needs no credentials.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use ureq::http::StatusCode;

use super::{MAX_PROBLEM_BYTES, Paced, REPLY_TIMEOUT, Remote};
use crate::cli::args::RemoteArgs;

impl Remote {
    /// Checks the address, for [`Remote::ready`] alone: there are no credentials to send.
    pub(in crate::cli) fn anonymous(url: &str, args: &RemoteArgs) -> Result<Self> {
        let mut args = args.clone();
        (args.user, args.password_file) = (None, None);
        Self::new(url, &args, &|name| (name == "JENNY_PASSWORD").then(String::new))
    }

    /// What the node says of itself to everybody; an error unless it is ready.
    pub(in crate::cli) fn ready(&self) -> Result<Vec<u8>> {
        let url = format!("{}/readyz", self.name());
        let request = self.agent.get(&url).config().timeout_global(Some(REPLY_TIMEOUT)).build();
        let answer = request.call().map_err(|error| self.unanswered(error))?;
        let status = answer.status();
        let body = Paced::new(answer.into_body().into_with_config().limit(u64::MAX).reader());
        if status != StatusCode::OK {
            return Err(self.refused(status, body).into());
        }
        let mut bytes = Vec::new();
        body.take(MAX_PROBLEM_BYTES)
            .read_to_end(&mut bytes)
            .with_context(|| format!("the response of {} ended early", self.name()))?;
        Ok(bytes)
    }
}

//! The certificates of the node's ports, as the status tells of them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::context::Context;
use crate::chain::Timestamp;

/// Seconds of a day.
const DAY_SECONDS: u64 = 86_400;

/// The certificate of a port.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PortCertificate {
    #[schema(pattern = "^(api|p2p)$")]
    port: &'static str,
    not_after: Timestamp,
    /// Whole days that are left; 0 once it has expired.
    days_left: u64,
    /// Whether it should be renewed now.
    renew: bool,
}

/// The certificates that the ports show at present.
pub(super) fn certificates(context: &Context) -> Vec<PortCertificate> {
    let now = context.node.now().as_millis() / 1_000;
    let of = |(port, credentials): &(&'static str, crate::tls::Credentials)| {
        let certificate = credentials.certificate();
        PortCertificate {
            port,
            not_after: Timestamp::from_millis(certificate.not_after.saturating_mul(1_000)),
            days_left: certificate.not_after.saturating_sub(now) / DAY_SECONDS,
            renew: now >= certificate.renew_from(),
        }
    };
    context.certificates.iter().map(of).collect()
}

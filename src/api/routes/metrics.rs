//! `GET /metrics`: what a program watches over time. `docs/metrics.md` lists every metric.

mod node;
mod peers;

use warp::reply::Response;

use super::call::Call;
use super::status::sync;
use crate::api::context::Context;
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::api::metrics::exposition::{Exposition, Kind};
use crate::api::metrics::process;
use crate::node::{DiskStatus, NodeHandle, NodeStatus};

/// The text is at most as long as the code and the table of routes make it, whatever clients and
/// peers do.
pub(super) async fn metrics(call: Call) -> Result<Response, Problem> {
    // A node that has failed tells the rest, and that it has failed.
    let disk = call.context.node.disk_status().await.ok();
    let write = async || Ok(text(&call.context, disk).into_text().into_bytes());
    call.share.text(write).await.map(reply::exposition)
}

fn text(context: &Context, disk: Option<DiskStatus>) -> Exposition {
    let node = &context.node;
    let (now, links) = (node.status(), node.links().table());
    let progress = node.links().progress();
    let sync = sync(progress, &links, now.tip.header.height, &now.deep_forks);
    let mut text = Exposition::default();
    write_process(&mut text, context, &now);
    node::write(&mut text, node, &now, &sync, disk);
    peers::write(&mut text, node, &links, disk);
    write_certificates(&mut text, context);
    write_api(&mut text, context);
    write_requests(&mut text, context);
    text
}

fn write_process(text: &mut Exposition, context: &Context, now: &NodeStatus) {
    let node: &NodeHandle = &context.node;
    let mut info = text.metric(Kind::Gauge, "jenny_build_info", "The program, always 1.");
    info.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    let mut info = text.metric(Kind::Gauge, "jenny_chain_info", "The chain, always 1.");
    info.sample(&[("name", node.spec().name()), ("id", &node.chain_id().to_string())], 1);
    text.gauge("jenny_uptime_seconds", "Time since the node started.", now.uptime.as_secs_f64());
    text.counter_if_known(
        "process_cpu_seconds_total",
        "CPU time of the process, in user and kernel mode.",
        process::cpu_time().map(|time| time.as_secs_f64()),
    );
    let memory = process::memory();
    text.gauge_if_known(
        "process_resident_memory_bytes",
        "Resident memory of the process.",
        memory.resident_bytes,
    );
    text.gauge_if_known(
        "process_virtual_memory_bytes",
        "Virtual memory of the process.",
        memory.virtual_bytes,
    );
    text.gauge_if_known(
        "process_open_fds",
        "Open files and sockets of the process.",
        process::open_descriptors(),
    );
    text.gauge_if_known(
        "process_max_fds",
        "Most files and sockets that the process may open.",
        process::max_descriptors(),
    );
    text.gauge(
        "process_start_time_seconds",
        "When the node started, since the epoch.",
        context.started.as_secs_f64(),
    );
    text.gauge(
        "jenny_unclean_start",
        "Whether the run before this one failed, was killed or lost power.",
        u8::from(context.unclean_start),
    );
}

/// What each port shows at present, which a reload changes.
fn write_certificates(text: &mut Exposition, context: &Context) {
    let mut ends = text.metric(
        Kind::Gauge,
        "jenny_tls_certificate_not_after_timestamp_seconds",
        "When the certificate of a port expires, since the epoch.",
    );
    for (port, credentials) in &context.certificates {
        ends.sample(&[("port", port)], credentials.certificate().not_after);
    }
}

fn write_api(text: &mut Exposition, context: &Context) {
    let Context { answers, connections, long_requests, event_slots, .. } = context;
    text.gauge("jenny_api_connections", "Open connections to the API.", connections.open());
    text.counter(
        "jenny_api_refused_connections_total",
        "Connections to the API that were closed at once: their address had too many.",
        connections.refused(),
    );
    text.gauge(
        "jenny_api_long_requests",
        "Requests that wait for records, follow events or read the whole chain.",
        long_requests.count(),
    );
    text.gauge("jenny_api_event_streams", "Streams of events.", event_slots.count());
    let (held_bytes, max_bytes) = answers.held();
    text.gauge(
        "jenny_api_response_memory_bytes",
        "Memory of responses above 64 KiB that are not sent yet.",
        held_bytes,
    );
    text.gauge(
        "jenny_api_response_memory_max_bytes",
        "Most memory that these responses may occupy.",
        max_bytes,
    );
}

fn write_requests(text: &mut Exposition, context: &Context) {
    let mut counts = text.metric(
        Kind::Counter,
        "jenny_api_requests_total",
        "Requests, by the pattern of their route and the class of their status.",
    );
    for (path, outcome, count) in context.requests.all() {
        counts.sample(&[("route", path), ("status", outcome)], count);
    }
    let mut durations = text.metric(
        Kind::Histogram,
        "jenny_api_request_duration_seconds",
        "Time from a request to the beginning of its response.",
    );
    for (path, method, seconds) in context.requests.durations() {
        durations.histogram(&[("route", path), ("method", method)], &seconds);
    }
    let mut problems = text.metric(
        Kind::Counter,
        "jenny_api_problems_total",
        "Requests that were refused or failed, by the type of the problem.",
    );
    for (kind, count) in context.connections.problems.all() {
        problems.sample(&[("type", kind)], count);
    }
}

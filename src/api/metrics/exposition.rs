//! Prometheus' text format, version 0.0.4.

use std::fmt::{self, Display, Write};

use crate::node::HistogramSnapshot;

/// The media type of the text.
pub(in crate::api) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the values of a metric may do.
#[derive(Clone, Copy, Debug)]
pub(in crate::api) enum Kind {
    /// They only grow, from 0 at the node's start.
    Counter,
    /// They go up and down.
    Gauge,
    /// Counts of values by their size.
    Histogram,
}

/// The text of one scrape.
#[derive(Debug, Default)]
pub(in crate::api) struct Exposition(String);

/// The name of a label and its value.
type Label<'a> = (&'static str, &'a str);

/// A metric whose samples are being written.
#[derive(Debug)]
pub(in crate::api) struct Metric<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins a metric: its samples follow.
    pub(in crate::api) fn metric(
        &mut self,
        kind: Kind,
        name: &'static str,
        help: &'static str,
    ) -> Metric<'_> {
        let text = &mut self.0;
        // Writing to a string does not fail.
        let _ = write!(text, "# HELP {name} {}\n# TYPE {name} {kind}\n", Escaped(help, false));
        Metric { text, name }
    }

    /// Writes a gauge without labels.
    pub(in crate::api) fn gauge(
        &mut self,
        name: &'static str,
        help: &'static str,
        value: impl Display,
    ) {
        self.metric(Kind::Gauge, name, help).sample(&[], value);
    }

    /// Writes a gauge without labels that has no sample while its value is not known.
    pub(in crate::api) fn gauge_if_known(
        &mut self,
        name: &'static str,
        help: &'static str,
        value: Option<impl Display>,
    ) {
        let mut metric = self.metric(Kind::Gauge, name, help);
        if let Some(value) = value {
            metric.sample(&[], value);
        }
    }

    /// Writes a counter without labels.
    pub(in crate::api) fn counter(
        &mut self,
        name: &'static str,
        help: &'static str,
        value: impl Display,
    ) {
        self.metric(Kind::Counter, name, help).sample(&[], value);
    }

    /// Writes a counter without labels that has no sample while its value is not known.
    pub(in crate::api) fn counter_if_known(
        &mut self,
        name: &'static str,
        help: &'static str,
        value: Option<impl Display>,
    ) {
        let mut metric = self.metric(Kind::Counter, name, help);
        if let Some(value) = value {
            metric.sample(&[], value);
        }
    }

    pub(in crate::api) fn into_text(self) -> String {
        self.0
    }
}

impl Metric<'_> {
    /// Writes a sample with these labels, by name and value. The value is a number in decimal.
    pub(in crate::api) fn sample(&mut self, labels: &[Label<'_>], value: impl Display) {
        self.part("", labels, value);
    }

    /// Writes all samples of a histogram with these labels.
    pub(in crate::api) fn histogram(&mut self, labels: &[Label<'_>], of: &HistogramSnapshot) {
        for (bound, count) in &of.buckets {
            self.bucket(labels, &bound.to_string(), *count);
        }
        self.bucket(labels, "+Inf", of.count);
        self.part("_sum", labels, of.sum);
        self.part("_count", labels, of.count);
    }

    fn bucket(&mut self, labels: &[Label<'_>], bound: &str, count: u64) {
        let labels: Vec<_> = labels.iter().copied().chain([("le", bound)]).collect();
        self.part("_bucket", &labels, count);
    }

    /// Writes a sample whose name is that of the metric and a suffix.
    fn part(&mut self, suffix: &str, labels: &[Label<'_>], value: impl Display) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        for (at, (label, text)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{label}=\"{}\"", Escaped(text, true));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    /// Writes a sample that is 1 if `holds`, and else 0.
    pub(in crate::api) fn flag(&mut self, labels: &[Label<'_>], holds: bool) {
        self.sample(labels, u8::from(holds));
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

/// A text on one line, within quotes or not.
struct Escaped<'a>(&'a str, bool);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '"' if self.1 => f.write_str("\\\"")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

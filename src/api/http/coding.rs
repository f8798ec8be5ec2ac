//! Content codings: the one that a client prefers, and a response compressed part by part.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, HeaderMap};

/// Base-2 logarithm of the bytes that zstd looks back: 1 MiB.
const ZSTD_WINDOW_LOG: u32 = 20;

/// Level of zstd.
const ZSTD_LEVEL: i32 = 3;

/// A coding that makes a response shorter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Coding {
    Zstd,
    Gzip,
}

impl Coding {
    /// Returns the coding that the client prefers (`Accept-Encoding`, RFC 9110 section 12.5.3),
    /// `None` if that is none. Of equal ones it is zstd.
    pub(in crate::api) fn preferred(headers: &HeaderMap) -> Option<Self> {
        let weights = Weights::of(headers);
        let zstd = weights.get("zstd").or(weights.any).unwrap_or(0.0);
        let gzip = weights.get("gzip").or(weights.get("x-gzip")).or(weights.any).unwrap_or(0.0);
        let plain = weights.get("identity").unwrap_or(0.0);
        let (weight, coding) = if zstd >= gzip { (zstd, Self::Zstd) } else { (gzip, Self::Gzip) };
        (weight > 0.0 && weight >= plain).then_some(coding)
    }

    /// `Content-Encoding`.
    pub(in crate::api) const fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        })
    }
}

/// What a client says of codings, each with its weight.
struct Weights<'a> {
    named: Vec<(&'a str, f32)>,
    any: Option<f32>,
}

impl<'a> Weights<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT_ENCODING).into_iter();
        let entries =
            values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
        let named: Vec<_> = entries.filter_map(entry).collect();
        let any = named.iter().find(|(name, _)| *name == "*").map(|(_, weight)| *weight);
        Self { named, any }
    }

    fn get(&self, wanted: &str) -> Option<f32> {
        let mut named = self.named.iter();
        named.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, weight)| *weight)
    }
}

/// A coding and its weight; `None` if the weight is malformed.
fn entry(text: &str) -> Option<(&str, f32)> {
    let (name, parameter) = text.split_once(';').unwrap_or((text, "q=1"));
    let weight = parameter.trim().strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?;
    let weight = weight.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
    Some((name.trim(), weight))
}

/// Compresses a text part by part.
pub(in crate::api) enum Encoder {
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Encoder {
    /// Starts to compress.
    ///
    /// # Errors
    /// When there is no memory.
    pub(in crate::api) fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.window_log(ZSTD_WINDOW_LOG)?;
                Self::Zstd(encoder)
            }
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast())),
        })
    }

    /// Compresses a part. The client can decode all of it from what this returns.
    ///
    /// # Errors
    /// When there is no memory.
    pub(in crate::api) fn encode(&mut self, part: &[u8], is_last: bool) -> io::Result<Vec<u8>> {
        match self {
            Self::Zstd(encoder) => {
                encoder.write_all(part)?;
                if is_last {
                    encoder.do_finish()?;
                } else {
                    encoder.flush()?;
                }
                Ok(std::mem::take(encoder.get_mut()))
            }
            Self::Gzip(encoder) => {
                encoder.write_all(part)?;
                if is_last {
                    encoder.try_finish()?;
                } else {
                    encoder.flush()?;
                }
                Ok(std::mem::take(encoder.get_mut()))
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Lists and texts whose length is held against a bound before anything is allocated.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fields::{Body, Fixed};
use super::{MAX_HEADERS, MAX_LOCATOR, MAX_PEERS_MESSAGE, MAX_RANGE, MAX_TEXT, PeerAddress};
use crate::chain::{HEADER_BYTES, Hash, Header, Height};

/// Reads a list of at most `max`, turning each item as it comes.
struct List<T, U> {
    max: usize,
    turn: fn(T) -> U,
    item: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, U> Visitor<'de> for List<T, U> {
    type Value = Vec<U>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {}", self.max)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<U>, A::Error> {
        let announced = from.size_hint().unwrap_or(0);
        if announced > self.max {
            return Err(A::Error::invalid_length(announced, &self));
        }
        let mut list = Vec::with_capacity(announced);
        while let Some(item) = from.next_element()? {
            if list.len() >= self.max {
                return Err(A::Error::invalid_length(list.len(), &self));
            }
            list.push((self.turn)(item));
        }
        Ok(list)
    }
}

fn list<'de, D, T, U>(from: D, max: usize, turn: fn(T) -> U) -> Result<Vec<U>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    from.deserialize_seq(List { max, turn, item: PhantomData })
}

/// Height and hash of each block.
pub(super) mod locator {
    use super::{Deserializer, Fixed, Hash, Height, MAX_LOCATOR, Serializer, list};

    pub(in crate::sync) fn serialize<S: Serializer>(
        locator: &[(Height, Hash)],
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(
            locator.iter().map(|(height, hash)| (height.get(), Fixed(*hash.as_bytes()))),
        )
    }

    pub(in crate::sync) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(Height, Hash)>, D::Error> {
        list(from, MAX_LOCATOR, |(height, hash): (u64, Fixed<32>)| {
            (Height::new(height), Hash::new(hash.0))
        })
    }
}

/// 132 bytes each.
pub(super) mod headers {
    use super::{Deserializer, Fixed, HEADER_BYTES, Header, MAX_HEADERS, Serializer, list};

    pub(in crate::sync) fn serialize<S: Serializer>(
        headers: &[Header],
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(headers.iter().map(|header| Fixed(header.encode())))
    }

    pub(in crate::sync) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Header>, D::Error> {
        list(from, MAX_HEADERS, |bytes: Fixed<HEADER_BYTES>| Header::decode(&bytes.0))
    }
}

/// Bodies.
pub(super) mod bodies {
    use super::{Body, Deserializer, MAX_RANGE, Serializer, list};

    pub(in crate::sync) fn serialize<S: Serializer>(
        bodies: &[Body],
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(bodies)
    }

    pub(in crate::sync) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Body>, D::Error> {
        list(from, MAX_RANGE as usize, |body: Body| body)
    }
}

/// Addresses.
pub(super) mod peers {
    use super::{Deserializer, MAX_PEERS_MESSAGE, PeerAddress, Serializer, list};

    pub(in crate::sync) fn serialize<S: Serializer>(
        peers: &[PeerAddress],
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(peers)
    }

    pub(in crate::sync) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<PeerAddress>, D::Error> {
        list(from, MAX_PEERS_MESSAGE, |peer: PeerAddress| peer)
    }
}

/// A short text.
#[derive(Serialize)]
#[serde(transparent)]
struct Text<'a>(&'a str);

struct OwnedText(String);

impl<'de> Deserialize<'de> for OwnedText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Short;

        impl Visitor<'_> for Short {
            type Value = OwnedText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MAX_TEXT} bytes of text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<OwnedText, E> {
                if text.len() > MAX_TEXT {
                    return Err(E::invalid_length(text.len(), &self));
                }
                Ok(OwnedText(text.to_owned()))
            }
        }

        from.deserialize_str(Short)
    }
}

/// A short text.
pub(super) mod text {
    use super::{Deserialize, Deserializer, OwnedText, Serialize, Serializer, Text};

    pub(in crate::sync) fn serialize<S: Serializer>(text: &str, out: S) -> Result<S::Ok, S::Error> {
        Text(text).serialize(out)
    }

    pub(in crate::sync) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<String, D::Error> {
        OwnedText::deserialize(from).map(|text| text.0)
    }
}

/// A short text, or none.
#[expect(clippy::ref_option, reason = "the signature that serde calls")]
pub(super) mod optional_text {
    use super::{Deserialize, Deserializer, OwnedText, Serialize, Serializer, Text};

    pub(in crate::sync) fn serialize<S: Serializer>(
        text: &Option<String>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_deref().map(Text).serialize(out)
    }

    pub(in crate::sync) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<String>, D::Error> {
        Ok(Option::<OwnedText>::deserialize(from)?.map(|text| text.0))
    }
}

//! Tests.

use std::io::Read;

use super::*;

fn preferred(value: &str) -> Option<Coding> {
    let mut headers = HeaderMap::new();
    headers.append(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
    Coding::preferred(&headers)
}

#[test]
fn the_heaviest_coding_is_preferred() {
    use Coding::{Gzip, Zstd};
    assert_eq!(Coding::preferred(&HeaderMap::new()), None);
    for (value, expected) in [
        ("", None),
        ("br, deflate", None),
        ("gzip", Some(Gzip)),
        ("x-gzip", Some(Gzip)),
        ("gzip, deflate, br, zstd", Some(Zstd)),
        ("GZIP;Q=0.9 , Zstd ; q=0.8", Some(Gzip)),
        ("zstd;q=0, gzip;q=0.001", Some(Gzip)),
        ("gzip;q=0", None),
        ("*", Some(Zstd)),
        ("zstd;q=0, *", Some(Gzip)),
        ("gzip, *;q=0", Some(Gzip)),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0, gzip;q=0.5", Some(Gzip)),
        ("gzip;q=2, zstd;level=3", None),
        ("gzip;q=NaN", None),
    ] {
        assert_eq!(preferred(value), expected, "{value}");
    }
}

#[test]
fn each_part_can_be_decoded_when_it_comes() {
    let parts = ["[first, ".repeat(40_000), "second, ".repeat(40_000), "third]".to_owned()];
    let mut text = String::new();
    let mut zstd = Encoder::new(Coding::Zstd).unwrap();
    let mut gzip = Encoder::new(Coding::Gzip).unwrap();
    let (mut zstd_bytes, mut gzip_bytes) = (Vec::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        text += part;
        zstd_bytes.extend(zstd.encode(part.as_bytes(), at == 2).unwrap());
        gzip_bytes.extend(gzip.encode(part.as_bytes(), at == 2).unwrap());
        assert!(zstd_bytes.len() < text.len() / 50 && gzip_bytes.len() < text.len() / 50);
        let mut decoded = vec![0; text.len()];
        zstd::stream::read::Decoder::new(&*zstd_bytes).unwrap().read_exact(&mut decoded).unwrap();
        assert_eq!(decoded, text.as_bytes());
        flate2::read::GzDecoder::new(&*gzip_bytes).read_exact(&mut decoded).unwrap();
        assert_eq!(decoded, text.as_bytes());
    }
    assert_eq!(zstd::stream::decode_all(&*zstd_bytes).unwrap(), text.as_bytes());
    let mut whole = String::new();
    flate2::read::GzDecoder::new(&*gzip_bytes).read_to_string(&mut whole).unwrap();
    assert_eq!(whole, text);
}

//! What `--to` may be.

use jenny_chain::cli::toolkit::{Code, code_of, text_of};

use super::*;

#[test]
fn a_place_is_a_folder_or_a_prefix_of_a_bucket() {
    let local = |path: &str| Location::Local(PathBuf::from(path));
    let s3 = |bucket: &str, prefix: &str| Location::S3 {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
    };
    for (text, expected) in [
        ("records", local("records")),
        ("/srv/a b", local("/srv/a b")),
        ("s3://bucket", s3("bucket", "")),
        ("s3://bucket/", s3("bucket", "")),
        ("s3://my.bucket/a/b/", s3("my.bucket", "a/b")),
        ("s3://bucket/year=2026/a b", s3("bucket", "year=2026/a b")),
        ("s3://bucket/100%/%2e%2e/ü", s3("bucket", "100%/%2e%2e/ü")),
    ] {
        assert_eq!(Location::parse(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn any_other_place_is_a_usage_error() {
    for text in [
        "",
        "s3://",
        "s3:///prefix",
        "gs://bucket/x",
        "https://bucket",
        "s3://bucket/a?b",
        "s3://bucket:9/a",
        "s3://bucket/../a",
        "s3://bucket/a//b",
        "s3://bucket/a/./b",
        "s3://key:geheim@bucket/a",
        "https://key:geheim@bucket/a",
        "key:geheim@https://bucket/a",
        "s3://key:geheim@bucket:99999/a",
        "s3://bucket/a//key:geheim@b",
        "s3:bucket/a",
        "s3://büc/a",
        "s3://b%41/a",
        "s3://b\"c/a",
        "s3://bucket/a\tb",
        "s3://bucket/a\nb",
        "s3://bucket/a\u{85}b",
        "s3:/bucket/a",
        "key:geheim@bucket/a",
        "https:/key:geheim@bucket/a",
    ] {
        let error = Location::parse(text).unwrap_err();
        assert_eq!(code_of(&error), Code::Usage, "{text}");
        let told = text_of(&error);
        assert!(told.contains("hint: ") && !told.contains("geheim"), "{told}");
    }
}

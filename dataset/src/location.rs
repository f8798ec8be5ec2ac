//! Where a dataset is: a folder of this machine, or a prefix of an S3 bucket.

use std::path::{Path, PathBuf};

use anyhow::Result;
use jenny_chain::cli::toolkit::{Failure, Unfinished};
use url::Url;

use crate::folder::{Folder, LocalFolder, ObjectFolder};

/// Where a dataset is.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Location {
    Local(PathBuf),
    S3 { bucket: String, prefix: String },
}

impl Location {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        // Before an `@` there may be credentials, which a message must not repeat.
        let is_hidden = text.contains('@') || text.contains(char::is_control);
        let shown = if is_hidden { "this" } else { &format!("`{text}`") };
        let bad = |reason: &str| {
            Failure::usage(format!("{shown} is no place for a dataset: {reason}"))
                .hint("name a folder, or s3://BUCKET/PREFIX")
        };
        if text.is_empty() {
            return Err(bad("it is empty").into());
        }
        let Some((scheme, _)) = text.split_once("://") else {
            if text.starts_with("s3:") {
                return Err(bad("two slashes follow `s3:`").into());
            }
            let is_address = text.split_once('@').is_some_and(|(before, _)| before.contains(':'));
            if is_address && !Path::new(text).exists() {
                return Err(bad("it is neither a folder that exists nor s3://BUCKET").into());
            }
            return Ok(Self::Local(PathBuf::from(text)));
        };
        if scheme != "s3" {
            return Err(bad("only s3:// is supported").into());
        }
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            // The message must not repeat the password.
            return Err(Failure::usage("the address of a bucket must not contain credentials")
                .hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
                .into());
        }
        let bucket = url.host_str().filter(|bucket| !bucket.is_empty());
        let bucket = bucket.ok_or_else(|| bad("the bucket is missing"))?;
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if !bucket.bytes().all(is_letter) {
            return Err(bad("a bucket's name has letters, digits, `.`, `-` and `_`").into());
        }
        if url.port().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("only a bucket and a prefix may follow s3://").into());
        }
        let prefix = text.trim_start_matches("s3://").split_once('/').map_or("", |(_, rest)| rest);
        let prefix = prefix.trim_matches('/');
        if prefix.contains(char::is_control) {
            return Err(bad("the prefix has a control character").into());
        }
        let mut parts = prefix.split('/');
        if !prefix.is_empty() && parts.any(|part| ["", ".", ".."].contains(&part)) {
            return Err(bad("a part of the prefix is empty, `.` or `..`").into());
        }
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }

    /// Opens it for an export, which keeps other exports away, and makes a folder that is missing.
    pub(crate) fn open(&self, unfinished: &Unfinished) -> Result<Box<dyn Folder>> {
        Ok(match self {
            Self::Local(path) => Box::new(LocalFolder::for_export(path, unfinished)?),
            Self::S3 { bucket, prefix } => Box::new(ObjectFolder::s3(bucket, prefix)?),
        })
    }

    /// Opens it to be read.
    pub(crate) fn inspect(&self) -> Result<Box<dyn Folder>> {
        Ok(match self {
            Self::Local(path) => Box::new(LocalFolder::for_reading(path)?),
            Self::S3 { bucket, prefix } => Box::new(ObjectFolder::s3(bucket, prefix)?),
        })
    }

    /// The folder of this machine, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Local(path) => Some(path),
            Self::S3 { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;

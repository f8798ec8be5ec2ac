//! A prefix of an object store. Files are created if absent, and the manifest is replaced on
//! condition that it is as it was, so that of two exports one loses without harm.

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use futures_util::StreamExt as _;
use jenny_chain::cli::toolkit::{Code, Failure};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, Error, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload,
    RetryConfig, UpdateVersion,
};
use tokio::runtime::{Builder, Runtime};

use super::create_only::CreateOnly;
use super::download::Download;
use super::store_error::{StoreError, failure, hint_in};
use super::upload::{UPLOAD_PART_BYTES, Upload};
use super::{Folder, MANIFEST, NewFile, RECORDS, RUN_AGAIN, settings};
use crate::manifest::MAX_MANIFEST_BYTES;

/// Threads that send parts while the next one is made.
const UPLOAD_THREADS: usize = 2;

/// How often a request is sent again that a server or a connection failed.
const MAX_S3_RETRIES: usize = 10;

/// How long a request is sent again.
const S3_RETRY_TIME: Duration = Duration::from_secs(180);

/// Longest pause before a request is sent again.
const MAX_S3_PAUSE: Duration = Duration::from_secs(15);

/// How long a request may take, unless `AWS_TIMEOUT` says otherwise: a part in 120 s.
const S3_TIMEOUT: &str = "120 seconds";

/// How often a listing is asked for: the client repeats no request whose response breaks off.
const MAX_LIST_ATTEMPTS: u32 = 5;

/// The pause before the second attempt; each further one is longer by as much.
const LIST_PAUSE: Duration = Duration::from_millis(200);

/// A prefix of an object store.
pub(crate) struct ObjectFolder {
    store: Arc<dyn ObjectStore>,
    runtime: Arc<Runtime>,
    prefix: Path,
    name: String,
    /// The manifest that was last read or written, `None` if there was none.
    version: Option<UpdateVersion>,
    part_bytes: usize,
}

impl fmt::Debug for ObjectFolder {
    /// Without the store: its settings may have credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectFolder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ObjectFolder {
    /// A prefix of an S3 bucket, by the settings in the variables `AWS_..`. Nothing is sent yet.
    pub(crate) fn s3(bucket: &str, prefix: &str) -> Result<Self> {
        settings::check(&|name| std::env::var(name).ok())?;
        // Without one, TLS has no cryptography. A second call keeps the first.
        drop(Arc::unwrap_or_clone(jenny_chain::tls::provider()).install_default());
        let mut builder = AmazonS3Builder::from_env();
        if std::env::var_os("AWS_TIMEOUT").is_none() {
            let timeout = AmazonS3ConfigKey::Client(ClientConfigKey::Timeout);
            builder = builder.with_config(timeout, S3_TIMEOUT);
        }
        let backoff = BackoffConfig { max_backoff: MAX_S3_PAUSE, ..BackoffConfig::default() };
        let store = builder
            .with_bucket_name(bucket)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_http_connector(CreateOnly::default())
            .with_retry(RetryConfig {
                backoff,
                max_retries: MAX_S3_RETRIES,
                retry_timeout: S3_RETRY_TIME,
            })
            .build();
        let name = if prefix.is_empty() {
            format!("s3://{bucket}")
        } else {
            format!("s3://{bucket}/{prefix}")
        };
        let store = store.map_err(|error| {
            let error = StoreError::of(&error);
            let what = format!("the settings for {name} cannot be used: {error}");
            Failure::usage(what).hint("check the variables AWS_..")
        })?;
        Self::new(Arc::new(store), prefix, name)
    }

    pub(crate) fn new(store: Arc<dyn ObjectStore>, prefix: &str, name: String) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(UPLOAD_THREADS)
            .thread_name("upload")
            .enable_all()
            .build()
            .map_err(|error| {
                Failure::no("threads cannot be started")
                    .because(error)
                    .hint("raise this user's limit of processes (`ulimit -u`), and run it again")
            })?;
        let prefix = Path::parse(prefix).map_err(|error| {
            Failure::usage(error.to_string()).hint("name a prefix without control characters")
        })?;
        Ok(Self {
            store,
            runtime: Arc::new(runtime),
            prefix,
            name,
            version: None,
            part_bytes: UPLOAD_PART_BYTES,
        })
    }

    /// Sends and reads files in parts of this size.
    #[cfg(test)]
    pub(crate) fn in_parts_of(mut self, bytes: usize) -> Self {
        self.part_bytes = bytes;
        self
    }

    fn path(&self, file: &str) -> Path {
        file.split('/').fold(self.prefix.clone(), Path::join)
    }

    /// Reads the manifest and remembers which one it was.
    fn load(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(MANIFEST);
        let loaded = self.runtime.block_on(async {
            let found = self.store.get(&path).await?;
            let version = UpdateVersion {
                e_tag: found.meta.e_tag.clone(),
                version: found.meta.version.clone(),
            };
            if found.meta.size > MAX_MANIFEST_BYTES {
                // The one who asked refuses what is longer than the longest manifest.
                return Ok((vec![b' '; too_long()], version));
            }
            Ok((found.bytes().await?.to_vec(), version))
        });
        match loaded {
            Ok((bytes, version)) => {
                self.version = Some(version);
                Ok(Some(bytes))
            }
            Err(Error::NotFound { .. }) => {
                self.version = None;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// A length that no manifest has.
fn too_long() -> usize {
    usize::try_from(MAX_MANIFEST_BYTES.saturating_add(1)).unwrap_or(usize::MAX)
}

impl Folder for ObjectFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn advice(&self, error: &anyhow::Error) -> String {
        hint_in(error).map_or_else(
            || format!("check the network and the variables AWS_.., and {RUN_AGAIN}"),
            ToOwned::to_owned,
        )
    }

    fn manifest(&mut self) -> Result<Option<Vec<u8>>> {
        self.load().map_err(|error| failure(&self.name, MANIFEST, "read", &error))
    }

    fn commit(&mut self, manifest: &[u8]) -> Result<()> {
        let (path, payload) = (self.path(MANIFEST), PutPayload::from(manifest.to_vec()));
        let mode = self.version.clone().map_or(PutMode::Create, PutMode::Update);
        let put = self.store.put_opts(&path, payload, mode.into());
        let error = match self.runtime.block_on(put) {
            Ok(put) if put.e_tag.is_some() => {
                self.version = Some(put.into());
                return Ok(());
            }
            put => put.err(),
        };
        // It may be there though the response was lost, or a repetition of the request failed.
        let found = self.load().map_err(|error| failure(&self.name, MANIFEST, "read", &error))?;
        match error {
            _ if found.is_some_and(|found| found == manifest) => Ok(()),
            None | Some(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                let what = format!("another export changed {}/{MANIFEST} meanwhile", self.name);
                Err(Failure::new(Code::Locked, what)
                    .hint("let one export run at a time; what it wrote is whole, and this one's files do not count")
                    .into())
            }
            Some(error) => Err(failure(&self.name, MANIFEST, "written", &error)),
        }
    }

    fn create(&mut self, file: &str) -> Result<Box<dyn NewFile>> {
        let (store, runtime) = (Arc::clone(&self.store), Arc::clone(&self.runtime));
        let upload = Upload::begin(store, runtime, self.path(file), self.part_bytes);
        let upload = upload.map_err(|error| failure(&self.name, file, "written", &error))?;
        Ok(Box::new(upload))
    }

    fn read(&self, file: &str) -> Result<Option<Box<dyn Read>>> {
        let path = self.path(file);
        match self.runtime.block_on(self.store.head(&path)) {
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failure(&self.name, file, "read", &error)),
            Ok(found) => {
                let (store, runtime) = (Arc::clone(&self.store), Arc::clone(&self.runtime));
                Ok(Some(Box::new(Download::new(store, runtime, found, self.part_bytes))))
            }
        }
    }

    fn tables(&self) -> Result<Vec<String>> {
        let listed = self.runtime.block_on(async {
            let mut attempts = 1;
            loop {
                match self.list_tables().await {
                    Err(Error::Generic { .. }) if attempts < MAX_LIST_ATTEMPTS => {
                        tokio::time::sleep(LIST_PAUSE * attempts).await;
                        attempts += 1;
                    }
                    listed => return listed,
                }
            }
        });
        listed.map_err(|error| failure(&self.name, RECORDS, "listed", &error))
    }
}

impl ObjectFolder {
    async fn list_tables(&self) -> Result<Vec<String>, Error> {
        let prefix = self.path(RECORDS);
        let mut names = Vec::new();
        let mut objects = self.store.list(Some(&prefix));
        while let Some(object) = objects.next().await.transpose()? {
            // What lies deeper is in no such query.
            let mut below = object.location.prefix_match(&prefix).into_iter().flatten();
            if let (Some(name), None) = (below.next(), below.next())
                && super::is_table(name.as_ref())
            {
                names.push(name.as_ref().to_owned());
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests;

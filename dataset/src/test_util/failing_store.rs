//! An object store that fails.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result, UploadPart,
};

/// A response that repeats what nobody may see.
const RESPONSE: &str = "Server returned non-2xx status code: 400 Bad Request: <Error>\
    <Code>ExpiredToken</Code><Message>The token expired</Message><Token-0>geheim</Token-0></Error>";

/// When a request fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fails {
    /// Nothing was done.
    Before,
    /// It was done, and the response is lost.
    After,
}

/// A store in memory, whose multipart uploads end only where there is no object yet, as those of
/// S3 with `If-None-Match: *`. Requests fail from one on.
#[derive(Debug)]
pub(crate) struct FailingStore {
    inner: Arc<InMemory>,
    steps: Arc<Steps>,
}

#[derive(Debug)]
struct Steps {
    left: AtomicUsize,
    /// Requests that fail then, all if there are many.
    failing: AtomicUsize,
    fails: Fails,
}

#[derive(Debug)]
struct FailingUpload {
    inner: Box<dyn MultipartUpload>,
    store: Arc<InMemory>,
    path: Path,
    steps: Arc<Steps>,
}

impl FailingStore {
    /// Lets this number of requests succeed; then as many as `failing` fail.
    pub(crate) fn after(left: usize, failing: usize, fails: Fails, inner: &Arc<InMemory>) -> Self {
        let steps = Steps { left: left.into(), failing: failing.into(), fails };
        Self { inner: Arc::clone(inner), steps: Arc::new(steps) }
    }
}

impl Steps {
    async fn step<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
        let take = |count: &AtomicUsize| {
            count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        };
        if take(&self.left).is_ok() || take(&self.failing).is_err() {
            return request.await;
        }
        if self.fails == Fails::After {
            // What it gave is lost.
            drop(request.await);
        }
        Err(Error::Generic { store: "failing", source: RESPONSE.into() })
    }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        assert_ne!(options.mode, PutMode::Overwrite, "{path} is written without a condition");
        self.steps.step(self.inner.put_opts(path, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.steps.step(self.inner.put_multipart_opts(path, options)).await?;
        let (store, steps) = (Arc::clone(&self.inner), Arc::clone(&self.steps));
        Ok(Box::new(FailingUpload { inner, store, path: path.clone(), steps }))
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.steps.step(self.inner.get_opts(path, options)).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[async_trait::async_trait]
impl MultipartUpload for FailingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (part, steps) = (self.inner.put_part(data), Arc::clone(&self.steps));
        async move { steps.step(part).await }.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        if self.store.head(&self.path).await.is_ok() {
            let source = "If-None-Match".into();
            return Err(Error::Precondition { path: self.path.to_string(), source });
        }
        self.steps.step(self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

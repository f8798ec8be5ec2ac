//! The files of a port's certificate, which belong together.

use std::path::PathBuf;

use anyhow::Result;

use super::layer::{ApiTls, P2pTls};
use crate::cli::exit::Failure;
use crate::tls::TlsFiles;

impl ApiTls {
    /// The files, `None` if none is set.
    pub(super) fn files(self) -> Result<Option<TlsFiles>> {
        let files = [("api.tls.cert", self.cert), ("api.tls.key", self.key)];
        let Some([cert, key]) = all(files)? else { return Ok(None) };
        Ok(Some(TlsFiles { cert, key, ca: None }))
    }
}

impl P2pTls {
    /// The files, `None` if none is set.
    pub(super) fn files(self) -> Result<Option<TlsFiles>> {
        let files =
            [("p2p.tls.cert", self.cert), ("p2p.tls.key", self.key), ("p2p.tls.ca", self.ca)];
        let Some([cert, key, ca]) = all(files)? else { return Ok(None) };
        Ok(Some(TlsFiles { cert, key, ca: Some(ca) }))
    }
}

/// All of the files, or `None` if none is set; an empty path is none.
fn all<const N: usize>(files: [(&str, Option<PathBuf>); N]) -> Result<Option<[PathBuf; N]>> {
    let files = files.map(|(key, path)| (key, path.unwrap_or_default()));
    let is_set = |(_, path): &&(&str, PathBuf)| !path.as_os_str().is_empty();
    let Some((set, _)) = files.iter().find(is_set) else { return Ok(None) };
    if let Some((missing, _)) = files.iter().find(|file| !is_set(file)) {
        return Err(Failure::usage(format!("`{set}` is set, and `{missing}` is not"))
            .hint("they belong together; `jenny cert issue` prints all of them")
            .into());
    }
    Ok(Some(files.map(|(_, path)| path)))
}

#[cfg(test)]
mod tests;

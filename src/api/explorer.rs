//! The explorer: the files of `web/`, which the program carries with it.

use std::collections::HashMap;
use std::sync::LazyLock;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::http::coding::{Coding, Encoder};
use crate::chain::Hash;

/// Digits of the digest that name the folder of the files.
const VERSION_DIGITS: usize = 16;

/// The files of `web/` by their names.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../web/", $name)).as_slice())),+]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "alerts.js",
    "api.js",
    "app.js",
    "base.js",
    "block_rows.js",
    "chart.js",
    "dom.js",
    "events.js",
    "favicon-bad.svg",
    "favicon-warn.svg",
    "favicon.svg",
    "format.js",
    "hash.js",
    "menu.js",
    "model.js",
    "pages/block.js",
    "pages/blocks.js",
    "pages/network.js",
    "pages/overview.js",
    "pages/record.js",
    "pages/search.js",
    "pages/submit.js",
    "pages/verify.js",
    "prefs.js",
    "print.js",
    "proof.js",
    "proof_view.js",
    "query.js",
    "record_text.js",
    "search.js",
    "series.js",
    "style.css",
    "text.js",
    "theme.js",
    "vendor/uPlot.LICENSE",
    "vendor/uPlot.js",
];

/// The page that all others are made in.
const SHELL: &str = include_str!("../../web/index.html");

/// What the shell asks for by itself, or only when a chart is drawn.
const NOT_PRELOADED: &[&str] = &["app.js", "theme.js", "vendor/uPlot.js"];

/// The files, written once, at the first request: every response shares them.
pub(in crate::api) static EXPLORER: LazyLock<Explorer> = LazyLock::new(Explorer::write);

/// The files of the explorer.
pub(in crate::api) struct Explorer {
    digest: Hash,
    version: String,
    files: HashMap<&'static str, File>,
    shells: [File; 2],
}

/// How far below `/explorer/` a page is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum Depth {
    /// `/explorer/blocks`.
    Page,
    /// `/explorer/block/12`.
    Item,
}

/// A file, also compressed.
pub(in crate::api) struct File {
    pub(in crate::api) media_type: &'static str,
    plain: Bytes,
    /// `None` if that is not shorter.
    zstd: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Explorer {
    fn write() -> Self {
        let mut digest = Sha256::new();
        for (name, content) in FILES.iter().chain([&("", SHELL.as_bytes())]) {
            for part in [name.as_bytes(), content] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        let digest = Hash::new(digest.finalize().into());
        let version: String = digest.to_string().chars().take(VERSION_DIGITS).collect();
        let files = FILES.iter().map(|&(name, content)| {
            (name, File::new(media_type(name), Bytes::from_static(content)))
        });
        let shells = [Depth::Page, Depth::Item]
            .map(|depth| File::new("text/html; charset=utf-8", shell(depth, &version).into()));
        Self { digest, files: files.collect(), shells, version }
    }

    /// Returns the hash of all files.
    pub(in crate::api) const fn digest(&self) -> &Hash {
        &self.digest
    }

    /// Returns the name of the folder of the files. It changes with any of them.
    pub(in crate::api) fn version(&self) -> &str {
        &self.version
    }

    /// Returns the page for an address.
    pub(in crate::api) const fn shell(&self, depth: Depth) -> &File {
        let [page, item] = &self.shells;
        match depth {
            Depth::Page => page,
            Depth::Item => item,
        }
    }

    /// Returns a file, `None` if this version has none of that name.
    pub(in crate::api) fn file(&self, version: &str, name: &str) -> Option<&File> {
        self.files.get(name).filter(|_| version == self.version)
    }
}

impl File {
    fn new(media_type: &'static str, plain: Bytes) -> Self {
        let compressed = |coding| {
            let bytes = Encoder::new(coding).and_then(|mut encoder| encoder.encode(&plain, true));
            bytes.ok().filter(|bytes| bytes.len() < plain.len()).map(Bytes::from)
        };
        Self { media_type, zstd: compressed(Coding::Zstd), gzip: compressed(Coding::Gzip), plain }
    }

    /// Returns the bytes in a coding, and that coding, if it makes them shorter.
    pub(in crate::api) fn bytes(&self, coding: Option<Coding>) -> (Bytes, Option<Coding>) {
        let compressed = match coding {
            None => None,
            Some(Coding::Zstd) => self.zstd.as_ref(),
            Some(Coding::Gzip) => self.gzip.as_ref(),
        };
        match compressed {
            Some(bytes) => (bytes.clone(), coding),
            None => (self.plain.clone(), None),
        }
    }
}

/// The shell with relative paths, so that it works below any prefix of a proxy.
fn shell(depth: Depth, version: &str) -> String {
    let up = match depth {
        Depth::Page => "",
        Depth::Item => "../",
    };
    let files = format!("{up}a/{version}/");
    let preload = |name| format!("<link rel=\"modulepreload\" href=\"{files}{name}\">");
    let modules: Vec<_> = modules().map(preload).collect();
    SHELL
        .replace("{files}", &files)
        .replace("{root}", &format!("{up}../"))
        .replace("{modules}", &modules.join("\n"))
}

/// The modules, of which a browser would otherwise learn one level of imports at a time.
fn modules() -> impl Iterator<Item = &'static str> {
    let names = FILES.iter().map(|(name, _)| *name);
    names.filter(|name| extension(name) == Some("js") && !NOT_PRELOADED.contains(name))
}

/// The end of a name, `None` without a dot.
fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, end)| end)
}

fn media_type(name: &str) -> &'static str {
    match extension(name) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests;

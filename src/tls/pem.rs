//! Reads certificates and keys from PEM files.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsError;

/// Most bytes of a PEM file; the list of all public CAs has a quarter of that.
const MAX_PEM_BYTES: u64 = 1 << 20;

/// Permissions that a key must not have: others must not read it, the group must not write it.
const KEY_TOO_OPEN: u32 = 0o027;

/// Reads every certificate of a file, in its order.
///
/// # Errors
/// When the file cannot be read, is longer than 1 MiB, or holds no certificate.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(file)?;
    let parsed: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match parsed {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(pem::Error::NoItemsFound) => Err(TlsError::new(
            file,
            "it holds no certificate",
            "name a PEM file with `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der -in \
             FILE` converts a DER file",
        )),
        Err(error) => Err(TlsError::new(
            file,
            format!("it is no valid PEM file: {error}"),
            "copy the file again; it may be cut or damaged",
        )),
    }
}

/// Reads the first private key of a file.
///
/// # Errors
/// When the file cannot be read, can be read by others, is longer than 1 MiB, or holds no key.
pub fn key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(file)?;
    let mode = std::fs::metadata(file).map_or(0, |its| its.permissions().mode() & 0o777);
    if mode & KEY_TOO_OPEN != 0 {
        return Err(TlsError::new(
            file,
            format!("other accounts can access this private key: its mode is {mode:04o}"),
            format!("run `chmod o-rwx,g-w {}`", file.display()),
        ));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let is_encrypted = String::from_utf8_lossy(&text).contains("ENCRYPTED PRIVATE KEY");
        match error {
            pem::Error::NoItemsFound if is_encrypted => TlsError::new(
                file,
                "the private key is encrypted with a password",
                "store it without one: `openssl pkey -in FILE -out NEW`, then protect the file by \
                 its permissions",
            ),
            pem::Error::NoItemsFound => TlsError::new(
                file,
                "it holds no private key",
                "name the PEM file with `-----BEGIN PRIVATE KEY-----`; certificate and key may \
                 have been mixed up",
            ),
            error => TlsError::new(
                file,
                format!("it is no valid PEM file: {error}"),
                "copy the file again; it may be cut or damaged",
            ),
        }
    })
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    let unread = |reason: String| {
        let advice = "check its path and that the node's account can read it";
        TlsError::new(file, reason, advice)
    };
    // A pipe would never end.
    let is_file = std::fs::metadata(file).map(|its| its.is_file());
    match is_file {
        Ok(true) => {}
        Ok(false) => return Err(unread("it is no regular file".to_owned())),
        Err(error) => return Err(unread(format!("it cannot be read: {error}"))),
    }
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(MAX_PEM_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unread(format!("it cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_PEM_BYTES {
        return Err(unread("it is longer than 1 MiB, so no certificate or key".to_owned()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;

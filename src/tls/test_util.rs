//! Certificates for tests: authorities, nodes, and what is wrong with some of them.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};

use super::credentials::{Credentials, TlsFiles};

/// A day.
const TEST_DAY: Duration = Duration::from_secs(86_400);

/// When a certificate counts.
#[derive(Clone, Copy, Debug)]
pub enum Counts {
    /// Today, with a year left.
    Now,
    /// Until yesterday.
    Before,
    /// From tomorrow on.
    Later,
    /// Today, with this many days left of ninety.
    ForDays(u32),
}

/// An authority whose files are in a directory.
#[derive(Debug)]
pub struct TestAuthority {
    directory: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl TestAuthority {
    /// Makes an authority, with `ca.pem` in this directory.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn new(directory: &Path) -> Self {
        fs::create_dir_all(directory).expect("a directory can be made");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, directory.display().to_string());
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.self_signed(&key).expect("a certificate can be made").pem();
        write(&directory.join("ca.pem"), &certificate);
        Self { directory: directory.to_owned(), issuer: Issuer::new(params, key) }
    }

    /// The file with the authority's certificate.
    pub fn ca(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Issues a certificate for these names, in `NAME.pem` and `NAME.key`. What was in these files
    /// is replaced.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn issue(&self, file: &str, names: &[&str], counts: Counts) -> TlsFiles {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names are valid");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let now = SystemTime::now();
        let (from, until) = match counts {
            Counts::Now => (now - TEST_DAY, now + 365 * TEST_DAY),
            Counts::Before => (now - 30 * TEST_DAY, now - TEST_DAY),
            Counts::Later => (now + TEST_DAY, now + 30 * TEST_DAY),
            Counts::ForDays(days) => {
                (now - (90 - days) * TEST_DAY, now + days * TEST_DAY + TEST_DAY / 2)
            }
        };
        (params.not_before, params.not_after) = (from.into(), until.into());
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("it can be signed");
        let files = TlsFiles {
            cert: self.directory.join(format!("{file}.pem")),
            key: self.directory.join(format!("{file}.key")),
            ca: Some(self.ca()),
        };
        write(&files.cert, &certificate.pem());
        write(&files.key, &key.serialize_pem());
        files
    }

    /// Credentials of a node on this machine.
    ///
    /// # Panics
    /// When they cannot be written or loaded.
    pub fn node(&self, name: &str) -> Credentials {
        let files = self.issue(name, &["localhost", "127.0.0.1", "::1"], Counts::Now);
        Credentials::load(files).expect("they fit each other")
    }
}

/// Writes a file that only its owner can read.
///
/// # Panics
/// When it cannot be written.
pub fn write(file: &Path, text: &str) {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut open = options.open(file).expect("the file can be made");
    std::io::Write::write_all(&mut open, text.as_bytes()).expect("it can be written");
}

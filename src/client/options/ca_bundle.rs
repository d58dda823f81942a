//! CA bundle: where the certificates are that servers are checked against.
//!
//! A libcurl built for one distribution knows its paths only, and looks in vain on another. Order: the option → what
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` name → the known bundles → the known directories → libcurl's own default. The
//! environment is read, never changed. Entry point: [`Options::find_ca_bundle`], called by init. May use: `environment`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::Options;
use super::environment::non_empty;
use crate::base::descriptor::raised;

/// Bundles of distributions, the likeliest first.
const BUNDLES: [&str; 9] = [
    // Debian, Ubuntu, Arch, Gentoo, Alpine, OpenWrt, buildroot, Yocto
    "/etc/ssl/certs/ca-certificates.crt",
    // Fedora, RHEL, CentOS; the second is what the first leads to
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    // openSUSE, SLES
    "/etc/ssl/ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
    // Alpine, OpenWrt, the BSDs
    "/etc/ssl/cert.pem",
    // NixOS
    "/etc/ssl/certs/ca-bundle.crt",
    // Arch without the compatibility link
    "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
    // FreeBSD
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Directories of certificates under hashed names.
const DIRECTORIES: [&str; 4] = [
    // most distributions
    "/etc/ssl/certs",
    // Fedora, RHEL
    "/etc/pki/tls/certs",
    // Android
    "/system/etc/security/cacerts",
    // NetBSD
    "/etc/openssl/certs",
];

/// Who named the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaSource {
    /// The option `ca_certs`.
    Option,
    /// `SSL_CERT_FILE` or `SSL_CERT_DIR`.
    Environment,
    /// A known path of a distribution.
    KnownPath,
    /// Nobody; libcurl uses what it was built with.
    LibcurlDefault,
}

/// Where the certificates are. Unless the source is [`CaSource::LibcurlDefault`], what is `None` here must be unset in
/// libcurl too: a default bundle that is missing fails every transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaChoice {
    /// One file with all of them.
    pub(crate) file: Option<PathBuf>,
    /// A directory with a file for each.
    pub(crate) directory: Option<PathBuf>,
    /// Who named them.
    pub(crate) source: CaSource,
    /// What was named and could not be used; for the log of init.
    pub(crate) warnings: Vec<String>,
}

/// What is found at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// A readable file that is not empty.
    File,
    /// A readable directory that is not empty.
    Directory,
}

impl Options {
    /// Looks for the CA bundle; fails if the option names something that cannot be read.
    pub(crate) fn find_ca_bundle(&self) -> Result<CaChoice, String> {
        find(
            self.ca_certs.as_deref(),
            |name| std::env::var_os(name),
            on_disk,
        )
    }
}

/// An empty path counts as unset.
fn find(
    option: Option<&Path>,
    lookup: impl Fn(&str) -> Option<OsString>,
    probe: impl Fn(&Path) -> Result<Found, String>,
) -> Result<CaChoice, String> {
    let mut choice = CaChoice {
        file: None,
        directory: None,
        source: CaSource::Option,
        warnings: Vec::new(),
    };
    if let Some(path) = option.filter(|path| !path.as_os_str().is_empty()) {
        match probe(path) {
            Ok(Found::File) => choice.file = Some(path.to_owned()),
            Ok(Found::Directory) => choice.directory = Some(path.to_owned()),
            Err(reason) => {
                return Err(format!(
                    "ca_certs: {} cannot be used: {reason}; name a readable PEM file or a directory of certificates, \
                     or leave the option unset",
                    path.display()
                ));
            }
        }
        return Ok(choice);
    }

    choice.source = CaSource::Environment;
    for (variable, wanted) in [
        ("SSL_CERT_FILE", Found::File),
        ("SSL_CERT_DIR", Found::Directory),
    ] {
        let Some(path) = non_empty(&lookup, variable).map(PathBuf::from) else {
            continue;
        };
        match probe(&path) {
            Ok(found) if found == wanted => match wanted {
                Found::File => choice.file = Some(path),
                Found::Directory => choice.directory = Some(path),
            },
            Ok(_) => choice.warnings.push(format!(
                "{variable} ignored: {} is no {}",
                path.display(),
                wanted.name()
            )),
            Err(reason) => choice
                .warnings
                .push(format!("{variable} ignored: {}: {reason}", path.display())),
        }
    }
    if choice.file.is_some() || choice.directory.is_some() {
        return Ok(choice);
    }

    choice.source = CaSource::KnownPath;
    let first = |paths: &[&str], wanted| {
        paths
            .iter()
            .map(Path::new)
            .find(|path| probe(path) == Ok(wanted))
            .map(Path::to_owned)
    };
    choice.file = first(&BUNDLES, Found::File);
    if choice.file.is_none() {
        choice.directory = first(&DIRECTORIES, Found::Directory);
    }
    if choice.file.is_none() && choice.directory.is_none() {
        choice.source = CaSource::LibcurlDefault;
    }
    Ok(choice)
}

impl Found {
    const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
        }
    }
}

/// Asks the file system. An empty file or directory would fail every transfer, so it does not count as found.
fn on_disk(path: &Path) -> Result<Found, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        let mut entries = fs::read_dir(path).map_err(|error| error.to_string())?;
        return match entries.next() {
            Some(_) => Ok(Found::Directory),
            None => Err("the directory is empty".to_owned()),
        };
    }
    if !metadata.is_file() {
        // Opening a pipe or a device could wait for ever.
        return Err("it is neither a file nor a directory".to_owned());
    }
    fs::File::open(path)
        .and_then(raised)
        .map_err(|error| error.to_string())?;
    if metadata.len() == 0 {
        return Err("the file is empty".to_owned());
    }
    Ok(Found::File)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_up(
        option: Option<&str>,
        variables: &[(&str, &str)],
        there: &[(&str, Found)],
    ) -> Result<CaChoice, String> {
        find(
            option.map(Path::new),
            |wanted| {
                variables
                    .iter()
                    .find(|(name, _)| *name == wanted)
                    .map(|(_, value)| OsString::from(value))
            },
            |path| {
                there
                    .iter()
                    .find(|(name, _)| Path::new(name) == path)
                    .map(|(_, found)| *found)
                    .ok_or_else(|| "no such file".to_owned())
            },
        )
    }

    const DEBIAN: (&str, Found) = ("/etc/ssl/certs/ca-certificates.crt", Found::File);

    #[test]
    fn the_option_wins_and_must_be_readable() {
        let env = [("SSL_CERT_FILE", "/env.pem")];
        let there = [
            ("/mine", Found::Directory),
            ("/env.pem", Found::File),
            DEBIAN,
        ];
        let choice = looked_up(Some("/mine"), &env, &there).unwrap();
        assert_eq!(choice.directory.as_deref(), Some(Path::new("/mine")));
        assert_eq!((choice.file, choice.source), (None, CaSource::Option));
        let text = looked_up(Some("/gone"), &env, &there).unwrap_err();
        assert!(
            text.starts_with("ca_certs: /gone cannot be used: no such file;"),
            "{text}"
        );
    }

    #[test]
    fn an_empty_option_is_an_unset_one() {
        let choice = looked_up(Some(""), &[], &[DEBIAN]).unwrap();
        assert_eq!(choice.source, CaSource::KnownPath);
    }

    #[test]
    fn the_environment_comes_before_the_known_paths() {
        let there = [
            ("/env.pem", Found::File),
            ("/env.d", Found::Directory),
            DEBIAN,
        ];
        let both = [("SSL_CERT_FILE", "/env.pem"), ("SSL_CERT_DIR", "/env.d")];
        let choice = looked_up(None, &both, &there).unwrap();
        assert_eq!(choice.file.as_deref(), Some(Path::new("/env.pem")));
        assert_eq!(choice.directory.as_deref(), Some(Path::new("/env.d")));
        assert_eq!(choice.source, CaSource::Environment);
    }

    #[test]
    fn a_useless_variable_is_passed_over_with_a_warning() {
        let there = [("/env.d", Found::Directory), DEBIAN];
        for value in ["/gone.pem", "/env.d"] {
            let choice = looked_up(None, &[("SSL_CERT_FILE", value)], &there).unwrap();
            assert_eq!(choice.file.as_deref(), Some(Path::new(DEBIAN.0)));
            assert_eq!(choice.source, CaSource::KnownPath);
            assert_eq!(choice.warnings.len(), 1, "{:?}", choice.warnings);
        }
    }

    #[test]
    fn known_bundles_come_before_known_directories() {
        let android = ("/system/etc/security/cacerts", Found::Directory);
        let fedora = ("/etc/pki/tls/certs/ca-bundle.crt", Found::File);
        let choice = looked_up(None, &[], &[android, fedora]).unwrap();
        assert_eq!(choice.file.as_deref(), Some(Path::new(fedora.0)));
        assert_eq!(choice.directory, None);
        let choice = looked_up(None, &[], &[android]).unwrap();
        assert_eq!(choice.directory.as_deref(), Some(Path::new(android.0)));
        let choice = looked_up(None, &[], &[]).unwrap();
        assert_eq!(choice.source, CaSource::LibcurlDefault);
    }

    #[test]
    fn the_disk_tells_files_from_directories_and_nothing() {
        let directory = std::env::temp_dir().join(format!("ca-bundle-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        assert!(on_disk(&directory).unwrap_err().contains("empty"));
        let file = directory.join("a.pem");
        fs::write(&file, "").unwrap();
        assert!(on_disk(&file).unwrap_err().contains("empty"));
        assert_eq!(on_disk(&directory), Ok(Found::Directory));
        fs::write(&file, "x").unwrap();
        assert_eq!(on_disk(&file), Ok(Found::File));
        assert!(on_disk(&directory.join("gone")).is_err());
        assert!(on_disk(Path::new("/dev/null")).is_err());
        fs::remove_dir_all(&directory).unwrap();
    }
}

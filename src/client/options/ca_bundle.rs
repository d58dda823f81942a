//! CA bundle: where the certificates are that servers are checked against.
//!
//! A libcurl built for one distribution knows its paths only, and looks in vain on another. Order: the option → what
//! `CURL_CA_BUNDLE`, `NIX_SSL_CERT_FILE`, `SSL_CERT_FILE` and `SSL_CERT_DIR` name → the known bundles → the known
//! directories → libcurl's own default. What is named and cannot be used is passed over; what the option names is used
//! once it can be. The environment is read, never changed.
//! Entry point: [`Options::find_ca_bundle`], called by init. May use: `environment`, `transport::settings`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::environment::non_empty;
use super::table::Options;
use crate::transport::wire::certificates::{Found, look_at};

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
    /// A variable of the environment.
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
    /// Variables that were passed over, and why.
    pub(crate) ignored: Vec<(&'static str, String)>,
}

impl Options {
    /// Looks for the CA bundle.
    pub(crate) fn find_ca_bundle(&self) -> CaChoice {
        find(
            self.named_ca_certs(),
            |name| std::env::var_os(name),
            look_at,
        )
    }

    /// Why what the option names cannot be used now.
    pub(super) fn unusable_ca_certs(&self) -> Option<String> {
        let path = self.named_ca_certs()?;
        let why = look_at(path).err()?;
        Some(format!("{}: {why}", path.display()))
    }

    /// An empty path counts as unset.
    pub(crate) fn named_ca_certs(&self) -> Option<&Path> {
        let path = self.ca_certs.as_deref();
        path.filter(|path| !path.as_os_str().is_empty())
    }
}

/// Variables that name a file, the most particular first: libcurl's tool reads the first, OpenSSL on NixOS the second
/// before its own.
const FILE_VARIABLES: [&str; 3] = ["CURL_CA_BUNDLE", "NIX_SSL_CERT_FILE", "SSL_CERT_FILE"];
/// The variable that names a directory.
const DIRECTORY_VARIABLE: &str = "SSL_CERT_DIR";

fn find(
    option: Option<&Path>,
    lookup: impl Fn(&str) -> Option<OsString>,
    probe: impl Fn(&Path) -> Result<Found, String>,
) -> CaChoice {
    let mut choice = CaChoice {
        file: None,
        directory: None,
        source: CaSource::Option,
        ignored: Vec::new(),
    };
    match option.map(|path| (path, probe(path))) {
        Some((path, Ok(Found::File))) => choice.file = Some(path.to_owned()),
        Some((path, Ok(Found::Directory))) => choice.directory = Some(path.to_owned()),
        Some((_, Err(_))) | None => {}
    }
    if choice.is_made() {
        return choice;
    }

    choice.source = CaSource::Environment;
    let mut named = |variable, wanted| {
        let path = non_empty(&lookup, variable).map(PathBuf::from)?;
        let why = match probe(&path) {
            Ok(found) if found == wanted => return Some(path),
            Ok(_) => format!("{} is no {}", path.display(), name_of(wanted)),
            Err(reason) => format!("{}: {reason}", path.display()),
        };
        choice.ignored.push((variable, why));
        None
    };
    let file = FILE_VARIABLES
        .into_iter()
        .find_map(|variable| named(variable, Found::File));
    let directory = named(DIRECTORY_VARIABLE, Found::Directory);
    (choice.file, choice.directory) = (file, directory);
    if choice.is_made() {
        return choice;
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
    if !choice.is_made() {
        choice.source = CaSource::LibcurlDefault;
    }
    choice
}

impl CaChoice {
    fn is_made(&self) -> bool {
        self.file.is_some() || self.directory.is_some()
    }
}

const fn name_of(found: Found) -> &'static str {
    match found {
        Found::File => "file",
        Found::Directory => "directory",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_up(
        option: Option<&str>,
        variables: &[(&str, &str)],
        there: &[(&str, Found)],
    ) -> CaChoice {
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
    fn the_option_wins_if_it_can_be_used() {
        let env = [("SSL_CERT_FILE", "/env.pem")];
        let there = [
            ("/mine", Found::Directory),
            ("/env.pem", Found::File),
            DEBIAN,
        ];
        let choice = looked_up(Some("/mine"), &env, &there);
        assert_eq!(choice.directory.as_deref(), Some(Path::new("/mine")));
        assert_eq!((choice.file, choice.source), (None, CaSource::Option));
        let choice = looked_up(Some("/gone"), &env, &there);
        assert_eq!(choice.file.as_deref(), Some(Path::new("/env.pem")));
        assert_eq!(choice.source, CaSource::Environment);
    }

    #[test]
    fn an_empty_option_is_an_unset_one() {
        let options = Options {
            ca_certs: Some(PathBuf::new()),
            ..Options::default()
        };
        assert_eq!(options.named_ca_certs(), None);
        assert_eq!(options.unusable_ca_certs(), None);
    }

    #[test]
    fn the_variables_are_asked_in_the_documented_order() {
        let all = [
            ("CURL_CA_BUNDLE", "/curl.pem"),
            ("NIX_SSL_CERT_FILE", "/nix.pem"),
            ("SSL_CERT_FILE", "/ssl.pem"),
        ];
        let there = all.map(|(_, path)| (path, Found::File));
        for (skipped, (_, path)) in all.iter().enumerate() {
            let choice = looked_up(None, &all[skipped..], &there);
            assert_eq!(choice.file.as_deref(), Some(Path::new(path)));
            // What cannot be used is passed over, and the next one taken.
            let choice = looked_up(None, &all, &there[skipped..]);
            assert_eq!(choice.file.as_deref(), Some(Path::new(path)));
            let ignored: Vec<_> = choice.ignored.iter().map(|(name, _)| *name).collect();
            let names: Vec<_> = all[..skipped].iter().map(|(name, _)| *name).collect();
            assert_eq!(ignored, names);
        }
    }

    #[test]
    fn the_environment_comes_before_the_known_paths() {
        let there = [
            ("/env.pem", Found::File),
            ("/env.d", Found::Directory),
            DEBIAN,
        ];
        let both = [("SSL_CERT_FILE", "/env.pem"), ("SSL_CERT_DIR", "/env.d")];
        let choice = looked_up(None, &both, &there);
        assert_eq!(choice.file.as_deref(), Some(Path::new("/env.pem")));
        assert_eq!(choice.directory.as_deref(), Some(Path::new("/env.d")));
        assert_eq!(choice.source, CaSource::Environment);
    }

    #[test]
    fn a_useless_variable_is_passed_over_with_a_warning() {
        let there = [("/env.d", Found::Directory), DEBIAN];
        for value in ["/gone.pem", "/env.d"] {
            let choice = looked_up(None, &[("SSL_CERT_FILE", value)], &there);
            assert_eq!(choice.file.as_deref(), Some(Path::new(DEBIAN.0)));
            assert_eq!(choice.source, CaSource::KnownPath);
            assert_eq!(choice.ignored.len(), 1, "{:?}", choice.ignored);
        }
    }

    #[test]
    fn known_bundles_come_before_known_directories() {
        let android = ("/system/etc/security/cacerts", Found::Directory);
        let fedora = ("/etc/pki/tls/certs/ca-bundle.crt", Found::File);
        let choice = looked_up(None, &[], &[android, fedora]);
        assert_eq!(choice.file.as_deref(), Some(Path::new(fedora.0)));
        assert_eq!(choice.directory, None);
        let choice = looked_up(None, &[], &[android]);
        assert_eq!(choice.directory.as_deref(), Some(Path::new(android.0)));
        let choice = looked_up(None, &[], &[]);
        assert_eq!(choice.source, CaSource::LibcurlDefault);
    }
}

//! Options: everything the host can decide, with defaults, bounds and the reading of environment and JSON.
//!
//! Decides what an option is called, what it is without a word from the host, which values are refused and why, and
//! that code beats the environment (OPT-1): the environment is read when the options are made, setters come after it.
//! All of that stands in the rows of `table`.
//! Entry points: [`Options::new`], [`Options::set`] and [`Options::get`] with a row of the table, `row::<name>`,
//! [`Options::from_json`], and for init [`Options::settle`], [`Options::resolve_proxy`] and [`Options::find_ca_bundle`].
//! May use: `protocol`, `transport`, the standard library and `serde_json`.

mod ca_bundle;
mod choice;
mod definition;
mod environment;
mod get;
pub(crate) mod hooks;
mod json;
mod limit;
mod notice;
mod proxy;
mod set;
mod settle;
pub(crate) mod table;
#[cfg(test)]
mod tests_claims;
#[cfg(test)]
mod tests_functions;

pub(crate) use ca_bundle::CaSource;
#[cfg(test)]
pub(crate) use choice::MinidumpMode;
pub(crate) use choice::{Backend, CacheKeep, Compression, QueueOverflow};
pub(crate) use get::Current;
pub(crate) use set::Given;
pub(crate) use settle::lost_of;
pub(crate) use table as row;
#[cfg(test)]
pub(crate) use table::SDK_NAME;
pub(crate) use table::{AttachedFile, Options, Row, TABLE, TransportChoice, TransportFactory};

/// The version of this library.
pub(crate) const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

impl Options {
    /// The defaults, overridden by the environment of the process (OPT-2), which is read here and for proxy and CA
    /// bundle at init, never later (OPT-5).
    pub(crate) fn new() -> Self {
        Self::from_environment(|name| std::env::var_os(name))
    }

    /// `<sdk_name>/<version>`, sent with each request.
    pub(crate) fn user_agent(&self) -> String {
        format!("{}/{SDK_VERSION}", self.sdk_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    // OPT-3
    #[test]
    fn defaults_are_the_documented_ones() {
        let options = Options::default();
        assert_eq!(options.environment.as_deref(), Some("production"));
        assert_eq!(options.sample_rate, 1.0);
        assert_eq!(options.max_breadcrumbs, 100);
        assert_eq!(options.shutdown_timeout, Duration::from_millis(2000));
        assert_eq!(options.transfer_timeout, Duration::from_millis(30_000));
        assert!(options.send_client_reports);
        assert!(!options.debug);
        assert_eq!(options.queue_max_items, Some(1000));
        assert_eq!(options.queue_max_bytes, 16_777_216);
        assert_eq!(
            (
                options.retries,
                options.retries_connect,
                options.retries_status
            ),
            (3, None, Some(0))
        );
        let mut settled = options.clone();
        settled.settle();
        assert_eq!(format!("{settled:?}"), format!("{options:?}"));
        assert_eq!(settled.notices.count(), 0);
    }

    #[test]
    fn user_agent_follows_the_sdk_name() {
        assert_eq!(
            Options::default().user_agent(),
            format!("libsentry.native/{SDK_VERSION}")
        );
        let options = Options {
            sdk_name: "app".to_owned(),
            ..Options::default()
        };
        assert_eq!(options.user_agent(), format!("app/{SDK_VERSION}"));
    }

    // DSN-10
    #[test]
    fn debug_output_holds_no_secret() {
        let options = Options {
            dsn: Some("https://publickey:secretkey@host/1".to_owned()),
            proxy: Some("http://user:password@proxy:3128".to_owned()),
            ..Options::default()
        };
        let shown = format!("{options:?}");
        for secret in ["publickey", "secretkey", "password"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("dsn: \"<set>\""), "{shown}");
    }
}

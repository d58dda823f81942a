//! Spool options: what stays on disk, how much of it, and for how long.
//!
//! Entry point: [`SpoolOptions`]. May use: `limit`, `mode`.

use std::time::Duration;

use super::limit;
use super::mode::CacheKeep;

/// What stays on disk. Fields are named like the options.
#[derive(Clone)]
pub(crate) struct SpoolOptions {
    /// Which envelopes stay.
    pub(crate) cache_keep: CacheKeep,
    /// How many envelopes stay; `None`: any number.
    pub(crate) cache_max_items: Option<u64>,
    /// How many bytes stay; `None`: any number.
    pub(crate) cache_max_size: Option<u64>,
    /// How long they stay; `None`: for ever.
    pub(crate) cache_max_age: Option<Duration>,
    /// What could not be sent is tried again, also by later runs.
    pub(crate) http_retry: bool,
    /// Attachments of more than 100 MiB are sent for themselves.
    pub(crate) enable_large_attachments: bool,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self {
            cache_keep: CacheKeep::None,
            cache_max_items: Some(30),
            cache_max_size: None,
            cache_max_age: None,
            http_retry: false,
            enable_large_attachments: false,
        }
    }
}

impl SpoolOptions {
    /// Sets how many envelopes stay; 0: any number.
    pub(crate) fn set_cache_max_items(&mut self, items: i128) -> Result<(), String> {
        self.cache_max_items = bound(limit::CACHE_MAX_ITEMS.check(items)?);
        Ok(())
    }

    /// Sets how many bytes stay; 0: any number.
    pub(crate) fn set_cache_max_size(&mut self, bytes: i128) -> Result<(), String> {
        self.cache_max_size = bound(limit::CACHE_MAX_SIZE.check(bytes)?);
        Ok(())
    }

    /// Sets how many seconds they stay; 0: for ever.
    pub(crate) fn set_cache_max_age(&mut self, seconds: i128) -> Result<(), String> {
        self.cache_max_age = bound(limit::CACHE_MAX_AGE.check(seconds)?).map(Duration::from_secs);
        Ok(())
    }
}

fn bound(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}

impl std::fmt::Debug for SpoolOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpoolOptions")
            .field("cache_keep", &self.cache_keep)
            .field("cache_max_items", &self.cache_max_items)
            .field("cache_max_size", &self.cache_max_size)
            .field("cache_max_age", &self.cache_max_age)
            .field("http_retry", &self.http_retry)
            .field("enable_large_attachments", &self.enable_large_attachments)
            .finish()
    }
}

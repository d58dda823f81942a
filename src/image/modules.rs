//! The module list of this process, kept ready as a value and as JSON, and read anew when the loader changed it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;

use super::images::{self, Image};
use super::loaded::Counters;
use super::native;
use super::unwinder::Unwinder;
use crate::base::memory;
use crate::base::process;
use crate::value::shared::edition::Edition;
use crate::value::shared::pieces::Fragment;
use crate::value::tree::Value;

/// The list at one moment.
#[derive(Debug)]
pub(crate) struct ModuleList {
    /// The fork generation it was made in: the locks in the value of another one are left alone.
    generation: u32,
    counters: Option<Counters>,
    value: Value,
    images: Edition,
    unwinder: Unwinder,
}

impl ModuleList {
    fn read(before: Option<&Self>) -> Self {
        let (counters, images) = images::read();
        let value = Value::list();
        for image in &images {
            // A new list takes everything.
            let _ = value.append(object(image));
        }
        value.freeze();
        // Without memory, or with tens of thousands of modules, events name none.
        let json = value.to_json_text().ok();
        let json = json.and_then(|json| memory::share(&json).ok());
        let json = json.unwrap_or_else(|| Arc::from("[]"));
        Self {
            generation: process::fork_generation(),
            counters,
            images: Edition::new(json, before.map(|before| &before.images)),
            value,
            unwinder: Unwinder::in_place(&images),
        }
    }

    /// The frozen list: `type`, `code_file`, `image_addr`, `image_size`, `code_id`, `debug_id`.
    pub(crate) fn value(&self) -> Value {
        self.value.clone()
    }

    /// The same as JSON, for the payloads of events, which share it.
    pub(crate) fn json(&self) -> Fragment {
        self.images.fragment()
    }

    /// Walks stacks of this process.
    pub(super) fn unwinder(&self) -> &Unwinder {
        &self.unwinder
    }
}

// IMG-1
fn object(image: &Image) -> Value {
    let object = Value::object();
    let set = |key: &str, value: Value| {
        // A new object takes every member.
        let _ = object.set_key(key.as_bytes(), value);
    };
    let size = image.memory.len();
    set("type", Value::text(b"elf"));
    set(
        "code_file",
        Value::text(String::from_utf8_lossy(&image.file).as_bytes()),
    );
    set("image_addr", Value::address(image.memory.start));
    set(
        "image_size",
        i32::try_from(size).map_or_else(
            |_| Value::int64(i64::try_from(size).unwrap_or(i64::MAX)),
            Value::Int32,
        ),
    );
    if !image.build_id.is_empty() {
        let hex: String = image
            .build_id
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        set("code_id", Value::text(hex.as_bytes()));
    }
    set("debug_id", Value::text(image.debug_id.as_bytes()));
    object
}

/// Keeps the list. There is one for the process, which `client` owns.
#[derive(Debug)]
pub(crate) struct ModuleCache {
    list: ArcSwapOption<ModuleList>,
    is_stale: AtomicBool,
}

impl ModuleCache {
    /// Without a list.
    pub(crate) const fn new() -> Self {
        Self {
            list: ArcSwapOption::const_empty(),
            is_stale: AtomicBool::new(false),
        }
    }

    /// The list as it is now. The first call, the first after the loader changed something, and the first after
    /// [`Self::mark_stale`] read it: program headers in memory, and the file of a module that has no build-id.
    pub(crate) fn current(&self) -> Arc<ModuleList> {
        let is_stale = self.is_stale.swap(false, Ordering::AcqRel);
        let before = self.list.load_full();
        let kept = before.as_ref().filter(|list| {
            !is_stale
                && list.generation == process::fork_generation()
                && list.counters == native::counters()
        });
        kept.cloned().unwrap_or_else(|| {
            let fresh = Arc::new(ModuleList::read(before.as_deref()));
            self.list.store(Some(Arc::clone(&fresh)));
            fresh
        })
    }

    /// The list that was read last, without a look at the loader: waits for nothing, also in a forked child.
    pub(crate) fn kept(&self) -> Option<Arc<ModuleList>> {
        self.list.load_full()
    }

    /// Has the next call of [`Self::current`] read the list anew.
    pub(crate) fn mark_stale(&self) {
        self.is_stale.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "crash")]
    #[test]
    fn the_list_is_kept_until_it_is_stale() {
        let cache = ModuleCache::new();
        assert!(cache.kept().is_none());
        // Another test may load a library meanwhile; then the list is right to be another one.
        let mut tries = 0..100;
        let (first, again) = loop {
            assert!(tries.next().is_some());
            let pair = (cache.current(), cache.current());
            if pair.0.counters == pair.1.counters {
                break pair;
            }
        };
        assert!(Arc::ptr_eq(&first, &again));
        assert!(first.value().is_frozen());
        cache.mark_stale();
        assert!(!Arc::ptr_eq(&first, &cache.current()));
    }

    #[cfg(feature = "crash")]
    #[test]
    fn the_program_and_its_libraries_are_there_once_each() {
        let list = ModuleList::read(None);
        let modules: serde_json::Value = serde_json::from_str(list.json().as_str()).unwrap();
        let modules = modules.as_array().unwrap();
        let place = |module: &serde_json::Value| {
            let start = module["image_addr"].as_str().unwrap();
            let start = usize::from_str_radix(start.trim_start_matches("0x"), 16).unwrap();
            start..start + module["image_size"].as_u64().unwrap() as usize
        };
        let places: Vec<_> = modules.iter().map(place).collect();
        let own = std::env::current_exe().unwrap();
        assert_eq!(modules[0]["code_file"], own.to_str().unwrap());
        let here = the_program_and_its_libraries_are_there_once_each as fn() as usize;
        assert!(places[0].contains(&here));
        let is_libc = |module: &&serde_json::Value| {
            module["code_file"].as_str().unwrap().contains("/libc.so")
        };
        assert_eq!(modules.iter().filter(is_libc).count(), 1);
        for (at, place) in places.iter().enumerate() {
            let others = places.iter().skip(at + 1);
            assert!(
                others
                    .into_iter()
                    .all(|it| it.end <= place.start || place.end <= it.start)
            );
        }
    }

    #[cfg(not(feature = "crash"))]
    #[test]
    fn without_the_feature_the_list_is_empty() {
        assert_eq!(ModuleCache::new().current().json().as_str(), "[]");
    }
}

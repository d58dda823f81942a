//! Pool: the connections that transfers share, and when they are given up.
//!
//! libcurl keeps connections with a multi handle, and takes any of them again. One that has fallen silent looks like any
//! other: with HTTP/2 ending a transfer ends its stream only, and the next one goes into the same connection. So after a
//! request that got no answer the multi handle gets nothing to do any more; new transfers get a new one, with connections
//! of their own, and the old one goes when the last transfer on it has ended. Entry points: [`Pool`], [`new_multi`].
//! Calls libcurl.

use std::ffi::c_long;
use std::rc::Rc;

use curl::multi::Multi;

use super::close_on_exec::close_pair_on_exec;
use super::lookup;
use crate::base::descriptor::with_standard_taken;
use crate::base::panic::contained;

/// `CURLMOPT_RESOLVE_THREADS_MAX` (libcurl 8.20).
const RESOLVE_THREADS_MAX: curl_sys::CURLMoption = curl_sys::CURLOPTTYPE_LONG + 20;
/// `CURLMOPT_QUICK_EXIT` (libcurl 8.20): the end of the handle does not wait for a lookup.
const QUICK_EXIT: curl_sys::CURLMoption = curl_sys::CURLOPTTYPE_LONG + 21;

/// The multi handle of new transfers, and those that only finish what runs on them.
pub(crate) struct Pool {
    current: Rc<Multi>,
    /// Nothing new begins on the current one.
    is_spent: bool,
    /// On each of these a transfer is still running.
    retired: Vec<Rc<Multi>>,
    most_connections: usize,
}

impl Pool {
    /// One without connections. Panics like [`Multi::new`].
    pub(crate) fn new(most_connections: usize) -> Self {
        Self {
            current: Rc::new(new_multi_for(most_connections)),
            is_spent: false,
            retired: Vec::new(),
            most_connections,
        }
    }

    /// Where the next transfer is to run. It runs there as long as a clone of this is kept.
    pub(crate) fn current(&mut self) -> Rc<Multi> {
        self.renew();
        Rc::clone(&self.current)
    }

    /// All on which something may run.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Rc<Multi>> {
        self.retired.iter().chain([&self.current])
    }

    /// Nothing new begins on this one.
    pub(crate) fn give_up(&mut self, multi: &Rc<Multi>) {
        self.is_spent |= Rc::ptr_eq(multi, &self.current);
    }

    /// Closes the connections of those on which nothing runs any more.
    pub(crate) fn tidy(&mut self) {
        if Rc::strong_count(&self.current) == 1 {
            self.renew();
        }
        self.retired.retain(|multi| Rc::strong_count(multi) > 1);
    }

    /// True while transfers run beside those of the current one.
    pub(crate) fn is_split(&self) -> bool {
        !self.retired.is_empty()
    }

    fn renew(&mut self) {
        if !self.is_spent {
            return;
        }
        let most_connections = self.most_connections;
        // Without memory or descriptors for a new one the old one has to do.
        if let Ok(fresh) = contained(|| new_multi_for(most_connections)) {
            self.retired
                .push(std::mem::replace(&mut self.current, Rc::new(fresh)));
            self.is_spent = false;
        }
    }
}

/// A multi handle whose descriptors no started program inherits, and whose end waits for no lookup.
pub(crate) fn new_multi() -> Multi {
    let multi = with_standard_taken(Multi::new);
    for (option, value) in [
        (
            RESOLVE_THREADS_MAX,
            c_long::try_from(lookup::POOL).unwrap_or(1),
        ),
        (QUICK_EXIT, 1),
    ] {
        // SAFETY: the handle is valid, and both options take a `long`; versions that do not know them say so.
        unsafe { curl_sys::curl_multi_setopt(multi.raw(), option, value) };
    }
    // A call that the linker binds to the libcurl of this handle: another one in the process may have the same names.
    let waker = multi.waker();
    close_pair_on_exec(|| waker.wakeup().is_ok());
    multi
}

fn new_multi_for(most_connections: usize) -> Multi {
    let mut multi = new_multi();
    // Each of these is an optimisation: without it transfers still work.
    let _ = multi.pipelining(false, true);
    let _ = multi.set_max_host_connections(most_connections);
    let _ = multi.set_max_connects(most_connections);
    multi
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_kept_while_something_runs_on_it_and_never_used_again() {
        let mut pool = Pool::new(1);
        let old = pool.current();
        pool.give_up(&old);
        pool.tidy();
        assert!(!pool.is_split());
        let new = pool.current();
        assert!(!Rc::ptr_eq(&old, &new));
        assert!(pool.is_split());
        assert_eq!(pool.all().count(), 2);
        // It is given up already.
        pool.give_up(&old);
        assert!(Rc::ptr_eq(&new, &pool.current()));
        drop(old);
        pool.tidy();
        assert!(!pool.is_split());
    }

    #[test]
    fn a_pool_on_which_nothing_runs_is_replaced_at_once() {
        let mut pool = Pool::new(1);
        let old = pool.current();
        pool.give_up(&old);
        let dead = Rc::downgrade(&old);
        drop(old);
        pool.tidy();
        assert!(dead.upgrade().is_none());
    }
}

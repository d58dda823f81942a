//! Pool: the connections that transfers share, and when they are given up.
//!
//! libcurl keeps connections with a multi handle, and takes any of them again. One that has fallen silent looks like any
//! other: with HTTP/2 ending a transfer ends its stream only, and the next one goes into the same connection. So after a
//! request that got no answer the multi handle gets nothing to do any more; new transfers get a new one, with connections
//! of their own, and the old one goes when the last transfer on it has ended. Entry points: [`Pool`], [`new_multi`].

use std::ffi::c_long;
use std::rc::Rc;

use super::close_on_exec::close_pair_on_exec;
use super::libcurl::error::Error;
use super::libcurl::multi::Multi;
use super::libcurl::options::MultiNumber;
use super::lookup;
use crate::base::descriptor::with_standard_taken;

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
    /// One without connections.
    pub(crate) fn new(most_connections: usize) -> Result<Self, Error> {
        Ok(Self {
            current: Rc::new(new_multi_for(most_connections)?),
            is_spent: false,
            retired: Vec::new(),
            most_connections,
        })
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
        // Without memory or descriptors for a new one the old one has to do.
        if let Ok(fresh) = new_multi_for(self.most_connections) {
            self.retired
                .push(std::mem::replace(&mut self.current, Rc::new(fresh)));
            self.is_spent = false;
        }
    }
}

/// A multi handle whose descriptors no started program inherits, and whose end waits for no lookup.
pub(crate) fn new_multi() -> Result<Multi, Error> {
    let mut multi = with_standard_taken(Multi::new)?;
    let threads = c_long::try_from(lookup::POOL).unwrap_or(1);
    multi.prefer(MultiNumber::RESOLVE_THREADS_MAX, threads);
    multi.prefer(MultiNumber::QUICK_EXIT, 1);
    // A call that the linker binds to the libcurl of this handle: another one in the process may have the same names.
    close_pair_on_exec(|| multi.waker().wake());
    Ok(multi)
}

fn new_multi_for(most_connections: usize) -> Result<Multi, Error> {
    let mut multi = new_multi()?;
    let most = c_long::try_from(most_connections).unwrap_or(c_long::MAX);
    multi.prefer(MultiNumber::PIPELINING, curl_sys::CURLPIPE_MULTIPLEX);
    multi.prefer(MultiNumber::MAX_HOST_CONNECTIONS, most);
    multi.prefer(MultiNumber::MAX_CONNECTS, most);
    Ok(multi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_is_kept_while_something_runs_on_it_and_never_used_again() {
        let mut pool = Pool::new(1).unwrap();
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
        let mut pool = Pool::new(1).unwrap();
        let old = pool.current();
        pool.give_up(&old);
        let dead = Rc::downgrade(&old);
        drop(old);
        pool.tidy();
        assert!(dead.upgrade().is_none());
    }
}

//! Pre-request: what libcurl says when a connection stands and the request is about to go out on it.
//!
//! It serves three purposes. It tells whether a failure counts as a failed connect or as a failed answer. It lets libcurl send
//! each request once only: on a kept connection that turns out to be dead libcurl would send it again by itself, an attempt
//! that nobody counts and `retries` does not bound. And it keeps requests off a kept connection whose server has said something
//! unasked, which may be that it gives the connection up, and would be taken for the answer. Entry point: [`Begin`].

use super::socket::{Ends, Sockets};

/// What is known of the begin of a request.
#[derive(Debug, Default)]
pub(crate) struct Begin {
    times: u32,
    ends: Option<Ends>,
    looks_for_input: bool,
    has_found_input: bool,
}

impl Begin {
    /// For the next request. If `looks_for_input`, nothing is sent on a kept connection with something to read: that needs
    /// a connection on which servers say nothing by themselves, so one without TLS.
    pub(crate) fn new(looks_for_input: bool) -> Self {
        Self {
            looks_for_input,
            ..Self::default()
        }
    }

    /// How often libcurl was about to send the request, and could.
    pub(crate) fn times(&self) -> u32 {
        self.times
    }

    /// True if nothing was sent because of something to read.
    pub(crate) fn has_found_input(&self) -> bool {
        self.has_found_input
    }

    /// The connection on which it went out.
    pub(crate) fn ends(&self) -> Option<Ends> {
        self.ends
    }

    /// True if the request may go out on this connection: the first time only.
    pub(crate) fn about_to_send(&mut self, sockets: &Sockets, ends: Option<Ends>) -> bool {
        if let Some(ends) = ends {
            self.ends = Some(ends);
            let is_kept = sockets.carries_request(ends);
            if self.times == 0 && self.looks_for_input && is_kept && sockets.has_input(ends) {
                self.has_found_input = true;
                return false;
            }
        }
        let is_first = self.times == 0;
        self.times = self.times.saturating_add(1);
        is_first
    }
}

//! Retries: how often an envelope is tried, and how long the worker waits between attempts.
//!
//! [`RetryPolicy`] decides for one envelope; [`Circuit`] for the server: while it cannot be reached the worker tries with
//! one envelope at a time, at growing distances. Unless the host set limits, such probes cost no envelope its attempts.

use std::time::{Duration, Instant};

/// Why an attempt did not settle the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No connection: name, TCP, TLS or proxy.
    Connect,
    /// Connected, but no complete answer.
    Read,
    /// The connection had served an earlier request and died before a byte of the answer. It counts as
    /// [`Cause::Read`], but it says nothing about the server, so nothing has to be waited for.
    Stale,
    /// 502, 503 or 504.
    Status,
    /// A redirect that may be followed.
    Redirect,
}

/// How many attempts follow the first, in all and per cause (`None`: only the total counts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryPolicy {
    /// All causes together.
    pub(crate) total: u32,
    /// True if the host did not set `total`: then an outage costs no envelope its attempts.
    pub(crate) is_patient: bool,
    /// After [`Cause::Connect`].
    pub(crate) connect: Option<u32>,
    /// After [`Cause::Read`].
    pub(crate) read: Option<u32>,
    /// After [`Cause::Status`].
    pub(crate) status: Option<u32>,
    /// After [`Cause::Redirect`].
    pub(crate) redirect: Option<u32>,
    /// First delay; doubles with each failure in a row.
    pub(crate) backoff: Duration,
    /// Longest delay, also for one the server asks for.
    pub(crate) backoff_max: Duration,
}

/// Attempts of one envelope so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    connect: u32,
    read: u32,
    status: u32,
    redirect: u32,
    /// Probes that were sent and got no answer, beside the attempts that count.
    unanswered_probes: u32,
}

impl Attempts {
    /// Failed attempts of any cause.
    pub(crate) fn total(&self) -> u32 {
        self.connect
            .saturating_add(self.read)
            .saturating_add(self.status)
            .saturating_add(self.redirect)
    }
}

impl RetryPolicy {
    /// Books a failed attempt; true if another one is allowed.
    pub(crate) fn allows_another(&self, attempts: &mut Attempts, cause: Cause) -> bool {
        let (count, limit) = match cause {
            Cause::Connect => (&mut attempts.connect, self.connect),
            Cause::Read | Cause::Stale => (&mut attempts.read, self.read),
            Cause::Status => (&mut attempts.status, self.status),
            Cause::Redirect => (&mut attempts.redirect, self.redirect),
        };
        *count = count.saturating_add(1);
        let within_cause = limit.is_none_or(|limit| *count <= limit);
        within_cause && attempts.total() <= self.total
    }

    /// True if a probe that failed, an attempt made while the circuit was open, costs its envelope nothing: it says that the
    /// server is away and nothing about the envelope. A limit that the host set holds all the same. What was sent and not
    /// answered is not repeated for ever: it may be the envelope that the server does not bear.
    pub(crate) fn spares_probe(&self, attempts: &mut Attempts, cause: Cause) -> bool {
        /// At the longest distance of the default, more than an hour.
        const MOST_UNANSWERED: u32 = 100;
        let limit = match cause {
            Cause::Connect => self.connect,
            Cause::Read | Cause::Stale => self.read,
            Cause::Status | Cause::Redirect => return false,
        };
        if matches!(cause, Cause::Read | Cause::Stale) {
            attempts.unanswered_probes = attempts.unanswered_probes.saturating_add(1);
        }
        self.is_patient && limit.is_none() && attempts.unanswered_probes <= MOST_UNANSWERED
    }

    /// Delay after the `failures`-th failure in a row (1 = the first): anything up to the doubled base ("full jitter"),
    /// `unit` in `[0, 1)` decides. A delay the server asked for wins, unless it is none: a server that cannot answer now is not
    /// asked again at once, as often as that is allowed. Both stay below the cap.
    pub(crate) fn delay(&self, failures: u32, asked: Option<Duration>, unit: f64) -> Duration {
        if let Some(asked) = asked.filter(|asked| !asked.is_zero()) {
            return asked.min(self.backoff_max);
        }
        let doublings = failures.saturating_sub(1).min(31);
        let ceiling = self
            .backoff
            .saturating_mul(1 << doublings)
            .min(self.backoff_max);
        ceiling.mul_f64(unit.clamp(0.0, 1.0))
    }
}

/// Whether the server can be reached.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Circuit {
    failures: u32,
    retry_at: Option<Instant>,
    by_connect: bool,
    /// What the server asked for; an answer to another request does not take it back.
    postponed_until: Option<Instant>,
}

impl Circuit {
    /// The server answered, whatever it said.
    pub(crate) fn answered(&mut self) {
        *self = Self {
            postponed_until: self.postponed_until,
            ..Self::default()
        };
    }

    /// No answer; nothing is tried again before `retry_at`.
    pub(crate) fn failed(&mut self, cause: Cause, retry_at: impl FnOnce(u32) -> Instant) {
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(retry_at(self.failures));
        self.by_connect = cause == Cause::Connect;
    }

    /// An answer that asks for patience (503 with `Retry-After`).
    pub(crate) fn postpone(&mut self, until: Instant) {
        self.postponed_until = self.postponed_until.max(Some(until));
    }

    /// Tries at once, once.
    pub(crate) fn hurry(&mut self) {
        self.retry_at = None;
        self.postponed_until = None;
    }

    /// Failures since the last answer.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// True while the last attempts got no answer.
    pub(crate) fn is_open(&self) -> bool {
        self.failures > 0
    }

    /// True while connections are made and nothing is answered.
    pub(crate) fn is_mute(&self) -> bool {
        self.failures > 0 && !self.by_connect
    }

    /// True while not even a connection could be made.
    pub(crate) fn is_offline(&self) -> bool {
        self.failures > 0 && self.by_connect
    }

    /// The instant before which nothing is tried.
    pub(crate) fn blocked_until(&self, now: Instant) -> Option<Instant> {
        self.retry_at
            .max(self.postponed_until)
            .filter(|at| *at > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        total: 3,
        is_patient: false,
        connect: Some(1),
        read: None,
        status: Some(0),
        redirect: Some(0),
        backoff: Duration::from_secs(1),
        backoff_max: Duration::from_secs(60),
    };

    #[test]
    fn causes_have_their_own_limits_below_the_total() {
        let mut attempts = Attempts::default();
        assert!(POLICY.allows_another(&mut attempts, Cause::Connect));
        assert!(!POLICY.allows_another(&mut attempts, Cause::Connect));

        let mut attempts = Attempts::default();
        for _ in 0..3 {
            assert!(POLICY.allows_another(&mut attempts, Cause::Read));
        }
        assert!(!POLICY.allows_another(&mut attempts, Cause::Read));
        assert_eq!(attempts.total(), 4);

        assert!(!POLICY.allows_another(&mut Attempts::default(), Cause::Status));
        assert!(!POLICY.allows_another(&mut Attempts::default(), Cause::Redirect));
    }

    #[test]
    fn no_retries_means_one_attempt() {
        let none = RetryPolicy {
            total: 0,
            connect: None,
            ..POLICY
        };
        assert!(!none.allows_another(&mut Attempts::default(), Cause::Connect));
    }

    #[test]
    fn probes_are_free_unless_the_host_set_a_limit() {
        let patient = RetryPolicy {
            is_patient: true,
            connect: None,
            ..POLICY
        };
        let mut attempts = Attempts::default();
        for _ in 0..100_000 {
            assert!(patient.spares_probe(&mut attempts, Cause::Connect));
        }
        for _ in 0..100 {
            assert!(patient.spares_probe(&mut attempts, Cause::Read));
        }
        assert!(!patient.spares_probe(&mut attempts, Cause::Read));
        assert_eq!(attempts.total(), 0);
        for strict in [
            RetryPolicy {
                connect: Some(9),
                ..patient
            },
            RetryPolicy {
                is_patient: false,
                ..patient
            },
        ] {
            assert!(!strict.spares_probe(&mut Attempts::default(), Cause::Connect));
        }
        for cause in [Cause::Status, Cause::Redirect] {
            assert!(!patient.spares_probe(&mut Attempts::default(), cause));
        }
    }

    // HTTP-9
    #[test]
    fn delays_double_up_to_the_cap_and_are_spread_from_zero() {
        assert_eq!(POLICY.delay(1, None, 1.0), Duration::from_secs(1));
        assert_eq!(POLICY.delay(3, None, 1.0), Duration::from_secs(4));
        assert_eq!(POLICY.delay(3, None, 0.5), Duration::from_secs(2));
        assert_eq!(POLICY.delay(3, None, 0.0), Duration::ZERO);
        assert_eq!(POLICY.delay(7, None, 1.0), Duration::from_secs(60));
        assert_eq!(POLICY.delay(u32::MAX, None, 1.0), Duration::from_secs(60));
    }

    #[test]
    fn the_server_may_ask_for_a_delay_up_to_the_cap() {
        assert_eq!(
            POLICY.delay(1, Some(Duration::from_secs(7)), 0.1),
            Duration::from_secs(7)
        );
        assert_eq!(
            POLICY.delay(1, Some(Duration::from_secs(3600)), 0.1),
            Duration::from_secs(60)
        );
    }

    // RL-3
    #[test]
    fn a_server_that_asks_for_no_delay_gets_the_usual_one() {
        let asked = Some(Duration::ZERO);
        assert_eq!(POLICY.delay(1, asked, 0.5), Duration::from_millis(500));
        assert_eq!(POLICY.delay(3, asked, 1.0), Duration::from_secs(4));
    }

    #[test]
    fn the_circuit_closes_with_the_first_answer() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        assert!(!circuit.is_open());
        circuit.failed(Cause::Connect, |failures| {
            now + Duration::from_secs(u64::from(failures))
        });
        circuit.failed(Cause::Connect, |failures| {
            now + Duration::from_secs(u64::from(failures))
        });
        assert!(circuit.is_open() && circuit.is_offline());
        assert_eq!(
            circuit.blocked_until(now),
            Some(now + Duration::from_secs(2))
        );
        assert_eq!(circuit.blocked_until(now + Duration::from_secs(2)), None);
        circuit.answered();
        assert!(!circuit.is_open() && circuit.blocked_until(now).is_none());
        circuit.failed(Cause::Read, |_| now);
        assert!(circuit.is_open() && !circuit.is_offline());
        // What the server asked for outlives answers to other requests.
        circuit.postpone(now + Duration::from_secs(5));
        circuit.postpone(now + Duration::from_secs(2));
        circuit.answered();
        assert_eq!(
            circuit.blocked_until(now),
            Some(now + Duration::from_secs(5))
        );
        circuit.hurry();
        assert_eq!(circuit.blocked_until(now), None);
    }
}

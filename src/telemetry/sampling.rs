//! Sampling: whether a transaction is sent (TRACE-6 to TRACE-10).
//!
//! Pure: what is random is handed in. Entry points: [`SampleRand`], [`SamplingInput::decide`].

use std::fmt;

/// The number that a trace is sampled by, the same for all of its transactions: from 0 up to, and without, 1, in
/// millionths (TRACE-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SampleRand(u32);

/// Of which a number has less than so many.
const MILLION: f64 = 1_000_000.0;

impl SampleRand {
    /// From a number in `[0, 1)`.
    pub(crate) fn new(unit: f64) -> Self {
        // A conversion cuts off, so that it never becomes 1, and takes what is out of range as the end of the range.
        Self(((unit * MILLION) as u32).min(999_999))
    }

    /// The number that another program sent along, if it is one in the range.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number: f64 = text.trim().parse().ok()?;
        (0.0..1.0).contains(&number).then(|| Self::new(number))
    }

    /// The number of a trace whose decision is known, and the rate it was made with: below the rate if it is sent, and not if
    /// it is not. `unit` is in `[0, 1)`.
    pub(crate) fn for_decision(unit: f64, rate: f64, is_sampled: bool) -> Self {
        if is_sampled {
            Self::new(unit * rate)
        } else {
            let least = (rate * MILLION).ceil();
            Self::new((least + (unit * (MILLION - least)).floor()) / MILLION)
        }
    }

    /// True if a trace with this number is sent at that rate.
    pub(crate) fn is_below(self, rate: f64) -> bool {
        f64::from(self.0) / MILLION < rate
    }
}

impl fmt::Display for SampleRand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0.{:06}", self.0)
    }
}

/// A rate that can be used: within 0 and 1, and none if it is no number (TRACE-8).
pub(crate) fn usable_rate(rate: f64) -> Option<f64> {
    (!rate.is_nan()).then(|| rate.clamp(0.0, 1.0))
}

/// What there is to decide by, besides the answer of a sampler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SamplingInput {
    /// What the host said about this transaction.
    pub(crate) explicit: Option<bool>,
    /// What the program before decided.
    pub(crate) parent: Option<bool>,
    /// The option `traces_sample_rate`; none if neither it nor a sampler was set: then tracing is not configured, and
    /// nothing is sent unless the host said so for this transaction.
    pub(crate) rate: Option<f64>,
    /// The number of the trace.
    pub(crate) rand: SampleRand,
}

/// What was decided. It is never changed, and holds for all spans (TRACE-11).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decision {
    /// Whether the trace is sent, as it is told to others; none leaves it to them.
    pub(crate) sampled: Option<bool>,
    /// Whether this transaction is sent.
    pub(crate) is_sent: bool,
    /// The rate that decided here; none if another program decided, or nobody.
    pub(crate) rate: Option<f64>,
}

impl Decision {
    /// Nobody decides, and nothing is sent.
    pub(crate) const DEFERRED: Self = Self {
        sampled: None,
        is_sent: false,
        rate: None,
    };

    /// True for a transaction that was sampled out, which is a loss; one that nobody wanted to trace is none.
    pub(crate) fn is_sampled_out(&self, is_configured: bool) -> bool {
        !self.is_sent && is_configured && self.sampled.is_some()
    }
}

impl SamplingInput {
    /// Decides: the host's word, then `sampler`, then the program before, then the rate (TRACE-7). `sampler` is asked only if
    /// it counts; it answers none if there is none, or if it failed.
    pub(crate) fn decide(&self, sampler: impl FnOnce() -> Option<f64>) -> Decision {
        let by_rate = |rate: f64| {
            let is_sent = self.rand.is_below(rate);
            Decision {
                sampled: Some(is_sent),
                is_sent,
                rate: Some(rate),
            }
        };
        if let Some(is_sent) = self.explicit {
            return Decision {
                sampled: Some(is_sent),
                is_sent,
                rate: Some(f64::from(u8::from(is_sent))),
            };
        }
        let Some(rate) = self.rate else {
            return Decision {
                sampled: self.parent,
                ..Decision::DEFERRED
            };
        };
        match (sampler().and_then(usable_rate), self.parent) {
            (Some(rate), _) => by_rate(rate),
            (None, Some(is_sent)) => Decision {
                sampled: Some(is_sent),
                is_sent,
                rate: None,
            },
            (None, None) => by_rate(rate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: SampleRand = SampleRand(500_000);

    fn input(parent: Option<bool>, rate: Option<f64>) -> SamplingInput {
        SamplingInput {
            explicit: None,
            parent,
            rate,
            rand: HALF,
        }
    }

    // TRACE-9
    #[test]
    fn numbers_have_six_places_and_stay_below_one() {
        for (unit, text) in [
            (0.0, "0.000000"),
            (0.312_600_834, "0.312600"),
            (0.999_999_999, "0.999999"),
            (1.0, "0.999999"),
            (-1.0, "0.000000"),
        ] {
            assert_eq!(SampleRand::new(unit).to_string(), text);
        }
        assert_eq!(SampleRand::parse(" 0.5"), Some(HALF));
        for none in ["", "1", "-0.1", "x", "NaN", "inf"] {
            assert_eq!(SampleRand::parse(none), None, "{none}");
        }
        assert!(HALF.is_below(0.500_001) && !HALF.is_below(0.5));
        assert!(!SampleRand(0).is_below(0.0) && SampleRand(999_999).is_below(1.0));
    }

    // TRACE-9, TRACE-10
    #[test]
    fn a_number_is_found_behind_a_decision_and_its_rate() {
        for rate in [0.25, 0.1, 0.000_000_1, 0.999_999_5, 0.333_333_333] {
            for unit in [0.0, 0.1, 0.5, 0.999_999_999] {
                let sent = SampleRand::for_decision(unit, rate, true);
                assert!(sent.is_below(rate), "{sent} {rate}");
                let not_sent = SampleRand::for_decision(unit, rate, false);
                // A rate this close to 1 has no number of six places above it.
                assert!(
                    !not_sent.is_below(rate) || rate > 0.999_999,
                    "{not_sent} {rate}"
                );
            }
        }
        assert!(!SampleRand::for_decision(0.5, 0.0, false).is_below(0.0));
        assert!(SampleRand::for_decision(0.9, 1.0, true).is_below(1.0));
    }

    // TRACE-6, TRACE-7: the table of docs/protocol.md.
    #[test]
    fn the_decision_follows_the_table() {
        for (parent, rate, sampled, is_sent) in [
            (None, None, None, false),
            (None, Some(0.0), Some(false), false),
            (None, Some(1.0), Some(true), true),
            (Some(true), None, Some(true), false),
            (Some(true), Some(0.0), Some(true), true),
            (Some(true), Some(1.0), Some(true), true),
            (Some(false), None, Some(false), false),
            (Some(false), Some(0.0), Some(false), false),
            (Some(false), Some(1.0), Some(false), false),
            (None, Some(0.6), Some(true), true),
            (None, Some(0.5), Some(false), false),
        ] {
            let decision = input(parent, rate).decide(|| None);
            assert_eq!(
                (decision.sampled, decision.is_sent),
                (sampled, is_sent),
                "{parent:?} {rate:?}"
            );
        }
    }

    // TRACE-7, TRACE-8, TRACE-14
    #[test]
    fn the_host_wins_over_its_sampler_and_that_over_the_program_before() {
        let explicit = |is_sent, rate| SamplingInput {
            explicit: Some(is_sent),
            ..input(Some(!is_sent), rate)
        };
        for rate in [None, Some(0.5)] {
            let decision = explicit(true, rate).decide(|| unreachable!());
            assert_eq!((decision.is_sent, decision.rate), (true, Some(1.0)));
            let decision = explicit(false, rate).decide(|| unreachable!());
            assert_eq!((decision.is_sent, decision.rate), (false, Some(0.0)));
        }
        for (answer, is_sent, rate) in [
            (0.6, true, Some(0.6)),
            (0.4, false, Some(0.4)),
            (7.0, true, Some(1.0)),
            (-7.0, false, Some(0.0)),
            (f64::INFINITY, true, Some(1.0)),
        ] {
            let decision = input(Some(!is_sent), Some(0.0)).decide(|| Some(answer));
            assert_eq!((decision.is_sent, decision.rate), (is_sent, rate));
        }
        let nan = input(Some(true), Some(0.0)).decide(|| Some(f64::NAN));
        assert_eq!((nan.is_sent, nan.rate), (true, None));
        let nan = input(None, Some(0.0)).decide(|| Some(f64::NAN));
        assert_eq!((nan.is_sent, nan.rate), (false, Some(0.0)));
    }

    #[test]
    fn only_what_was_decided_here_is_a_loss() {
        let out = input(None, Some(0.0)).decide(|| None);
        assert!(out.is_sampled_out(true));
        assert!(!input(None, Some(1.0)).decide(|| None).is_sampled_out(true));
        assert!(!input(None, None).decide(|| None).is_sampled_out(false));
        assert!(
            !input(Some(false), None)
                .decide(|| None)
                .is_sampled_out(false)
        );
    }
}

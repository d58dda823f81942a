//! The trace of the process: ids that tie its events together while no transaction runs (TRACE-19), and what another
//! program said about the trace. Also whether a trace of another program goes on here (TRACE-15).
//!
//! Pure data. Entry points: [`Trace`], [`Received`]. May use: `propagation`, `sampling`, `sampling_context`, `base`.

use std::sync::Arc;

use super::baggage::{self, Members};
use super::propagation::Incoming;
use super::sampling::SampleRand;
use super::sampling_context::SamplingContext;
use crate::base::random;
use crate::base::uuid::{SpanId, Uuid, new_span_id};
use crate::value::json::write as json;

/// The propagation context of a process. It never changes; a process that goes on in another trace has another one.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// The trace.
    pub(crate) trace_id: Uuid,
    /// The process in it.
    pub(crate) span_id: SpanId,
    /// The span of another program that began it.
    pub(crate) parent_span_id: Option<SpanId>,
    /// What that program decided.
    pub(crate) sampled: Option<bool>,
    /// The number that transactions are sampled by.
    pub(crate) rand: SampleRand,
    /// The frozen sampling context of the program before.
    pub(crate) received: Option<Arc<SamplingContext>>,
    /// True if the host, or the environment, said which trace it is: then transactions join it.
    pub(crate) is_managed: bool,
}

impl Trace {
    /// A trace of its own.
    pub(crate) fn new() -> Self {
        Self {
            trace_id: Uuid::new_v4(),
            span_id: new_span_id(),
            parent_span_id: None,
            sampled: None,
            rand: SampleRand::new(random::next_unit()),
            received: None,
            is_managed: false,
        }
    }

    /// A fresh span in a trace that the host chose.
    pub(crate) fn joining(trace_id: Uuid, parent_span_id: Option<SpanId>) -> Self {
        Self {
            trace_id,
            parent_span_id,
            is_managed: true,
            ..Self::new()
        }
    }

    /// A fresh span in the trace of another program.
    pub(crate) fn continuing(received: &Received) -> Self {
        Self {
            sampled: received.incoming.sampled,
            rand: received.rand(),
            received: Some(received.sampling_context()),
            ..Self::joining(received.incoming.trace_id, received.incoming.parent_span_id)
        }
    }

    /// The context `trace` of events as JSON.
    pub(crate) fn context(&self) -> String {
        /// Three ids and their keys.
        const LENGTH: usize = 128;
        let mut out = Vec::with_capacity(LENGTH);
        out.push(b'{');
        let mut id = |key: &str, id: &str| {
            json::key(&mut out, key);
            json::string(&mut out, id);
        };
        id("trace_id", self.trace_id.simple().as_str());
        id("span_id", self.span_id.as_str());
        if let Some(parent) = &self.parent_span_id {
            id("parent_span_id", parent.as_str());
        }
        out.push(b'}');
        json::into_text(out)
    }
}

/// Who we are, for the question whether a trace goes on here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Organisation<'a> {
    /// Our organisation, if it is known.
    pub(crate) id: Option<&'a str>,
    /// One that is not told is another one.
    pub(crate) is_strict: bool,
}

/// What another program sent along.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Its place in the trace.
    pub(crate) incoming: Incoming,
    baggage: Arc<Members>,
}

impl Received {
    /// From the headers `sentry-trace` and `baggage`; none without a trace to go on with.
    pub(crate) fn read(sentry_trace: &str, baggage: &str) -> Option<Self> {
        let mut members = Members::new();
        baggage::read(&mut members, baggage);
        Incoming::parse(sentry_trace).map(|incoming| Self::new(incoming, Arc::new(members)))
    }

    /// From headers that were read.
    pub(crate) fn new(incoming: Incoming, baggage: Arc<Members>) -> Self {
        Self { incoming, baggage }
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.baggage.iter().find(|(own, _)| own == key);
        found.map(|(_, value)| value.as_str())
    }

    /// True if the trace goes on here: it does not in another organisation, and, if that is asked for, not where only one of
    /// the two is known (TRACE-15).
    pub(crate) fn goes_on(&self, organisation: Organisation<'_>) -> bool {
        let theirs = self.get("org_id").filter(|id| !id.is_empty());
        match (organisation.id, theirs) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => !organisation.is_strict,
        }
    }

    /// The rate that the program before decided by.
    pub(crate) fn rate(&self) -> Option<f64> {
        let rate: f64 = self.get("sample_rate")?.parse().ok()?;
        (0.0..=1.0).contains(&rate).then_some(rate)
    }

    /// The number of the trace: the one that was sent along, else one that fits the decision and its rate, else any (TRACE-9).
    pub(crate) fn rand(&self) -> SampleRand {
        let sent = self.get("sample_rand").and_then(SampleRand::parse);
        sent.unwrap_or_else(|| {
            let unit = random::next_unit();
            match (self.rate(), self.incoming.sampled) {
                (Some(rate), Some(is_sampled)) => SampleRand::for_decision(unit, rate, is_sampled),
                _ => SampleRand::new(unit),
            }
        })
    }

    /// The sampling context that came along, frozen; an empty one if there was none (TRACE-13).
    pub(crate) fn sampling_context(&self) -> Arc<SamplingContext> {
        Arc::new(SamplingContext::received(Arc::clone(&self.baggage)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json::testing::mutations;

    const HEADER: &str = "0ae7be1efe7a4d04f423378007b8f6ae-fdf21cb107484a2d-1";

    // TRACE-15
    #[test]
    fn a_trace_goes_on_within_its_organisation() {
        for (ours, theirs, goes_on, strictly) in [
            (None, None, true, true),
            (Some("1"), Some("1"), true, true),
            (Some("1"), Some("2"), false, false),
            (Some("1"), None, true, false),
            (None, Some("2"), true, false),
        ] {
            let baggage = theirs.map_or(String::new(), |id| format!("sentry-org_id={id}"));
            let received = Received::read(HEADER, &baggage).unwrap();
            for (is_strict, expected) in [(false, goes_on), (true, strictly)] {
                let organisation = Organisation {
                    id: ours,
                    is_strict,
                };
                assert_eq!(
                    received.goes_on(organisation),
                    expected,
                    "{ours:?} {theirs:?} {is_strict}"
                );
            }
        }
    }

    // TRACE-9
    #[test]
    fn the_number_of_a_trace_is_sent_along_or_found() {
        let rand = |flag: &str, baggage: &str| {
            let header = HEADER.strip_suffix('1').unwrap();
            let header = format!("{header}{flag}");
            Received::read(header.trim_end_matches('-'), baggage)
                .unwrap()
                .rand()
        };
        let sent = rand("1", "sentry-sample_rand=0.123456789,sentry-sample_rate=0.1");
        assert_eq!(sent.to_string(), "0.123456");
        for _ in 0..20 {
            assert!(rand("1", "sentry-sample_rate=0.1").is_below(0.1));
            assert!(!rand("0", "sentry-sample_rate=0.9,sentry-sample_rand=2").is_below(0.9));
            assert!(rand("", "sentry-sample_rate=x").is_below(1.0));
        }
    }

    // TRACE-3
    #[test]
    fn whatever_arrives_is_passed_on_so_that_it_is_read_again() {
        let seeds = [
            "sentry-trace_id=0ae7,sentry-sample_rate=0.5,sentry-release=a%40b%2Cc",
            "vendor=1;p=2, sentry-a = %C3%A9 ,sentry-a=%,sentry-b=%zz%00",
        ];
        let pieces = [
            ",", "=", ";", "%", "%4", "%41", "sentry-", " ", "é", "\0", "\"", "\n",
        ];
        for baggage in mutations(&seeds, &pieces, 6, 2000) {
            let context = Received::read(HEADER, &baggage).unwrap().sampling_context();
            if let Some(json) = context.json() {
                serde_json::from_str::<serde_json::Value>(&json).unwrap();
            }
            let Some(told) = context.baggage() else {
                continue;
            };
            let again = Received::read(HEADER, &told).unwrap().sampling_context();
            assert_eq!(again.baggage(), Some(told), "{baggage}");
        }
    }

    // TRACE-13, TRACE-19
    #[test]
    fn a_process_goes_on_with_what_it_received() {
        let received = Received::read(HEADER, "sentry-release=theirs").unwrap();
        let trace = Trace::continuing(&received);
        let context: serde_json::Value = serde_json::from_str(&trace.context()).unwrap();
        assert_eq!(context["trace_id"], &HEADER[..32]);
        assert_eq!(context["parent_span_id"], &HEADER[33..49]);
        assert_ne!(context["span_id"], context["parent_span_id"]);
        assert_eq!(trace.sampled, Some(true));
        let frozen = trace.received.unwrap();
        assert_eq!(frozen.get("release"), Some("theirs"));
        assert!(Received::read("x", "sentry-release=theirs").is_none());
        let own: serde_json::Value = serde_json::from_str(&Trace::new().context()).unwrap();
        assert!(own.get("parent_span_id").is_none());
    }
}

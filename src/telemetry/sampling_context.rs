//! The dynamic sampling context: what is told of a trace, the same in the header of envelopes and in `baggage`
//! (TRACE-10, TRACE-12 to TRACE-14, TRACE-16).
//!
//! Pure data. It is made once for a transaction, or comes from another program, and is then frozen.
//! Entry point: [`SamplingContext`]. May use: `baggage`, `sampling`, `value`, `base`.

use std::borrow::Cow;
use std::sync::Arc;

use super::baggage::{self, Members};
use super::sampling::{Decision, SampleRand};
use crate::base::memory::{self, Buffer};
use crate::base::uuid::Uuid;
use crate::value::json::write as json;

/// What is known of a trace and of who makes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'a> {
    /// The trace.
    pub(crate) trace_id: Uuid,
    /// Key of the DSN.
    pub(crate) public_key: &'a str,
    /// Organisation of the project.
    pub(crate) org_id: Option<&'a str>,
    /// Of the process.
    pub(crate) release: Option<&'a str>,
    /// Of the process.
    pub(crate) environment: Option<&'a str>,
    /// The number that decides; none in a trace of somebody else.
    pub(crate) rand: Option<SampleRand>,
    /// What was decided, and the name of the transaction, if there is one.
    pub(crate) transaction: Option<(Decision, &'a str)>,
}

/// A sampling context. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SamplingContext {
    members: Arc<Members>,
    json: Option<Arc<str>>,
}

impl SamplingContext {
    /// All that is known; every value is a text.
    pub(crate) fn new(known: &Known<'_>) -> Self {
        let text = |text: &str| Some(text.to_owned());
        let (decision, name) = known.transaction.unzip();
        let rate = decision.and_then(|decision| decision.rate);
        let sampled = decision.and_then(|decision| decision.sampled);
        let members = [
            ("trace_id", text(known.trace_id.simple().as_str())),
            ("public_key", text(known.public_key)),
            ("org_id", known.org_id.and_then(text)),
            ("sample_rate", rate.map(|rate| rate.to_string())),
            ("sample_rand", known.rand.map(|rand| rand.to_string())),
            ("sampled", sampled.map(|sampled| sampled.to_string())),
            ("release", known.release.and_then(text)),
            ("environment", known.environment.and_then(text)),
            (
                "transaction",
                name.filter(|name| !name.is_empty()).and_then(text),
            ),
        ];
        let named = members
            .into_iter()
            .filter_map(|(key, value)| Some((Cow::Borrowed(key), value?)));
        Self::of(Arc::new(named.collect()))
    }

    /// What another program sent along; nothing is added to it (TRACE-13).
    pub(crate) fn received(members: Arc<Members>) -> Self {
        Self::of(members)
    }

    fn of(members: Arc<Members>) -> Self {
        let json = (!members.is_empty()).then(|| to_json(&members));
        Self {
            members,
            json: json.flatten(),
        }
    }

    /// With a decision that was made here in place of the one of the program before; all the rest stays (TRACE-10, TRACE-14).
    pub(crate) fn decided(&self, decision: &Decision) -> Self {
        let (Some(rate), Some(sampled)) = (decision.rate, decision.sampled) else {
            return self.clone();
        };
        let Ok(mut members) = baggage::copy(&self.members) else {
            return self.clone();
        };
        for (key, value) in &mut members {
            match &**key {
                "sample_rate" => *value = rate.to_string(),
                "sampled" => *value = sampled.to_string(),
                _ => {}
            }
        }
        Self::of(Arc::new(members))
    }

    /// A value.
    #[cfg(test)]
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let found = self.members.iter().find(|(own, _)| own == key);
        found.map(|(_, value)| value.as_str())
    }

    /// The header of envelopes as JSON; none of an empty one.
    pub(crate) fn json(&self) -> Option<Arc<str>> {
        self.json.clone()
    }

    /// The header `baggage`; none of an empty one.
    pub(crate) fn baggage(&self) -> Option<String> {
        baggage::write(&self.members)
    }
}

/// None without memory for it.
fn to_json(members: &Members) -> Option<Arc<str>> {
    /// All members that are made here, with texts of the usual length.
    const USUAL: usize = 384;
    let mut out = Buffer::with_room(USUAL);
    out.push(b'{');
    for (key, value) in members {
        json::key(&mut out, key);
        json::string(&mut out, value);
    }
    out.push(b'}');
    let bytes = out.finish().ok()?;
    memory::share(memory::utf8(&bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SENT: Decision = Decision {
        sampled: Some(true),
        is_sent: true,
        rate: Some(0.5),
    };

    fn known() -> Known<'static> {
        Known {
            trace_id: Uuid::from_bytes([0xab; 16]),
            public_key: "key",
            org_id: Some("12"),
            release: Some("app@1"),
            environment: Some("\"x\""),
            rand: Some(SampleRand::new(0.25)),
            transaction: Some((SENT, "GET /")),
        }
    }

    fn json_of(context: &SamplingContext) -> serde_json::Value {
        serde_json::from_str(&context.json().unwrap()).unwrap()
    }

    // TRACE-12, TRACE-14, TRACE-16
    #[test]
    fn every_known_value_is_told_as_text() {
        let context = SamplingContext::new(&known());
        assert_eq!(
            json_of(&context),
            json!({
                "trace_id": "ab".repeat(16), "public_key": "key", "org_id": "12", "sample_rate": "0.5",
                "sample_rand": "0.250000", "sampled": "true", "release": "app@1", "environment": "\"x\"",
                "transaction": "GET /"
            })
        );
        let id = "ab".repeat(16);
        assert_eq!(
            context.baggage().unwrap(),
            format!(
                "sentry-trace_id={id},sentry-public_key=key,sentry-org_id=12,sentry-sample_rate=0.5,\
                 sentry-sample_rand=0.250000,sentry-sampled=true,sentry-release=app%401,\
                 sentry-environment=%22x%22,sentry-transaction=GET%20%2F"
            )
        );
        let bare = Known {
            org_id: None,
            release: None,
            environment: None,
            transaction: None,
            ..known()
        };
        assert_eq!(
            json_of(&SamplingContext::new(&bare)),
            json!({"trace_id": id, "public_key": "key", "sample_rand": "0.250000"})
        );
    }

    // TRACE-6
    #[test]
    fn a_deferred_decision_is_not_told() {
        let deferred = Known {
            transaction: Some((Decision::DEFERRED, "")),
            ..known()
        };
        let context = SamplingContext::new(&deferred);
        for key in ["sampled", "sample_rate", "transaction"] {
            assert_eq!(context.get(key), None, "{key}");
        }
    }

    // TRACE-10, TRACE-13, TRACE-14
    #[test]
    fn what_was_received_is_passed_on_with_a_decision_of_our_own() {
        let mut members = Members::new();
        let header = "sentry-trace_id=1,sentry-sample_rate=1,sentry-sampled=false,sentry-new=x%20y";
        baggage::read(&mut members, header);
        let received = SamplingContext::received(Arc::new(members));
        assert_eq!(received.baggage().as_deref(), Some(header));
        let inherited = Decision { rate: None, ..SENT };
        assert_eq!(received.decided(&inherited), received);
        assert_eq!(
            received.decided(&SENT).baggage().unwrap(),
            "sentry-trace_id=1,sentry-sample_rate=0.5,sentry-sampled=true,sentry-new=x%20y"
        );
        let empty = SamplingContext::received(Arc::default());
        assert_eq!((empty.json(), empty.baggage()), (None, None));
        assert_eq!(empty.decided(&SENT), empty);
    }
}

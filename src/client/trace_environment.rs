//! The trace that the environment of the process names (TRACE-18).
//!
//! Entry point: [`trace_in`]. May use: `telemetry`.

use std::ffi::OsString;

use crate::telemetry::trace::{Organisation, Received, Trace};

/// The trace to go on with; none if there is none, if it is that of another organisation, or if `SENTRY_USE_ENVIRONMENT` says
/// no.
pub(super) fn trace_in(
    lookup: impl Fn(&str) -> Option<OsString>,
    organisation: Organisation<'_>,
) -> Option<Trace> {
    let text = |name: &str| lookup(name)?.into_string().ok();
    let is_unwanted = |answer: String| {
        let answer = answer.to_ascii_lowercase();
        matches!(answer.as_str(), "false" | "no" | "off" | "n" | "0")
    };
    if text("SENTRY_USE_ENVIRONMENT").is_some_and(is_unwanted) {
        return None;
    }
    let baggage = text("SENTRY_BAGGAGE").unwrap_or_default();
    let received = Received::read(&text("SENTRY_TRACE")?, &baggage)?;
    received
        .goes_on(organisation)
        .then(|| Trace::continuing(&received))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0ae7be1efe7a4d04f423378007b8f6ae-fdf21cb107484a2d-1";
    const OURS: Organisation<'_> = Organisation {
        id: Some("1"),
        is_strict: false,
    };

    fn found(variables: &[(&str, &str)]) -> Option<Trace> {
        let lookup = |wanted: &str| {
            let found = variables.iter().find(|(name, _)| *name == wanted)?;
            Some(OsString::from(found.1))
        };
        trace_in(lookup, OURS)
    }

    // TRACE-15, TRACE-18
    #[test]
    fn the_trace_of_the_environment_goes_on() {
        let baggage = ("SENTRY_BAGGAGE", "sentry-org_id=1,sentry-sample_rand=0.25");
        let trace = found(&[("SENTRY_TRACE", TRACE), baggage]).unwrap();
        assert_eq!(trace.trace_id.simple().as_str(), &TRACE[..32]);
        assert_eq!(trace.sampled, Some(true));
        assert_eq!(trace.rand.to_string(), "0.250000");
        assert!(trace.is_managed);
        assert!(found(&[("SENTRY_TRACE", TRACE)]).is_some());
        for none in [
            &[][..],
            &[baggage],
            &[("SENTRY_TRACE", "x"), baggage],
            &[
                ("SENTRY_TRACE", TRACE),
                ("SENTRY_BAGGAGE", "sentry-org_id=2"),
            ],
            &[("SENTRY_TRACE", TRACE), ("SENTRY_USE_ENVIRONMENT", "No")],
        ] {
            assert!(found(none).is_none(), "{none:?}");
        }
    }
}

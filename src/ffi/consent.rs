//! Consent of the user.

use std::ffi::c_int;

use super::guard;
use crate::client::state;
use crate::store::files::consent::Consent;

/// What the user decided about sending.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum sentry_user_consent_t {
    /// Nothing yet.
    SENTRY_USER_CONSENT_UNKNOWN = -1,
    /// Yes.
    SENTRY_USER_CONSENT_GIVEN = 1,
    /// No.
    SENTRY_USER_CONSENT_REVOKED = 0,
}

/// Takes note that the user allows sending.
///
/// The decision is kept in the database directory for later runs, also where `require_user_consent` is off. With the
/// option on, what is captured from now on is sent. What was captured before and answered `SENTRY_STATUS_NO_CONSENT` never
/// is; what was accepted because it could wait on disk (`http_retry`) is sent now.
///
/// Threads: any, several at once.
/// Blocks: never; the file is written by the library's own thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_user_consent_give() {
    decide(Consent::Given);
}

/// Takes note that the user forbids sending.
///
/// With `require_user_consent`, nothing more is sent. What was accepted before and has not left is taken back, also if
/// consent is given again at once: it is counted as `SENTRY_DISCARD_NO_CONSENT`, or waits on disk for consent with
/// `http_retry`. A request under way goes on. Without the option the decision is only kept.
///
/// Threads: any, several at once.
/// Blocks: never; the file is written by the library's own thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_user_consent_revoke() {
    decide(Consent::Revoked);
}

/// Forgets what the user decided: it is unknown again, which does not allow sending. After consent that takes back what
/// has not left, as `sentry_user_consent_revoke` does.
///
/// Threads: any, several at once.
/// Blocks: never; the file is removed by the library's own thread.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_user_consent_reset() {
    decide(Consent::Unknown);
}

/// Tells what the user decided, in this run or an earlier one.
///
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: `SENTRY_USER_CONSENT_UNKNOWN` also when not initialised.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_user_consent_get() -> sentry_user_consent_t {
    guard(
        sentry_user_consent_t::SENTRY_USER_CONSENT_UNKNOWN,
        || match state::with_client(|client| client.consent()) {
            Some(Consent::Given) => sentry_user_consent_t::SENTRY_USER_CONSENT_GIVEN,
            Some(Consent::Revoked) => sentry_user_consent_t::SENTRY_USER_CONSENT_REVOKED,
            Some(Consent::Unknown) | None => sentry_user_consent_t::SENTRY_USER_CONSENT_UNKNOWN,
        },
    )
}

/// Tells whether nothing is sent without consent: the option `require_user_consent`.
///
/// Threads: any, several at once.
/// Blocks: never.
/// Returns: 1 or 0; 0 when not initialised.
/// Since: 0.1
#[unsafe(no_mangle)]
pub extern "C" fn sentry_user_consent_is_required() -> c_int {
    guard(0, || {
        let is_required = state::with_client(|client| client.is_consent_required());
        c_int::from(is_required.unwrap_or(false))
    })
}

fn decide(decision: Consent) {
    guard((), || {
        state::with_client(|client| client.decide(decision));
    });
}

//! Limits: how large the parts of an event may be.

/// Largest text that is looked at, in bytes: eight times what an event may have, since trimming can save much.
pub(super) const INPUT_BYTES: usize = 8 * 1024 * 1024;

/// Largest event (ENV-17).
pub(super) const EVENT_BYTES: usize = 1024 * 1024;

/// Characters of a message, of an exception's value, of a breadcrumb's message (EVT-10).
pub(super) const MESSAGE_CHARS: usize = 8192;

/// Characters of an exception's type and module; servers cut there.
pub(super) const SYMBOL_CHARS: usize = 256;

/// Characters of transaction, culprit and server name (EVT-19); servers make tags of them.
pub(super) const NAME_CHARS: usize = 200;

/// Characters of the logger's name; servers cut there.
pub(super) const LOGGER_CHARS: usize = 64;

/// Characters of a tag's key, and of its value (EVT-9).
pub(super) const TAG_CHARS: usize = 200;

/// Characters of a release (EVT-6).
pub(super) const RELEASE_CHARS: usize = 200;

/// Characters of an environment (EVT-5) and of a dist (EVT-7).
pub(super) const ENVIRONMENT_CHARS: usize = 64;

/// Characters of a platform's name; the longest in use has ten.
pub(super) const PLATFORM_CHARS: usize = 64;

/// Characters of a flag's name and of its value (EVT-19).
pub(super) const FLAG_CHARS: (usize, usize) = (32, 200);

/// Levels of containers in one value of `extra`, in one context (EVT-18).
pub(super) const BAG_DEPTH: usize = 5;

/// Bytes of one context (EVT-13).
pub(super) const CONTEXT_BYTES: usize = 8 * 1024;

/// Bytes of one value of `extra`, and of all of them (EVT-12).
pub(super) const EXTRA_BYTES: (usize, usize) = (16 * 1024, 256 * 1024);

/// Bytes of `user`: ids and a few words; as a context.
pub(super) const USER_BYTES: usize = 8 * 1024;

/// Size of the body data of a request (EVT-19).
pub(super) const REQUEST_DATA: usize = 8 * 1024;

/// Frames of one stack trace (STK-3).
pub(super) const FRAMES: usize = 128;

/// Bytes of one breadcrumb.
pub(super) const CRUMB_BYTES: usize = 8 * 1024;

/// Levels of containers in one value of a breadcrumb's data, and bytes of all data: servers keep no more.
pub(super) const CRUMB_DATA: (usize, usize) = (3, 2 * 1024);

/// Characters of a breadcrumb's type and category.
pub(super) const CRUMB_NAME_CHARS: usize = 128;

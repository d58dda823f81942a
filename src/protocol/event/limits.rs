//! Limits: how large the parts of an event may be. Those of names stand in `protocol::names`.

/// Largest text that is looked at, in bytes: eight times what an event may have, since trimming can save much.
pub(super) const INPUT_BYTES: usize = crate::value::tree::MAX_BYTES;

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

/// Characters of a flag's name and of its value (EVT-19).
pub(super) const FLAG_CHARS: (usize, usize) = (32, 200);

/// Levels of containers in one value of `extra`, in one context (EVT-18).
pub(super) const BAG_DEPTH: usize = 5;

/// Bytes of one context (EVT-13).
pub(super) const CONTEXT_BYTES: usize = 8 * 1024;

/// Bytes of a context that are the server's: it counts one for each member that it knows, at most 40, and the type.
pub(super) const CONTEXT_RESERVE: usize = 64;

/// Bytes of one value of `extra`, and of all of them (EVT-12).
pub(super) const EXTRA_BYTES: (usize, usize) = (16 * 1024, 256 * 1024);

/// Bytes of `user`: ids and a few words; as a context.
pub(super) const USER_BYTES: usize = 8 * 1024;

/// Characters of a user's email address; servers cut there.
pub(super) const EMAIL_CHARS: usize = 75;

/// Characters of ids and names of users, of a mechanism's type, of an operation; servers cut there.
pub(super) const WORD_CHARS: usize = 128;

/// Characters of a country's code; servers cut there.
pub(super) const COUNTRY_CHARS: usize = 102;

/// Characters of a thread's name, a place, a fragment of an address; servers cut there.
pub(super) const LINE_CHARS: usize = 1024;

/// Size of the body data of a request (EVT-19).
pub(super) const REQUEST_DATA: usize = 8 * 1024;

/// Characters of a request's address up to its query; servers cut there.
pub(super) const URL_CHARS: usize = 256;

/// Shortest and longest method of a request; servers refuse others.
pub(super) const METHOD_CHARS: (usize, usize) = (3, 32);

/// Bytes of a query; servers keep no more.
pub(super) const QUERY_BYTES: usize = 1024;

/// Bytes of all cookies of a request; servers keep no more.
pub(super) const COOKIES_BYTES: usize = 2 * 1024;

/// Bytes of all headers of a request; servers keep no more.
pub(super) const HEADERS_BYTES: usize = 8 * 1024;

/// What a server counts for a pair in a query, cookies or headers, besides the two texts.
pub(super) const PAIR_BYTES: usize = 9;

/// Bytes of the process's variables in `request`; servers keep no more.
pub(super) const VARIABLES_OF_PROCESS: usize = 8 * 1024;

/// Bytes of `modules`; servers keep no more.
pub(super) const MODULES_BYTES: usize = 8 * 1024;

/// Characters of a function's name; servers cut there.
pub(super) const FUNCTION_CHARS: usize = 512;

/// Levels of containers, and bytes, of a frame's variables, a mechanism's data, a message's parameters: servers keep
/// no more.
pub(super) const VARIABLES: (usize, usize) = (4, 2 * 1024);

/// Frames of one stack trace (STK-3).
pub(super) const FRAMES: usize = 128;

/// Bytes of one breadcrumb.
pub(super) const CRUMB_BYTES: usize = 8 * 1024;

/// Levels of containers in one value of a breadcrumb's data, and bytes of all data: servers keep no more.
pub(super) const CRUMB_DATA: (usize, usize) = (3, 2 * 1024);

/// Characters of a breadcrumb's type and category.
pub(super) const CRUMB_NAME_CHARS: usize = 128;

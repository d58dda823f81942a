//! Fields: the top-level keys of an event that this library understands, and what each may hold.

use crate::value::json::scan::Kind;

/// A key with a meaning here; all others are passed on as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Field {
    EventId,
    Timestamp,
    Platform,
    Level,
    Message,
    Logentry,
    Exception,
    Threads,
    Stacktrace,
    Tags,
    Contexts,
    Extra,
    User,
    Breadcrumbs,
    Fingerprint,
    Request,
    Modules,
    DebugMeta,
    Sdk,
    Release,
    Environment,
    Dist,
    Transaction,
    Logger,
    ServerName,
    Culprit,
    Type,
}

/// What a field may hold, besides `null`, which is the same as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Scalar,
    ScalarOrObject,
    ScalarOrArray,
    Object,
    ObjectOrArray,
}

impl Field {
    /// How many there are.
    pub(super) const COUNT: usize = 27;

    /// Its place in tables.
    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// The field of that key.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "event_id" => Self::EventId,
            "timestamp" => Self::Timestamp,
            "platform" => Self::Platform,
            "level" => Self::Level,
            "message" => Self::Message,
            "logentry" => Self::Logentry,
            "exception" => Self::Exception,
            "threads" => Self::Threads,
            "stacktrace" => Self::Stacktrace,
            "tags" => Self::Tags,
            "contexts" => Self::Contexts,
            "extra" => Self::Extra,
            "user" => Self::User,
            "breadcrumbs" => Self::Breadcrumbs,
            "fingerprint" => Self::Fingerprint,
            "request" => Self::Request,
            "modules" => Self::Modules,
            "debug_meta" => Self::DebugMeta,
            "sdk" => Self::Sdk,
            "release" => Self::Release,
            "environment" => Self::Environment,
            "dist" => Self::Dist,
            "transaction" => Self::Transaction,
            "logger" => Self::Logger,
            "server_name" => Self::ServerName,
            "culprit" => Self::Culprit,
            "type" => Self::Type,
            _ => return None,
        })
    }

    fn shape(self) -> Shape {
        match self {
            Self::EventId
            | Self::Timestamp
            | Self::Platform
            | Self::Level
            | Self::Release
            | Self::Environment
            | Self::Dist
            | Self::Transaction
            | Self::Logger
            | Self::ServerName
            | Self::Culprit
            | Self::Type => Shape::Scalar,
            Self::Message | Self::Logentry => Shape::ScalarOrObject,
            Self::Fingerprint => Shape::ScalarOrArray,
            Self::Exception | Self::Threads | Self::Breadcrumbs | Self::Tags => {
                Shape::ObjectOrArray
            }
            Self::Stacktrace
            | Self::Contexts
            | Self::Extra
            | Self::User
            | Self::Request
            | Self::Modules
            | Self::DebugMeta
            | Self::Sdk => Shape::Object,
        }
    }

    /// What the field must hold, if a value of that kind cannot stand in it.
    pub(super) fn mismatch(self, kind: Kind) -> Option<&'static str> {
        let is_container = matches!(kind, Kind::Object | Kind::Array);
        let (fits, expected) = match self.shape() {
            Shape::Scalar => (!is_container, "text"),
            Shape::ScalarOrObject => (kind != Kind::Array, "text or an object"),
            Shape::ScalarOrArray => (kind != Kind::Object, "a list of texts"),
            Shape::Object => (kind == Kind::Object, "an object"),
            Shape::ObjectOrArray => (is_container, "an object or a list"),
        };
        (!fits && kind != Kind::Null).then_some(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_places_of_their_own() {
        let last = Field::from_key("type").map(Field::index);
        assert_eq!(last, Some(Field::COUNT - 1));
        assert_eq!(Field::from_key("Level"), None);
    }

    #[test]
    fn null_fits_everywhere_and_other_kinds_where_they_mean_something() {
        let fits = |key: &str, kind| Field::from_key(key).unwrap().mismatch(kind).is_none();
        for key in ["level", "message", "fingerprint", "user", "tags"] {
            assert!(fits(key, Kind::Null), "{key}");
        }
        assert!(fits("release", Kind::Number) && !fits("release", Kind::Object));
        assert!(fits("message", Kind::Object) && !fits("message", Kind::Array));
        assert!(fits("fingerprint", Kind::Array) && !fits("fingerprint", Kind::Object));
        assert!(fits("tags", Kind::Array) && fits("tags", Kind::Object));
        assert!(!fits("tags", Kind::Text) && !fits("user", Kind::Array));
    }
}

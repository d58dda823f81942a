//! Fields that are the same on every event, made once as ready JSON.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::FieldList;
use super::contexts::Trace;
use crate::base::uuid::Uuid;
use crate::client::options::{Backend, Options, SDK_VERSION};
use crate::protocol::dsn::Dsn;
use crate::value::json::write;
use crate::value::shared::members::Members;

/// The fields that were made when the client started.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    list: FieldList,
    /// What of the sampling context never changes; without a DSN there is none.
    sampling: Option<Members>,
    /// The trace of the process.
    trace_id: Arc<ArcSwap<Uuid>>,
    /// The sampling context that was wanted last.
    header: Arc<ArcSwapOption<TraceHeader>>,
}

/// A sampling context as JSON, and what it was made from.
#[derive(Debug)]
struct TraceHeader {
    trace_id: Uuid,
    /// Release and environment as JSON.
    names: [Option<String>; 2],
    json: Arc<str>,
}

/// Fields of the scope that stand in the sampling context as well.
const NAMES: [&str; 2] = ["release", "environment"];

impl Fields {
    /// The fields that follow from the options.
    pub(crate) fn new(
        options: &Options,
        dsn: Option<&Dsn>,
        trace: &Trace,
        installation_id: Option<Uuid>,
    ) -> Self {
        let mut list = vec![("platform", "\"native\"".to_owned())];
        let texts = [
            ("release", &options.release),
            ("environment", &options.environment),
            ("dist", &options.dist),
        ];
        for (name, text) in texts {
            if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
                list.push((name, write::string_to_json(text)));
            }
        }
        list.push(("sdk", sdk(options)));
        if let Some(id) = installation_id {
            list.push(("user", user(id)));
        }
        Self {
            list,
            sampling: dsn.map(|dsn| sampling(options, dsn)),
            trace_id: Arc::new(ArcSwap::from_pointee(trace.id())),
            header: Arc::default(),
        }
    }

    /// Key and JSON of each field.
    pub(crate) fn list(&self) -> FieldList {
        self.list.clone()
    }

    /// The dynamic sampling context for the envelope of an event in this trace, by default that of the process, with
    /// what the scope's fields say now (TRACE-12, TRACE-20).
    pub(crate) fn trace_header(
        &self,
        trace_id: Option<Uuid>,
        fields: &FieldList,
    ) -> Option<Arc<str>> {
        let sampling = self.sampling.as_ref()?;
        let trace_id = trace_id.unwrap_or_else(|| self.trace_id());
        let names = NAMES.map(|name| {
            let field = fields.iter().find(|(field, _)| *field == name);
            field.map(|(_, json)| json.as_str())
        });
        let last = self.header.load();
        if let Some(last) = &*last
            && last.trace_id == trace_id
            && last.names.each_ref().map(Option::as_deref) == names
        {
            return Some(Arc::clone(&last.json));
        }
        let mut members = Members::new();
        members.set_text("trace_id", trace_id.simple().as_str());
        for (key, json) in sampling.iter() {
            members.set(key, json);
        }
        for (name, json) in NAMES.iter().zip(names) {
            if let Some(json) = json {
                members.set(name, json);
            }
        }
        let json: Arc<str> = Arc::from(format!("{{{}}}", members.json()));
        self.header.store(Some(Arc::new(TraceHeader {
            trace_id,
            names: names.map(|name| name.map(str::to_owned)),
            json: Arc::clone(&json),
        })));
        Some(json)
    }

    /// The id of the trace of the process.
    pub(crate) fn trace_id(&self) -> Uuid {
        **self.trace_id.load()
    }

    /// Goes on in another trace.
    pub(crate) fn set_trace(&self, trace: &Trace) {
        self.trace_id.store(Arc::new(trace.id()));
    }
}

/// Who is not known has the id of the installation.
fn user(installation_id: Uuid) -> String {
    let mut members = Members::new();
    members.set_text("id", installation_id.hyphenated().as_str());
    format!("{{{}}}", members.json())
}

/// The SDK object of events and envelope headers (EVT-15). Of integrations there is the one that is to catch crashes.
pub(crate) fn sdk(options: &Options) -> String {
    let mut package = Members::new();
    package.set_text("name", concat!("cargo:", env!("CARGO_PKG_NAME")));
    package.set_text("version", SDK_VERSION);
    let mut members = Members::new();
    members.set_text("name", &options.sdk_name);
    members.set_text("version", SDK_VERSION);
    members.set("packages", &format!("[{{{}}}]", package.json()));
    if options.backend == Backend::Default {
        members.set("integrations", "[\"inproc\"]");
    }
    format!("{{{}}}", members.json())
}

/// TRACE-12, without what only a transaction knows, and without what may change. The option wins over the DSN (DSN-11).
fn sampling(options: &Options, dsn: &Dsn) -> Members {
    let mut members = Members::new();
    members.set_text("public_key", dsn.public_key());
    let own = options.org_id.as_deref();
    if let Some(org_id) = own.filter(|id| !id.is_empty()).or_else(|| dsn.org_id()) {
        members.set_text("org_id", org_id);
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const DSN: &str = "https://key@o12.ingest.example/7";

    fn header(fields: &Fields, trace_id: Option<Uuid>, list: &FieldList) -> Value {
        serde_json::from_str(&fields.trace_header(trace_id, list).unwrap()).unwrap()
    }

    // TRACE-12, TRACE-20
    #[test]
    fn the_trace_header_holds_what_is_known_now() {
        let options = Options {
            release: Some("app@1".to_owned()),
            ..Options::default()
        };
        let dsn = Dsn::parse(DSN).unwrap();
        let trace = Trace::new();
        let fields = Fields::new(&options, Some(&dsn), &trace, None);
        let mut list = fields.list();
        let expected = json!({
            "trace_id": trace.trace_id(), "public_key": "key", "release": "app@1",
            "environment": "production", "org_id": "12"
        });
        assert_eq!(header(&fields, None, &list), expected);
        let again = [(); 2].map(|()| fields.trace_header(None, &list).unwrap());
        assert!(Arc::ptr_eq(&again[0], &again[1]), "made once");
        let names: Vec<_> = list.iter().map(|field| field.0).collect();
        assert_eq!(names, ["platform", "release", "environment", "sdk"]);

        let own = Uuid::from_bytes([0xab; 16]);
        assert_eq!(
            header(&fields, Some(own), &list)["trace_id"],
            "ab".repeat(16)
        );
        list.retain(|(name, _)| *name != "environment");
        list.retain(|(name, _)| *name != "release");
        list.push(("release", "\"app@2\"".to_owned()));
        let other = Trace::new();
        fields.set_trace(&other);
        assert_eq!(
            header(&fields, None, &list),
            json!({"trace_id": other.trace_id(), "public_key": "key", "release": "app@2", "org_id": "12"})
        );
        assert_eq!(
            Fields::new(&options, None, &trace, None).trace_header(None, &list),
            None
        );
    }

    // DSN-11
    #[test]
    fn the_organisation_of_the_option_wins_over_that_of_the_dsn() {
        for (option, dsn, expected) in [
            (Some("77"), DSN, json!("77")),
            (Some("77"), "https://key@example/7", json!("77")),
            (Some(""), DSN, json!("12")),
            (None, DSN, json!("12")),
            (None, "https://key@example/7", Value::Null),
        ] {
            let options = Options {
                org_id: option.map(str::to_owned),
                ..Options::default()
            };
            let dsn = Dsn::parse(dsn).unwrap();
            let fields = Fields::new(&options, Some(&dsn), &Trace::new(), None);
            let header = header(&fields, None, &fields.list());
            assert_eq!(header["org_id"], expected, "{option:?}");
        }
    }

    // EVT-15
    #[test]
    fn the_sdk_names_its_package_and_what_catches_crashes() {
        let read = |options: &Options| serde_json::from_str::<Value>(&sdk(options)).unwrap();
        let mut options = Options::default();
        assert_eq!(
            read(&options),
            json!({
                "name": "libsentry.native", "version": SDK_VERSION,
                "packages": [{"name": "cargo:libsentry", "version": SDK_VERSION}],
                "integrations": ["inproc"],
            })
        );
        options.backend = Backend::None;
        options.sdk_name = "other".to_owned();
        assert_eq!(read(&options)["name"], "other");
        assert_eq!(read(&options)["integrations"], Value::Null);
    }
}

//! Fields that are the same on every event, made once as ready JSON.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::FieldList;
use crate::base::uuid::Uuid;
use crate::client::options::{Backend, Options, SDK_VERSION};
use crate::protocol::dsn::Dsn;
use crate::telemetry::sampling::{Decision, SampleRand};
use crate::telemetry::sampling_context::{Known, SamplingContext};
use crate::telemetry::trace::Trace;
use crate::telemetry::transaction::Transaction;
use crate::value::json::{scan, write};
use crate::value::shared::members::Members;

/// The fields that were made when the client started.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    list: FieldList,
    /// What of sampling contexts never changes; without a DSN there are none.
    project: Option<Project>,
    /// The trace of the process.
    trace: Arc<ArcSwap<Trace>>,
    /// The sampling context that was wanted last.
    last: Arc<ArcSwapOption<Last>>,
}

/// The project that events go to.
#[derive(Debug, Clone)]
struct Project {
    public_key: String,
    org_id: Option<String>,
}

/// A sampling context, and what it was made from.
#[derive(Debug)]
struct Last {
    trace_id: Uuid,
    rand: Option<SampleRand>,
    /// Release and environment as JSON.
    names: [Option<String>; 2],
    context: Arc<SamplingContext>,
}

/// Fields of the scope that stand in the sampling context as well.
const NAMES: [&str; 2] = ["release", "environment"];

/// Release and environment as JSON.
fn names_in(fields: &FieldList) -> [Option<&str>; 2] {
    NAMES.map(|name| {
        let field = fields.iter().find(|(field, _)| *field == name);
        field.map(|(_, json)| json.as_str())
    })
}

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
            project: dsn.map(|dsn| Project {
                public_key: dsn.public_key().to_owned(),
                org_id: org_id(options, Some(dsn)).map(str::to_owned),
            }),
            trace: Arc::new(ArcSwap::from_pointee(trace.clone())),
            last: Arc::default(),
        }
    }

    /// Key and JSON of each field.
    pub(crate) fn list(&self) -> FieldList {
        self.list.clone()
    }

    /// The header for the envelope of an event in this trace, by default that of the process: what is known now, with what
    /// the scope's fields say; or what another program sent along, as it is (TRACE-12, TRACE-13, TRACE-20). None without a DSN,
    /// and none where that program said nothing.
    pub(crate) fn trace_header(
        &self,
        trace_id: Option<Uuid>,
        fields: &FieldList,
    ) -> Option<Arc<str>> {
        self.sampling_context(trace_id, fields)?.json()
    }

    /// As [`Fields::trace_header`], for headers of requests as well.
    pub(crate) fn sampling_context(
        &self,
        trace_id: Option<Uuid>,
        fields: &FieldList,
    ) -> Option<Arc<SamplingContext>> {
        let project = self.project.as_ref()?;
        let process = self.trace.load();
        let trace_id = trace_id.unwrap_or(process.trace_id);
        let process = Some(process).filter(|process| process.trace_id == trace_id);
        if let Some(received) = process.as_ref().and_then(|it| it.received.as_ref()) {
            return Some(Arc::clone(received));
        }
        let rand = process.map(|process| process.rand);
        let names = names_in(fields);
        let last = self.last.load();
        if let Some(last) = &*last
            && (last.trace_id, last.rand) == (trace_id, rand)
            && last.names.each_ref().map(Option::as_deref) == names
        {
            return Some(Arc::clone(&last.context));
        }
        let context = Arc::new(project.sampling_context(trace_id, rand, names, None));
        self.last.store(Some(Arc::new(Last {
            trace_id,
            rand,
            names: names.map(|name| name.map(str::to_owned)),
            context: Arc::clone(&context),
        })));
        Some(context)
    }

    /// The sampling context of a transaction, which freezes it (TRACE-13).
    pub(crate) fn sampling_context_of(
        &self,
        transaction: &Transaction,
        fields: &FieldList,
    ) -> Option<Arc<SamplingContext>> {
        let project = self.project.as_ref()?;
        Some(transaction.sampling_context(|| {
            let name = transaction.name();
            let decided = Some((*transaction.decision(), name.as_str()));
            let (trace_id, rand) = (transaction.position().trace_id, transaction.rand());
            project.sampling_context(trace_id, Some(rand), names_in(fields), decided)
        }))
    }

    /// The trace of the process.
    pub(crate) fn trace(&self) -> Arc<Trace> {
        self.trace.load_full()
    }

    /// The id of the trace of the process.
    pub(crate) fn trace_id(&self) -> Uuid {
        self.trace.load().trace_id
    }

    /// Goes on in another trace.
    pub(crate) fn set_trace(&self, trace: Trace) {
        self.trace.store(Arc::new(trace));
    }

    /// The organisation of the project, if it is known.
    pub(crate) fn org_id(&self) -> Option<&str> {
        self.project.as_ref()?.org_id.as_deref()
    }
}

impl Project {
    fn sampling_context(
        &self,
        trace_id: Uuid,
        rand: Option<SampleRand>,
        names: [Option<&str>; 2],
        transaction: Option<(Decision, &str)>,
    ) -> SamplingContext {
        let [release, environment] = names.map(|json| json.and_then(scan::text));
        SamplingContext::new(&Known {
            trace_id,
            public_key: &self.public_key,
            org_id: self.org_id.as_deref(),
            release: release.as_deref(),
            environment: environment.as_deref(),
            rand,
            transaction,
        })
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

/// The organisation: the option wins over the DSN (DSN-11).
pub(crate) fn org_id<'a>(options: &'a Options, dsn: Option<&'a Dsn>) -> Option<&'a str> {
    let own = options.org_id.as_deref().filter(|id| !id.is_empty());
    own.or_else(|| dsn?.org_id())
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
            "trace_id": trace.trace_id.simple().as_str(), "public_key": "key", "release": "app@1",
            "environment": "production", "org_id": "12", "sample_rand": trace.rand.to_string()
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
        fields.set_trace(other.clone());
        assert_eq!(
            header(&fields, None, &list),
            json!({
                "trace_id": other.trace_id.simple().as_str(), "public_key": "key", "release": "app@2",
                "org_id": "12", "sample_rand": other.rand.to_string()
            })
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

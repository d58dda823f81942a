//! Fields that are the same on every event, made once as ready JSON.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::contexts::Trace;
use super::options::{Options, SDK_VERSION};
use super::scope::FieldList;
use crate::base::uuid::Uuid;
use crate::protocol::dsn::Dsn;
use crate::value::members::Members;
use crate::value::write;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    list: FieldList,
    /// The sampling context; its trace id is filled in.
    sampling: Option<Members>,
    traced: Arc<ArcSwap<Traced>>,
}

/// The trace of the process, and the header that follows from it.
#[derive(Debug)]
struct Traced {
    trace_id: Uuid,
    header: Option<Arc<str>>,
}

impl Traced {
    fn new(trace: &Trace, sampling: Option<&Members>) -> Arc<Self> {
        let header = sampling.map(|sampling| {
            let mut members = sampling.clone();
            members.set_text("trace_id", &trace.trace_id());
            Arc::from(format!("{{{}}}", members.json()))
        });
        Arc::new(Self {
            trace_id: trace.id(),
            header,
        })
    }
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
        let sampling = dsn.map(|dsn| sampling(options, dsn));
        let traced = Traced::new(trace, sampling.as_ref());
        Self {
            list,
            sampling,
            traced: Arc::new(ArcSwap::new(traced)),
        }
    }

    /// Key and JSON of each field.
    pub(crate) fn list(&self) -> FieldList {
        self.list.clone()
    }

    /// The dynamic sampling context for the envelope header (TRACE-20).
    pub(crate) fn trace_header(&self) -> Option<Arc<str>> {
        self.traced.load().header.clone()
    }

    /// The id of the trace of the process.
    pub(crate) fn trace_id(&self) -> Uuid {
        self.traced.load().trace_id
    }

    /// Goes on in another trace.
    pub(crate) fn set_trace(&self, trace: &Trace) {
        self.traced
            .store(Traced::new(trace, self.sampling.as_ref()));
    }
}

/// Who is not known has the id of the installation.
fn user(installation_id: Uuid) -> String {
    let mut members = Members::new();
    members.set_text("id", installation_id.hyphenated().as_str());
    format!("{{{}}}", members.json())
}

/// The SDK object of events and envelope headers (EVT-15).
pub(crate) fn sdk(options: &Options) -> String {
    let mut members = Members::new();
    members.set_text("name", &options.sdk_name);
    members.set_text("version", SDK_VERSION);
    format!("{{{}}}", members.json())
}

/// TRACE-12, without what only a transaction knows.
fn sampling(options: &Options, dsn: &Dsn) -> Members {
    let mut members = Members::new();
    members.set_text("trace_id", "");
    members.set_text("public_key", dsn.public_key());
    for (name, text) in [
        ("release", &options.release),
        ("environment", &options.environment),
    ] {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            members.set_text(name, text);
        }
    }
    if let Some(org_id) = dsn.org_id() {
        members.set_text("org_id", org_id);
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    // TRACE-12, TRACE-20, EVT-15
    #[test]
    fn the_trace_header_holds_what_is_known() {
        let options = Options {
            release: Some("app@1".to_owned()),
            ..Options::default()
        };
        let dsn = Dsn::parse("https://key@o12.ingest.example/7").unwrap();
        let trace = Trace::new();
        let fields = Fields::new(&options, Some(&dsn), &trace, None);
        let header: serde_json::Value =
            serde_json::from_str(&fields.trace_header().unwrap()).unwrap();
        assert_eq!(
            header,
            serde_json::json!({
                "trace_id": trace.trace_id(), "public_key": "key", "release": "app@1",
                "environment": "production", "org_id": "12"
            })
        );
        let names: Vec<_> = fields.list().into_iter().map(|field| field.0).collect();
        assert_eq!(names, ["platform", "release", "environment", "sdk"]);
    }
}

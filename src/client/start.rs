//! Starting: from options to a running client, and from an inherited client to one of our own after a fork.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use super::Client;
use super::batches::Batches;
use super::capture::ignore::IgnoreRules;
use super::client_files::ClientFiles;
use super::default_attributes::DefaultAttributes;
use super::options::{AttachedFile, CaSource, CacheKeep, Compression, Options, QueueOverflow};
use super::scope::Scope;
use super::scope::contexts;
use super::scope::fields::{self, Fields};
use super::{tables, trace_environment};
use crate::base::clock::SystemClock;
use crate::base::diagnostics::{Diagnostics, Severity};
use crate::base::memory::OutOfMemory;
use crate::base::process;
use crate::protocol::dsn::Dsn;
use crate::store::files::consent::Consent;
use crate::store::spool::caps::Caps;
use crate::telemetry::trace::{Organisation, Trace};
use crate::transport::Transport;
use crate::transport::backing::{self, Backing, ClientTasks};
use crate::transport::queue::settings::{Overflow, QueueSettings};
use crate::transport::settings::Settings;
use crate::transport::wire::certificates::Certificates;
use crate::transport::wire::connection;
use crate::transport::wire::host::Destination;
use crate::transport::wire::probe::Prober;
use crate::transport::wire::proxy::ProxyUrl;
use crate::transport::worker::retry::RetryPolicy;
use crate::transport::worker::spool_policy::{Keep, SpoolPolicy};

/// A client that just started, and what the host should know about it.
#[derive(Debug)]
pub(crate) struct Started {
    /// The client.
    pub(crate) client: Client,
    /// What of the options was not taken as it was given, and why nothing will be sent although it was given a DSN
    /// (DSN-10).
    pub(crate) warning: Option<String>,
}

/// Says why init is refused, also where there is no client yet.
pub(crate) fn tell_refusal(diagnostics: &Diagnostics, reason: &str) {
    diagnostics.log(
        Severity::Error,
        format_args!("the library is not started, nothing will be reported: {reason}"),
    );
    // Nothing was started that a child of the logger would have to leave alone.
    let _ = diagnostics.speak();
}

impl Client {
    /// Starts a client. An error leaves nothing behind. An unusable DSN is no error: the client is then disabled.
    pub(crate) fn start(mut options: Options) -> Result<Started, String> {
        let diagnostics = Arc::new(diagnostics(&options));
        options.settle();
        // Read now: a capture takes the list as it is.
        tables::MODULES.current();
        let settings = prepare(&mut options, &diagnostics);
        for line in options.notices.lines() {
            diagnostics.log(Severity::Warning, format_args!("{line}"));
        }
        let options = Arc::new(options);
        let started = settings.and_then(|(dsn, settings)| {
            Self::start_prepared(Arc::clone(&options), dsn.as_ref(), settings, &diagnostics)
        });
        started.inspect_err(|reason| tell_refusal(&diagnostics, reason))
    }

    fn start_prepared(
        options: Arc<Options>,
        dsn: Option<&Dsn>,
        settings: Option<Settings>,
        diagnostics: &Arc<Diagnostics>,
    ) -> Result<Started, String> {
        let warning = options
            .notices
            .lines()
            .chain(settings.as_ref().and_then(connection::lack))
            .reduce(|all, line| all + "; " + &line);
        let organisation = Organisation {
            id: fields::org_id(&options, dsn),
            is_strict: options.strict_trace_continuation,
        };
        let variable = |name: &str| std::env::var_os(name);
        let trace = trace_environment::trace_in(variable, organisation);
        let trace = trace.unwrap_or_else(Trace::new);
        // Last of what may fail but the worker: it makes files.
        let client_files = if settings.is_some() && cfg!(feature = "spool") {
            ClientFiles::open(&options, dsn, diagnostics)
        } else {
            ClientFiles::look(&options, diagnostics)
        };
        let id = client_files.installation_id();
        let fields = Fields::new(&options, dsn, &trace, id);
        let scope = Scope::new(
            contexts::defaults(&trace),
            fields.list(),
            options.max_breadcrumbs,
        );
        for AttachedFile { path, kind } in &options.attachments {
            scope.attachments().add_file(path, *kind);
        }
        let diagnostics = Arc::clone(diagnostics);
        let client = Self::assemble(options, settings, scope, fields, client_files, diagnostics)?;
        if client.options.auto_session_tracking {
            client.start_session();
        }
        Ok(Started { client, warning })
    }

    /// For a forked child: a client with the options and the scope of `parent`, and a queue and a worker of its own.
    pub(crate) fn inherit(parent: &Self) -> Result<Self, String> {
        // A fresh sink: the parent's may be locked by a thread that does not exist here.
        let diagnostics = Arc::new(diagnostics(&parent.options));
        let scope = parent.scope.inherited().unwrap_or_else(|OutOfMemory| {
            diagnostics.log(
                Severity::Warning,
                format_args!(
                    "there is no memory for a copy of the scope: tags, user and breadcrumbs are not inherited"
                ),
            );
            Scope::new(
                contexts::defaults(&Trace::new()),
                parent.fields.list(),
                parent.options.max_breadcrumbs,
            )
        });
        let options = Arc::clone(&parent.options);
        let result = Self::assemble(
            options,
            parent.settings.clone(),
            scope,
            parent.fields.clone(),
            ClientFiles::inherited(&parent.client_files, &diagnostics),
            Arc::clone(&diagnostics),
        );
        if let Err(error) = &result {
            diagnostics.log(
                Severity::Error,
                format_args!("nothing is reported from this forked child: {error}"),
            );
        }
        result
    }

    fn assemble(
        options: Arc<Options>,
        settings: Option<Settings>,
        scope: Scope,
        fields: Fields,
        client_files: ClientFiles,
        diagnostics: Arc<Diagnostics>,
    ) -> Result<Self, String> {
        let client_files = Arc::new(client_files);
        let batches = Arc::new(Batches::new(options.dedupe_window));
        let snapshot = scope.snapshot();
        let default_attributes =
            DefaultAttributes::new(&options, snapshot.contexts.get("os"), &fields.list());
        let transport = settings
            .clone()
            .map(|settings| {
                let is_allowed = client_files.consent() == Consent::Given;
                let client_tasks: Arc<dyn ClientTasks> = Arc::<ClientFiles>::clone(&client_files);
                let backing = Backing {
                    sink: options.on_outcome.clone(),
                    database: client_files.database().map(Arc::clone),
                    is_database_unusable: client_files.is_unusable(),
                    batches: Some(Arc::<Batches>::clone(&batches) as Arc<dyn backing::Batches>),
                    client_tasks: Some(client_tasks),
                    is_consent_missing: options.require_user_consent && !is_allowed,
                };
                let (clock, diagnostics) = (Arc::new(SystemClock), Arc::clone(&diagnostics));
                Transport::start(settings, clock, diagnostics, backing)
            })
            .transpose()
            .map_err(|error| {
                client_files.close(&|_| {});
                format!("the worker thread cannot be started: {error}")
            })?;
        Ok(Self {
            generation: process::fork_generation(),
            ignore: IgnoreRules::new(&options.ignore_errors),
            batches,
            default_attributes,
            options,
            settings,
            transport,
            prober: Prober::new(),
            scope,
            fields,
            diagnostics,
            last_event_id: Mutex::default(),
            client_files,
            reading: AtomicU64::new(0),
        })
    }
}

/// Diagnostics as the host wants them.
pub(crate) fn diagnostics(options: &Options) -> Diagnostics {
    let least = Severity::from(options.logger_level);
    Diagnostics::new(options.debug.then_some(least), options.logger.clone())
}

/// Finds where the events go, and says what is needed for it; no settings where a DSN is needed and there is none.
///
/// DSN-9: no DSN is fine, and one line says so; DSN-10: a malformed one disables, and the host is told.
fn prepare(
    options: &mut Options,
    diagnostics: &Diagnostics,
) -> Result<(Option<Dsn>, Option<Settings>), String> {
    let destination = options.transport.open(options).map_err(|answer| {
        format!("the start function of the host's transport answered {answer}")
    })?;
    let text = options.dsn.as_deref().filter(|text| !text.is_empty());
    let dsn = match text.map(Dsn::parse).transpose() {
        Ok(None) if destination.needs_dsn() && !options.notices.has("dsn") => {
            diagnostics.log(
                Severity::Warning,
                format_args!("there is no DSN: nothing is reported, and nothing is written"),
            );
            None
        }
        Ok(dsn) => {
            if text.is_some_and(Dsn::has_excess) {
                let what = "what follows the project id, from ? or # on, is ignored";
                options.notices.add("dsn", what);
            }
            dsn
        }
        Err(error) if destination.needs_dsn() => {
            options.notices.add(
                "dsn",
                format_args!("it cannot be used, nothing will be sent: {error}"),
            );
            None
        }
        Err(error) => {
            options
                .notices
                .add("dsn", format_args!("it is left out: {error}"));
            None
        }
    };
    if destination.needs_dsn() && dsn.is_none() {
        return Ok((None, None));
    }
    let settings = settings(options, dsn.as_ref(), destination, diagnostics);
    Ok((dsn, Some(settings)))
}

/// How libcurl gets to the server.
#[derive(Debug, Default)]
struct Connection {
    proxy: String,
    no_proxy: String,
    certificates: Certificates,
}

fn connection(options: &mut Options, dsn: &Dsn, diagnostics: &Diagnostics) -> Connection {
    let proxy = options.resolve_proxy(dsn.is_https());
    let proxy_url = ProxyUrl::new(proxy.url.as_deref().unwrap_or_default());
    for (variable, why) in &proxy.ignored {
        options
            .notices
            .add(variable, format_args!("ignored, {why}"));
    }
    if let (Some(_), Err(why)) = (&proxy.url, proxy_url.check()) {
        options.notices.add(
            "proxy",
            format_args!(
                "it cannot be used, and nothing goes around it, so nothing will be sent: {why}"
            ),
        );
    }
    let certificates = if dsn.is_https() || proxy_url.is_https() {
        certificates(options, diagnostics)
    } else {
        Certificates::BuiltIn
    };
    diagnostics.log(
        Severity::Info,
        format_args!("events go to {}", dsn.redacted()),
    );
    Connection {
        proxy: proxy.url.unwrap_or_default(),
        no_proxy: proxy.no_proxy.unwrap_or_default(),
        certificates,
    }
}

fn settings(
    options: &mut Options,
    dsn: Option<&Dsn>,
    destination: Destination,
    diagnostics: &Diagnostics,
) -> Settings {
    let is_curl = matches!(destination, Destination::Curl);
    let connection = dsn
        .filter(|_| is_curl)
        .map(|dsn| connection(options, dsn, diagnostics))
        .unwrap_or_default();
    let of_dsn = |text: fn(&Dsn) -> String| dsn.map(text).unwrap_or_default();
    let user_agent = options.user_agent();
    Settings {
        endpoint: of_dsn(match destination {
            Destination::HostClient(_) => Dsn::envelope_url_with_port,
            _ => Dsn::envelope_url,
        }),
        auth: dsn
            .map(|dsn| dsn.auth_header(&user_agent))
            .unwrap_or_default(),
        user_agent,
        thread_name: options.transport_thread_name.clone().unwrap_or_default(),
        // Without the secret: envelopes may come to lie on disk and in logs.
        dsn: of_dsn(Dsn::public),
        sdk: fields::sdk(options),
        proxy: connection.proxy,
        no_proxy: connection.no_proxy,
        certificates: connection.certificates,
        connect_timeout: options.connect_timeout,
        read_timeout: options.read_timeout,
        transfer_timeout: options.transfer_timeout,
        // What the host brings along works on the worker's thread, one at a time.
        max_requests_in_flight: usize::try_from(options.max_requests_in_flight)
            .ok()
            .filter(|most| is_curl && *most > 0)
            .unwrap_or(1),
        compress: options.compression == Compression::Gzip,
        client_reports: options.send_client_reports,
        is_threadless: options.threadless,
        is_durable: options.queue_durable,
        sync_interval: options.queue_sync,
        queue: QueueSettings {
            max_items: options.queue_max_items,
            max_bytes: options.queue_max_bytes,
            overflow: match options.queue_overflow {
                // What goes to disk is the worker's matter; the queue itself makes no room.
                QueueOverflow::DropNewest | QueueOverflow::Spill => Overflow::DropNewest,
                QueueOverflow::DropOldest => Overflow::DropOldest,
                QueueOverflow::DropLowestPriority => Overflow::DropLowestPriority,
            },
            block_timeout: options.queue_block_timeout,
        },
        retry: RetryPolicy {
            total: options.retries,
            is_patient: !options.are_retries_set,
            connect: options.retries_connect,
            read: options.retries_read,
            status: options.retries_status,
            redirect: options.retries_redirect,
            backoff: options.retry_backoff,
            backoff_max: options.retry_backoff_max,
        },
        destination,
        spool: spool_policy(options),
    }
}

fn spool_policy(options: &Options) -> SpoolPolicy {
    SpoolPolicy {
        is_retrying: options.http_retry,
        is_spilling: options.queue_overflow == QueueOverflow::Spill,
        keep: match options.cache_keep {
            CacheKeep::None => Keep::Nothing,
            CacheKeep::Offline => Keep::Unsent,
            CacheKeep::Always => Keep::Everything,
        },
        caps: Caps {
            items: options.cache_max_items,
            bytes: options.cache_max_size,
            age: options.cache_max_age,
        },
    }
}

fn certificates(options: &mut Options, diagnostics: &Diagnostics) -> Certificates {
    let choice = options.find_ca_bundle();
    for (variable, why) in &choice.ignored {
        options
            .notices
            .add(variable, format_args!("ignored, {why}"));
    }
    diagnostics.log(
        Severity::Debug,
        format_args!(
            "trusted certificates: {:?} {:?} ({:?})",
            choice.file, choice.directory, choice.source
        ),
    );
    let is_from_option = choice.source == CaSource::Option;
    let found = match (choice.file, choice.directory) {
        (Some(file), _) => Certificates::File(file),
        (None, Some(directory)) => Certificates::Directory(directory),
        (None, None) => Certificates::BuiltIn,
    };
    match options.named_ca_certs().filter(|_| !is_from_option) {
        Some(path) => Certificates::Awaited(path.to_owned(), Box::new(found)),
        None => found,
    }
}

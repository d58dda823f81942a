//! Run files: the page of counters and the log of the durable queue, as a new run makes them.
//!
//! They outlive the process, are removed at the end, and are read by a later start, see [`super::run_takeover`].

use std::io;
use std::sync::Arc;

use crate::base::diagnostics::{Diagnostics, Severity};
use crate::store::database::Database;
use crate::store::queue_log::QueueLog;
use crate::transport::account::table::Table;
use crate::transport::settings::Settings;

/// The page of counters, in the directory of a run.
pub(super) const COUNTERS: &str = "counters";
/// The log of the durable queue.
pub(super) const QUEUE_LOG: &str = "queue.log";

/// Table and log for a new run. What cannot be made on disk is done without, and said once.
pub(crate) fn make(
    database: Option<&Arc<Database>>,
    settings: &Settings,
    diagnostics: &Diagnostics,
) -> io::Result<(Table, Option<QueueLog>)> {
    let Some(database) = database else {
        if settings.is_durable {
            diagnostics.log(
                Severity::Warning,
                format_args!(
                    "queue_durable has no effect: there is no database directory to write to"
                ),
            );
        }
        return Ok((Table::in_memory()?, None));
    };
    let run = database.run().directory();
    let table = Table::on_page(run, COUNTERS).or_else(|error| {
        database.note_failure();
        diagnostics.log(
            Severity::Warning,
            format_args!("what a sudden death costs will not be counted: {error}"),
        );
        Table::in_memory()
    })?;
    if !table.outlives() {
        diagnostics.log(
            Severity::Debug,
            format_args!(
                "no shared memory: what a sudden death costs is counted as of the last step"
            ),
        );
    }
    let log = settings.is_durable.then(|| {
        let bytes = settings.queue.max_bytes;
        QueueLog::create(run, QUEUE_LOG, bytes, &settings.dsn)
    });
    let log = log.and_then(|made| {
        let say = |error: &io::Error| {
            diagnostics.log(
                Severity::Warning,
                format_args!("queue_durable has no effect, its log cannot be made: {error}"),
            );
        };
        made.inspect_err(say).ok()
    });
    Ok((table, log))
}

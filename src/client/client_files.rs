//! ClientFiles: the files that the client itself keeps in the database, and who writes them when.
//!
//! Whoever changes something only notes it; the transport's worker writes it soon after ([`ClientTasks`]), and what is left
//! at the end the closing thread writes. Without a database nothing is kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::options::Options;
use super::sessions::Sessions;
use crate::base::diagnostics::{Diagnostics, Severity};
use crate::base::lock::{lock, try_lock};
use crate::base::process;
use crate::base::uuid::Uuid;
use crate::protocol::dsn::Dsn;
use crate::protocol::envelope::Envelope;
use crate::store::database::Database;
use crate::store::directory::Directory;
use crate::store::files::consent::{self, Consent};
use crate::store::files::{crash_mark, installation, session_file};
use crate::store::run::OldRun;
use crate::transport::backing::ClientTasks;

/// The files, and what of them is still to be written.
#[derive(Debug)]
pub(crate) struct ClientFiles {
    database: Option<Arc<Database>>,
    /// The directory that would be the database if anything were reported: nothing is written there but a decision of
    /// the user.
    aside: Option<PathBuf>,
    /// A directory was wanted and cannot be used.
    is_unusable: bool,
    installation_id: Option<Uuid>,
    has_crashed: bool,
    sessions: Sessions,
    consent: Mutex<Consent>,
    consent_changed: AtomicBool,
    /// Held while files are written: the worker and a closing thread take turns.
    writing: Mutex<()>,
    diagnostics: Arc<Diagnostics>,
}

impl ClientFiles {
    /// Opens the database that the options name and reads what earlier runs left for the client. One that cannot be
    /// used is no failure: then everything stays in memory, and the host is told once.
    pub(crate) fn open(
        options: &Options,
        dsn: Option<&Dsn>,
        diagnostics: &Arc<Diagnostics>,
    ) -> Self {
        let path = options.database_path.as_deref();
        let mut client_files = Self::without_database(Arc::clone(diagnostics));
        let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
            return client_files;
        };
        match Database::open(path) {
            Ok(database) => client_files.read(database, dsn),
            Err(error) => client_files.do_without(path, &error),
        }
        client_files
    }

    /// Reads what is left for the client where nothing is reported, and so nothing is to be written: no directory is
    /// made, and no run.
    pub(crate) fn look(options: &Options, diagnostics: &Arc<Diagnostics>) -> Self {
        let mut client_files = Self::without_database(Arc::clone(diagnostics));
        let path = options.database_path.as_deref();
        let path = path.filter(|path| !path.as_os_str().is_empty());
        // The working directory may be another one when the user decides.
        client_files.aside = path.and_then(|path| std::path::absolute(path).ok());
        if let Some(directory) = client_files.existing_aside() {
            client_files.consent = Mutex::new(consent::read(&directory));
            client_files.has_crashed = crash_mark::is_set(&directory);
        }
        client_files
    }

    fn existing_aside(&self) -> Option<Directory> {
        let path = self.aside.as_deref().filter(|path| path.is_dir())?;
        Directory::open(path).ok()
    }

    /// For a forked child: a run of its own in the same directory. What the user decided holds here as well; the session
    /// stays the parent's.
    pub(crate) fn inherited(parent: &Self, diagnostics: &Arc<Diagnostics>) -> Self {
        let mut client_files = Self::without_database(Arc::clone(diagnostics));
        client_files.is_unusable = parent.is_unusable;
        client_files.aside.clone_from(&parent.aside);
        client_files.installation_id = parent.installation_id;
        client_files.has_crashed = parent.has_crashed;
        // Held by a thread that is not here: then it was being changed, and no consent is the safe reading.
        let consent = try_lock(&parent.consent).map(|consent| *consent);
        client_files.consent = Mutex::new(consent.unwrap_or_default());
        if let Some(inherited) = &parent.database {
            match inherited.inherited() {
                Ok(database) => client_files.database = Some(Arc::new(database)),
                Err(error) => client_files.do_without(&inherited.directory().path(), &error),
            }
        }
        client_files
    }

    fn without_database(diagnostics: Arc<Diagnostics>) -> Self {
        Self {
            database: None,
            aside: None,
            is_unusable: false,
            installation_id: None,
            has_crashed: false,
            sessions: Sessions::default(),
            consent: Mutex::default(),
            consent_changed: AtomicBool::new(false),
            writing: Mutex::default(),
            diagnostics,
        }
    }

    fn read(&mut self, database: Database, dsn: Option<&Dsn>) {
        let directory = database.directory();
        self.consent = Mutex::new(consent::read(directory));
        self.has_crashed = crash_mark::is_set(directory);
        match installation::id_for(directory, dsn.map_or("", Dsn::public_key)) {
            Ok(id) => self.installation_id = Some(id),
            Err(error) => self.warn("the id of the installation cannot be kept", &error),
        }
        self.database = Some(Arc::new(database));
    }

    fn do_without(&mut self, path: &Path, error: &io::Error) {
        self.is_unusable = true;
        self.diagnostics.log(
            Severity::Warning,
            format_args!(
                "the database directory {} cannot be used, everything stays in memory: {error}",
                path.display()
            ),
        );
    }

    /// Where files go.
    pub(crate) fn database(&self) -> Option<&Arc<Database>> {
        self.database.as_ref()
    }

    /// True if a directory was wanted and cannot be used.
    pub(crate) fn is_unusable(&self) -> bool {
        self.is_unusable
    }

    /// The id of the installation.
    pub(crate) fn installation_id(&self) -> Option<Uuid> {
        self.installation_id
    }

    /// True if an earlier run crashed, as found at init.
    pub(crate) fn has_crashed(&self) -> bool {
        self.has_crashed
    }

    /// Forgets the crash of an earlier run, for the next init. Without a database there is nothing to forget.
    pub(crate) fn clear_crash(&self) -> io::Result<()> {
        match &self.database {
            Some(database) => crash_mark::clear(database.directory()),
            None => self
                .existing_aside()
                .map_or(Ok(()), |directory| crash_mark::clear(&directory)),
        }
    }

    /// The running session, and those of dead runs.
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// What the user decided.
    pub(crate) fn consent(&self) -> Consent {
        *lock(&self.consent)
    }

    /// Notes what the user decided; true if that is new. Then `apply` is called, one decision after the other.
    pub(crate) fn decide(&self, decision: Consent, apply: impl FnOnce()) -> bool {
        let mut consent = lock(&self.consent);
        if *consent == decision {
            return false;
        }
        *consent = decision;
        apply();
        self.consent_changed.store(true, Ordering::Release);
        true
    }

    /// Writes what waits, unless another thread is at it and will; ends the run. For `note_session` see [`ClientTasks::run`].
    pub(crate) fn close(&self, note_session: &dyn Fn(Option<Uuid>)) {
        if let Some(_writing) = try_lock(&self.writing) {
            self.write(note_session);
        }
        if let Some(database) = &self.database {
            database.run().end();
        }
    }

    fn write(&self, note_session: &dyn Fn(Option<Uuid>)) {
        let Some(database) = &self.database else {
            return self.write_aside();
        };
        self.sessions
            .settle_start(SystemTime::now(), process::since_boot());
        if let Some(running) = self.sessions.take_change() {
            // First: a file that cannot be written or removed is known to be out of date then, and nobody ends its session
            // a second time.
            note_session(running.as_ref().map(|(sid, _)| *sid));
            let content = running.as_ref().map(|(_, content)| content.as_slice());
            if let Err(error) = session_file::write(database.run(), content) {
                self.warn("the running session cannot be kept", &error);
            }
        }
        if self.consent_changed.swap(false, Ordering::AcqRel) {
            let decision = self.consent();
            if let Err(error) = consent::write(database.directory(), decision) {
                self.warn("the user's decision cannot be kept", &error);
            }
        }
    }

    /// A decision of the user is kept, whatever is reported today.
    fn write_aside(&self) {
        let Some(path) = &self.aside else { return };
        if self.consent_changed.swap(false, Ordering::AcqRel) {
            let decision = self.consent();
            let written = if decision == Consent::Unknown && !path.exists() {
                Ok(())
            } else {
                Directory::open(path).and_then(|directory| consent::write(&directory, decision))
            };
            if let Err(error) = written {
                self.warn("the user's decision cannot be kept", &error);
            }
        }
    }

    fn warn(&self, what: &str, error: &io::Error) {
        if let Some(database) = &self.database {
            database.note_failure();
        }
        self.diagnostics
            .log(Severity::Warning, format_args!("{what}: {error}"));
    }
}

impl ClientTasks for ClientFiles {
    fn run(&self, note_session: &dyn Fn(Option<Uuid>)) {
        let _writing = lock(&self.writing);
        self.write(note_session);
    }

    fn take_over(&self, old: &OldRun, was_running: &dyn Fn(Uuid) -> bool) {
        let left = session_file::take(old.directory());
        if let Some(session) = left.filter(|session| was_running(session.sid())) {
            self.sessions.collect(session);
        }
    }

    fn taken_over(&self) -> Vec<Envelope> {
        let database = self.database.as_ref();
        let crash = database.and_then(|database| crash_mark::read(database.directory()));
        self.sessions.close_collected(crash, SystemTime::now())
    }
}

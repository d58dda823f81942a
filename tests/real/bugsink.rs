//! Bugsink: a real server that stores events and gives them back.
//!
//! Entry point: [`Bugsink::get`]. It takes long to start, so there is one for the whole test program, with a project for
//! each test.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

use serde_json::Value;

use super::{SERVER_TIMEOUT, Server, free_port, here, python, python_program};
use crate::support::{Scratch, assert_success, run};

/// How many events of one project it takes in five minutes; it answers 429 then.
pub const QUOTA: usize = 60;

/// A running Bugsink, and what is needed to talk to it.
#[derive(Debug)]
pub struct Bugsink {
    port: u16,
    token: String,
    dsns: BTreeMap<String, String>,
    log: PathBuf,
    /// Who writes restarts it; the others rely on it meanwhile.
    server: RwLock<Server>,
}

impl Bugsink {
    /// The one of this test program; the first call starts it.
    pub fn get() -> &'static Self {
        static BUGSINK: OnceLock<Bugsink> = OnceLock::new();
        BUGSINK.get_or_init(Self::start)
    }

    /// The projects, one for each test.
    const PROJECTS: [&str; 7] = [
        "fields", "minimal", "quota", "restart", "disk", "closed", "killed",
    ];

    fn start() -> Self {
        let scratch = Scratch::new("bugsink");
        let (directory, port) = (scratch.path().to_owned(), free_port());
        let configure = |command: &mut Command| {
            command
                .env("BUGSINK_DIRECTORY", &directory)
                .env("BUGSINK_PORT", port.to_string())
                .env("DJANGO_SETTINGS_MODULE", "bugsink_site")
                .env("PYTHONPATH", here(""))
                .env("PYTHONDONTWRITEBYTECODE", "1");
        };
        let mut setup = python_program("bugsink_setup.py");
        configure(setup.args(Self::PROJECTS));
        let output = run(&mut setup, SERVER_TIMEOUT);
        assert_success(&output, "bugsink_setup.py");
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();

        let mut serve = Command::new(python());
        serve
            .args(["-m", "gunicorn", "--bind", &format!("127.0.0.1:{port}")])
            .args(["--no-control-socket", "--workers", "1", "--threads", "4"])
            .arg("bugsink.wsgi")
            .current_dir(&directory);
        configure(&mut serve);
        let log = directory.join("log");
        let server = Server::start_for_process("bugsink", &serve, port, &log, &directory);
        // From here on the keeper of the server removes the directory, when this process has ended.
        std::mem::forget(scratch);
        Self {
            port,
            token: made["token"].as_str().unwrap().to_owned(),
            dsns: serde_json::from_value(made["dsns"].clone()).unwrap(),
            log,
            server: RwLock::new(server),
        }
    }

    /// The DSN of a project.
    pub fn dsn(&self, project: &str) -> &str {
        &self.dsns[project]
    }

    /// Promises that nobody restarts the server while the answer is held.
    pub fn in_peace(&self) -> RwLockReadGuard<'_, Server> {
        self.server.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the server, does something, and starts it again on the same port with what it has stored.
    pub fn restart(&self, meanwhile: impl FnOnce()) {
        let mut server = self.server.write().unwrap_or_else(PoisonError::into_inner);
        server.stop();
        let result = catch_unwind(AssertUnwindSafe(meanwhile));
        // Also for the other tests, which have done nothing wrong.
        server.start_again();
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    }

    /// What is stored of a project, by event id.
    pub fn events(&self, project: &str) -> BTreeMap<String, Value> {
        let project_id = self.dsn(project).rsplit('/').next().unwrap();
        let mut fetch = python_program("bugsink_events.py");
        fetch
            .arg(format!("http://127.0.0.1:{}", self.port))
            .args([&self.token, project_id]);
        let output = run(&mut fetch, SERVER_TIMEOUT);
        assert_success(&output, "bugsink_events.py");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What the server has written, for failures: why an event was not stored is said there only.
    pub fn log(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

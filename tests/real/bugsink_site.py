"""The settings of Bugsink for the tests. BUGSINK_DIRECTORY and BUGSINK_PORT say where it lives."""

import os

from bugsink.settings.default import *  # noqa: F401,F403
from bugsink.settings.default import DATABASES

_directory = os.environ["BUGSINK_DIRECTORY"]

SECRET_KEY = "only for tests " * 4
for _name in DATABASES:
    DATABASES[_name]["NAME"] = f"{_directory}/{_name}.sqlite3"
SENTRY_DSN = None
TIME_ZONE = "UTC"
# Events are digested before the answer goes out.
SNAPPEA = {
    "TASK_ALWAYS_EAGER": True,
    "NUM_WORKERS": 1,
    "PID_FILE": f"{_directory}/snappea.pid",
    "WAKEUP_CALLS_DIR": f"{_directory}/wakeup",
}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
ALLOWED_HOSTS = ["127.0.0.1"]
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
SECURE_PROXY_SSL_HEADER = None
BUGSINK = {
    "BASE_URL": f"http://127.0.0.1:{os.environ['BUGSINK_PORT']}",
    "SINGLE_USER": True,
    "SINGLE_TEAM": True,
    "USER_REGISTRATION": "CB_NOBODY",
    "PHONEHOME": False,
    # What does not fit the schema of an event is not stored.
    "VALIDATE_ON_DIGEST": "strict",
    "INGEST_STORE_BASE_DIR": f"{_directory}/ingestion",
    "MAX_EVENTS_PER_PROJECT_PER_5_MINUTES": 60,
}

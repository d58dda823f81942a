#!/usr/bin/env python3
"""Makes the databases of a Bugsink, projects, and a token for its API.

    bugsink_setup.py PROJECT...

Prints one JSON object: "token", and under "dsns" a DSN for each project.
"""

import contextlib
import io
import json
import sys

import django
from django.core.management import call_command


def main():
    django.setup()
    for database in ("default", "snappea"):
        call_command("migrate", verbosity=0, database=database)
    from projects.models import Project
    from teams.models import Team

    team = Team.objects.create(name="tests")
    dsns = {name: Project.objects.create(name=name, team=team).dsn for name in sys.argv[1:]}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        call_command("create_auth_token")
    print(json.dumps({"token": printed.getvalue().strip(), "dsns": dsns}))


if __name__ == "__main__":
    main()

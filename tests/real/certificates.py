#!/usr/bin/env python3
"""Makes throw-away certificates.

    certificates.py DIRECTORY

Leaves there: ca.pem, which signed the others; stranger.pem, a CA that signed none of them; and as certificate and key
in one file good.pem (127.0.0.1, localhost), expired.pem (the same names, ended yesterday), elsewhere.pem (another name).
"""

import datetime
import pathlib
import sys

import trustme

HERE = ("127.0.0.1", "localhost")


def main():
    directory = pathlib.Path(sys.argv[1])
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    stranger.cert_pem.write_to_path(str(directory / "stranger.pem"))
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    certificates = {
        "good": authority.issue_cert(*HERE),
        "expired": authority.issue_cert(*HERE, not_before=now - 2 * day, not_after=now - day),
        "elsewhere": authority.issue_cert("elsewhere.example"),
    }
    for name, certificate in certificates.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(str(directory / f"{name}.pem"))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Fetches the events of one project of a Bugsink over its API.

    bugsink_events.py URL TOKEN PROJECT_ID

Prints one JSON object: what is stored, by event id.
"""

import json
import sys
import urllib.request


class Api:
    def __init__(self, url, token):
        self.url, self.headers = f"{url}/api/canonical/0", {"Authorization": f"Bearer {token}"}

    def get(self, address):
        address = address if address.startswith("http") else self.url + address
        request = urllib.request.Request(address, headers=self.headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def pages(self, address):
        while address:
            page = self.get(address)
            yield from page["results"]
            address = page["next"]


def main():
    url, token, project = sys.argv[1:]
    api, events = Api(url, token), {}
    for issue in api.pages(f"/issues/?project={project}"):
        for event in api.pages(f"/events/?issue={issue['id']}"):
            data = api.get(f"/events/{event['id']}/")["data"]
            events[data["event_id"].replace("-", "")] = data
    json.dump(events, sys.stdout)


if __name__ == "__main__":
    main()

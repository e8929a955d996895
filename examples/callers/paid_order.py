"""Tells a customer that an order was paid: python3 paid_order.py 1001 oOPENID…

COURIER_KEY is a key of "courier keys create"; COURIER_URL defaults to http://127.0.0.1:8080.
"""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("COURIER_URL", "http://127.0.0.1:8080") + "/v1/messages"
TRIES = 8


def paid(order, openid):
    return {
        "appId": "wx0123456789abcdef",
        "kind": "template",
        # Derived from the order: repeating the call with it is safe.
        "id": f"order-{order}-paid",
        "message": {
            "touser": openid,
            "template_id": "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY",
            "data": {"character_string1": {"value": order}},
        },
    }


def send(envelope):
    """The answer of the API; repeats the call while nobody knows whether it was taken."""
    body = json.dumps(envelope).encode()
    headers = {
        "Authorization": "Bearer " + os.environ["COURIER_KEY"],
        "Content-Type": "application/json",
    }
    for attempt in range(TRIES):
        wait = min(2**attempt, 30)
        try:
            request = urllib.request.Request(URL, body, headers)
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 500, 502, 503, 504):
                raise SystemExit(error.read().decode()) from error
            wait = int(error.headers.get("Retry-After", wait))
        except (OSError, http.client.HTTPException) as error:
            print(f"no answer ({error}), again in {wait} s", file=sys.stderr)
        time.sleep(wait)
    raise SystemExit(f"not accepted after {TRIES} tries")


if __name__ == "__main__":
    answer = send(paid(sys.argv[1], sys.argv[2]))
    print(answer["status"], answer["messageId"])

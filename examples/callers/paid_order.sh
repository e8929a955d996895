#!/bin/sh
# Tells a customer that an order was paid: sh paid_order.sh 1001 oOPENID…  (curl 7.76 or later)
#
# COURIER_KEY is a key of "courier keys create"; COURIER_URL defaults to http://127.0.0.1:8080.
# The id is derived from the order: repeating the call with it is safe. curl repeats it after
# 408, 429, 5xx, a timeout or a refused connection, as Retry-After says.
set -eu
exec curl --silent --show-error --fail-with-body \
  --retry 8 --retry-connrefused --retry-max-time 120 --max-time 10 \
  --header "Authorization: Bearer $COURIER_KEY" \
  --header 'Content-Type: application/json' \
  --data @- "${COURIER_URL:-http://127.0.0.1:8080}/v1/messages" <<JSON
{
  "appId": "wx0123456789abcdef",
  "kind": "template",
  "id": "order-$1-paid",
  "message": {
    "touser": "$2",
    "template_id": "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY",
    "data": { "character_string1": { "value": "$1" } }
  }
}
JSON

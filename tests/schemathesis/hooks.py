"""Teaches schemathesis to send newline-delimited JSON."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    return value.encode() if isinstance(value, str) else str(value).encode()

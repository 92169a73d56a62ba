"""One ASGI application made of every part's routes, with the same manners everywhere.

app          create_app(kernel, plugins): the order of the layers
problems     every error as problem+json, or as a page for browsers
callers      Caller, OptionalCaller, TheKernel: dependencies for routes
permissions  what each route demands: declared, enforced, listed
csrf         forms prove that they came from our own page
envelope     request ids, security headers, access log, request metrics
bodies       limits on request bodies, also chunked ones; their digest
etags        If-None-Match on JSON; idempotency: a POST repeated is a POST once
paging       opaque cursors and the Link header
sse, live    event streams that end when the server stops; one of them tells what changed
status       /healthz, /readyz, /metrics
tasks        background tasks that are named and kept
"""

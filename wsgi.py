"""What the flask command loads (`app`), and what the HTTP server does (`gateway`)."""

# ruff: noqa: E402 -- The collector rests before the rest is imported.
import gc
import sys

gc.disable()  # Of what comes now, nothing is let go of: looking through it would only take time.

from petition_app import logs
from petition_app.app import create_app
from petition_app.config import ConfigError, Settings
from petition_app.private_files import keep_private
from petition_app.web.gateway import Gateway
from petition_app.web.http_server import threads_of_one

keep_private()
logs.configure()
try:
    app = create_app()
    app.extensions["meter"].writes = True
    settings = app.state.get(Settings)
    gateway = Gateway(app, threads=threads_of_one(settings.web_processes), proxies=settings.proxies)
    gc.freeze()  # What is there now stays; the collector need not look through it again.
    gc.enable()
except ConfigError as error:
    sys.exit(f"countersign: {error}")

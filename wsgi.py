"""What the flask command loads (`app`), and what the HTTP server does (`gateway`)."""

import gc
import sys

from petition_app import logs
from petition_app.app import create_app
from petition_app.config import ConfigError, current
from petition_app.gateway import Gateway
from petition_app.http_server import threads_of_one
from petition_app.metrics import write_requests
from petition_app.private_files import keep_private

keep_private()
logs.configure()
try:
    app = create_app()
    write_requests()
    gateway = Gateway(app, threads=threads_of_one(current().web_processes), proxies=current().proxies)
    gc.freeze()  # What is there now stays; the collector need not look through it again.
except ConfigError as error:
    sys.exit(f"countersign: {error}")

"""What the WSGI server and the flask command load."""

import gc
import sys

from petition_app.app import create_app
from petition_app.config import ConfigError
from petition_app.metrics import write_requests

try:
    app = create_app()
    write_requests()
    gc.freeze()  # What is there now stays; the collector need not look through it again.
except ConfigError as error:
    sys.exit(f"countersign: {error}")

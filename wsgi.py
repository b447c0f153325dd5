"""What the WSGI server and the flask command load."""

import sys

from petition_app.app import create_app
from petition_app.config import ConfigError

try:
    app = create_app()
except ConfigError as error:
    sys.exit(f"countersign: {error}")

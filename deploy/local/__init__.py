"""A real Kafka and a real Elasticsearch on this machine, without Docker."""

import sys

from pipeline.errors import LocalStackError

if sys.platform == "win32":
    raise LocalStackError("The local stack runs on Linux and macOS.", "On Windows, use it inside WSL 2.")

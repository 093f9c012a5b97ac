"""What flagpost's own logging writes, as text."""

from __future__ import annotations

import contextlib
import io
import logging
import logging.config
from collections.abc import Iterator

from pipeline.log import configure, logging_config


@contextlib.contextmanager
def logged(level: str = "INFO") -> Iterator[io.StringIO]:
    """Logging as a worker or a server sets it up, into the text that is given; afterwards it is as it was before."""
    written = io.StringIO()
    config = logging_config(level)
    for handler in config["handlers"].values():
        handler["stream"] = written
    loggers = [logging.getLogger(), *map(logging.getLogger, config["loggers"])]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    configure(level)  # our own loggers write where the libraries' do
    logging.config.dictConfig(config)
    try:
        yield written
    finally:
        for one, handlers, was_level, propagate in before:
            one.handlers[:], one.propagate = handlers, propagate
            one.setLevel(was_level)

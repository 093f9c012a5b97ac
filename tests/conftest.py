"""Fixtures that several folders of tests share, so that one session starts its servers once, and how hypothesis draws.

The same examples every time: a test is red for what was changed, not by chance. `make fuzz` draws new ones.
"""

from __future__ import annotations

import hypothesis

pytest_plugins = ["tests.servers"]

hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile("repeatable")

"""Fixtures that several folders of tests share, so that one session starts its servers once."""

from __future__ import annotations

pytest_plugins = ["tests.servers"]

"""A worker's /metrics and /healthz, and the run file that tells `flagpost status` where they are."""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import os
from pathlib import Path

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pipeline.errors import InvalidSettings
from pipeline.metrics import StageMetrics
from pipeline.settings import Settings
from pipeline.whole_file import write_whole


class HealthServer:
    """Serves one process's health on the loopback address, unless the settings say otherwise."""

    def __init__(self, stage: str, settings: Settings, metrics: StageMetrics) -> None:
        self._stage = stage
        self._settings = settings
        self._metrics = metrics

    async def start(self) -> None:
        """Listens and writes the run file. Raises `InvalidSettings` when the port is taken."""
        application = web.Application()
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/metrics", self._metrics_page)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        host, port = self._settings.metrics_host, self._settings.metrics_port
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise InvalidSettings(
                f"The metrics port {host}:{port} can't be used ({error.strerror}).",
                "Set FLAGPOST_METRICS_PORT to a free port, or to 0 for any.",
            ) from None
        self._write_run_file(f"http://{host}:{runner.addresses[0][1]}")

    def _write_run_file(self, url: str) -> None:
        path = run_file(self._settings.home, self._stage, os.getpid())
        path.parent.mkdir(parents=True, exist_ok=True)
        started = dt.datetime.now(dt.UTC)
        run = {"stage": self._stage, "pid": os.getpid(), "started_at": started, "url": url}
        write_whole(path, msgspec.json.encode(run))
        atexit.register(_remove, path)

    async def _healthz(self, _request: web.Request) -> web.Response:
        health = self._metrics.health()
        return web.Response(
            body=msgspec.json.encode(health), content_type="application/json", status=200 if health.ok else 503
        )

    async def _metrics_page(self, _request: web.Request) -> web.Response:
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def run_file(home: Path, stage: str, pid: int) -> Path:
    """Where a running worker notes ``{"stage", "pid", "started_at", "url"}``."""
    return home / "workers" / f"{stage}-{pid}.json"


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()

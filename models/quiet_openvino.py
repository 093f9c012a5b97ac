"""OpenVINO without its telemetry, which takes silence for consent: it leaves an id in the home folder and may call out.

Where its package can't be imported OpenVINO has a stub for it. Whoever needs OpenVINO imports it from here.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

__all__ = ["openvino"]

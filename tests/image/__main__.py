"""Runs the build steps of deploy/Dockerfile without Docker, then what must work in the image.

python -m tests.image [--python python3.12] [--keep FOLDER]

No base image, no layers and no kernel features of a container: what is tried is that the steps install what is locked, that
the wheel is whole, and that it works as a user who owns nothing of it, with one folder to write to. Exits with 1 when it
does not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.image.build import Room, StepFailed, build
from tests.image.plan import DOCKERFILE, Step, environment, steps, words_of
from tests.image.smoke import SMOKES, Smoke

USER: Final = 10001


def main() -> int:
    asked = _arguments()
    began = time.monotonic()
    plan = steps(DOCKERFILE.read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="flagpost-image-") as folder:
        root = asked.keep or Path(folder)
        Path(folder).chmod(0o755)
        room = Room(root.resolve(), _python(asked.python))
        room.settle()
        print(f"Python: {subprocess.check_output([room.python, '--version'], text=True).strip()}")
        try:
            build(room, plan, lambda line: print(line, flush=True))
        except StepFailed as failed:
            print(f"✗ {failed}")
            return 1
        size = sum(path.stat().st_size for path in (room.root / "opt").rglob("*") if path.is_file())
        print(f"installed: {size / 1e6:.0f} MB, after {time.monotonic() - began:.0f} s")
        _close(room)
        wrong = [problem for smoke in SMOKES for problem in _try(room, plan, smoke)]
        written = [path for name in ("tmp", "var/lib/flagpost") for path in (room.root / name).rglob("*")]
        print(
            f"written by all of these: {', '.join(str(path.relative_to(room.root)) for path in written) or 'nothing'}"
        )
    for problem in wrong:
        print(f"✗ {problem}")
    print(f"{len(SMOKES) - len(wrong)} passed, {len(wrong)} failed")
    return bool(wrong)


def _close(room: Room) -> None:
    """Nothing of the installation can be written to, and the user's folder is the user's."""
    subprocess.run(["chmod", "-R", "a-w,a+rX", str(room.root / "opt")], check=True)
    if os.geteuid() == 0:
        for name in ("tmp", "var/lib/flagpost"):
            os.chown(room.root / name, USER, USER)
    else:
        print("not run as root: everything is tried as you, and not as a user of its own")


def _try(room: Room, plan: list[Step], smoke: Smoke) -> list[str]:
    variables = environment(plan, room.root, room.path)
    entrypoint = list(smoke.entrypoint)
    assert entrypoint != ["flagpost"] or entrypoint == words_of(plan, "ENTRYPOINT")
    program = shutil.which(entrypoint[0], path=variables["PATH"]) or entrypoint[0]
    as_user = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
    began = time.monotonic()
    done = subprocess.run(
        [program, *entrypoint[1:], *smoke.words],
        env={**variables, **room.libraries, "TMPDIR": str(room.root / "tmp"), "COLUMNS": "200"},
        cwd=room.root / "var/lib/flagpost",
        input=smoke.stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
        **as_user,  # type: ignore[call-overload]
    )
    command = " ".join([*entrypoint, *smoke.words])
    problems = [f"{command}: it does not show {text!r}" for text in smoke.shows if text not in done.stdout]
    if done.returncode != smoke.code:
        problems.append(f"{command}: exit code {done.returncode} and not {smoke.code}")
    if not problems and not smoke.right(done.stdout):
        problems.append(f"{command}: what it prints is not right")
    if "Traceback" in done.stdout:
        problems.append(f"{command}: a traceback")
    if problems:
        return [f"{'; '.join(problems)}\n{done.stdout[-1500:]}"]
    print(f"✓ {command} ({time.monotonic() - began:.1f} s)", flush=True)
    return []


def _python(name: str) -> Path:
    """The interpreter ``name``, else the one that runs this."""
    found = shutil.which(name)
    if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
        return Path(
            subprocess.check_output(
                [found, "-c", "import os, sys; print(os.path.realpath(sys.executable))"], text=True
            ).strip()
        )
    print(f"{name} is not here: the Python that runs this is taken")
    return Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.image", description="Run the image's build steps without Docker."
    )
    parser.add_argument("--python", default="python3.12", help="the base image's Python; default: python3.12")
    parser.add_argument("--keep", type=Path, help="build in this empty folder and leave it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

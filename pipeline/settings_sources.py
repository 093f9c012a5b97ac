"""Where settings come from besides plain variables, and what is said of a source that is wrong. Never with a value."""

from __future__ import annotations

import contextlib
import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, SettingsError

from pipeline.errors import InvalidSettings

PREFIX: Final = "FLAGPOST_"
DOTENV: Final = ".env"
TOML: Final = "flagpost.toml"

OTHERS: Final = ("FLAGPOST_LOCAL_", "FLAGPOST_SUPERVISOR_PID")
"""Variables that are no settings of the pipeline: of the local servers, and of a worker's supervisor."""


class SecretFiles(EnvSettingsSource):
    """``FLAGPOST_<NAME>_FILE`` holds the path of a file whose content is the value of a secret ``<NAME>``."""

    def __call__(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        in_file = dotenv_values(DOTENV)
        for name, field in self.settings_cls.model_fields.items():
            variable = f"{PREFIX}{name.upper()}_FILE"
            path = os.environ.get(variable) or in_file.get(variable)
            if not path or not _is_secret(field):
                continue
            try:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                problem = error.strerror if isinstance(error, OSError) else "it is not text"
                raise InvalidSettings(
                    f"{variable} names a file that can't be read ({problem}).",  # not which: it may be the secret itself
                    "Set it to the path of a readable file that holds the secret, or unset it.",
                ) from None
        return values


def unknown_names(fields: Mapping[str, FieldInfo]) -> list[str]:
    """A sentence for every FLAGPOST_ variable, and every line of .env and flagpost.toml, that is none of ``fields``."""
    known = {f"{PREFIX}{name.upper()}" for name in fields}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name, field in fields.items() if _is_secret(field)}
    given = {name: "the environment" for name in os.environ if name.startswith(PREFIX)}
    given |= {name.upper(): DOTENV for name in dotenv_values(DOTENV) if name.upper().startswith(PREFIX)}
    with contextlib.suppress(OSError, tomllib.TOMLDecodeError):
        toml = tomllib.loads(Path(TOML).read_text(encoding="utf-8"))
        given |= {f"{PREFIX}{name.upper()}": TOML for name in toml}
    sentences = []
    for name in sorted(set(given) - known):
        if name.startswith(OTHERS):
            continue
        close = difflib.get_close_matches(name, known, n=1)
        sentences.append(f"{name} in {given[name]} is not a setting" + (f"; is {close[0]} meant?" if close else "."))
    return sentences


def explained(error: ValidationError | SettingsError | tomllib.TOMLDecodeError) -> InvalidSettings:
    """What reading the settings failed of, for a user: names the variable, never its value."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        return InvalidSettings(
            f"The setting {PREFIX}{name} is wrong: {first['msg']}.",
            f"Correct it in the environment, in {DOTENV} or in {TOML}.",
        )
    if isinstance(error, tomllib.TOMLDecodeError):
        return InvalidSettings(f"{TOML} is not TOML: {error}.", "Correct the file, or move it away.")
    name = str(error).partition('field "')[2].partition('"')[0]  # its cause quotes the value
    return InvalidSettings(f"The setting {PREFIX}{name.upper()} is not JSON.", 'Write it like {"posts": 3}.')


def _is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation)

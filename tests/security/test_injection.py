"""Post text is anybody's: whatever it holds, no command and no log lets a terminal obey it or a reader take it for ours."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from rich.console import Console

from pipeline.cli import main
from pipeline.cli.dead_letters import as_object, described, letters_table
from pipeline.dead_letters import LetterId, Stored
from pipeline.log import configure, get_logger
from pipeline.safe_text import json_line
from pipeline.settings import load_settings
from schemas.dead_letter import DeadLetter
from tests.doubles.manual_clock import START
from tests.doubles.scripted_elasticsearch import ScriptedElasticsearch
from tests.security.hostile import HOSTILE, TEXT, obeyed
from tests.security.logs import logged

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Iterator[Run]:
    """Runs a command and gives what it wrote to stdout and stderr together."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLAGPOST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FLAGPOST_INFERENCE_THREADS", "1")

    def command(*arguments: str | Path) -> str:
        load_settings.cache_clear()
        with pytest.raises(SystemExit):
            main([str(one) for one in arguments])
        out, err = capsysbinary.readouterr()
        return (out + err).decode()

    yield command
    load_settings.cache_clear()


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled posts that are hostile in every field that a report shows, none of them labelled as the model will judge."""
    file = tmp_path_factory.mktemp("posts") / "posts.jsonl"
    rows = [
        {
            "id": f"{name}{evil}",
            "text": f"{TEXT} {evil}",
            "label": "chatter",
            "source": evil,
            "theme": evil,
            "lang": evil,
        }
        for name, evil in HOSTILE.items()
        for _ in range(2)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def test_classify_prints_nothing_that_is_obeyed(run: Run, posts: Path) -> None:
    shown = run("classify", posts)
    assert HOSTILE["markup"] in shown, "ids are shown, as data"
    assert not obeyed(shown)
    assert all(json.loads(line)["label"] for line in shown.splitlines())


def test_evaluate_prints_nothing_that_is_obeyed(run: Run, posts: Path, tmp_path: Path) -> None:
    shown = run("evaluate", posts, "--html", tmp_path / "report.html", "--json", tmp_path / "report.json")
    assert "knife" in shown
    assert not obeyed(shown)
    assert not obeyed((tmp_path / "report.html").read_text("utf-8"))


def test_probe_prints_nothing_that_is_obeyed(run: Run, posts: Path) -> None:
    shown = run("probe", posts, "--expect", "chatter")
    assert "knife" in shown
    assert not obeyed(shown)


@pytest.mark.parametrize("column", ["label", "grade", "evil"])
def test_an_error_about_a_file_quotes_nothing_that_is_obeyed(run: Run, tmp_path: Path, column: str) -> None:
    file = tmp_path / "posts.jsonl"
    rows = [{"text": "x", "label": "intel", "grade": "", column: evil, evil: "x"} for evil in HOSTILE.values()]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    shown = run("evaluate", file)
    assert "Error" in shown or column == "evil"
    assert not obeyed(shown)


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["blocks", "json"])
def test_search_prints_nothing_that_is_obeyed(run: Run, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]) -> None:
    evil = TEXT
    document = {
        "@timestamp": evil,
        "message": evil,
        "event": {"url": evil, "reason": evil},
        "user": {"name": evil, "full_name": evil, "id": evil},
        "geo": {"name": evil},
        "flagpost": {"label": evil, "also": [evil], "grade": evil, "source": evil, "reasons": [{"text": evil}]},
    }
    hit = {"_id": evil, "_score": 1.0, "_source": document, "highlight": {"message": [evil]}}
    answer = {"hits": {"total": {"value": 1}, "hits": [hit]}}
    with ScriptedElasticsearch() as server:
        server.on("POST", "/flagpost-items/_search", answer)
        monkeypatch.setenv("FLAGPOST_ELASTICSEARCH_URL", server.url)
        monkeypatch.setattr("pipeline.cli.on_record.record", lambda *_: None)
        shown = run("search", "knife", *form)
    assert "knife" in shown
    assert not obeyed(shown)


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE)
def test_a_dead_letter_is_shown_and_not_obeyed(evil: str) -> None:
    letter = DeadLetter(reason=evil, stage=evil, detail=evil, topic=evil, partition=1, offset=2, dead_at=START, tries=1)
    stored = Stored(LetterId(0, 1), START, letter, evil.encode(), evil.encode(), [(evil, evil.encode())])
    written = io.StringIO()
    Console(file=written, width=80, highlight=False).print(letters_table([stored]))
    shown = "\n".join([*described(stored), written.getvalue(), json_line(as_object(stored))])
    assert not obeyed(shown)


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE)
def test_what_is_logged_is_one_line_of_json_that_holds_it_as_data(evil: str) -> None:
    was = structlog.get_config()
    with logged("DEBUG") as lines:
        configure_structlog_only()
        get_logger("pipeline.test").warning(evil, text=evil, **{evil: "x"})
        logging.getLogger("somebody.else").warning("said %s", evil)
        try:
            raise ValueError(evil)
        except ValueError:
            get_logger("pipeline.test").exception("failed")
    structlog.configure(**was)
    written = lines.getvalue()
    records = [json.loads(line) for line in written.splitlines()]
    assert len(records) == 3
    assert written.count("\n") == 3
    assert records[0]["text"] == evil
    assert evil in records[1]["event"]
    assert obeyed(written) <= {"\x7f"}, "DEL is passed over by terminals"


def configure_structlog_only() -> None:
    """`configure` without its handlers, in whose place are those of the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.config, "dictConfig", lambda config: None)
        configure("DEBUG")

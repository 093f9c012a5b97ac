from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.local import place as places
from deploy.local.place import Place, place_for
from pipeline.errors import LocalStackError


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.usefixtures("as_user")
def test_an_ordinary_users_state_is_in_the_home_and_the_servers_run_as_that_user(tmp_path: Path) -> None:
    place = place_for(tmp_path)
    assert place.state == place.notes == tmp_path / "local"
    assert place.account is None


@pytest.mark.usefixtures("as_root")
def test_roots_servers_run_as_an_unprivileged_user_outside_of_roots_home(tmp_path: Path) -> None:
    place = place_for(tmp_path)
    assert place.account
    assert place.account.uid != 0
    assert not place.state.is_relative_to(tmp_path)


@pytest.mark.usefixtures("as_root")
def test_roots_state_folder_is_remembered_in_the_home_and_forgotten_with_it(tmp_path: Path) -> None:
    note = tmp_path / "local" / "state-folder"
    note.parent.mkdir()
    note.write_text("local-0123456789ab\n")
    assert place_for(tmp_path).state.name == "local-0123456789ab"
    note.unlink()
    assert place_for(tmp_path).state.name != "local-0123456789ab"


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("name", ["../../etc", "local-", "local-0123456789ab/..", ""])
def test_a_remembered_name_never_leads_elsewhere(tmp_path: Path, name: str) -> None:
    note = tmp_path / "local" / "state-folder"
    note.parent.mkdir()
    note.write_text(name)
    assert place_for(tmp_path).state.name.startswith("local-")
    assert ".." not in place_for(tmp_path).state.parts


@pytest.mark.usefixtures("as_root")
def test_root_without_any_unprivileged_user_is_told_to_create_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_USERS_INSTEAD_OF_ROOT", ("no-such-user",))
    with pytest.raises(LocalStackError, match="refuses to run as root"):
        place_for(tmp_path)


def test_a_folder_that_is_not_roots_is_not_used_by_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = places.Account("nobody", 65534, 65534)
    place = Place(tmp_path / "home", tmp_path / "state" / "local-0123456789ab", tmp_path / "cache", account)
    (tmp_path / "cache").mkdir()
    real = Path.stat

    def strangers(path: Path, **options: bool) -> os.stat_result:
        found = list(real(path, **options))
        found[4] = 1000
        return os.stat_result(found)

    monkeypatch.setattr(Path, "stat", strangers)
    with pytest.raises(LocalStackError, match="must belong to root"):
        place.settle()


def test_what_was_handed_over_is_never_given_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a link that the servers' user put there would make it the owner of any file."""
    given: list[Path] = []
    monkeypatch.setattr(os, "chown", lambda path, *_, **__: given.append(path))
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "server.log").touch()
    mine = Place(tmp_path, tmp_path, tmp_path, places.Account("me", os.getuid(), os.getgid()))
    mine.hand_over(tmp_path / "logs")
    assert given == []
    others = Place(tmp_path, tmp_path, tmp_path, places.Account("other", os.getuid() + 1, os.getgid()))
    others.hand_over(tmp_path / "logs")
    assert given == [tmp_path / "logs" / "server.log", tmp_path / "logs"]


def test_wiping_deletes_one_servers_state_and_leaves_the_other(tmp_path: Path) -> None:
    place = Place(tmp_path, tmp_path, tmp_path, account=None)
    for name in ("kafka", "elasticsearch-9.2.0"):
        place.hand_over(tmp_path / name / "data")
    place.wipe(tmp_path / "kafka")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elasticsearch-9.2.0"]

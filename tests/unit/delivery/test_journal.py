from __future__ import annotations

from pathlib import Path

from pipeline.journal import CrashJournal
from tests.messages import message


def test_a_clean_end_leaves_no_file(tmp_path: Path) -> None:
    journal = CrashJournal(tmp_path / "j.json")
    journal.begin([message(b"a")])
    journal.finish([message(b"a")])
    assert list(tmp_path.iterdir()) == []


def test_messages_of_an_unclean_batch_are_suspects_without_guilt(tmp_path: Path) -> None:
    CrashJournal(tmp_path / "j.json").begin([message(b"a", 1), message(b"b", 2)])
    journal = CrashJournal(tmp_path / "j.json")
    assert journal.is_suspect(message(b"a", 1))
    assert journal.unclean_ends(message(b"a", 1)) == 0
    assert not journal.is_suspect(message(b"c", 3))


def test_only_ends_of_a_message_alone_are_counted(tmp_path: Path) -> None:
    CrashJournal(tmp_path / "j.json").begin([message(b"a", 1), message(b"b", 2)])
    CrashJournal(tmp_path / "j.json").begin([message(b"a", 1)])
    journal = CrashJournal(tmp_path / "j.json")
    assert journal.unclean_ends(message(b"a", 1)) == 1
    assert journal.unclean_ends(message(b"b", 2)) == 0


def test_suspicion_outlives_a_clean_restart(tmp_path: Path) -> None:
    CrashJournal(tmp_path / "j.json").begin([message(b"a", 1)])
    CrashJournal(tmp_path / "j.json").finish()
    assert CrashJournal(tmp_path / "j.json").unclean_ends(message(b"a", 1)) == 1


def test_a_message_that_got_through_is_no_suspect_any_more(tmp_path: Path) -> None:
    CrashJournal(tmp_path / "j.json").begin([message(b"a", 1)])
    journal = CrashJournal(tmp_path / "j.json")
    journal.begin([message(b"a", 1)])
    journal.finish([message(b"a", 1)])
    assert not CrashJournal(tmp_path / "j.json").is_suspect(message(b"a", 1))


def test_a_damaged_journal_is_a_fresh_one(tmp_path: Path) -> None:
    (tmp_path / "j.json").write_bytes(b'{"in_work": [["posts", 0')
    journal = CrashJournal(tmp_path / "j.json")
    assert not journal.is_suspect(message(b"a"))
    journal.begin([message(b"a")])
    assert CrashJournal(tmp_path / "j.json").is_suspect(message(b"a"))


def test_each_living_worker_has_a_journal_of_its_own_and_finds_it_again(tmp_path: Path) -> None:
    first = CrashJournal.claim(tmp_path, "classify")
    second = CrashJournal.claim(tmp_path, "classify")
    first.begin([message(b"a", 1)])
    second.begin([message(b"b", 2)])
    third = CrashJournal.claim(tmp_path, "classify")
    assert not third.is_suspect(message(b"a", 1))
    del first  # its process ends
    assert CrashJournal.claim(tmp_path, "classify").is_suspect(message(b"a", 1))
    del second, third


def test_a_full_disk_does_not_stop_the_worker(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = CrashJournal(tmp_path / "file" / "j.json")  # can't be: its folder is a file
    journal.begin([message(b"a")])
    journal.finish([message(b"a")])

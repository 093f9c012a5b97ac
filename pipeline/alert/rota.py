"""Who is on duty. Pure.

A shift is told by the clock on the wall. In the night in which the clocks go back the hour that comes twice belongs to the
shift that has it, both times; in spring the hour that does not come is nobody's to do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.alert.rules import DAYS, RulesFile, Shift

DAY: Final = 24 * 60 * 60
WEEK: Final = 7 * DAY


def on_duty(name: str, moment: dt.datetime, file: RulesFile) -> list[str]:
    """People whom ``name``, a rota or a person of ``file``, stands for at ``moment`` (with a UTC offset), each once.

    Where the rota has a gap it is everybody in it: too many are woken rather than nobody.
    """
    if name in file.people:
        return [name]
    second = second_of_week(moment.astimezone(ZoneInfo(file.timezone)))
    shifts = file.rota[name]
    present = [shift for shift in shifts if covers(shift, second)] or shifts
    return list(dict.fromkeys(person for shift in present for person in shift.who))


def recipients(names: Sequence[str], moment: dt.datetime, file: RulesFile) -> list[str]:
    """`on_duty` of several names, in their order, each person once."""
    return list(dict.fromkeys(person for name in names for person in on_duty(name, moment, file)))


def covers(shift: Shift, second: int) -> bool:
    """Whether ``second`` of the week (0: Monday 00:00:00 on the wall) is in ``shift``."""
    return any((second - begin) % WEEK < length for begin, length in spans(shift))


def spans(shift: Shift) -> list[tuple[int, int]]:
    """Where in the week each day's turn begins and how long it is, in seconds; it may end in the next week."""
    begin, end = second_of_day(shift.begin), second_of_day(shift.end)
    length = (end - begin) % DAY or DAY
    return [(DAYS.index(day) * DAY + begin, length) for day in shift.days]


def second_of_day(time: dt.time) -> int:
    return (time.hour * 60 + time.minute) * 60 + time.second


def second_of_week(local: dt.datetime) -> int:
    return local.weekday() * DAY + second_of_day(local.time())

"""Who is on duty, also in the nights in which the clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alert.advice import gaps
from pipeline.alert.rota import WEEK, covers, on_duty, recipients, second_of_week
from pipeline.alert.rules import DAYS, Person, RulesFile, Shift

UTC = dt.UTC
SATURDAY = dt.datetime(2026, 8, 15, tzinfo=UTC)
PEOPLE = {name: Person() for name in ("early", "late", "night", "boss")}


def shift(who: str, begin: str = "00:00", end: str = "00:00", days: list[str] | None = None) -> Shift:
    fields = {"who": [who], "from": f"{begin}:00", "to": f"{end}:00", **({"days": days} if days else {})}
    return msgspec.convert(fields, Shift)


def duty(*shifts: Shift, timezone: str = "Europe/London") -> RulesFile:
    return RulesFile(version=1, timezone=timezone, people=PEOPLE, rota={"duty": list(shifts)})


THREE = duty(shift("early", "07:00", "15:00"), shift("late", "15:00", "23:00"), shift("night", "23:00", "07:00"))


@pytest.mark.parametrize(
    ("utc", "person"),
    [
        ("2026-08-15T06:00:00", "early"),  # 07:00 in summer
        ("2026-08-15T05:59:59", "night"),
        ("2026-08-15T14:00:00", "late"),
        ("2026-08-15T22:30:00", "night"),
        ("2026-01-15T07:00:00", "early"),
        ("2026-01-15T06:59:59", "night"),
    ],
)
def test_a_shift_is_told_by_the_clock_on_the_wall(utc: str, person: str) -> None:
    assert on_duty("duty", dt.datetime.fromisoformat(utc).replace(tzinfo=UTC), THREE) == [person]


def test_a_person_is_always_on_duty() -> None:
    assert on_duty("boss", SATURDAY, THREE) == ["boss"]


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    file = duty(shift("night", "22:00", "06:00", ["fri"]), shift("boss", "00:00", "00:00", ["mon"]), timezone="UTC")
    assert on_duty("duty", SATURDAY + dt.timedelta(hours=5), file) == ["night"]
    assert on_duty("duty", SATURDAY - dt.timedelta(hours=2), file) == ["night"]
    assert on_duty("duty", SATURDAY - dt.timedelta(hours=21), file) != ["night"]  # Friday 03:00


def test_a_sunday_night_ends_on_monday() -> None:
    file = duty(shift("night", "22:00", "06:00", ["sun"]), shift("boss", "06:00", "22:00"), timezone="UTC")
    assert on_duty("duty", dt.datetime(2026, 8, 17, 5, tzinfo=UTC), file) == ["night"]


def test_from_and_to_alike_is_a_whole_day_and_night() -> None:
    file = duty(shift("early", "08:00", "08:00", ["sat"]), shift("boss", "08:00", "08:00", ["tue"]), timezone="UTC")
    assert on_duty("duty", SATURDAY + dt.timedelta(hours=8), file) == ["early"]
    assert on_duty("duty", SATURDAY + dt.timedelta(hours=31.9), file) == ["early"]
    assert on_duty("duty", SATURDAY + dt.timedelta(hours=32), file) == ["early", "boss"]  # nobody: everybody


def test_where_nobody_is_on_duty_everybody_is_paged() -> None:
    file = duty(shift("early", "07:00", "15:00"), shift("late", "15:00", "23:00"))
    assert on_duty("duty", SATURDAY + dt.timedelta(hours=2), file) == ["early", "late"]


def test_shifts_that_overlap_are_all_paged_and_each_person_once() -> None:
    file = duty(shift("early", "07:00", "15:00"), shift("boss"), shift("boss", "09:00", "17:00"))
    noon = SATURDAY + dt.timedelta(hours=11)
    assert on_duty("duty", noon, file) == ["early", "boss"]
    assert recipients(["boss", "duty", "late"], noon, file) == ["boss", "early", "late"]


def test_in_autumn_the_hour_that_comes_twice_is_the_same_shifts_both_times() -> None:
    file = duty(shift("early", "02:00", "12:00"), shift("night", "12:00", "02:00"))
    first, second = (dt.datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))  # 01:30 BST, 01:30 GMT
    assert on_duty("duty", first, file) == on_duty("duty", second, file) == ["night"]
    assert on_duty("duty", second + dt.timedelta(minutes=30), file) == ["early"]


def test_in_spring_the_hour_that_does_not_come_leaves_no_gap() -> None:
    file = duty(shift("early", "01:30", "12:00"), shift("night", "12:00", "01:30"))
    before = dt.datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)  # 00:59:59 GMT; then it is 02:00 BST
    assert on_duty("duty", before, file) == ["night"]
    assert on_duty("duty", before + dt.timedelta(seconds=1), file) == ["early"]


def shifts() -> st.SearchStrategy[Shift]:
    times = st.builds(dt.time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
    days = st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True)
    return st.builds(
        Shift, who=st.lists(st.sampled_from(sorted(PEOPLE)), min_size=1), days=days, begin=times, end=times
    )


ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
MOMENTS = st.one_of(
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31)),
    # around the changes of the clocks in London, to the second
    st.builds(
        lambda change, seconds: change + dt.timedelta(seconds=seconds),
        st.sampled_from([dt.datetime(2026, 3, 29, 1), dt.datetime(2026, 10, 25, 1)]),
        st.integers(-7200, 7200),
    ),
).map(lambda moment: moment.replace(tzinfo=UTC))


@given(st.lists(shifts(), min_size=1, max_size=4), MOMENTS, st.sampled_from(ZONES))
def test_never_nobody_and_the_clock_on_the_wall_decides(rota: list[Shift], moment: dt.datetime, zone: str) -> None:
    file = duty(*rota, timezone=zone)
    people = on_duty("duty", moment, file)
    assert people
    assert len(set(people)) == len(people)
    # An oracle of another kind: walk back from the moment through yesterday's and today's turns by date and time.
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    present = []
    for one in rota:
        for back in (0, 1):
            day = (local - dt.timedelta(days=back)).date()
            begin = dt.datetime.combine(day, one.begin)
            end = dt.datetime.combine(day, one.end)
            end += dt.timedelta(days=1 if end <= begin else 0)
            if DAYS[day.weekday()] in one.days and begin <= local < end:
                present.append(one)
    assert set(people) == {name for one in present or rota for name in one.who}


@given(st.lists(shifts(), min_size=1, max_size=4))
def test_the_gaps_are_where_no_shift_is(rota: list[Shift]) -> None:
    free = gaps(rota)
    assert free == sorted(free)
    edges = {0, WEEK - 1} | {second for gap in free for second in (gap[0], gap[1] - 1, gap[1] % WEEK, gap[0] - 1)}
    for second in (one % WEEK for one in edges):
        is_free = any(begin <= second < end for begin, end in free)
        assert is_free == (not any(covers(one, second) for one in rota))


def test_the_week_begins_on_monday() -> None:
    assert second_of_week(dt.datetime(2026, 8, 17)) == 0
    assert second_of_week(dt.datetime(2026, 8, 16, 23, 59, 59)) == WEEK - 1

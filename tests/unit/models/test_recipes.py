"""The recipes agree with each other where they must. Needs no torch."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from models.training.recipe import QUICK, RELEASE, Recipe, read_recipe, teachers_of

PLAN = tomllib.loads(RELEASE.with_name("experiments.toml").read_text(encoding="utf-8"))


def variant(name: str) -> Recipe:
    (experiment,) = [one for one in PLAN["experiment"] if one["name"] == name]
    plain = msgspec.to_builtins(read_recipe(RELEASE))
    return msgspec.convert(plain | PLAN["common"] | experiment.get("changes", {}) | {"name": name}, Recipe)


def test_the_release_learns_from_everything_and_the_quick_one_from_little() -> None:
    assert read_recipe(RELEASE).train_on is None
    assert (read_recipe(QUICK).train_on or 1_000) <= 200


def test_a_teacher_is_the_variant_of_its_name() -> None:
    """Otherwise its weights would be trained twice, and the table would speak of another teacher."""
    assert read_recipe(RELEASE.with_name("recipe_mpnet.toml")) == variant("mpnet")


def test_every_experiment_is_a_recipe_with_teachers_that_are_there() -> None:
    for experiment in PLAN["experiment"]:
        recipe = variant(experiment["name"])
        assert [teacher.name for teacher in teachers_of(recipe)] in ([], [read_recipe(RELEASE).name], ["mpnet"])


def test_a_recipe_with_a_misspelt_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(msgspec.to_builtins(read_recipe(RELEASE)) | {"learning_rat": 1.0}, Recipe)

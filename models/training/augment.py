"""Real mess on training posts, by chance and anew each time that a post is read, so that form tells nothing."""

from __future__ import annotations

import random

from models.evaluation import mess
from models.training.recipe import Recipe


def messed(text: str, recipe: Recipe, chance: random.Random) -> str:
    """The text, by chance without its links, handles, emoji, punctuation or capitals, or mistyped. Never empty."""
    for share, change in (
        (recipe.strip_links, mess.without_links),
        (recipe.strip_handles, mess.without_handles),
        (recipe.mask, mess.masked),
        (recipe.strip_emoji, mess.without_emoji),
        (recipe.typos, mess.typos),
        (recipe.strip_punctuation, mess.without_punctuation),
        (recipe.lower, mess.lower_case),
        (recipe.shout, mess.shouting),
    ):
        if chance.random() < share:
            text = change(text, chance)
    return text

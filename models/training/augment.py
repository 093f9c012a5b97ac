"""Real mess on training posts, by chance and anew each time that a post is read, so that form tells nothing."""

from __future__ import annotations

import random

from models.evaluation import mess
from models.training.recipe import Recipe


def bare(text: str, chance: random.Random) -> str:
    """Words alone, in lower case: as scraped collections have them."""
    for change in (mess.without_handles, mess.without_emoji, mess.without_punctuation, mess.lower_case):
        text = change(text, chance)
    return text


def messed(text: str, recipe: Recipe, chance: random.Random) -> str:
    """The text, by chance without its links, handles, emoji, punctuation or capitals, or mistyped. Never empty."""
    if chance.random() < recipe.strip_all:
        return bare(text, chance)
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

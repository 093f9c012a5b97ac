"""What the model said of a post."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from schemas.fields import Activation, Probability, Short
from schemas.labels import Flagged, Grade, Label


class Scores(Struct, frozen=True):
    """Calibrated probability of each label; they add up to 1."""

    intel: Probability
    help_request: Probability
    complaint: Probability
    chatter: Probability


class Reason(Struct, frozen=True):
    """Words that carried the verdict."""

    text: Annotated[str, Meta(max_length=256, description="The words as they stand in the post")]
    start: Annotated[int, Meta(ge=0, description="First character in the post's text, counted in code points")]
    end: Annotated[int, Meta(ge=0, description="One past the last character")]
    share: Annotated[float, Meta(description="Their exact share of the label's logit; above 0 speaks for it")]


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Label, scores and grade of one post, with what led to them."""

    label: Annotated[Label, Meta(description="What the control room should do with it first")]
    scores: Annotated[Scores, Meta(description="Probability of each label")]
    model: Annotated[Short, Meta(description="name@version")]
    activation: Activation
    also: Annotated[list[Flagged], Meta(max_length=2, description="Other flagged labels that fit too")] = []
    grade: Annotated[Grade | None, Meta(description="How urgent; none for chatter")] = None
    unsure: Annotated[bool, Meta(description="The model doubts its label: a person should look")] = False
    language: Annotated[
        Short | None,
        Meta(description="ISO 639 code when the post is surely not in English, and so could not be judged"),
    ] = None
    reasons: Annotated[list[Reason], Meta(max_length=16, description="Words that carried it, strongest first")] = []
    thresholds: Annotated[
        dict[str, float], Meta(max_length=16, description="Where scores turned into this verdict")
    ] = {}

"""``python -m tests.entities``: precision and recall of every kind of entity on both halves; ``--mistakes`` of the first."""

from __future__ import annotations

import argparse

from tests.entities.posts import HALVES, judged, labelled


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.entities", description=__doc__)
    parser.add_argument("--mistakes", action="store_true", help="what is wrong on the half that patterns are tuned on")
    mistakes = parser.parse_args().mistakes
    for half in HALVES:
        posts = labelled(half)
        scores, wrong = judged(posts)
        print(f"{half}: {len(posts)} posts")
        for kind, score in scores.items():
            figures = f"precision {score.precision:4.0%}  recall {score.recall:4.0%}"
            print(f"  {kind:<11} {figures}  {score.right:3} right of {score.found:3} found, {score.named:3} named")
        if mistakes and half == "tuning":
            for one in wrong:
                print(f"  {one.kind}: missed {one.missed}, made up {one.made_up}: {one.text}")


if __name__ == "__main__":
    main()

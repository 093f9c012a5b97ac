"""Every error that a user can see.

FlagpostError                 one sentence, what to do next, an exit code
├── InvalidSettings           a setting is missing or wrong
├── InvalidInput              a file or an argument that can't be used
├── KafkaUnavailable          nobody answers, or the broker refuses
├── ElasticsearchUnavailable  nobody answers, or the cluster refuses
├── KibanaUnavailable         nobody answers, it is too old, or it refuses what is imported
├── AccessRefused             wrong password, missing right, untrusted certificate
├── NotSetUp                  topics, templates or the index are missing or too old: `flagpost setup`
├── LocalStackError           the embedded Kafka or Elasticsearch can't be fetched or started
├── ModelRefused              the released model is damaged or does not fit
├── StageHalted               a stage must not go on (delivery's Halt)
└── WithoutEffect             what somebody decides or does changes nothing: somebody was first, or the post was edited
"""

from __future__ import annotations


class FlagpostError(Exception):
    """Something that a user must know about.

    ``message`` is one sentence that says what is wrong; ``hint`` says what to do next. Neither ever holds the text of a
    post or a secret.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidSettings(FlagpostError):
    exit_code = 2


class InvalidInput(FlagpostError):
    exit_code = 2


class KafkaUnavailable(FlagpostError):
    exit_code = 3


class ElasticsearchUnavailable(FlagpostError):
    exit_code = 3


class KibanaUnavailable(FlagpostError):
    exit_code = 3


class AccessRefused(FlagpostError):
    exit_code = 4


class NotSetUp(FlagpostError):
    exit_code = 5


class LocalStackError(FlagpostError):
    exit_code = 6


class ModelRefused(FlagpostError):
    exit_code = 7


class StageHalted(FlagpostError):
    exit_code = 8


class WithoutEffect(FlagpostError):
    exit_code = 9

from __future__ import annotations

from pathlib import Path

from deploy.local.failure import is_port_taken, most_telling, read_from

KAFKA_TRACE = """\
[2026-11-25 13:36:20,100] INFO Starting controller (kafka.server.ControllerServer)
[2026-11-25 13:36:20,133] ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)
java.lang.RuntimeException: Stored node id 5 doesn't match previous node id 1 in data/meta.properties.
\tat org.apache.kafka.metadata.properties.MetaPropertiesEnsemble.verify(MetaPropertiesEnsemble.java:464)
"""

ELASTICSEARCH_TRACE = """\
[2026-11-25T13:41:00,000][ERROR][o.e.b.Elasticsearch      ] fatal exception while booting Elasticsearch
org.elasticsearch.ElasticsearchException: failed to bind service
\tat org.elasticsearch.node.Node.<init>(Node.java:1)
Caused by: java.nio.file.AccessDeniedException: /home/me/data/node.lock
\tat java.base/sun.nio.fs.UnixException.translateToIOException(UnixException.java:90)
\t... 8 more

ERROR: Elasticsearch died while starting up, with exit code 1
"""


def test_the_exception_is_told_and_not_the_line_before_it() -> None:
    said = most_telling(KAFKA_TRACE.splitlines())
    assert said.startswith("java.lang.RuntimeException: Stored node id 5 doesn't match")


def test_the_root_cause_is_told_and_not_what_it_led_to() -> None:
    assert most_telling(ELASTICSEARCH_TRACE.splitlines()) == (
        "java.nio.file.AccessDeniedException: /home/me/data/node.lock"
    )


def test_without_an_exception_the_last_line_is_told() -> None:
    assert most_telling(["Unrecognized option: -Xfoo", ""]) == "Unrecognized option: -Xfoo"


def test_an_empty_log_tells_nothing() -> None:
    assert most_telling([]) == ""


def test_a_taken_port_is_recognised() -> None:
    assert is_port_taken(["java.net.BindException: Address already in use"])
    assert is_port_taken(["org.elasticsearch.http.BindHttpException: Failed to bind to 127.0.0.1:9200"])
    assert not is_port_taken(KAFKA_TRACE.splitlines())


def test_only_what_was_added_since_the_start_is_read(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("old\nnew\n")
    assert read_from(log, begin=4) == ["new"]


def test_a_log_that_was_rotated_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("new\n")
    assert read_from(log, begin=10_000) == ["new"]
    assert read_from(tmp_path / "none", begin=0) == []

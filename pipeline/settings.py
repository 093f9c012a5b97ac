"""Settings: environment variables ``FLAGPOST_*``, a ``.env`` file or ``flagpost.toml``, in that order of precedence.

A secret may also be read from a file: ``FLAGPOST_KAFKA_PASSWORD_FILE=/run/secrets/kafka`` sets ``kafka_password``.
With ``FLAGPOST_PRODUCTION=true`` nothing is reached in plain text: settings that would are refused.
Nobody is asked whom nobody named: without a setting it is the running local server, and where none runs it is an error.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from pipeline.circle import Circle
from pipeline.errors import ElasticsearchUnavailable, InvalidSettings, KafkaUnavailable
from pipeline.local_servers import address_of, local_status_file
from pipeline.settings_checks import (
    MOST_DAYS,
    require_encrypted,
    require_https,
    require_kept,
    require_usable,
    showable_url,
)
from pipeline.settings_sources import DOTENV, OTHERS, PREFIX, TOML, SecretFiles, explained, unknown_names

__all__ = ["OTHERS", "PREFIX", "ROOT", "Settings", "load_settings", "local_status_file", "unknown_settings"]

ROOT: Final = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What an operator can set; ``flagpost settings`` prints all of it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=DOTENV, toml_file=TOML, extra="ignore", frozen=True)

    # Where
    home: Path = Field(Path(".flagpost"), description="folder for state on this machine: local servers, journals, logs")
    namespace: str = Field(
        "",
        pattern=r"^[a-z0-9-]*$",
        description="prefix of topics, groups and indices, for many flagposts on one cluster",
    )
    production: bool = Field(
        False, description="refuse to reach Kafka, Elasticsearch or Kibana in plain text, on this machine too"
    )

    # Kafka
    kafka_bootstrap: str | None = Field(
        None, description="host:port[,host:port]; without it the local Kafka of `flagpost local up`"
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how brokers are reached: in plain text, over TLS, with a user name and password"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="how the user name and password are proven"
    )
    kafka_username: str | None = Field(None, description="user at the brokers")
    kafka_password: SecretStr | None = Field(None, description="its password")
    kafka_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the brokers' certificates"
    )
    kafka_partitions: int | None = Field(None, ge=1, description="partitions of new topics; default: the table's")
    kafka_replication: int | None = Field(
        None, ge=1, description="copies of new topics; default: 3, or the number of brokers"
    )
    kafka_retention_days: dict[str, float] = Field(
        default_factory=dict, description='retention by topic in days, e.g. {"posts": 3}; default: the table\'s'
    )

    # Elasticsearch
    elasticsearch_url: str | None = Field(
        None, description="http(s)://host:port; without it the local one of `flagpost local up`"
    )
    elasticsearch_username: str | None = Field(None, description="user at the cluster")
    elasticsearch_password: SecretStr | None = Field(None, description="its password")
    elasticsearch_api_key: SecretStr | None = Field(None, description="key instead of user and password")
    elasticsearch_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the cluster's certificate"
    )
    elasticsearch_shards: int = Field(1, ge=1, description="shards of a new index")
    elasticsearch_replicas: int = Field(
        0, ge=0, description="copies of each shard; 1 or more on a cluster of several nodes"
    )

    # Kibana
    kibana_url: str | None = Field(
        None, description="http(s)://host:port; with it `flagpost setup` imports data views and dashboards, too"
    )
    kibana_space: str = Field(
        "default", pattern=r"^[a-z0-9_-]+$", description="space that they are imported into, by its identifier"
    )
    kibana_username: str | None = Field(None, description="user at Kibana")
    kibana_password: SecretStr | None = Field(None, description="its password")
    kibana_api_key: SecretStr | None = Field(None, description="key instead of user and password")
    kibana_ca_file: Path | None = Field(None, description="PEM file of the authority that signed Kibana's certificate")

    # Stages
    model: Path = Field(ROOT / "models" / "released", description="folder of the released model")
    inference_threads: int = Field(0, ge=0, description="threads of the model; 0: one for each core")
    classify_batch: int = Field(256, ge=1, le=2048, description="most posts judged in one batch")
    index_batch: int = Field(500, ge=1, le=5000, description="most items in one bulk request")
    area: str | None = Field(
        None, description="where this force polices, as LAT,LON,KM: of several towns of one name the one there is meant"
    )
    batch_within: float = Field(
        0.05,
        gt=0,
        le=10,
        description="seconds that a batch waits to fill; while one is in work, the next one fills anyway",
    )
    index_within: float = Field(
        0.3,
        gt=0,
        le=10,
        description="the same for bulk requests, of which fewer and fuller ones cost less of the cluster",
    )
    chatter_sample: float = Field(
        0.005, ge=0, le=1, description="share of chatter kept for measuring what the model misses"
    )
    retry_limit: float = Field(
        120.0, gt=0, le=300, description="seconds a batch is retried before its worker ends (unacked) and is restarted"
    )

    # Retention
    retain_items_days: float | None = Field(
        None,
        gt=0,
        le=MOST_DAYS,
        description="days that an item is kept after it was judged; default: as many as the topic flagged",
    )
    retain_reviewed_days: float | None = Field(
        None, gt=0, le=MOST_DAYS, description="the same, of items that an analyst decided on, if that is longer"
    )
    retain_alerts_days: float | None = Field(
        None,
        gt=0,
        le=MOST_DAYS,
        description="days that an alert is kept after it was resolved; default: as many as the topic alerts",
    )
    retain_audit_days: float | None = Field(
        None,
        gt=0,
        le=MOST_DAYS,
        description="days that an audit document is kept; default: as many as the topic audit, six years",
    )
    retain_rate: float = Field(500.0, ge=1, description="most documents that `flagpost retain` deletes in a second")
    retain_heartbeat_url: SecretStr | None = Field(
        None, description="a dead-man's switch for `flagpost retain`, asked for after each complete run"
    )

    # Observation
    metrics_host: str = Field("127.0.0.1", description="address of a worker's /metrics and /healthz")
    metrics_port: int = Field(0, ge=0, le=65535, description="its port; 0: a free one, shown by `flagpost status`")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least level that is logged; texts of posts only ever at DEBUG"
    )

    # Alerts
    rules: Path = Field(ROOT / "deploy" / "alerts" / "rules.yaml", description="the rules file: which items page whom")
    links_url: str | None = Field(
        None,
        description="address of `flagpost alerts serve` as people who are paged reach it; without it pages have no link",
    )
    links_secret: SecretStr | None = Field(
        None, description="key that links in pages are signed with, 32 characters or more"
    )
    links_hours: float = Field(12.0, gt=0, le=168, description="hours that a link in a page works")
    alerts_host: str = Field("127.0.0.1", description="address of `flagpost alerts serve`")
    alerts_port: int = Field(8089, ge=0, le=65535, description="its port; 0: a free one")
    heartbeat_url: SecretStr | None = Field(
        None, description="dead-man's switch: asked for every minute while everything is well"
    )

    # Audit
    require_why: bool = Field(
        False, description="refuse to search, show or export what posts say without --why, which the audit log keeps"
    )

    # HTTP ingest
    http_host: str = Field("127.0.0.1", description="address of `flagpost ingest-http`")
    http_port: int = Field(8088, ge=0, le=65535, description="its port; 0: a free one")
    http_token: SecretStr | None = Field(None, description="bearer token that `flagpost ingest-http` asks for")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            SecretFiles(settings_cls),
            env_settings,
            dotenv_settings,
            TomlConfigSettingsSource(settings_cls),
        )

    @field_validator("elasticsearch_url")
    @classmethod
    def _elasticsearch_showable(cls, url: str | None) -> str | None:
        return showable_url(url, "Elasticsearch")

    @field_validator("kibana_url")
    @classmethod
    def _kibana_showable(cls, url: str | None) -> str | None:
        return showable_url(url, "Kibana")

    @field_validator("area")
    @classmethod
    def _area_is_a_circle(cls, area: str | None) -> str | None:
        try:
            if area is not None:
                Circle.read(area)
        except ValueError:
            raise ValueError("is no latitude, longitude and kilometres: 51.5,-0.12,60") from None
        return area

    @model_validator(mode="after")
    def _usable(self) -> Self:
        require_kept(self.kafka_retention_days)
        if self.production:
            require_encrypted(self.kafka_security_protocol)
            if self.elasticsearch_url is not None:
                require_https(self.elasticsearch_url, "Elasticsearch")
            if self.kibana_url is not None:
                require_https(self.kibana_url, "Kibana")
        for name, url in (("HEARTBEAT", self.heartbeat_url), ("RETAIN_HEARTBEAT", self.retain_heartbeat_url)):
            if url is not None:
                require_usable(f"FLAGPOST_{name}_URL", url, self.production)
        return self

    # What follows from the settings

    def bootstrap(self) -> str:
        """The brokers: from the settings, else the running local Kafka. Raises `KafkaUnavailable` where there is neither."""
        address = self.kafka_bootstrap or address_of(self.home, "kafka")
        if address is None:
            raise KafkaUnavailable(
                "No Kafka is set and none runs here.",
                "`flagpost local up` starts one, or set FLAGPOST_KAFKA_BOOTSTRAP.",
            )
        return address

    def elasticsearch(self) -> str:
        """The cluster's URL: from the settings, else the running local one.

        Raises `ElasticsearchUnavailable` where there is neither, and `InvalidSettings` in production when it is not https.
        """
        url = self.elasticsearch_url or address_of(self.home, "elasticsearch")
        if url is None:
            raise ElasticsearchUnavailable(
                "No Elasticsearch is set and none runs here.",
                "`flagpost local up` starts one, or set FLAGPOST_ELASTICSEARCH_URL.",
            )
        if self.production:  # a process that never asks Elasticsearch need not name one
            require_https(url, "Elasticsearch")
        return url

    def at_kibana(self, url: str) -> Self:
        """These settings with Kibana at ``url``. Raises `InvalidSettings` where it can't be used."""
        try:
            showable_url(url, "Kibana")
        except ValueError as error:
            raise InvalidSettings(f"The address of Kibana is wrong: {error}.", "Correct what --kibana says.") from None
        if self.production:
            require_https(url, "Kibana")
        return self.model_copy(update={"kibana_url": url})

    def named(self, name: str) -> str:
        """``name`` of a topic, group or index with this installation's namespace in front."""
        return f"{self.namespace}-{name}" if self.namespace else name


def unknown_settings() -> list[str]:
    """A sentence for every FLAGPOST_ variable, and every line of .env and flagpost.toml, that is no setting."""
    return unknown_names(Settings.model_fields)


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Reads the settings once a process. Raises `InvalidSettings` that names the variable, never its value."""
    try:
        return Settings()
    except (ValidationError, SettingsError, tomllib.TOMLDecodeError) as error:
        raise explained(error) from None

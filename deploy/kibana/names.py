"""Ids, titles and index names of one installation: with a namespace several can share a Kibana and a cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """All but field names begins with flagpost's name, and that with the namespace. `pipeline.setup.kibana` relies on it."""

    namespace: str = ""

    def id(self, name: str) -> str:
        """Of a saved object. Fixed: what is imported again replaces what was there."""
        return f"{self._flagpost}-{name}"

    def index(self, alias: str) -> str:
        """``alias`` as it is on the cluster."""
        return f"{self.namespace}-{alias}" if self.namespace else alias

    def title(self, title: str) -> str:
        """As Elastic's guidelines write it, whose it is in brackets."""
        return f"[{self._flagpost}] {title}"

    @property
    def _flagpost(self) -> str:
        return f"{self.namespace}-flagpost" if self.namespace else "flagpost"

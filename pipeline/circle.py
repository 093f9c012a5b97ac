"""A circle on the map, as people give one: ``LAT,LON,KM``. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

_EARTH_KM = 6371.0
_HALF_ROUND_KM = 20_040.0


@dataclass(frozen=True, slots=True)
class Circle:
    """WGS 84 degrees and kilometres."""

    lat: float
    lon: float
    km: float

    @classmethod
    def read(cls, text: str) -> Self:
        """The circle that ``LAT,LON,KM`` means. Raises `ValueError`."""
        lat, lon, km = (float(part) for part in text.split(","))
        if not (-90 <= lat <= 90 and -180 <= lon <= 180 and 0 < km <= _HALF_ROUND_KM):
            raise ValueError("these are not a latitude, a longitude and kilometres")
        return cls(lat, lon, km)

    def holds(self, lat: float, lon: float) -> bool:
        """Whether the point lies within it, on a sphere (haversine)."""
        north, east = math.radians(lat - self.lat), math.radians(lon - self.lon)
        chord = math.sin(north / 2) ** 2 + math.cos(math.radians(lat)) * math.cos(math.radians(self.lat)) * (
            math.sin(east / 2) ** 2
        )
        return 2 * _EARTH_KM * math.asin(math.sqrt(min(chord, 1.0))) <= self.km

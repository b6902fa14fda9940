"""Positions. Maps in China use GCJ-02; what a browser says is WGS-84, up to some hundred metres off it."""

from math import cos, pi, radians, sin, sqrt

# Positions are kept and compared in whole millionths of a degree, a tenth of a metre.
MICRO = 1_000_000

# Of the Krasovsky 1940 ellipsoid, on which GCJ-02 stands: half the major axis in metres, first eccentricity squared.
_AXIS, _ECCENTRICITY = 6_378_245.0, 0.00669342162296594323


def to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """A WGS-84 position in GCJ-02, degrees; outside the mainland's box as it is.

    The shift as published in the open implementations of GCJ-02 (such as coordtransform, eviltransform): it is not
    published officially, and they agree to a metre.
    """
    if not (0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    curve = 1 - _ECCENTRICITY * sin(radians(lat)) ** 2
    north = north * 180 / (_AXIS * (1 - _ECCENTRICITY) / (curve * sqrt(curve)) * pi)
    east = east * 180 / (_AXIS / sqrt(curve) * cos(radians(lat)) * pi)
    return lat + north, lon + east

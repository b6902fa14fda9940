"""Positions as maps in China have them."""

import pytest

from campaigns.lib.geo import to_gcj02


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [
        # Shanghai, Shenzhen and Beijing, with the values of the published converters.
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ],
)
def test_a_position_is_shifted_as_the_maps_shift_it(
    wgs: tuple[float, float], gcj: tuple[float, float]
) -> None:
    lat, lon = to_gcj02(*wgs)
    assert abs(lat - gcj[0]) < 1e-9 and abs(lon - gcj[1]) < 1e-9


def test_outside_the_mainland_a_position_is_as_it_is() -> None:
    assert to_gcj02(35.6812, 139.7671) == (35.6812, 139.7671)

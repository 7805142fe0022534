"""The page's text and controls stand out as WCAG 2.2 AA asks, light and dark."""

import re

import pytest

from faceparse.web.server import PAGE

STYLE = (PAGE / "base.css").read_text(encoding="utf-8")
SCHEMES = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in STYLE.split("prefers-color-scheme: dark")]


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_text_has_4_5_to_1_and_edges_3_to_1(scheme: dict[str, str]):
    for ground in (scheme["paper"], scheme["surface"]):
        for text in ("ink", "quiet", "accent"):
            assert contrast(scheme[text], ground) >= 4.5, (text, ground)
        assert contrast(scheme["edge"], ground) >= 3, ground
    assert contrast(scheme["on-accent"], scheme["accent"]) >= 4.5
    assert contrast(scheme["alarm"], scheme["alarm-paper"]) >= 4.5


def test_contrast_is_that_of_the_definition():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)

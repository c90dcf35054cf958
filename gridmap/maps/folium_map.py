"""Folium makes the map; the page around it is ours.

Folium renders into three parts: header, HTML and script. Of the header nothing is taken: the
page links Leaflet and the style sheet from our own origin. What stays is one element and one
script, which gets the response's nonce.
"""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

FIRST_ZOOM = 11


@dataclass(frozen=True)
class Rendered:
    """The two parts of a map that go into a page."""

    html: Markup
    script: Markup


def render_map(bounds: tuple[float, float, float, float]) -> Rendered:
    """Render an empty map of our own: no tiles, no control, no address of another host.

    Args:
        bounds: west, south, east, north in degrees; where the map begins.
    """
    import folium  # slow to load: commands that draw no map do without

    west, south, east, north = bounds
    made = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=FIRST_ZOOM,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        fade_animation=False,
        zoom_snap=0.25,
        zoom_delta=1,
        keyboard=True,
        png_enabled=False,
    )
    made._id = "gridmap"
    made.default_js, made.default_css = [], []
    made.add_child(_hand_over())
    figure: Any = made.get_root()
    figure.render()
    return Rendered(Markup(_joined(figure.html)), Markup(_joined(figure.script)))  # noqa: S704


def _hand_over() -> Any:
    """Return the element that gives the map to our modules, which add the layers."""
    from branca.element import MacroElement
    from folium.template import Template

    class HandOver(MacroElement):
        """A script of one line."""

        _template = Template(
            "{% macro script(this, kwargs) %}"
            "window.gridmap = { map: {{ this._parent.get_name() }} };"
            "{% endmacro %}"
        )

    return HandOver()  # type: ignore[no-untyped-call]


def _joined(element: object) -> str:
    return "".join(child.render() for child in element._children.values())  # type: ignore[attr-defined]

"""A few SVG shapes. Fonts are not measured, so the same input gives the same bytes everywhere."""

from __future__ import annotations

from html import escape

INK, SOFT, LINE, PAPER = "#1c2733", "#617080", "#9aa7b4", "#ffffff"
_FONT = "Helvetica, Arial, sans-serif"


class Canvas:
    """Collects shapes; `text` gives the file."""

    def __init__(self, width: int, height: int, title: str, source: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="{_FONT}" role="img">',
            f"<!-- {escape(source)}: regenerate with /usr/bin/python3 tools/pictures/draw.py -->",
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        ]

    def box(self, x: float, y: float, width: float, height: float, fill: str, stroke: str, dash: str = "") -> None:
        """A rounded box."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="7" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="1.4"{dashed}/>'
        )

    def blank(self, x: float, y: float, width: float, height: float) -> None:
        """Paper over what is there."""
        self._parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{PAPER}"/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, color: str, dash: str = "") -> None:
        """A line without an arrow head."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{color}" stroke-width="1.3"{dashed}/>'
        )

    def arrow(self, path: str, tip: tuple[float, float], way: tuple[int, int], color: str, width: float = 1.5) -> None:
        """An arrow along @path to @tip, where it arrives in the direction @way (one of the four)."""
        (x, y), (dx, dy) = tip, way
        back_x, back_y = x - 9 * dx, y - 9 * dy
        self._parts.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{width:g}"/>')
        self._parts.append(
            f'<path d="M{x:g} {y:g} L{back_x + 4 * dy:g} {back_y + 4 * dx:g} '
            f'L{back_x - 4 * dy:g} {back_y - 4 * dx:g} z" fill="{color}"/>'
        )

    def text(
        self, x: float, y: float, words: str, size: float = 12, color: str = INK, anchor: str = "start",
        bold: bool = False, mono: bool = False,
    ) -> None:  # fmt: skip
        """One line of text; @y is its base line."""
        style = ' font-weight="bold"' if bold else ""
        style += ' font-family="DejaVu Sans Mono, Menlo, monospace"' if mono else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{color}" text-anchor="{anchor}"{style}>'
            f"{escape(words, quote=False)}</text>"
        )

    def file(self) -> str:
        """The whole picture."""
        return "\n".join([*self._parts, "</svg>"]) + "\n"

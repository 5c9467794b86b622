"""Shares as bars."""

from xml.etree import ElementTree

from reportgen.rendering.bars import bars_svg

ROWS = [("cat", 0.75, "75.0%", True), ("dog", 0.25, "25.0%", False)]


def test_bars_have_lengths_in_proportion_on_tracks_of_one_length() -> None:
    root = ElementTree.fromstring(bars_svg(ROWS))
    paths = [path.get("d") for path in root.iter("{http://www.w3.org/2000/svg}path")]
    assert paths == ["M138,12h160M138,36h160", "M138,12h120", "M138,36h40"]
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["✔ cat", "75.0%", "dog", "25.0%"]
    assert (root.get("width"), root.get("height")) == ("361", "48")


def test_long_names_are_cut_and_markup_is_escaped() -> None:
    texts = [
        text.text
        for text in ElementTree.fromstring(bars_svg([("<b>" * 20, 2.0, "&", False)])).iter(
            "{http://www.w3.org/2000/svg}text"
        )
    ]
    assert texts == [("<b>" * 20)[:17] + "…", "&"]


def test_a_share_beyond_one_or_unknown_stays_on_its_track() -> None:
    assert bars_svg([("a", 7.0, "7", True)]).count("h160'/>") == 2
    assert "h0'/>" in bars_svg([("a", float("nan"), "?", True)])


def test_an_empty_row_takes_its_place() -> None:
    root = ElementTree.fromstring(bars_svg([("", 0.0, "", False), *ROWS]))
    assert root.get("height") == "72"
    assert next(path.get("d") for path in root.iter("{http://www.w3.org/2000/svg}path")) == "M138,36h160M138,60h160"

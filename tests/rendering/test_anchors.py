from reportgen.rendering.anchors import Anchors


def test_the_same_key_has_the_same_id_and_another_key_another():
    anchors = Anchors()
    assert anchors.make("filters", "conv/1") == "filters-conv-1"
    assert anchors.make("filters", "conv 1") == "filters-conv-1-2"
    assert anchors.make("filters", "conv/1") == "filters-conv-1"


def test_ids_start_with_a_letter():
    assert Anchors().make("1") == "x-1"
    assert Anchors().make("<>") == "x-"


def test_a_finding_links_to_its_evidence_or_else_to_its_section():
    anchors = Anchors()
    anchors.make("maps", "conv")
    assert anchors.find("maps", "conv") == "maps-conv"
    assert anchors.find("maps", "model") == "maps"

"""Where sections stand on the page."""

from markupsafe import Markup

from reportgen.rendering.outline import outline_of
from reportgen.results.report import Section, SkippedSection


def names(pairs):
    return [section.name for section, _ in pairs]


def test_what_the_model_does_comes_first_then_diagnostics_and_what_was_skipped_by_its_reason():
    sections = [
        Section("architecture", "Architecture", 1),
        Section("learned", "Learned or not", 1),
        Section("filter_grids", "Filters", 1),
        SkippedSection("attribution", "Where it looks", "no samples"),
        SkippedSection("batch_normalization", "Batch normalisation", "there is none"),
        SkippedSection("feature_maps", "Feature maps", "no samples"),
        Section("brightness", "Brightness", 1, package="somewhere"),
        Section("sample_predictions", "Samples", 1),
    ]
    outline = outline_of((section, Markup(section.name)) for section in sections)
    assert names(outline.main) == ["sample_predictions", "filter_grids", "brightness"]
    assert names(outline.diagnostics) == ["learned", "architecture"]
    assert [(reason, [one.name for one in those]) for reason, those in outline.skipped] == [
        ("no samples", ["attribution", "feature_maps"]),
        ("there is none", ["batch_normalization"]),
    ]
    assert [body for _, body in outline.main] == names(outline.main)


def test_a_section_of_a_plug_in_is_never_folded_among_the_diagnostics_whatever_its_name():
    foreign = Section("learned", "Learned elsewhere", 1, package="somewhere")
    outline = outline_of([(foreign, Markup(""))])
    assert (names(outline.main), outline.diagnostics) == (["learned"], ())

"""Samples and their labels: read from any source, compared with what the model takes, chosen, scaled and fingerprinted."""

from reportgen.samples.class_names import ClassNames
from reportgen.samples.fingerprint import Fingerprint, fingerprint_samples
from reportgen.samples.labels import (
    NO_LABELS,
    Accepts,
    Classes,
    ClassLabels,
    Labels,
    LabelSets,
    PictureTargets,
    RowsOfClasses,
    Targets,
    Unused,
    are_left_out,
    classes_of,
    labels_of_kept,
    targets_of,
    understand,
)
from reportgen.samples.naming import sources_by_input, split_input_name
from reportgen.samples.readers import (
    NoImageError,
    is_stream,
    open_samples,
    read_class_names,
    read_idx,
    read_labels,
    read_stream,
)
from reportgen.samples.scale import SCALES, Scaling, choose_scaling
from reportgen.samples.select import Selection, check_selection, parse_selection, select_samples, selection_text
from reportgen.samples.slices import SliceColumn, folder_column, nameless, numbers_of, read_slices
from reportgen.samples.source import SampleSource, arranged, concatenated

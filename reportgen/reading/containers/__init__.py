"""What is inside a model file, whichever its format: one file a format, and every size checked before it is read."""

from reportgen.reading.containers.checkpoint import OBJECT_GRAPH, VALUE, CheckpointContents, read_tensors
from reportgen.reading.containers.config_json import damage_told
from reportgen.reading.containers.formats import Contents, DatasetEntry, ModelFile, ModelFormat, StoredArrays
from reportgen.reading.containers.hdf5 import Hdf5Contents, one_line_if_damaged, read_array, read_attribute, read_names
from reportgen.reading.containers.layer_entries import LayerEntry, count_calls, layers_of, name_of, walk_layers
from reportgen.reading.containers.recognition import recognise
from reportgen.reading.containers.serving import Serving, read_serving, serving_graph

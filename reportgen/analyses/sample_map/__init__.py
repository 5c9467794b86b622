"""Where the network puts the samples: its last hidden layer as a picture."""

from reportgen.analyses.sample_map.analysis import SampleMap

"""A model file, from its bytes to a live network or its stored weights; nothing of a file runs unless the user says so."""

from reportgen.reading.containers import OBJECT_GRAPH, LayerEntry, ModelFile, Serving, recognise, serving_graph
from reportgen.reading.deployed import DEPLOYED, DeployedModel, RuntimeModel, is_deployed, open_deployed
from reportgen.reading.loading import (
    Inventory,
    LoadedModel,
    StoredKernel,
    StoredNormalization,
    TrainingSetup,
    WeightsOnly,
    adopt_model,
    decide,
    read_model,
    refusal,
    take_inventory,
    weights_digest,
)
from reportgen.reading.rewriting import Permitted, activations_instead, declared_names

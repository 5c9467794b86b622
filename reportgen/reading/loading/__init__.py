"""A checked configuration and its weights, made into a live network or stored kernels."""

from reportgen.reading.loading.decision import decide, refusal
from reportgen.reading.loading.inventory import Inventory, take_inventory
from reportgen.reading.loading.load import LoadedModel, adopt_model, read_model, weights_digest
from reportgen.reading.loading.stored_normalizations import StoredNormalization
from reportgen.reading.loading.training import TrainingSetup
from reportgen.reading.loading.weights_only import StoredKernel, WeightsOnly

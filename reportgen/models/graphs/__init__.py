"""How a network is put together: its layers and their calls, its inputs and its outputs."""

from reportgen.models.graphs.arithmetic import (
    ReceptiveField,
    Shape,
    merged_field,
    per_axis,
    receptive_field,
    spatial_axes,
    window_extents,
    window_of,
)
from reportgen.models.graphs.arranged import ArrangedInput, arranged_input
from reportgen.models.graphs.batch_normalization import BatchNormalizationLayer, normalization_layers
from reportgen.models.graphs.call_names import CallNames, call_name, call_number, layer_path
from reportgen.models.graphs.calls import (
    LayerTensor,
    RecordedCalls,
    input_tensor,
    layer_calls,
    summarise_call,
    whole_input_size,
)
from reportgen.models.graphs.dependencies import CallGraph, GraphTensor, call_graph, leading_to
from reportgen.models.graphs.deployed_model import describe_deployed
from reportgen.models.graphs.described_model import DescribedModel, describe_model
from reportgen.models.graphs.inputs import model_inputs, pack_inputs, pictured_input
from reportgen.models.graphs.layers import (
    ACTIVATION_ENDS,
    RECTIFIERS,
    activation_of,
    common_data_format,
    data_format,
    holds_kernel,
    is_normalization,
    may_be_random,
)
from reportgen.models.graphs.outputs import (
    UNKNOWN_HEAD,
    Head,
    OneOutput,
    array_at,
    as_array,
    first_array,
    first_tensor,
    tensors_of,
)
from reportgen.models.graphs.shared_orders import Blocks, ChannelOrders, channel_orders, grouped_inputs
from reportgen.models.graphs.signature_model import with_signature
from reportgen.models.graphs.stored_model import describe_stored_weights

"""Forward passes: what layers received and returned, recorded, replaced or counted, and where it came from."""

from reportgen.models.passes.call_order import record_calls
from reportgen.models.passes.channel_statistics import ChannelMoments, ChannelStatistics, channel_moments
from reportgen.models.passes.compiled import CompiledModel, needs_compiling
from reportgen.models.passes.forward import (
    ForwardPass,
    batch_size,
    build_on_sample,
    predict,
    run_failures_named,
    run_forward,
)
from reportgen.models.passes.grouped import grouped_convolutions_run
from reportgen.models.passes.interventions import predict_masked, randomised_kernels
from reportgen.models.passes.live_model import LiveModel, SampleInputs, only_input
from reportgen.models.passes.placement import Placement, follow_placements
from reportgen.models.passes.pooled import PooledActivations, spread_over
from reportgen.models.passes.recorder import TOP_SAMPLES, Activations
from reportgen.models.passes.reduced import Reduced
from reportgen.models.passes.repeated import PlannedPass
from reportgen.models.passes.top_positions import SAMPLES_KEPT, TopPositions
from reportgen.models.passes.untrained import before_training, pooled_untrained
from reportgen.models.passes.wrapping import recording, recording_activations

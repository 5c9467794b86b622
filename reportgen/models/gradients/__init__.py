"""Gradients through a live network: of its logits, and of the mean of a channel."""

from reportgen.models.gradients.activation_maximisation import MAXIMISATION_STEPS, maximise_channels
from reportgen.models.gradients.gradient_target import affine_bias, find_target
from reportgen.models.gradients.gradients import (
    ClassLogits,
    Gradients,
    LogitGradients,
    integrated_gradients,
    logits_at,
    predicted_logits,
)
from reportgen.models.gradients.graph_target import explained_call
from reportgen.models.gradients.target import GradientTarget

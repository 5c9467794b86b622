"""From options to what analyses get: samples of every input opened, the model prepared, run on them, its answers judged."""

from reportgen.run.answers import (
    ClassScores,
    answers_of,
    class_scores,
    cross_entropy,
    right_answers,
    sets_of,
    temperature_of,
)
from reportgen.run.claimable import predicted_kind
from reportgen.run.evaluation import (
    LARGEST_REPEAT_CHANGE,
    EvaluatedSamples,
    ShardRunner,
    evaluate_samples,
    fingerprint_chosen,
)
from reportgen.run.history import TrainingHistory, read_history
from reportgen.run.input_samples import open_outside_samples, open_train_samples, slice_columns
from reportgen.run.page_plan import planned
from reportgen.run.patches import cut_patches, excited_channels
from reportgen.run.pictures import side_by_side
from reportgen.run.pixels import Pixels, read_pixels
from reportgen.run.prepared_run import PreparedRun, prepare_run, prepare_with
from reportgen.run.repeats import run_changed
from reportgen.run.shards import ONE_AT_A_TIME, ReducedShard, Shard, Sharding

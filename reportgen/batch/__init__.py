"""Reports of many models: found, built once each on any executor, and listed in an index."""

from reportgen.batch.following import watch
from reportgen.batch.index import read_rows, write_index
from reportgen.batch.reports import Batch, Built, build_reports
from reportgen.batch.tasks import BatchModel, find_models, options_in_force

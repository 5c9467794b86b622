"""A written report checked: is its page as written, are its files those that it was made of, do its numbers come out again?"""

from reportgen.verification.files import model_differences, samples_differences
from reportgen.verification.rebuilt import missing_inputs, rebuild, recorded_options
from reportgen.verification.recorded import LARGEST_READ, RecordedReport, read_recorded
from reportgen.verification.tolerance import TOLERANCES, report_differences

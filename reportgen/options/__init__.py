"""What can be asked for: every option of a report once, where its value comes from, and the file of options and rules."""

from reportgen.options.configuration import Configuration, read_configuration, rule_settings
from reportgen.options.report_options import (
    COMPARED,
    DEFAULTS,
    EFFORTS,
    MODEL,
    PAGE,
    PICTURES,
    SAMPLES,
    Option,
    ReportOptions,
    flag_of,
    from_given,
    names_of,
    option,
    options_of,
)
from reportgen.options.settings import (
    FAIL_ON,
    OF_THE_VERIFIER,
    PREFIX,
    REGRESSION,
    Settled,
    checked_gates,
    configured_option,
    settled,
    variable,
)

"""Which channels answer to the samples, and what depends on them."""

from reportgen.analyses.channel_activity.analysis import ChannelActivity

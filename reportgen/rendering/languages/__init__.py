"""The page's languages: a catalogue <code>.po for each but English, which the texts are written in."""

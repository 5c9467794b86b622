"""How the model was trained, as far as its file and a history tell."""

"""What reading, samples and rendering need for input that nobody vouches for: names escaped, sizes limited, headers checked."""

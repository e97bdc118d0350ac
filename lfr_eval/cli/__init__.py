"""What a person types: one file a group of commands. It prints, and does nothing else."""

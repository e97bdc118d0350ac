"""Running a study: inputs, design, plan, stages, provenance and seal. `run` tells the story."""

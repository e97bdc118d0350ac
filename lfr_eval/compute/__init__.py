"""With what is computed: threads of this machine, a Ray cluster."""

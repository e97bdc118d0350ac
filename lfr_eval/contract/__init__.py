"""What rooms share: stage tables, trials, the study folder, the ledger of decisions, errors."""

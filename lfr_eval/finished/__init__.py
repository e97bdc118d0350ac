"""What is asked of a sealed study: thresholds, comparisons, claims, approvals, publication."""

"""Honest evaluation: metrics, cross-validation of labels, comparison of recommenders, reports."""

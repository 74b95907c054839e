"""Replay: the past through the core again, into topics of its own, into files, or as a difference to what is there."""

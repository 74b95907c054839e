"""Conversations live in a terminal: records read from the topics, told as lines."""

"""Collectors: what brings server events into the input topic, each acknowledged only once Kafka has it."""

"""Deleting a person's data: what can be taken out of Kafka at once, and what keeps it from coming back."""

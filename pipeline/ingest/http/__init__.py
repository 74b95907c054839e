"""The HTTP collector: events by POST, alone or in batches, answered once Kafka has acknowledged them."""

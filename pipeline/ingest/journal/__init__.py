"""A write-ahead journal on disk: whoever appends never waits; a drain sends it to Kafka, each record once."""

"""What the console reads from Kafka and does there, beside what is in its store."""

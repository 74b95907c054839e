"""How a client proves who it is to Kafka, and what to say where Kafka does not believe it."""

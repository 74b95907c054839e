"""Topics as files and back: JSON lines or Parquet, a folder a topic, nothing lost and nothing twice."""

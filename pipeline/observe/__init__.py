"""What a worker tells of itself: metrics, health, traces. It reads what the stream has counted and changes nothing."""

"""What processes tell of themselves: metrics, health, traces. It reads what is counted anyway and changes nothing."""

"""What a growing load costs: by processes, partitions, open sessions and items; restore and memory by state."""

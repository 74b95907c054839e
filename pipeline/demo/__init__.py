"""`make demo`: the whole main job on this machine, held against what must come out."""

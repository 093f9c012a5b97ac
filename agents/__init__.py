"""Who runs it: one file is one Faust app, one consumer group, one process."""

"""What runs by itself: which snapshots and files are new at their sources, how much runs at once, and who is told when something fails.

Not here: Dagster's sensors, schedules and conditions, which ask these questions (assets/), and how a run works (stages/).
"""

"""Frontdesk against Rasa's own REST channel: the same machine, the same run, the same Rasa with the same model.

`python -m tests.bench`. Rasa's channel keeps its conversations in memory and follows one rule an intent; Frontdesk asks
the same server for the understanding alone and keeps everything in SQLite, each commit on disk (synchronous=FULL).
Frontdesk's quiet window is 0: it is a deliberate wait for the rest of a burst, which Rasa's channel does not have.
"""

"""How well and how fast the example's pipeline understands a set of questions given as a CSV of `text,category`.

`python -m tests.bench.understanding path/to/questions.csv`. The pipeline is `intents/config.yml` with
`intents/components` as they are, trained by `rasa train nlu`, asked by POST /model/parse of a server that is started
as Frontdesk starts its own. Every draw has a fixed seed, so two runs ask the same questions of the same models.
Accuracy is asked over several connections at a time, latency over one.
"""

"""What `GET /metrics` tells, in Prometheus' words."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "frontdesk_messages_received", "Messages received, by channel and whether seen before", ["channel", "kind"]
)
DECISIONS = Counter("frontdesk_turns", "Turns finished, by channel and decision", ["channel", "decision"])
FAULTS = Counter("frontdesk_turn_faults", "Turns that a fault of ours gave to a human", ["channel"])
LOOP_FAULTS = Counter("frontdesk_loop_faults", "Looks of a loop that ended in a fault of ours", ["doing"])
SENDS = Counter("frontdesk_sends", "Messages that left the outbox, by channel and state", ["channel", "state"])
RETRIES = Counter("frontdesk_send_retries", "Sends put off, by channel", ["channel"])
TURN_SECONDS = Histogram(
    "frontdesk_turn_seconds",
    "From the end of a burst to its queued replies",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
PARSE_SECONDS = Histogram(
    "frontdesk_parse_seconds",
    "Waiting for Rasa",
    buckets=(0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.5, 1, 5),
)
UNFINISHED = Gauge(
    "frontdesk_messages_unfinished", "Messages not yet handled or sent, by channel and state", ["channel", "state"]
)
RASA_READY = Gauge("frontdesk_rasa_ready", "1 while Rasa answers")
WEBHOOKS = Counter("frontdesk_webhooks", "Tries to tell a webhook, by what became of them", ["result"])
WEBHOOKS_QUEUED = Gauge("frontdesk_webhooks_queued", "Webhook deliveries yet to be told")

"""The only place that knows SQL: tables, and the pieces of work that read and change them.

A piece of work is a function of a `Session` and runs as one transaction: `await database.run(inbox.receive, ...)`.
"""

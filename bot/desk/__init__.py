"""The agents' desk: pages rendered here, kept live by small ES modules, under a policy that runs no stranger's script.

What an agent does goes through `bot.tickets` and the other parts of the core; the desk only shows and asks.
"""

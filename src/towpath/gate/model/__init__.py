"""Pure: the queue, its decisions, the chat grammar and every sentence the gate says.

Start with queue (the nouns), then decide (the rules), then apply (what a decision changes).
"""

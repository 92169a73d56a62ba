"""Receivers of webhooks: strangers' servers, asked once, with little patience.

posting  one POST to an address that may be asked, and what came back
"""

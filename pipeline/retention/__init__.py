"""How long things are kept, and what makes them go before their time, or stay beyond it.

age.py says when something is over. retain.py is the nightly round that deletes it; forget.py takes away what an author or
a post left anywhere; holds.py keeps what must not go. tombstones.py and stay.py explain what Kafka still holds.
"""

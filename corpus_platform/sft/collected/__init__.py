"""What people write for the purpose, and what real users have said: task sheets, filled-in sheets, reviews; chats with consent, and their votes.

Not here: data sets of others (sft/kinds/), tables and runs (stages/sft_collected.py).
"""

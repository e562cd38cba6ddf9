"""What is known about secrets, as tables. Every row carries a line it must catch and one it must leave alone.

In ``catch`` the secrets stand between guillemets. A test walks over every row of every table.
"""

"""How the network that reads claims is trained and measured."""

"""Studies of attacks: every attack under every defence against its twins, kept and gone on with."""

"""The published figures, played again and compared with what was printed."""

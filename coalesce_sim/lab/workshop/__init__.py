"""What a page asks for is played here, in processes of its own."""

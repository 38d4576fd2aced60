"""What studies tell that ``report`` does not open, as its pages tell the others, from the files they left."""

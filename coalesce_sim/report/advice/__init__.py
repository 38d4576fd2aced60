"""What an advice looks like: tables, sentences, figures and files."""

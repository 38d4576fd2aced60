"""What studies of attacks look like: tables, sentences, figures and files."""

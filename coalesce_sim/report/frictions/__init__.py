"""What studies of frictions look like: tables, sentences, the waterfall and files."""

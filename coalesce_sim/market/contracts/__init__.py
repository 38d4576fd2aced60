"""The contract trade: work may come to nothing; contracts are made, verified, paid, rated, recovered from."""

"""What is left of savings when payment is real: frictions one after another, and the price of each rule."""

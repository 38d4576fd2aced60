"""What happens: the simulation and everything it consists of."""

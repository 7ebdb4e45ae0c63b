"""Wrong answers written from the exercises' text alone; one module a unit, each with WRONG."""

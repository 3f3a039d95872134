"""Tasks that were annotated without FiftyOne: the operator that imports them, and its texts."""

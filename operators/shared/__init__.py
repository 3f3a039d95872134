"""What operators share: their context, the choice of a run, progress, texts, samples that a result shows."""

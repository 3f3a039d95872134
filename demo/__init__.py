"""The demo: a made-up dataset, and the round trip played on it, by hand or by itself."""

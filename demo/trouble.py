"""What ends the demo with a sentence."""


class DemoError(RuntimeError):
    """Something a person has to put right; the text says what."""
